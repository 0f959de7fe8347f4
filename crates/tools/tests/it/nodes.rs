//! `exec` on a node, and `nodes`, over scripted nodes.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use openclaw_core::{
    CommandRemedies, CommandReview, PlannedToolCall, ProgressSink, Tool, ToolContext, ToolEffect,
    ToolOutput, UnansweredAction,
};
use openclaw_protocol::gateway::{NodeDecision, NodeEntry, NodeError, NodeErrorCode};
use openclaw_tools::{
    NodeCallError, NodeCommand, NodeCommandJudge, NodeInvocation, NodeInvoker, NodeOptions,
    NodesTool,
};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::support::{Fixture, Progress, call, exec_options};

/// Nodes that answer as a test says.
#[derive(Debug, Default)]
struct ScriptedNodes {
    nodes: Mutex<Vec<NodeEntry>>,
    /// The answer to each command.
    answers: Mutex<Vec<(&'static str, Result<Value, NodeCallError>)>>,
    invoked: Mutex<Vec<NodeInvocation>>,
    /// Whether `system.run` never ends.
    hangs: bool,
    has_begun: Notify,
    live: AtomicUsize,
}

/// Counts invocations that run.
struct OpenCall<'a>(&'a AtomicUsize);

impl Drop for OpenCall<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl NodeInvoker for ScriptedNodes {
    async fn list_nodes(&self) -> Result<Vec<NodeEntry>, NodeCallError> {
        Ok(self.nodes.lock().unwrap().clone())
    }

    async fn invoke_command(
        &self,
        invocation: NodeInvocation,
        progress: &dyn ProgressSink,
    ) -> Result<Value, NodeCallError> {
        self.live.fetch_add(1, Ordering::SeqCst);
        let _live = OpenCall(&self.live);
        let command = invocation.command;
        self.invoked.lock().unwrap().push(invocation);
        if command == "system.run" {
            progress.write_output("hello\n");
            self.has_begun.notify_one();
            if self.hangs {
                std::future::pending::<()>().await;
            }
        }
        let answers = self.answers.lock().unwrap();
        answers.iter().find(|(name, _)| *name == command).expect("an answer").1.clone()
    }
}

/// Does what the node says.
#[derive(Debug)]
struct NodeDecides;

impl NodeCommandJudge for NodeDecides {
    fn judge_node_command(&self, command: &NodeCommand<'_>) -> CommandReview {
        match command.decision {
            NodeDecision::Allow => CommandReview::Allowed,
            NodeDecision::Ask => CommandReview::NeedsPerson {
                reasons: vec!["the node asks".to_owned()],
                display: command.display.to_owned(),
                unanswered: UnansweredAction::Deny,
                remedies: CommandRemedies::default(),
                is_final: false,
            },
            NodeDecision::Deny => {
                let reason = command.reason.unwrap_or_default().to_owned();
                CommandReview::Denied { reason, is_final: true }
            }
        }
    }
}

fn node(id: &str, name: &str) -> NodeEntry {
    let mut node = NodeEntry::default();
    id.clone_into(&mut node.node_id);
    node.display_name = Some(name.to_owned());
    node.commands = ["system.run.prepare", "system.run", "system.which"].map(str::to_owned).into();
    (node.paired, node.connected) = (true, true);
    node
}

fn prepared(decision: &str) -> Value {
    json!({
        "plan": {
            "argv": ["/bin/sh", "-c", "make test"],
            "cwd": "/srv/node",
            "commandText": "make test",
            "planHash": "abc",
        },
        "decision": decision,
        "reason": "`make` is not on the allowlist of this machine",
        "sandbox": ["file system: enforced"],
    })
}

fn finished() -> Value {
    json!({"exitCode": 0, "success": true, "stdout": "hello\n", "stderr": "a warning"})
}

fn scripted(decision: &str, run: Result<Value, NodeCallError>) -> ScriptedNodes {
    ScriptedNodes {
        nodes: Mutex::new(vec![node("n1", "server-node")]),
        answers: Mutex::new(vec![
            ("system.run.prepare", Ok(prepared(decision))),
            ("system.run", run),
            ("system.which", Ok(json!({"bins": {"make": "/usr/bin/make"}}))),
        ]),
        ..ScriptedNodes::default()
    }
}

