//! What comes of invocations, whatever nodes and callers do.

use std::time::Duration;

use futures_util::FutureExt as _;
use openclaw_protocol::gateway::NodeErrorCode;
use serde_json::{Value, json};

use super::*;
use crate::clients::{ClientRegistry, OutgoingFrame, OutgoingFrames};

/// A node that offers `system.which`, with what is sent to it.
struct TestNode {
    connection: NodeConnection,
    frames: OutgoingFrames,
}

fn connect(registry: &NodeRegistry, id: &str) -> TestNode {
    let (queue, frames) = ClientRegistry::default().open_queue();
    let mut entry = NodeEntry::default();
    id.clone_into(&mut entry.node_id);
    entry.commands = vec!["system.which".to_owned()];
    entry.pending_declared_commands = vec!["system.run".to_owned()];
    TestNode { connection: registry.add_node(queue, entry), frames }
}

fn invocation(node: &str, command: &str) -> NodeInvocation {
    NodeInvocation {
        node_id: node.to_owned(),
        command: command.to_owned(),
        params: json!({ "bins": ["sh"] }),
        timeout: Duration::from_secs(30),
        idempotency_key: "k".to_owned(),
    }
}

fn answer(node: &str, id: &str, text: &str) -> NodeInvokeAnswer {
    let answer = json!({ "id": id, "nodeId": node, "ok": true, "payloadJSON": text });
    serde_json::from_value(answer).unwrap()
}

impl TestNode {
    async fn event(&mut self, name: &str) -> Value {
        let Some(OutgoingFrame::Text(text)) = self.frames.next_frame().await else { panic!() };
        let frame: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(frame["event"], name, "{frame}");
        frame["payload"].clone()
    }
}

fn code_of(outcome: &NodeInvokeOutcome) -> (&'static str, &str) {
    match outcome {
        NodeInvokeOutcome::NotDispatched(error) => ("not dispatched", &error.code),
        NodeInvokeOutcome::Finished(Err(error)) => ("failed", &error.code),
        NodeInvokeOutcome::Finished(Ok(_)) => ("finished", ""),
        NodeInvokeOutcome::OutcomeUnknown(error) => ("unknown", &error.code),
    }
}

