//! A model that dies in its work, and what is seen of the switch to another one.

use openclaw_mock_vllm::{Gate, Reply, Turn};
use openclaw_tests::soon;
use serde_json::json;

use crate::fallbacks::{RUN, chain, server};
use crate::servers::nobody;

/// The server of `a` is waited for, for so long.
const WAIT: [&str; 4] = [
    "--set",
    "models.providers.a.onServerLoss.wait=1s",
    "--set",
    "models.providers.a.onServerLoss.poll=0",
];

#[tokio::test]
async fn a_server_that_stays_away_past_its_wait_is_left_for_the_next() {
    let (first, second) = (server().await, server().await);
    let home = chain(&[&first.base_url(), &second.base_url()]);
    for args in [
        &["agent", "-m", "reply exactly: whole"][..],
        &["infer", "model", "run", "--prompt", "reply exactly: whole"],
    ] {
        first.restart().await.unwrap();
        first.push(Reply::from(Turn::pieces(["half ", "never"])).engine_dies_at(2));
        let ended = home.run(&[args, &WAIT].concat()).await.code(0).says(&[
            "the server is lost",
            "within 1 s",
            "a/m failed in the middle of its answer",
            "b/m answers instead",
        ]);
        assert_eq!(ended.stdout, "whole\n");
        let _ = home.run(&["models", "reset"]).await.code(0);
    }
}

#[tokio::test]
async fn a_model_that_said_nothing_leaves_no_trace_in_the_answer() {
    let (first, second) = (server().await, server().await);
    let home = chain(&[&first.base_url(), &second.base_url()]);
    let gate = Gate::new();
    first.push(Reply::from(Turn::text("never")).gate(1, &gate));
    second.push(Turn::pieces(["o", "ne ", "answer"]));
    let running = home.start(&[&RUN[..], &["--prompt", "hi"]].concat());
    soon(gate.reached()).await;
    first.kill();
    let ended = running.ended().await.code(0).says(&["a/m: failed to", "; using b/m"]);
    let ended = ended.hides(&["in the middle", "discard", "never"]);
    assert_eq!(ended.stdout, "one answer\n");
}

#[tokio::test]
async fn a_turn_goes_on_with_the_next_model_and_repeats_no_call() {
    let (first, second) = (server().await, server().await);
    let home = chain(&[&first.base_url(), &second.base_url()]);
    first.push(Turn::call("write", r#"{"path": "a.txt", "content": "once"}"#));
    first.push(Reply::from(Turn::pieces(["It ", "never"])).engine_dies_at(2));
    second.push(Turn::text("It is written."));
    let ended = home.run(&["agent", "-m", "hi", "--json"]).await.code(0);
    let value = ended.json();
    assert_eq!(value["payloads"][0]["text"], json!("It is written."));
    assert_eq!(value["meta"]["agentMeta"]["toolCalls"], json!(1));
    assert_eq!(home.get("a.txt"), "once");
    let attempts = &value["meta"]["executionTrace"]["attempts"];
    assert_eq!((&attempts[0]["provider"], &attempts[1]["provider"]), (&json!("a"), &json!("b")));
    assert_eq!(attempts[1]["result"], json!("success"), "{attempts:#}");
    // The next model is told what was done, and nothing of what broke off.
    let seen = second.requests();
    let chat = seen.iter().find(|seen| seen.path == "/v1/chat/completions").unwrap();
    let messages = chat.json()["messages"].as_array().unwrap().clone();
    let roles: Vec<_> = messages.iter().filter_map(|message| message["role"].as_str()).collect();
    assert_eq!(roles[roles.len() - 2..], ["assistant", "tool"], "{messages:#?}");
    assert!(messages.iter().all(|message| message["content"] != json!("It ")));
}

#[tokio::test]
async fn who_says_no_to_a_hosted_fallback_gets_the_next_one() {
    let (down, good) = (nobody(), server().await);
    // Kept for documents: nothing may ever be sent there.
    let home = chain(&[&down, "http://192.0.2.1:8000/v1", &good.base_url()]);
    let ask = [&RUN[..], &["--prompt", "reply exactly: here", "--set", "models.egress=ask"]];
    let ended = home.answer_on_terminal(&ask.concat(), "n\n").await.code(0);
    for text in [
        "send the conversation to 192.0.2.1 (`b/m`)?",
        "b/m: failed to use `b/m`: 192.0.2.1 is neither on this machine nor in its network",
        "; using c/m",
        "here",
    ] {
        assert!(ended.stdout.contains(text), "{text:?} is not shown: {ended:#?}");
    }
}