fn fixture_on(nodes: &Arc<ScriptedNodes>, name: Option<&str>) -> Fixture {
    let mut options = exec_options();
    options.node = Some(NodeOptions {
        invoker: Arc::clone(nodes) as Arc<dyn NodeInvoker>,
        node: name.map(str::to_owned),
        judge: Arc::new(NodeDecides),
        agent: "main".to_owned(),
        session_key: Some("agent:main:main".to_owned()),
    });
    Fixture::with(options)
}

fn plan(fixture: &Fixture, arguments: Value) -> Box<dyn PlannedToolCall> {
    fixture.tool("exec").plan_call(&call("exec", arguments)).unwrap()
}

async fn run(planned: Box<dyn PlannedToolCall>, progress: &Progress) -> ToolOutput {
    let context = ToolContext {
        time_limit: Some(Duration::from_secs(9)),
        max_output_bytes: 50_000,
        takes_images: false,
        progress,
    };
    planned.run(context).await
}

fn review(planned: &dyn PlannedToolCall) -> CommandReview {
    let ToolEffect::Exec { review, .. } = planned.effect() else { panic!("{planned:?}") };
    review.clone()
}

#[tokio::test]
async fn a_command_runs_on_the_node_as_it_was_prepared() {
    let nodes = Arc::new(scripted("allow", Ok(finished())));
    let fixture = fixture_on(&nodes, Some("server-node"));
    let mut planned =
        plan(&fixture, json!({"command": "make test", "directory": "src", "env": {"LANG": "C"}}));
    // Nobody may allow a call whose effect is not known.
    let unprepared = CommandReview::Denied {
        reason: "the node was not asked what it would run".to_owned(),
        is_final: true,
    };
    assert_eq!(review(planned.as_ref()), unprepared);
    planned.prepare().await;
    let expected = ToolEffect::Exec {
        command: "make test".to_owned(),
        directory: "/srv/node".to_owned(),
        node: Some("server-node".to_owned()),
        review: CommandReview::Allowed,
    };
    assert_eq!(*planned.effect(), expected);

    let progress = Progress::default();
    let output = run(planned, &progress).await;
    assert_eq!(output.text, "exit code 0 (on the node `server-node`)\nhello\na warning\n");
    assert_eq!((output.is_error, output.summary.as_deref()), (false, Some("exit 0")));
    assert_eq!(progress.text(), "hello\n");

    let invoked = nodes.invoked.lock().unwrap();
    let [prepare, run] = invoked.as_slice() else { panic!("{invoked:?}") };
    for params in [&prepare.params, &run.params] {
        assert_eq!(params["command"], json!(["sh", "-c", "make test"]));
        assert_eq!((&params["cwd"], &params["env"]), (&json!("src"), &json!({"LANG": "C"})));
        assert_eq!(params["sessionKey"], "agent:main:main");
    }
    assert_eq!((run.command, run.node_id.as_str()), ("system.run", "n1"));
    assert_eq!(run.params["systemRunPlan"]["planHash"], "abc");
    assert_eq!(run.params["timeoutMs"], 9000);
    // Nobody was asked, so nobody approved it.
    assert_eq!(run.params["approved"], Value::Null);
    assert!(run.time_limit > Duration::from_secs(9));
    assert_ne!(run.idempotency_key, prepare.idempotency_key);
}

#[tokio::test]
async fn what_a_person_approved_is_sent_with_its_plan() {
    let nodes = Arc::new(scripted("ask", Ok(finished())));
    let fixture = fixture_on(&nodes, None);
    let mut planned = plan(&fixture, json!({"argv": ["make", "a b\u{1b}[2K"]}));
    planned.prepare().await;
    let CommandReview::NeedsPerson { display, .. } = review(planned.as_ref()) else {
        panic!("{planned:?}")
    };
    assert_eq!(
        display,
        "node:\n  | server-node (n1)\ndirectory:\n  | /srv/node\ncommand:\n  | make 'a b\\e[2K'\n\
         sandbox on the node:\n  | file system: enforced\n"
    );
    run(planned, &Progress::default()).await;
    let invoked = nodes.invoked.lock().unwrap();
    let params = &invoked[1].params;
    assert_eq!(params["command"], json!(["make", "a b\u{1b}[2K"]));
    assert_eq!(
        (&params["approved"], &params["approvalDecision"]),
        (&json!(true), &json!("allow-once"))
    );
    assert_eq!(params["systemRunPlan"]["planHash"], "abc");
    assert_eq!(params["runId"], invoked[1].idempotency_key.as_str());
}

