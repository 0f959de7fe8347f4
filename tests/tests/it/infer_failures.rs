//! `infer model run` when there is no answer: never `"ok": true`, never exit code 0.

use openclaw_mock_vllm::{ErrorBody, Finish, MockVllm, ModelSpec, Reply, Turn};
use openclaw_tests::{Ended, Home};
use serde_json::{Value, json};

use crate::servers::{nobody, tiny};

const PROMPT: [&str; 5] = ["infer", "model", "run", "--prompt", "hi"];

/// Runs as text and as JSON, and holds both to the same end; returns the latter with its error.
#[track_caller]
fn failed(text: &Ended, as_json: Ended, code: i32, kind: &str) -> (Ended, Value) {
    assert_eq!((text.code, as_json.code), (Some(code), Some(code)), "{text:#?} {as_json:#?}");
    assert!(text.stderr.contains("error: failed to "), "{text:#?}");
    let value = as_json.json();
    assert_eq!((&value["ok"], &value["outputs"]), (&json!(false), &json!([])), "{value:#}");
    assert_eq!(value["error"]["kind"], json!(kind), "{value:#}");
    (as_json, value["error"].clone())
}

async fn both(home: &Home, model: &str) -> (Ended, Ended) {
    let args = [&PROMPT[..], &["--model", model]].concat();
    let text = home.run(&args).await;
    let args = [&args[..], &["--json"]].concat();
    (text, home.run(&args).await)
}

/// Both runs get this reply, with every retry they may make and every loss they may bear.
async fn scripted(reply: impl Fn() -> Reply) -> (MockVllm, Ended, Ended) {
    let (server, home) = tiny().await;
    for _ in 0..6 {
        server.push(reply());
    }
    let args = [&PROMPT[..], &["--model", "vllm/tiny"]].concat();
    let text = home.run(&args).await;
    let asked = server.requests().iter().filter(|s| s.path == "/v1/chat/completions").count();
    for _ in 0..asked {
        server.push(reply());
    }
    let as_json = home.run(&[&args[..], &["--json"]].concat()).await;
    (server, text, as_json)
}

#[tokio::test]
async fn a_refused_connection() {
    let url = nobody();
    let (text, as_json) = both(&Home::with_vllm(&url, "any-value"), "vllm/tiny").await;
    assert_eq!(text.stdout, "");
    let (ended, error) = failed(&text, as_json, 4, "connect");
    let _ = ended.says(&[&url, "vllm serve"]);
    assert_eq!(error["url"], json!(format!("{url}/models")));
}

#[tokio::test]
async fn a_refused_key() {
    let server = MockVllm::builder().api_key("right").start().await.unwrap();
    let key = "sk-canary-0123456789";
    let (text, as_json) = both(&Home::with_vllm(&server.base_url(), key), "vllm/tiny").await;
    let (ended, error) = failed(&text, as_json, 5, "auth");
    assert_eq!(error["status"], json!(401));
    let _ = ended.says(&["`sk..89`", "env VLLM_API_KEY"]).hides(&[key]);
}

#[tokio::test]
async fn an_unknown_model_gets_the_nearest_that_are_served() {
    let server = MockVllm::builder()
        .model(ModelSpec::new("qwen3-8b-instruct", 8192))
        .model(ModelSpec::new("llama-70b", 8192))
        .start()
        .await
        .unwrap();
    let home = Home::with_vllm(&server.base_url(), "any-value");
    let (text, as_json) = both(&home, "vllm/qwen3-8b").await;
    let (ended, error) = failed(&text, as_json, 5, "unknown_model");
    let _ = ended.says(&["`vllm/qwen3-8b-instruct`, `vllm/llama-70b`"]);
    assert!(error["hints"][0].as_str().unwrap().contains("qwen3-8b-instruct"), "{error}");
    let prompts = server.requests().into_iter().filter(|seen| seen.path.contains("completions"));
    assert_eq!(prompts.count(), 2, "each run asks the server once");
}

#[tokio::test]
async fn a_name_that_is_no_reference_is_a_usage_error() {
    let (_server, home) = tiny().await;
    let (text, as_json) = both(&home, "tiny").await;
    let (ended, _) = failed(&text, as_json, 2, "invalid_reference");
    let _ = ended.says(&["`tiny`"]);
}

#[tokio::test]
async fn a_prompt_that_does_not_fit() {
    let (server, home) = tiny().await;
    let prompt = "word ".repeat(20_000);
    let args = ["infer", "model", "run", "--model", "vllm/tiny", "--prompt", &prompt];
    let text = home.run(&args).await;
    let as_json = home.run(&[&args[..], &["--json"]].concat()).await;
    let (ended, _) = failed(&text, as_json, 5, "context_overflow");
    let _ = ended.says(&["16384", "--max-model-len"]);
    assert!(
        server.requests().iter().any(|seen| seen.path == "/tokenize"),
        "it was counted exactly"
    );
}

