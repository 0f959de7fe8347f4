//! What failed is asked last for a while: who is told, and when that ends.

use openclaw_mock_vllm::Reply;
use openclaw_tests::{Ended, Home};
use serde_json::{Value, json};

use crate::fallbacks::{RUN, chain, server};
use crate::servers::nobody;

async fn ask(home: &Home) -> Ended {
    home.run(&[&RUN[..], &["--prompt", "reply exactly: yes", "--json"]].concat()).await.code(0)
}

/// How each model was tried that did not answer.
#[track_caller]
fn results(ended: &Ended) -> Vec<String> {
    let value = ended.json();
    let attempts = value["attempts"].as_array().unwrap();
    attempts.iter().map(|tried| tried["result"].as_str().unwrap().to_owned()).collect()
}

async fn breakers(home: &Home) -> Value {
    home.run(&["models", "status", "--json"]).await.code(0).json()["breakers"].clone()
}

#[tokio::test]
async fn what_failed_twice_is_shown_asked_last_and_reset() {
    let (down, good) = (nobody(), server().await);
    let home = chain(&[&down, &good.base_url()]);
    for tried in ["connect", "connect", "on_cooldown"] {
        assert_eq!(results(&ask(&home).await), [tried]);
    }
    let agent = home.run(&["agent", "-m", "reply exactly: yes", "--json"]).await.code(0);
    let held = &agent.json()["meta"]["executionTrace"]["attempts"];
    assert_eq!(held.as_array().unwrap().len(), 2, "told once: {held:#}");
    assert!(held[0]["cooldownSeconds"].as_u64().is_some_and(|left| left <= 15), "{held:#}");
    let _ = agent.says(&["! a/m is asked last for", "it failed to connect to", "; using b/m"]);
    let open = breakers(&home).await;
    let breaker = &open[0];
    assert_eq!((&breaker["name"], &breaker["kind"]), (&json!("a"), &json!("connect")));
    assert_eq!((&breaker["state"], &breaker["watched"]), (&json!("open"), &json!(true)));
    assert!(breaker["remainingSeconds"].as_u64().is_some_and(|left| left <= 15), "{breaker}");
    assert!(breaker["until"].as_u64() > breaker["ageSeconds"].as_u64(), "{breaker}");
    let shown = home.run(&["models", "status"]).await.code(0).stdout;
    assert!(shown.contains("Failing    a (the whole server): asked after the others"), "{shown}");
    assert!(shown.contains("or until it takes connections; failed 2 times"), "{shown}");
    assert_eq!(home.run(&["models", "reset", "a/m"]).await.code(0).stdout, "a\n");
    let _ = home.run(&["models", "reset"]).await.code(0).says(&["nothing had failed"]);
    assert_eq!(results(&ask(&home).await), ["connect"]);
    let _ = home.run(&["models", "reset", "what"]).await.code(2);
}

#[tokio::test]
async fn a_server_nearby_that_is_back_answers_the_next_request() {
    let (local, other) = (server().await, server().await);
    let home = chain(&[&local.base_url(), &other.base_url()]);
    local.kill();
    for tried in ["connect", "connect", "on_cooldown"] {
        assert_eq!(results(&ask(&home).await), [tried]);
    }
    local.restart().await.unwrap();
    let ended = ask(&home).await;
    assert!(results(&ended).is_empty(), "{ended:#?}");
    assert_eq!(ended.json()["provider"], json!("a"));
    assert_eq!(breakers(&home).await, json!([]), "an answer ends it");
}

#[tokio::test]
async fn a_model_that_is_full_is_held_alone_and_never_in_silence() {
    let (local, other) = (server().await, server().await);
    let home = chain(&[&local.base_url(), &other.base_url()]);
    for _ in 0..2 {
        local.push(Reply::overloaded().retry_after(3600));
        assert_eq!(results(&ask(&home).await), ["overloaded"]);
    }
    // It takes connections, which says nothing of whether it is full.
    let held = ask(&home).await.says(&["a/m is asked last for", "; using b/m"]);
    assert_eq!(results(&held), ["on_cooldown"]);
    let open = breakers(&home).await;
    assert_eq!((&open[0]["name"], &open[0]["watched"]), (&json!("a/m"), &json!(false)), "{open}");
    assert_eq!(home.run(&["models", "reset", "a/m"]).await.code(0).stdout, "a/m\n");
    assert!(results(&ask(&home).await).is_empty());
}

#[tokio::test]
async fn a_model_without_fallbacks_is_asked_each_time() {
    let down = nobody();
    let home = chain(&[&down]);
    for _ in 0..3 {
        let ended = home.run(&[&RUN[..], &["--prompt", "hi"]].concat()).await.code(4);
        let _ = ended.says(&["failed to connect to"]).hides(&["asked last", "any of"]);
    }
    assert_eq!(breakers(&home).await, json!([]));
}
