//! The real server dies in the middle of its work and comes back.
#![expect(clippy::disallowed_methods, reason = "the lab's program starts and kills servers")]

use std::process::Command as Blocking;
use std::time::Instant;

use openclaw_mock_vllm::MockVllm;
use openclaw_tests::Home;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::gate::{Gate, Place};
use crate::lab::{Lab, measured, own};
use crate::proxy::{CHAT, Proxy, calls, writes};

const INSTANCE: &str = "death";

/// A server that may be killed; it is ended when this is dropped.
#[derive(Debug)]
struct Mortal {
    xtask: String,
    lab: Lab,
}

impl Mortal {
    async fn start(&self) {
        let (_, port) = self.lab.address.split_once(':').unwrap();
        // Prompts are read slowly, so that there is time to die meanwhile.
        let rest = ["--port", port, "--key", &self.lab.key, "--prefill-step", "16"];
        self.xtask(&[&["up", "--instance", INSTANCE], &rest[..]].concat()).await;
    }

    /// What a supervisor does: what is left of the dead one goes before the new one comes.
    async fn restart(&self) {
        self.xtask(&["down", "--instance", INSTANCE]).await;
        self.start().await;
    }

    async fn signal(&self, part: &str, signal: &str) {
        self.xtask(&["signal", "--instance", INSTANCE, "--part", part, signal]).await;
    }

    async fn xtask(&self, args: &[&str]) {
        let output = Command::new(&self.xtask).arg("vllm").args(args).output().await.unwrap();
        assert!(output.status.success(), "{args:?}: {output:?}");
    }

    /// A proxy before the server, and the home of someone who waits for it.
    async fn before(&self, additions: impl IntoIterator<Item = Value>) -> (Proxy, Home) {
        let proxy = Proxy::start(&self.lab, additions).await;
        let more =
            "onServerLoss: { wait: '5m', poll: 1 }, models: [{ id: 'tiny', maxTokens: 7000 }]";
        let home = self.lab.configured(proxy.base_url(), more);
        (proxy, home)
    }
}

impl Drop for Mortal {
    fn drop(&mut self) {
        let args = ["vllm", "down", "--instance", INSTANCE];
        Blocking::new(&self.xtask).args(args).output().unwrap();
    }
}

/// Words for longer than it takes to die.
fn words() -> Value {
    json!({"structured_outputs": {"regex": "one( [a-z]+)*"}, "min_tokens": 4000})
}

/// One server after the other: each start takes a quarter of a minute or more.
#[tokio::test]
async fn a_turn_waits_for_its_server_and_outlives_it() {
    let Some((xtask, lab)) = own() else { return };
    let mortal = Mortal { xtask, lab };
    not_there_yet(&mortal).await;
    killed_in_prefill(&mortal).await;
    killed_in_arguments(&mortal).await;
    engine_killed_in_text(&mortal).await;
    terminated_in_text(&mortal).await;
    killed_for_good(&mortal).await;
}

async fn not_there_yet(mortal: &Mortal) {
    let (mut proxy, home) = mortal.before([writes("Here I am.")]).await;
    proxy.close().await;
    let asks = ["infer", "model", "run", "--prompt", "hi"];
    let _ = home.run(&asks).await.code(4).says(&["Connection refused"]);
    let running = home.start(&[&asks[..], &["--wait", "5m"]].concat());
    let begin = Instant::now();
    mortal.start().await;
    proxy.open().await;
    let ended = running.ended().await.code(0);
    assert_eq!((&*ended.stdout, proxy.seen(CHAT).len()), ("Here I am.\n", 1), "{ended:#?}");
    let seconds = begin.elapsed().as_secs_f64();
    measured("waited for from its start to the end of the turn", &format!("{seconds:.1} s"));
}

async fn killed_in_prefill(mortal: &Mortal) {
    let (mut proxy, home) = mortal.before([json!({}), writes("It is read.")]).await;
    let gate = Gate::at(Place::Head);
    proxy.gate(&gate);
    let running = home.start(&["infer", "model", "run", "--prompt", &"word ".repeat(3000)]);
    gate.shut().await;
    mortal.signal("all", "stop").await;
    let begin = Instant::now();
    mortal.signal("all", "kill").await;
    gate.over().await;
    proxy.close().await;
    mortal.restart().await;
    proxy.open().await;
    let ended = running.ended().await.code(0).says(&["the server is lost", "is back after"]);
    assert_eq!(gate.seen().held_back, 0, "it had not written a token");
    assert_eq!(ended.stdout, "It is read.\n");
    let chats = proxy.seen(CHAT);
    assert_eq!(chats.len(), 2);
    assert_eq!(chats[0].body["messages"], chats[1].body["messages"]);
    told("killed in prefill", begin);
}