#[tokio::test]
async fn a_refusal_in_the_servers_own_words() {
    let message = "This model's maximum context length is 4096 tokens. However, you requested 5000";
    let body = || ErrorBody::Error { message: message.into(), kind: "BadRequestError".into() };
    let (_server, text, as_json) = scripted(|| Reply::status(400, body())).await;
    let (ended, error) = failed(&text, as_json, 5, "context_overflow");
    assert_eq!(error["server"]["message"], json!(message));
    assert_eq!(error["status"], json!(400));
    let _ = ended.says(&[message]);
}

#[tokio::test]
async fn a_server_that_fails_every_time() {
    let body =
        || ErrorBody::Error { message: "it broke".into(), kind: "InternalServerError".into() };
    let (server, text, as_json) = scripted(|| Reply::status(500, body())).await;
    assert_ne!(text.code, Some(0));
    let value = as_json.json();
    assert_eq!((&value["ok"], &value["outputs"]), (&json!(false), &json!([])), "{value:#}");
    assert_eq!((as_json.code, text.code), (Some(1), Some(1)), "{as_json:#?}");
    assert_eq!(value["error"]["status"], json!(500));
    let _ = as_json.says(&["it broke", "answered 500"]);
    drop(server);
}

#[tokio::test]
async fn an_error_inside_a_stream_that_began_well() {
    let reply = || Reply::from(Turn::pieces(["Once ", "upon "])).error_at(2, "the engine choked");
    let (_server, text, as_json) = scripted(reply).await;
    assert_eq!(text.stdout, "Once \n", "what came is shown, and the failure beside it");
    let (ended, _) = failed(&text, as_json, 1, "interrupted");
    let _ = ended.says(&["the engine choked"]);
}

#[tokio::test]
async fn a_connection_that_breaks_in_the_middle() {
    let reply = || Reply::from(Turn::pieces(["Once ", "upon "])).hang_up_at(2);
    let (_server, text, as_json) = scripted(reply).await;
    let (_, error) = failed(&text, as_json, 1, "interrupted");
    assert!(error["url"].as_str().unwrap().ends_with("/v1/chat/completions"), "{error}");
}

#[tokio::test]
async fn an_answer_cut_off_before_it_began_is_no_answer() {
    let reply = || Turn::empty().finish(Finish::Length).into();
    let (_server, text, as_json) = scripted(reply).await;
    let (ended, _) = failed(&text, as_json, 1, "no_answer");
    let _ = ended.says(&["the output limit was reached before anything was said"]);
}

#[tokio::test]
async fn a_stream_that_ends_without_saying_why_is_no_answer() {
    let (_server, text, as_json) =
        scripted(|| Reply::from(Turn::pieces(["Once ", "upon"])).done_at(2).no_done()).await;
    let _ = failed(&text, as_json, 1, "interrupted");
}

#[tokio::test]
async fn an_empty_answer() {
    let (_server, text, as_json) = scripted(|| Turn::empty().into()).await;
    assert_eq!(text.stdout, "");
    let (ended, _) = failed(&text, as_json, 1, "no_answer");
    let _ = ended.says(&["without saying anything"]);
}

#[tokio::test]
async fn an_answer_that_is_only_reasoning() {
    let reply = || Turn::empty().then_reasoning("Let me think.").into();
    let (_server, text, as_json) = scripted(reply).await;
    let (ended, _) = failed(&text, as_json, 1, "no_answer");
    let _ = ended.says(&["only reasoned"]);
}

#[tokio::test]
async fn a_sign_in_page_in_place_of_an_answer() {
    let (_server, text, as_json) = scripted(Reply::html).await;
    let (ended, _) = failed(&text, as_json, 1, "protocol");
    let _ = ended.says(&["/v1/chat/completions"]).hides(&["<html>"]);
}

#[tokio::test]
async fn what_a_server_says_does_not_command_the_terminal() {
    let message = "it broke \u{1b}[2J\r\u{202e}";
    let body = || ErrorBody::Error { message: message.into(), kind: "BadRequestError".into() };
    let (_server, text, as_json) = scripted(|| Reply::status(400, body())).await;
    let commands = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!text.stderr.contains(commands), "{text:#?}");
    let _ = failed(&text, as_json, 5, "rejected").0.says(&["it broke"]);
}