#[tokio::test]
async fn a_node_that_cannot_be_used_is_named_and_nothing_is_sent() {
    let offline = |mut node: NodeEntry| {
        node.connected = false;
        node
    };
    let without = |mut node: NodeEntry, pending: &[&str]| {
        node.commands.retain(|command| command != "system.run");
        node.pending_declared_commands = pending.iter().map(|it| (*it).to_owned()).collect();
        node
    };
    let usual = || node("n1", "server-node");
    for (entries, wanted, expected) in [
        (vec![], None, "the gateway has no node"),
        (vec![usual()], Some("other"), "no node is called `other`; there is `server-node` (n1)"),
        (vec![usual(), node("n2", "b")], None, "there are 2 nodes, and none is chosen"),
        (vec![usual(), node("n2", "server-node")], Some("server-node"), "2 nodes are called"),
        (vec![offline(usual())], None, "the node `server-node` is not connected; nothing was run"),
        (vec![without(usual(), &[])], None, "does not offer the command `system.run`"),
        (vec![without(usual(), &["system.run"])], None, "`openclaw nodes pending` shows it"),
    ] {
        let nodes = Arc::new(scripted("allow", Ok(finished())));
        nodes.nodes.lock().unwrap().clone_from(&entries);
        let fixture = fixture_on(&nodes, wanted);
        let mut planned = plan(&fixture, json!({"command": "make test"}));
        planned.prepare().await;
        let CommandReview::Denied { reason, is_final: true } = review(planned.as_ref()) else {
            panic!("{planned:?}")
        };
        assert!(reason.contains(expected), "{reason}");
        // Not even when something runs it all the same.
        let output = run(planned, &Progress::default()).await;
        assert!(output.is_error && output.text.starts_with("not run: "), "{}", output.text);
        assert!(nodes.invoked.lock().unwrap().is_empty());
    }
}

#[tokio::test]
async fn what_the_node_denies_is_told_with_its_reason() {
    let nodes = Arc::new(scripted("deny", Ok(finished())));
    let mut planned = plan(&fixture_on(&nodes, None), json!({"command": "make test"}));
    planned.prepare().await;
    let CommandReview::Denied { reason, .. } = review(planned.as_ref()) else { panic!() };
    assert_eq!(reason, "`make` is not on the allowlist of this machine");
}

#[tokio::test]
async fn a_failure_tells_whether_the_command_may_have_run() {
    let failed = |code| Err(NodeCallError::Failed(NodeError::new(code, "because of it")));
    let may_have_run = "The command may have run on the node `server-node`, wholly or in part; do \
                        not repeat it without checking.";
    let unknown = |what: &str| format!("outcome unknown: {what}. {may_have_run}");
    let refused = "not run: the node `server-node` refused it: because of it".to_owned();
    for (answer, expected) in [
        (failed(NodeErrorCode::SystemRunDenied), refused.clone()),
        (failed(NodeErrorCode::ApprovalRequestMismatch), refused),
        (failed(NodeErrorCode::OutcomeUnknown), unknown("because of it")),
        (failed(NodeErrorCode::Unavailable), unknown("because of it")),
        (failed(NodeErrorCode::Timeout), unknown("because of it")),
        (Err(NodeCallError::not_sent("it is gone")), "not run: it is gone".to_owned()),
        (
            Err(NodeCallError::OutcomeUnknown { reason: "the connection ended".to_owned() }),
            unknown("the connection ended"),
        ),
        (
            Ok(
                json!({"exitCode": null, "timedOut": true, "stdout": "so far\n", "truncated": true}),
            ),
            "timed out and was ended (on the node `server-node`)\nso far\n[… the node left out a \
             part of the output …]\n"
                .to_owned(),
        ),
        (
            Ok(json!({"exitCode": 3, "stdout": "", "stderr": ""})),
            "exit code 3 (on the node `server-node`)\n[no output]".to_owned(),
        ),
    ] {
        let nodes = Arc::new(scripted("allow", answer));
        let mut planned = plan(&fixture_on(&nodes, None), json!({"command": "make test"}));
        planned.prepare().await;
        let output = run(planned, &Progress::default()).await;
        assert!(output.is_error);
        assert_eq!(output.text, expected);
    }
}

