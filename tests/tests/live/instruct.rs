//! A small instruct model, served by a vLLM of the test's own: what it really says, and what the
//! program makes of it.
//!
//! One test, because the model takes a minute to start and a second for a dozen tokens.
#![expect(clippy::disallowed_methods, reason = "the lab's program starts and ends the server")]

use std::process::Command as Blocking;
use std::time::Instant;

use openclaw_tests::{Home, soon};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::lab::{Lab, measured, own};

const INSTANCE: &str = "instruct";
const MODEL: &str = "smollm2";
const RUNNING: &str = "vllm:num_requests_running";
/// A short prompt: the model reads some hundred tokens a second.
const LEAN: &[&str] =
    &["--set", "agents.defaults.localModelMode=lean", "--set", "tools.profile=minimal"];

/// The server; it is ended when this is dropped.
#[derive(Debug)]
struct InstructServer {
    xtask: String,
    lab: Lab,
}

impl InstructServer {
    async fn start() -> Option<Self> {
        let (xtask, lab) = own()?;
        let server = Self { xtask, lab };
        let (_, port) = server.lab.address.split_once(':').unwrap();
        let args =
            ["vllm", "up", "--model", MODEL, "--instance", INSTANCE, "--port", port, "--key"];
        let mut command = Command::new(&server.xtask);
        let output = command.args(args).arg(&server.lab.key).output().await.unwrap();
        assert!(output.status.success(), "{output:?}");
        Some(server)
    }

    /// A home whose model writes what is likeliest, with `more` parameters, and `tokens` of them at
    /// the most.
    fn home(&self, tokens: u32, more: &Value) -> Home {
        let mut params = json!({ "temperature": 0 });
        let more = more.as_object().unwrap().clone();
        params.as_object_mut().unwrap().extend(more);
        let home = self.lab.configured(
            &self.lab.base_url(),
            &format!("models: [{{ id: '{MODEL}', maxTokens: {tokens}, params: {params} }}]"),
        );
        home.env("OPENCLAW_MODEL", format!("vllm/{MODEL}"))
    }
}

impl Drop for InstructServer {
    fn drop(&mut self) {
        let args = ["vllm", "down", "--instance", INSTANCE];
        let _ended = Blocking::new(&self.xtask).args(args).output();
    }
}

#[tokio::test]
async fn a_small_model_answers_converses_calls_runs_away_and_is_left() {
    let Some(server) = InstructServer::start().await else { return };
    answers(&server).await;
    converses(&server).await;
    is_found_without_tools_and_forced_to_call(&server).await;
    is_stopped_when_it_repeats_itself(&server).await;
    is_left_while_it_reads(&server).await;
}

async fn answers(server: &InstructServer) {
    let begin = Instant::now();
    let args = ["infer", "model", "run", "--prompt", "What is the capital of France?"];
    let ended = server.home(16, &json!({})).run(&args).await.code(0);
    assert!(ended.stdout.contains("Paris"), "{ended:#?}");
    measured("a small model: an answer", &format!("{:.1} s", begin.elapsed().as_secs_f64()));
}

async fn converses(server: &InstructServer) {
    let home = server.home(12, &json!({}));
    // Long enough for some of the blocks, of 128 tokens, that the cache holds.
    home.put("AGENTS.md", &"Answer with a number and nothing else, please. ".repeat(60));
    let (mut cached, mut sent) = (0, 0);
    for turn in 0..10 {
        let text = format!("Say the number {turn} and nothing else.");
        let args = ["agent", "--session", "agent:main:small", "-m", &text, "--json"];
        let run = home.run(&[&args[..], LEAN].concat()).await.code(0).json();
        let usage = &run["meta"]["agentMeta"]["lastCallUsage"];
        let number = |name: &str| usage[name].as_u64().unwrap();
        // The first request finds nothing in the cache.
        if turn > 0 {
            cached += number("cacheRead");
            sent += number("input");
        }
        assert!(!run["payloads"][0]["text"].as_str().unwrap().is_empty(), "{run:#}");
    }
    let share = cached * 100 / sent;
    measured("a small model: cached, of nine further turns", &format!("{share} %"));
    assert!(share >= 50, "{cached} of {sent}");
}

async fn is_found_without_tools_and_forced_to_call(server: &InstructServer) {
    let home = server.home(64, &json!({}));
    let args = ["doctor", "--only", "tools-auto", "--only", "tools-named", "--json"];
    let report = home.run(&args).await.json();
    let text = report.to_string();
    assert!(text.contains("the chat template ignores them"), "{report:#}");
    assert!(text.contains("a call of `"), "{report:#}");
}

async fn is_stopped_when_it_repeats_itself(server: &InstructServer) {
    let lines = json!({ "structured_outputs": { "regex": r"(\[[0-9]\] \[1\.0\.0\.0\]\n){60}" } });
    let home = server.home(1_000, &lines);
    let limit = ["--set", "agents.defaults.llm.maxRepeatedLines=6"];
    let args = ["infer", "model", "run", "--prompt", "Count.", "--json"];
    let ended = home.run(&[&args[..], &limit].concat()).await.code(1);
    let _ = ended.says(&["maxRepeatedLines"]);
}

async fn is_left_while_it_reads(server: &InstructServer) {
    let home = server.home(64, &json!({}));
    let long = "The quick brown fox jumps over the lazy dog. ".repeat(500);
    let running = home.start(&["infer", "model", "run", "--prompt", &long]);
    soon(async { while server.lab.metric(RUNNING).await < 1.0 {} }).await;
    let begin = Instant::now();
    running.interrupt().await;
    soon(async { while server.lab.metric(RUNNING).await > 0.0 {} }).await;
    measured(
        "a small model: free after Ctrl-C in prefill",
        &format!("{:.1} s", begin.elapsed().as_secs_f64()),
    );
    let ended = running.ended().await.code(130);
    assert_eq!(ended.stdout, "", "it had not begun to answer");
}
