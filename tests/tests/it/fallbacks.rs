//! Another model takes over: when, what is said of it, and where a conversation never goes.

use std::collections::BTreeSet;

use openclaw_mock_vllm::{ErrorBody, MockVllm, ModelSpec, Reply, Turn};
use openclaw_tests::Home;
use serde_json::{Value, json};

use crate::servers::nobody;

pub(crate) const RUN: [&str; 3] = ["infer", "model", "run"];

/// An address of a network that is kept for documents; nothing may ever be sent there.
const FAR: &str = "http://192.0.2.1:8000/v1";

pub(crate) async fn server() -> MockVllm {
    MockVllm::builder().model(ModelSpec::new("m", 16_384)).start().await.unwrap()
}

/// A home with the models `a/m`, `b/m` and so on, in the order of `urls`, the first of them the
/// primary model and the others its fallbacks.
pub(crate) fn chain(urls: &[&str]) -> Home {
    let names: Vec<String> = ('a'..='z').take(urls.len()).map(String::from).collect();
    let providers: Vec<_> = names
        .iter()
        .zip(urls)
        .map(|(name, url)| format!("{name}: {{ baseUrl: '{url}', onServerLoss: {{ wait: 0 }} }}"))
        .collect();
    let models: Vec<_> = names.iter().map(|name| format!("'{name}/m'")).collect();
    Home::new().config(&format!(
        "{{ models: {{ providers: {{ {} }} }},
           agents: {{ defaults: {{ model: {{ primary: {}, fallbacks: [{}] }} }} }} }}",
        providers.join(", "),
        models[0],
        models[1..].join(", ")
    ))
}

pub(crate) fn unauthorized() -> Reply {
    Reply::status(401, ErrorBody::Text("Unauthorized".to_owned()))
}

#[tokio::test]
async fn the_chain_is_walked_to_its_end_and_each_step_is_shown() {
    let (limited, full, good) = (server().await, server().await, server().await);
    let down = nobody();
    limited.push(Reply::rate_limited(3600));
    full.push(unauthorized());
    let home = chain(&[&down, &limited.base_url(), &full.base_url(), &good.base_url()]);
    let ended = home.run(&["agent", "-m", "reply exactly: here", "--json"]).await.code(0).says(&[
        "! a/m: failed to connect to",
        "; using b/m",
        "! b/m: failed to",
        "; using c/m",
        "! c/m: failed to",
        "; using d/m",
    ]);
    let answer = ended.json();
    let attempts = answer["meta"]["executionTrace"]["attempts"].as_array().unwrap().clone();
    let of = |key: &str| attempts.iter().map(|tried| tried[key].clone()).collect::<Vec<_>>();
    assert_eq!(of("provider"), ["a", "b", "c", "d"]);
    assert_eq!(of("result"), ["connect", "rate_limited", "auth", "success"]);
    let failed = attempts.iter().take(3);
    assert!(
        failed.clone().all(|tried| tried["durationMs"].is_u64() && tried["error"] != json!(""))
    );
    assert_eq!(answer["payloads"][0]["text"], json!("here"));
}

