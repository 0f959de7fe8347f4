//! Sessions that outlive the program, on a real server.

use serde_json::{Value, json};

use crate::gate::{Gate, Place};
use crate::lab::{lab, measured};
use crate::proxy::{CHAT, Proxy, writes};

const KEY: &str = "agent:main:live";

/// How many of the prompt's tokens the server had, of the last request of a run with `--json`.
fn cached(run: &Value) -> (u64, u64) {
    let usage = &run["meta"]["agentMeta"]["lastCallUsage"];
    let number = |name: &str| usage[name].as_u64().unwrap_or_default();
    (number("cacheRead"), number("input"))
}

#[tokio::test]
async fn killed_in_an_answer_a_turn_is_finished_by_resume_and_the_prefix_stays_cached() {
    let Some(lab) = lab() else { return };
    let served = lab.served().await;
    let long = "one word after the other, and no end of them in sight. ".repeat(8);
    let steps = [writes(&long), writes("This is all of it."), writes("I remember.")];
    let proxy = Proxy::start(&lab, steps).await;
    let home = lab.capped(proxy.base_url(), &served.id, 256);
    let gate = Gate::at(Place::Text(40));
    proxy.gate(&gate);
    let running = home.start(&["agent", "--session", KEY, "-m", "Tell me all."]);
    gate.shut().await;
    running.kill().await;
    gate.over().await;
    assert!(gate.seen().client_left, "the server is told that nobody listens");
    let shown = home.run(&["sessions", "show", KEY]).await.code(0).stdout;
    assert!(shown.contains("> Tell me all.") && shown.contains("interrupted"), "{shown}");

    let ended = home.run(&["agent", "--session", KEY, "--resume", "--json"]).await.code(0);
    let resumed = ended.json();
    assert_eq!(resumed["payloads"][0]["text"], json!("This is all of it."), "{resumed:#}");
    let args = ["agent", "--session", KEY, "-m", "What was it?", "--json"];
    let ended = home.run(&args).await.code(0);
    let next = ended.json();
    assert_eq!(next["payloads"][0]["text"], json!("I remember."), "{next:#}");

    let chats = proxy.seen(CHAT);
    assert_eq!(chats.len(), 3);
    for chat in &chats {
        for part in ["/tools", "/messages/0"] {
            let [part, first] = [chat, &chats[0]].map(|chat| chat.body.pointer(part).unwrap());
            assert_eq!(part.to_string(), first.to_string(), "the same bytes in every process");
        }
    }
    let last = chats[2].body["messages"].to_string();
    assert!(last.contains("Tell me all.") && last.contains("This is all of it."), "{last}");
    assert!(!last.contains("no end of them"), "half an answer is none");
    let [(resumed, _), (again, sent)] = [&resumed, &next].map(cached);
    assert!(resumed > 0 && again > 0, "{resumed} and {again}");
    measured("a session in a new process: cached", &format!("{again} of {sent} tokens"));
}
