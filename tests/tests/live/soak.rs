//! Long sessions on the real server, in one process: what it has in its cache of each request, and
//! that many turns neither fail nor pile up.
//!
//! The program under test has no command for a session of many turns yet, so the one that
//! `OPENCLAW_LIVE_TURNS` names takes its place: an agent put together from the config as the
//! program does it, which says of each turn how it went, and judges nothing.
#![expect(clippy::disallowed_methods, reason = "a variable says which program takes turns")]

use std::collections::HashSet;
use std::env;
use std::process::Stdio;

use openclaw_tests::{Home, soon};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use crate::lab::{Lab, lab, measured};
use crate::proxy::{CHAT, Passed, Proxy, calls, writes};

/// The blocks that the server's cache holds are of so many tokens.
const BLOCK: u64 = 128;

/// The turns of a session as they end, one after another.
struct Session {
    child: tokio::process::Child,
    lines: tokio::io::Lines<BufReader<tokio::process::ChildStdout>>,
}

impl Session {
    /// `None` when there is no program for it.
    fn start(home: &Home, lab: &Lab, turns: u32) -> Option<Self> {
        let program = env::var("OPENCLAW_LIVE_TURNS").unwrap_or_default();
        if program.is_empty() {
            println!("skipped: OPENCLAW_LIVE_TURNS is not set; `cargo xtask live` sets it");
            return None;
        }
        let text = "Number #: read notes.txt and say what is in it.";
        let mut child = Command::new(program)
            .args(["session", "vllm/tiny", &turns.to_string(), text])
            .env("HOME", home.path())
            .env("LAB_KEY", &lab.key)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Some(Self { child, lines })
    }

    /// What is said of the next turn; `None` after the last.
    async fn next(&mut self) -> Option<Value> {
        let line = soon(self.lines.next_line()).await.unwrap();
        line.map(|line| serde_json::from_str(&line).unwrap())
    }

    async fn ended(mut self) {
        assert!(soon(self.child.wait()).await.unwrap().success());
    }
}

/// What the model writes in each turn: a call, and then an answer.
fn steps(turns: u32) -> impl Iterator<Item = Value> {
    let read =
        |turn| calls("read", &json!({"path": "notes.txt", "offset": 1, "limit": turn % 9 + 1}));
    (0..turns).flat_map(move |turn| [read(turn), writes(&format!("Answer {turn}."))])
}

fn number(said: &Value, name: &str) -> u64 {
    said[name].as_u64().unwrap_or_else(|| panic!("{name} in {said}"))
}

/// Fails unless a conversation is one that any server takes.
fn assert_legal(chat: &Passed) {
    let messages = chat.body["messages"].as_array().unwrap();
    let role = |message: &Value| message["role"].as_str().unwrap().to_owned();
    let mut ids = HashSet::new();
    let mut open: Vec<String> = Vec::new();
    for pair in messages.windows(2) {
        let [before, message] = pair else { unreachable!() };
        assert_ne!(role(message), "system", "only the first");
        if role(message) == "tool" {
            assert_eq!(message["tool_call_id"].as_str(), open.first().map(String::as_str));
            open.remove(0);
            continue;
        }
        assert!(open.is_empty(), "{open:?} have no result");
        assert_ne!(role(message), role(before), "nobody speaks twice in a row");
        for call in message["tool_calls"].as_array().into_iter().flatten() {
            let id = call["id"].as_str().unwrap().to_owned();
            let arguments = call["function"]["arguments"].as_str().unwrap();
            assert!(serde_json::from_str::<Value>(arguments).unwrap().is_object());
            assert!(ids.insert(id.clone()), "{id} is used twice");
            open.push(id);
        }
    }
    assert!(open.is_empty(), "{open:?} have no result");
}

#[tokio::test]
async fn a_session_of_twenty_turns_is_served_from_the_cache() {
    let Some(lab) = lab() else { return };
    let served = lab.served().await;
    let proxy = Proxy::start(&lab, steps(20)).await;
    let home = lab.capped(proxy.base_url(), &served.id, 96);
    home.put("notes.txt", &"milk\nbread\n".repeat(10));
    let Some(mut session) = Session::start(&home, &lab, 20) else { return };
    let (mut cached, mut cacheable, mut input) = (0, 0, 0);
    let mut before = None;
    while let Some(said) = session.next().await {
        assert_eq!((&said["isReply"], &said["toolCalls"]), (&json!(true), &json!(1)), "{said}");
        assert_eq!(said["compactedBy"], json!([]), "{said}");
        for call in said["calls"].as_array().unwrap() {
            let [sent, had] = [0, 1].map(|at| call[at].as_u64().unwrap());
            // Blocks are whole, and those of the request before are all that could be there.
            if let Some(before) = before.replace(sent) {
                cacheable += before / BLOCK * BLOCK;
                cached += had;
                input += sent;
            }
        }
    }
    session.ended().await;
    assert_eq!(proxy.left(), 0);
    assert_legal(proxy.seen(CHAT).last().unwrap());
    let share = cached * 1000 / cacheable;
    let figures =
        format!("{}.{} % ({cached} of {cacheable}; {input} sent)", share / 10, share % 10);
    measured("20 turns: cached of what could be", &figures);
    assert!(share >= 950, "{figures}");
}

#[tokio::test]
async fn two_hundred_turns_go_well_in_a_window_that_holds_twenty() {
    let Some(lab) = lab() else { return };
    let served = lab.served().await;
    let proxy = Proxy::start(&lab, steps(200)).await;
    let home = lab.capped(proxy.base_url(), &served.id, 96);
    home.put("notes.txt", &"milk\nbread\n".repeat(10));
    let Some(mut session) = Session::start(&home, &lab, 200) else { return };
    let (mut turns, mut compactions) = (0, Vec::new());
    let mut resident = Vec::new();
    while let Some(said) = session.next().await {
        assert_eq!(said["isReply"], json!(true), "{said}");
        let by = said["compactedBy"].as_array().unwrap();
        assert!(by.len() <= 2, "{said}");
        compactions.extend(by.iter().map(|by| by.as_str().unwrap().to_owned()));
        resident.push(number(&said, "residentKib"));
        turns += 1;
    }
    session.ended().await;
    assert_eq!(turns, 200);
    assert!(compactions.len() >= 3, "{compactions:?}");
    for chat in proxy.seen(CHAT) {
        assert_legal(&chat);
    }
    let (early, most) = (resident[19], resident.iter().max().unwrap());
    let count = |by| compactions.iter().filter(|it| *it == by).count();
    let figures = format!(
        "{} compactions ({} by a summary, {} by code), {} MiB after 20 turns and {} at most",
        compactions.len(),
        count("summary") + count("parts"),
        count("trimming"),
        early / 1024,
        most / 1024
    );
    measured("200 turns", &figures);
    assert!(most - early < 16 * 1024, "{figures}");
}
