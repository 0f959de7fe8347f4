//! The server dies in the middle of an answer and comes back.

use openclaw_mock_vllm::{Call, Gate, Reply, Turn};
use openclaw_tests::soon;
use serde_json::json;

use crate::servers::tiny;

const SOON: &str = "{ models: { providers: { vllm: { onServerLoss: { wait: '1m', poll: 0 } } } } }";

#[tokio::test]
async fn a_text_is_continued_and_shown_once() {
    for args in [&["agent", "-m", "hi"][..], &["infer", "model", "run", "--prompt", "hi"]] {
        let (server, home) = tiny().await;
        let home = home.config(SOON);
        let gate = Gate::new();
        server.push(Reply::from(Turn::pieces(["one ", "never"])).gate(2, &gate));
        server.push(Turn::text("two"));
        let running = home.start(args);
        soon(gate.reached()).await;
        server.kill();
        server.restart().await.unwrap();
        let ended = running.ended().await.code(0).says(&["the server is lost", "is back after"]);
        assert_eq!(ended.stdout, "one two\n", "{args:?}");
    }
}

#[tokio::test]
async fn a_call_is_made_once_however_often_its_answer_was_begun() {
    let (server, home) = tiny().await;
    let home = home.config(SOON);
    let call = || {
        let arguments = ["{\"path\": \"a.txt\",", " \"content\": \"once\"}"];
        Turn::empty().then_call(Call::pieces("write", arguments))
    };
    let gate = Gate::new();
    server.push(Reply::from(call()).gate(3, &gate));
    server.push(call());
    server.push(Turn::text("done"));
    let running = home.start(&["agent", "-m", "hi", "--json"]);
    soon(gate.reached()).await;
    server.kill();
    server.restart().await.unwrap();
    let ended = running.ended().await.code(0);
    assert_eq!(ended.json()["meta"]["agentMeta"]["toolCalls"], json!(1));
    assert_eq!(home.get("a.txt"), "once");
    assert_eq!(ended.stderr.matches("✓ ").count(), 2, "back, and written: {ended:#?}");
}

#[tokio::test]
async fn a_server_that_stays_away_ends_the_turn_with_both_facts() {
    let (server, home) = tiny().await;
    let home = home
        .config("{ models: { providers: { vllm: { onServerLoss: { wait: '1s', poll: 0 } } } } }");
    server.push(Reply::from(Turn::pieces(["one ", "never"])).engine_dies_at(2));
    let ended = home.run(&["agent", "-m", "hi"]).await.code(1);
    let _ = ended.says(&[
        "failed to see the lost server back within 1 s",
        "models.providers.vllm.onServerLoss.wait",
        "EngineCore encountered an issue",
    ]);
}

#[tokio::test]
async fn without_waiting_a_lost_server_is_reported_at_once() {
    let (server, home) = tiny().await;
    let home = home.config("{ models: { providers: { vllm: { onServerLoss: { wait: 0 } } } } }");
    server.push(Reply::from(Turn::pieces(["one ", "never"])).engine_dies_at(2));
    let ended = home.run(&["agent", "-m", "hi"]).await.code(1);
    let _ = ended.says(&["EngineCore encountered an issue"]);
}