#[tokio::test]
async fn when_all_fail_the_error_has_them_all_and_the_newest_first() {
    let (first, second) = (nobody(), nobody());
    let home = chain(&[&first, &second]);
    for args in [
        &["agent", "-m", "hi", "--json"][..],
        &["infer", "model", "run", "--prompt", "hi", "--json"],
    ] {
        let ended = home.run(args).await.code(4).says(&[
            "any of 2 models\n  a/m: failed to connect to",
            "\n  b/m: failed to connect to",
            "hint: a/m: The address",
            "hint: b/m: The address",
        ]);
        let value = ended.json();
        let causes = value["error"]["causes"].as_array().unwrap().clone();
        let [newest, oldest] = &causes[..] else { panic!("{ended:#?}") };
        assert!(newest.as_str().unwrap().starts_with("b/m: failed to connect"), "{newest}");
        assert!(oldest.as_str().unwrap().starts_with("a/m: failed to connect"), "{oldest}");
        let attempts = match &value["attempts"] {
            Value::Null => &value["meta"]["executionTrace"]["attempts"],
            attempts => attempts,
        };
        assert_eq!(attempts.as_array().unwrap().len(), 2, "{value:#}");
        assert_eq!(attempts[1]["result"], json!("connect"));
        assert!(attempts[1]["hints"][0].as_str().is_some_and(|hint| hint.contains(&second)));
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_given_anew_by_the_next_model() {
    let (first, second) = (server().await, server().await);
    let home = chain(&[&first.base_url(), &second.base_url()]);
    for args in [
        &["agent", "-m", "reply exactly: whole"][..],
        &["infer", "model", "run", "--prompt", "reply exactly: whole"],
    ] {
        first.push(Reply::from(Turn::pieces(["half ", "an ", "answer"])).error_at(3, "it broke"));
        let ended = home
            .run(args)
            .await
            .code(0)
            .says(&["a/m failed in the middle of its answer", "b/m answers instead"]);
        assert_eq!(ended.stdout, "whole\n");
        let _ = home.run(&["models", "reset"]).await.code(0);
    }
}

#[tokio::test]
async fn a_refusal_and_a_clock_of_our_own_change_no_model() {
    let (first, second) = (server().await, server().await);
    let home = chain(&[&first.base_url(), &second.base_url()]);
    first.push(Reply::status(400, ErrorBody::Text("this is no request".to_owned())));
    let refused = home.run(&[&RUN[..], &["--prompt", "hi"]].concat()).await.code(5);
    let _ = refused.says(&["this is no request", "No fallback was asked: what is wrong with"]);
    let clock = "models.providers.a.clocks.firstToken=1";
    for args in [&["agent", "-m", "hi"][..], &["infer", "model", "run", "--prompt", "hi"]] {
        // The server lives, and answers whoever asks what it is doing.
        first.push(Reply::from(Turn::text("late")).silent_at(0));
        let ended = home.run(&[args, &["--set", clock]].concat()).await.code(124);
        let limit = "it was a limit of this program that ran out";
        let _ = ended.says(&["models.providers.a.clocks.firstToken", limit]);
    }
    assert!(second.requests().is_empty());
    let status = home.run(&["models", "status", "--json"]).await.code(0).json();
    assert_eq!(status["breakers"], json!([]), "neither speaks against the server");
}

#[tokio::test]
async fn a_named_model_keeps_its_fallbacks_unless_it_is_strict() {
    let good = server().await;
    let down = nobody();
    let home = chain(&[&good.base_url(), &down]);
    let named = [&RUN[..], &["--model", "b/m", "--prompt", "reply exactly: yes"]].concat();
    assert_eq!(home.run(&named).await.code(4).stdout, "");
    let home = chain(&[&down, &good.base_url()]);
    let named = [&RUN[..], &["--model", "a/m", "--prompt", "reply exactly: yes"]].concat();
    assert_eq!(home.run(&named).await.code(0).stdout, "yes\n");
    let _ = home.run(&[&named[..], &["--strict"]].concat()).await.code(4);
}

#[tokio::test]
async fn nobody_is_contacted_whom_the_chain_does_not_need() {
    let (primary, fallback, other) = (server().await, server().await, server().await);
    let named = fallback.base_url().replace("127.0.0.1", "localhost");
    let home = chain(&[&primary.base_url(), &named]);
    let more = format!("models.providers.other.baseUrl={}", other.base_url());
    let far = format!("models.providers.far.baseUrl={FAR}");
    let run = async |args: &[&str], code| {
        home.run(&[args, &["--trace", "--set", &more, "--set", &far]].concat()).await.code(code)
    };
    let _ = run(&["agent", "-m", "reply exactly: yes"], 0).await;
    assert!(fallback.requests().is_empty() && other.requests().is_empty());
    primary.push(unauthorized());
    let _ = run(&["agent", "-m", "reply exactly: yes"], 0).await;
    assert!(!fallback.requests().is_empty() && other.requests().is_empty());
    for args in [&["agent", "-m", "hi"][..], &["infer", "model", "run", "--prompt", "hi"]] {
        let args = [args, &["--model", "far/m"]].concat();
        let _ = run(&args, 3).await.says(&["192.0.2.1", "may not go there", "`models.egress`"]);
    }
    // No address is left out: all that goes over HTTP goes through what writes the trace.
    let listed = home.run(&["trace", "list", "--json"]).await.code(0).json();
    let hosts: BTreeSet<String> = urls(&listed).iter().map(|url| host(url)).collect();
    let near = [primary.base_url(), named].map(|url| host(&url));
    assert_eq!(hosts, near.into_iter().collect());
}

fn urls(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) if text.starts_with("http") => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(urls).collect(),
        Value::Object(fields) => fields.values().flat_map(urls).collect(),
        _ => Vec::new(),
    }
}

fn host(url: &str) -> String {
    url.split('/').nth(2).unwrap().to_owned()
}