async fn killed_in_arguments(mortal: &Mortal) {
    let content = "a line to keep. ".repeat(60);
    let call = || calls("write", &json!({"path": "note.txt", "content": content}));
    let (mut proxy, home) = mortal.before([call(), call(), writes("It is written.")]).await;
    let gate = Gate::at(Place::Arguments(60));
    proxy.gate(&gate);
    let running = home.start(&["agent", "-m", "Write it.", "--json"]);
    gate.shut().await;
    let begin = Instant::now();
    mortal.signal("front", "kill").await;
    gate.over().await;
    proxy.close().await;
    assert!(home.files().is_empty(), "half a call is none");
    mortal.restart().await;
    proxy.open().await;
    let ended = running.ended().await.code(0).says(&["the server is lost", "is back after"]);
    let value = ended.json();
    assert_eq!(value["payloads"], json!([{"text": "It is written.", "mediaUrl": null}]));
    assert_eq!(value["meta"]["agentMeta"]["toolCalls"], json!(1));
    assert_eq!((home.files(), home.get("note.txt")), (vec!["note.txt".to_owned()], content));
    let chats = proxy.seen(CHAT);
    assert_eq!(chats.len(), 3);
    assert_eq!(chats[0].body["messages"], chats[1].body["messages"], "it was begun anew");
    told("killed in arguments", begin);
}

async fn engine_killed_in_text(mortal: &Mortal) {
    let (mut proxy, home) = mortal.before([words(), writes(" and the rest.")]).await;
    let gate = Gate::at(Place::Text(80));
    proxy.gate(&gate);
    let running = home.start(&["infer", "model", "run", "--prompt", "hi"]);
    gate.shut().await;
    let begin = Instant::now();
    mortal.signal("engine", "kill").await;
    // The rest of the server still takes questions for a while; then it ends by itself.
    gate.over().await;
    proxy.close().await;
    mortal.restart().await;
    proxy.open().await;
    let ended = running.ended().await.code(0).says(&["the server is lost", "is back after"]);
    assert!(gate.seen().has_last_words, "it dies with an error in the stream");
    continued(&proxy, &gate, &ended.stdout);
    told("engine killed in text", begin);
}

/// A server that is asked to end closes its port at once; its clients it lets wait for ever, or
/// hangs up on, as it happens.
async fn terminated_in_text(mortal: &Mortal) {
    let (mut proxy, home) = mortal.before([words(), writes(" and the rest.")]).await;
    let gate = Gate::at(Place::Text(80));
    proxy.gate(&gate);
    let running = home.start(&["agent", "-m", "hi"]);
    gate.shut().await;
    let begin = Instant::now();
    mortal.signal("front", "term").await;
    proxy.close().await;
    gate.over().await;
    let how = if gate.seen().client_left { "its silence was understood" } else { "it hung up" };
    measured("after SIGTERM", &format!("{how}, {:.1} s", begin.elapsed().as_secs_f64()));
    mortal.restart().await;
    proxy.open().await;
    let ended = running.ended().await.code(0).says(&["the server is lost", "is back after"]);
    continued(&proxy, &gate, &ended.stdout);
    told("terminated in text", begin);
}

/// A fallback answers when the wait is over, and nothing of what broke off is in its answer.
async fn killed_for_good(mortal: &Mortal) {
    let mut proxy = Proxy::start(&mortal.lab, [words()]).await;
    let other = MockVllm::builder().start().await.unwrap();
    let home = Home::new().env("LAB_KEY", &mortal.lab.key).config(&format!(
        "{{ models: {{ providers: {{
             vllm: {{ baseUrl: '{}', apiKey: '${{LAB_KEY}}', onServerLoss: {{ wait: '2s', poll: 1 }},
                      models: [{{ id: 'tiny', maxTokens: 7000 }}] }},
             other: {{ baseUrl: '{}' }} }} }},
           agents: {{ defaults: {{ model: {{ primary: 'vllm/tiny', fallbacks: ['other/tiny'] }} }} }} }}",
        proxy.base_url(),
        other.base_url()
    ));
    let gate = Gate::at(Place::Text(80));
    proxy.gate(&gate);
    let running = home.start(&["agent", "-m", "reply exactly: I am here."]);
    gate.shut().await;
    let begin = Instant::now();
    mortal.signal("front", "kill").await;
    gate.over().await;
    proxy.close().await;
    let ended = running.ended().await.code(0).says(&[
        "the server is lost",
        "vllm/tiny failed in the middle of its answer",
        "other/tiny answers instead",
    ]);
    assert_eq!(ended.stdout, "I am here.\n");
    told("killed for good, 2 s of waiting", begin);
}

/// What was shown is the text before and the text after, each once, and was asked for so.
#[track_caller]
fn continued(proxy: &Proxy, gate: &Gate, stdout: &str) {
    let before = gate.seen().text;
    assert_eq!(stdout, format!("{} and the rest.\n", before.trim_end()));
    let chats = proxy.seen(CHAT);
    assert_eq!(chats.len(), 2);
    assert_eq!(chats[1].body["continue_final_message"], json!(true));
    let last = chats[1].body["messages"].as_array().unwrap().last().unwrap();
    assert_eq!(*last, json!({"role": "assistant", "content": before.trim_end()}));
}

fn told(case: &str, begin: Instant) {
    let seconds = begin.elapsed().as_secs_f64();
    measured(
        &format!("{case}, from the signal to the end of the turn"),
        &format!("{seconds:.1} s"),
    );
}