#[tokio::test]
async fn a_dropped_call_ends_what_it_began_on_the_node() {
    let nodes = ScriptedNodes { hangs: true, ..scripted("allow", Ok(finished())) };
    let nodes = Arc::new(nodes);
    let mut planned = plan(&fixture_on(&nodes, None), json!({"command": "make test"}));
    planned.prepare().await;
    let progress = Progress::default();
    let running = run(planned, &progress);
    tokio::select! {
        output = running => panic!("{output:?}"),
        () = nodes.has_begun.notified() => {}
    }
    assert_eq!(progress.text(), "hello\n");
    assert_eq!(nodes.live.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn only_the_node_runs_commands_and_only_in_the_foreground() {
    let nodes = Arc::new(scripted("allow", Ok(finished())));
    let fixture = fixture_on(&nodes, Some("server-node"));
    let error = |arguments: Value| fixture.plan("exec", arguments).unwrap_err().to_string();
    for (arguments, expected) in [
        (json!({"command": "x", "host": "gateway"}), "runs commands on a node here"),
        (json!({"command": "x", "host": "sandbox"}), "runs commands on a node here"),
        (json!({"command": "x", "elevated": true}), "runs commands on a node here"),
        (json!({"command": "x", "background": true}), "no command in the background on a node"),
        (json!({"command": "x", "pty": true}), "no terminal on a node"),
        (json!({"command": "x", "env": {"LD_PRELOAD": "y"}}), "cannot set `LD_PRELOAD`"),
    ] {
        let error = error(arguments);
        assert!(error.contains(expected), "{error}");
    }
    for host in ["", "auto", "node"] {
        assert!(fixture.plan("exec", json!({"command": "x", "host": host})).is_ok(), "{host}");
    }
    let spec = fixture.tool("exec").spec();
    assert!(spec.description.contains("the node `server-node`"), "{}", spec.description);
    let properties = spec.parameters["properties"].as_object().unwrap();
    for absent in ["background", "host", "pty", "yieldMs"] {
        assert!(!properties.contains_key(absent), "{absent}");
    }
    assert_eq!(properties["directory"]["description"], "On that machine");
    assert!(nodes.invoked.lock().unwrap().is_empty(), "planning asks nobody");
}

#[tokio::test]
async fn the_tool_nodes_looks_and_runs_nothing() {
    let nodes = Arc::new(scripted("allow", Ok(finished())));
    let mut idle = node("n2", "idle");
    idle.connected = false;
    nodes.nodes.lock().unwrap().push(idle);
    let tool = NodesTool::new(Arc::clone(&nodes) as Arc<dyn NodeInvoker>);
    let look = async |arguments: Value| {
        let planned = tool.plan_call(&call("nodes", arguments)).unwrap();
        assert!(matches!(planned.effect(), ToolEffect::Inspect { .. }), "{planned:?}");
        run(planned, &Progress::default()).await.text
    };
    let commands = "system.run.prepare, system.run, system.which";
    assert_eq!(
        look(json!({"action": "status"})).await,
        format!(
            "server-node (n1): connected, unknown system, {commands}\nidle (n2): not connected, \
             unknown system, {commands}\n"
        )
    );
    assert!(look(json!({"action": "describe", "node": "n1"})).await.contains("\"nodeId\": \"n1\""));
    let which = json!({"action": "which", "node": "server-node", "bins": ["make", "cargo"]});
    assert_eq!(look(which).await, "make: /usr/bin/make\ncargo: not found\n");
    let which = json!({"action": "which", "node": "idle", "bins": ["make"]});
    assert_eq!(look(which).await, "the node `idle` is not connected");
    let which = json!({"action": "which", "bins": ["make"]});
    assert!(look(which).await.starts_with("there are 2 nodes, and none is chosen"));
    for arguments in [json!({"action": "which"}), json!({"action": "run"})] {
        assert!(tool.plan_call(&call("nodes", arguments)).is_err());
    }
    let invoked = nodes.invoked.lock().unwrap();
    assert!(invoked.iter().all(|it| it.command == "system.which"), "{invoked:?}");
}