#[tokio::test(start_paused = true)]
async fn an_invocation_has_one_of_three_outcomes() {
    let registry = NodeRegistry::default();
    let absent = registry.invoke(invocation("n", "system.which"), |_| ()).await;
    assert_eq!(code_of(&absent), ("not dispatched", "NOT_CONNECTED"));
    let mut node = connect(&registry, "n");
    for command in ["system.run", "evil.cmd"] {
        let refused = registry.invoke(invocation("n", command), |_| ()).await;
        assert_eq!(code_of(&refused), ("not dispatched", "UNKNOWN_COMMAND"), "{command}");
    }
    let invoking = registry.invoke(invocation("n", "system.which"), |_| ());
    let answering = async {
        let request = node.event("node.invoke.request").await;
        assert_eq!(request["paramsJSON"], r#"{"bins":["sh"]}"#);
        let id = request["id"].as_str().unwrap();
        let accepted = registry.accept_answer("n", answer("n", id, "{\"bins\":{}}")).unwrap();
        let again = registry.accept_answer("n", answer("n", id, "{}")).unwrap();
        assert_eq!((accepted, again), (true, false));
    };
    let (outcome, ()) = tokio::join!(invoking, answering);
    let NodeInvokeOutcome::Finished(Ok(payload)) = outcome else { panic!("{outcome:?}") };
    assert_eq!(payload.value, json!({ "bins": {} }));
    let silent = registry.invoke(invocation("n", "system.which"), |_| ()).await;
    assert_eq!(code_of(&silent), ("unknown", NodeErrorCode::Timeout.as_str()));
    let request = node.event("node.invoke.request").await;
    assert_eq!(node.event("node.invoke.cancel").await["invokeId"], request["id"]);
    let leaving = async {
        drop(node);
    };
    let invoking = registry.invoke(invocation("n", "system.which"), |_| ());
    let (outcome, ()) = tokio::join!(invoking, leaving);
    assert_eq!(code_of(&outcome), ("unknown", NodeErrorCode::Disconnected.as_str()));
    assert!(registry.lock().pending.is_empty());
}

#[tokio::test]
async fn a_caller_that_goes_away_cancels_its_command() {
    let registry = NodeRegistry::default();
    let mut node = connect(&registry, "n");
    let sent = {
        let mut invoking = Box::pin(registry.invoke(invocation("n", "system.which"), |_| ()));
        tokio::select! {
            biased;
            outcome = &mut invoking => panic!("{outcome:?}"),
            request = node.event("node.invoke.request") => request,
        }
    };
    assert_eq!(node.event("node.invoke.cancel").await["invokeId"], sent["id"]);
    let late = answer("n", sent["id"].as_str().unwrap(), "1");
    assert!(!registry.accept_answer("n", late).unwrap());
}

#[tokio::test]
async fn no_node_answers_for_another_one() {
    let registry = NodeRegistry::default();
    let (mut node, _other) = (connect(&registry, "n"), connect(&registry, "other"));
    let invoking = registry.invoke(invocation("n", "system.which"), |_| ());
    let answering = async {
        let request = node.event("node.invoke.request").await;
        let id = request["id"].as_str().unwrap();
        assert!(registry.accept_answer("other", answer("n", id, "1")).is_err());
        assert!(!registry.accept_answer("other", answer("other", id, "2")).unwrap());
        assert!(!registry.accept_answer("n", answer("n", "unknown", "3")).unwrap());
        assert!(registry.accept_answer("n", answer("n", id, "no JSON")).unwrap());
    };
    let (outcome, ()) = tokio::join!(invoking, answering);
    let NodeInvokeOutcome::Finished(Ok(payload)) = outcome else { panic!("{outcome:?}") };
    assert_eq!(payload.value, json!({ "payloadJSON": "no JSON" }));
}

#[tokio::test]
async fn the_newest_connection_of_a_node_counts_and_may_answer_what_the_older_one_got() {
    let registry = NodeRegistry::default();
    let mut old = connect(&registry, "n");
    let invoking = registry.invoke(invocation("n", "system.which"), |_| ());
    let answering = async {
        let request = old.event("node.invoke.request").await;
        let _new = connect(&registry, "n");
        let closed = old.frames.next_frame().await;
        assert!(matches!(closed, Some(OutgoingFrame::Close { code: 4002, .. })), "{closed:?}");
        drop(old.connection);
        assert!(registry.find_connected("n").is_some());
        let id = request["id"].as_str().unwrap();
        assert!(registry.accept_answer("n", answer("n", id, "1")).unwrap());
    };
    let (outcome, ()) = tokio::join!(invoking, answering);
    assert_eq!(code_of(&outcome), ("finished", ""));
    assert!(registry.find_connected("n").is_none());
}

#[tokio::test]
async fn output_arrives_in_order_and_a_flood_of_it_is_bounded_and_counted() {
    let registry = NodeRegistry::default();
    let mut node = connect(&registry, "n");
    let (mut chunks, mut omitted) = (Vec::new(), 0);
    let invoking = registry.invoke(invocation("n", "system.which"), |progress| {
        omitted += progress.omitted_bytes;
        chunks.push(progress.chunk);
    });
    let answering = async {
        let request = node.event("node.invoke.request").await;
        let id = request["id"].as_str().unwrap().to_owned();
        let progress = |seq: u64, chunk: String| NodeInvokeProgress {
            invoke_id: id.clone(),
            node_id: "n".to_owned(),
            seq,
            chunk,
        };
        assert!(registry.accept_progress("n", progress(0, "x".repeat(65_537))).is_err());
        for seq in 0..1000 {
            assert!(registry.accept_progress("n", progress(seq, "y".repeat(100))).unwrap());
            assert!(!registry.accept_progress("n", progress(seq, "again".to_owned())).unwrap());
        }
        assert!(
            !registry
                .accept_progress(
                    "other",
                    NodeInvokeProgress {
                        node_id: "other".to_owned(),
                        ..progress(5000, String::new())
                    }
                )
                .unwrap()
        );
        // The runtime lets a task receive a limited number at once.
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        assert!(registry.accept_progress("n", progress(1000, "end".to_owned())).unwrap());
        assert!(registry.accept_answer("n", answer("n", &id, "1")).unwrap());
    };
    let (outcome, ()) = tokio::join!(invoking, answering);
    assert_eq!(code_of(&outcome), ("finished", ""));
    assert_eq!(chunks.len(), MAX_WAITING_CHUNKS + 1);
    assert_eq!(omitted, (1000 - MAX_WAITING_CHUNKS) * 100);
    assert_eq!(chunks.last().unwrap(), "end");
}

#[tokio::test]
async fn a_node_has_a_limited_number_of_open_invocations() {
    let registry = NodeRegistry::default();
    let _node = connect(&registry, "n");
    let open: Vec<_> = (0..MAX_OPEN_INVOCATIONS)
        .map(|_| registry.invoke(invocation("n", "system.which"), |_| ()))
        .collect();
    let mut open: Vec<_> = open.into_iter().map(Box::pin).collect();
    for one in &mut open {
        assert!(one.now_or_never().is_none());
    }
    let refused = registry.invoke(invocation("n", "system.which"), |_| ()).await;
    assert_eq!(code_of(&refused), ("not dispatched", "UNAVAILABLE"));
    drop(open);
    assert!(registry.lock().pending.is_empty());
}

#[tokio::test]
async fn a_node_is_told_when_its_commands_change() {
    let registry = NodeRegistry::default();
    let mut node = connect(&registry, "n");
    let change = |entry: &mut NodeEntry| {
        entry.commands.clear();
        json!({ "commands": [] })
    };
    assert!(registry.update_node("n", "node.commands", change));
    assert!(!registry.update_node("other", "node.commands", change));
    assert_eq!(node.event("node.commands").await["commands"], json!([]));
    let refused = registry.invoke(invocation("n", "system.which"), |_| ()).await;
    assert_eq!(code_of(&refused), ("not dispatched", "UNKNOWN_COMMAND"));
}
