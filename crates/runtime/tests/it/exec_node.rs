//! Commands on a node, as an agent and a conversation run them.

use std::fs;
use std::future::pending;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use openclaw_config::{ExecAsk, ExecHost, ExecSecurity};
use openclaw_core::ProgressSink;
use openclaw_mock_vllm::{MockVllm, ModelSpec, Turn};
use openclaw_protocol::gateway::NodeEntry;
use openclaw_runtime::{
    AgentSetupErrorKind, ApprovalAnswer, ApprovalPolicy, ApprovalPrompter, ApprovalRequest,
    Conversation, ConversationOptions, ExecChangeError, NodeCallError, NodeInvocation, NodeInvoker,
    PolicyApprover, Runtime, ToolRefusalReason, TurnEvent, event_channel,
};
use serde_json::{Value, json};

use crate::agent::options;
use crate::lab::{Lab, lab_on, setup_kind};

/// One connected node, `server-node`, whose policy decides as a test says.
#[derive(Debug)]
struct OneNode {
    decision: &'static str,
    invoked: Mutex<Vec<NodeInvocation>>,
    /// Whether it was removed from the gateway.
    is_gone: AtomicBool,
}

#[async_trait]
impl NodeInvoker for OneNode {
    async fn list_nodes(&self) -> Result<Vec<NodeEntry>, NodeCallError> {
        if self.is_gone.load(Ordering::SeqCst) {
            return Ok(Vec::new());
        }
        let mut node = NodeEntry::default();
        "n1".clone_into(&mut node.node_id);
        node.display_name = Some("server-node".to_owned());
        node.commands = ["system.run.prepare", "system.run"].map(str::to_owned).into();
        (node.paired, node.connected) = (true, true);
        Ok(vec![node])
    }

    async fn invoke_command(
        &self,
        invocation: NodeInvocation,
        _progress: &dyn ProgressSink,
    ) -> Result<Value, NodeCallError> {
        let is_run = invocation.command == "system.run";
        self.invoked.lock().unwrap().push(invocation);
        Ok(if is_run {
            json!({"exitCode": 0, "success": true, "stdout": "there\n"})
        } else {
            let plan = json!({"argv": ["make"], "cwd": "/srv/node", "commandText": "make"});
            json!({"plan": plan, "decision": self.decision, "reason": "`make` is not listed"})
        })
    }
}

/// What the `AllowingPrompter` is asked about, and keeps the questions.
#[derive(Debug, Clone, Default)]
struct AllowingPrompter(Arc<Mutex<Vec<ApprovalRequest>>>);

#[async_trait]
impl ApprovalPrompter for AllowingPrompter {
    async fn request_approval(&self, request: &ApprovalRequest) -> ApprovalAnswer {
        self.0.lock().unwrap().push(request.clone());
        ApprovalAnswer::Allow
    }
}

struct NodeLab {
    server: MockVllm,
    lab: Lab,
    node: Arc<OneNode>,
    runtime: Runtime,
    prompter: AllowingPrompter,
}

/// `exec` is added to the config's `tools.exec`.
async fn node_lab(decision: &'static str, exec: &str) -> NodeLab {
    let server = MockVllm::builder().model(ModelSpec::new("tiny", 8192)).start().await.unwrap();
    let provider = lab_on(&server.base_url(), "");
    let config =
        format!("{{ tools: {{ exec: {{ {exec} }} }}, {}", provider.trim_start_matches('{'));
    let lab = Lab::new(&config, &[]);
    let node =
        Arc::new(OneNode { decision, invoked: Mutex::default(), is_gone: AtomicBool::new(false) });
    let runtime = lab.runtime.clone().with_nodes(Arc::clone(&node) as Arc<dyn NodeInvoker>);
    NodeLab { server, lab, node, runtime, prompter: AllowingPrompter::default() }
}

impl NodeLab {
    async fn open(&self) -> Conversation {
        let policy = ApprovalPolicy::from_config(self.runtime.exec_config());
        let options = ConversationOptions {
            model: Some("lab/tiny".to_owned()),
            ..ConversationOptions::new(Arc::new(PolicyApprover::new(policy, self.prompter.clone())))
        };
        self.runtime.open_conversation(options).await.unwrap()
    }

    fn commands(&self) -> Vec<&'static str> {
        self.node.invoked.lock().unwrap().iter().map(|it| it.command).collect()
    }
}

async fn say(conversation: &mut Conversation, text: &str) -> Vec<TurnEvent> {
    let (sender, mut receiver) = event_channel();
    let turn = conversation.run_turn(text, None, sender, pending());
    let collect = async {
        let mut events = Vec::new();
        while let Some(event) = receiver.recv().await {
            events.push(event);
        }
        events
    };
    let (report, events) = tokio::join!(turn, collect);
    report.unwrap();
    events
}

/// Why a call was refused, if one was.
fn refusal(events: &[TurnEvent]) -> Option<String> {
    events.iter().find_map(|event| match event {
        TurnEvent::ToolRefused { reason, .. } => Some(reason.clone()),
        _ => None,
    })
}

#[tokio::test]
async fn a_command_runs_on_the_node_and_files_stay_in_the_workspace() {
    let lab = node_lab("ask", "host: 'node', node: 'server-node'").await;
    lab.server.push(Turn::call("exec", r#"{"command":"make"}"#));
    lab.server.push(Turn::call("write", r#"{"path":"note.txt","content":"here"}"#));
    lab.server.push(Turn::text("Done."));
    let mut conversation = lab.open().await;
    let names: Vec<String> = conversation
        .agent_run()
        .agent
        .tool_specs()
        .iter()
        .map(|spec| spec.name.to_string())
        .collect();
    assert!(names.contains(&"nodes".to_owned()), "{names:?}");
    assert!(!names.contains(&"process".to_owned()), "nothing runs in the background: {names:?}");
    say(&mut conversation, "Build it.").await;

    assert_eq!(lab.commands(), ["system.run.prepare", "system.run"]);
    assert_eq!(lab.node.invoked.lock().unwrap()[1].params["approved"], true);
    let session = lab.node.invoked.lock().unwrap()[1].session_key.clone();
    assert_eq!(session.as_deref(), Some("agent:main:main"));
    let asked = lab.prompter.0.lock().unwrap();
    let [request] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!(request.node.as_deref(), Some("server-node"));
    assert_eq!(
        request.display,
        "node:\n  | server-node (n1)\ndirectory:\n  | /srv/node\nshell command:\n  | make\n\
         sandbox: none on the node\n"
    );
    assert_eq!(request.reason_line(), "the node runs it only after approval: `make` is not listed");
    let results: Vec<String> = conversation
        .history()
        .results_since_user_message()
        .map(|(_, output)| output.text.clone())
        .collect();
    assert_eq!(results[0], "exit code 0 (on the node `server-node`)\nthere\n");
    let written = fs::read_to_string(lab.lab.state().join("workspace/note.txt")).unwrap();
    assert_eq!(written, "here");
}

#[tokio::test]
async fn the_policy_here_and_the_one_of_the_node_hold_both() {
    for (decision, exec, expected) in [
        ("deny", "", Some("the node's policy does not permit it: `make` is not listed")),
        ("deny", "security: 'full', ask: 'off'", Some("the node's policy does not permit it")),
        ("allow", "security: 'deny'", Some("commands are switched off by `tools.exec.security`")),
        (
            "ask",
            "security: 'allowlist', ask: 'off'",
            Some("only after approval, and `ask` is `off`: `make` is not listed"),
        ),
        ("allow", "security: 'allowlist', ask: 'on-miss'", None),
        ("allow", "security: 'full', ask: 'off'", None),
    ] {
        let lab = node_lab(decision, &format!("host: 'node', {exec}")).await;
        lab.server.push(Turn::call("exec", r#"{"command":"make"}"#));
        lab.server.push(Turn::text("Done."));
        let mut conversation = lab.open().await;
        let events = say(&mut conversation, "Build it.").await;
        assert!(lab.prompter.0.lock().unwrap().is_empty(), "{decision} {exec}");
        let refused = events.iter().find_map(|event| match event {
            TurnEvent::ToolRefused { refusal, reason, .. } => Some((*refusal, reason.clone())),
            _ => None,
        });
        match expected {
            None => assert_eq!(lab.commands(), ["system.run.prepare", "system.run"]),
            Some(expected) => {
                let (refusal, reason) = refused.unwrap();
                assert_eq!(refusal, ToolRefusalReason::Denied);
                assert!(reason.contains(expected), "{reason}");
                assert_eq!(lab.commands(), ["system.run.prepare"], "{decision} {exec}");
            }
        }
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_read_denies_commands_on_the_node_too() {
    let lab = node_lab("allow", "host: 'node'").await;
    lab.server.push(Turn::call("exec", r#"{"command":"make"}"#));
    lab.server.push(Turn::text("Done."));
    let mut conversation = lab.open().await;
    openclaw_fs::AtomicFile::create(&lab.lab.state().join("exec-approvals.json"))
        .and_then(|mut file| {
            std::io::Write::write_all(&mut file, b"{ not json")?;
            file.commit()
        })
        .unwrap();
    say(&mut conversation, "Build it.").await;
    assert_eq!(lab.commands(), ["system.run.prepare"]);
}

#[tokio::test]
async fn an_agent_does_not_start_without_its_node() {
    for (exec, has_gateway, expected) in [
        (
            "host: 'node', node: 'other'",
            true,
            "no node is called `other`; there is `server-node` (n1)",
        ),
        ("host: 'node'", false, "nothing here reaches the nodes of a gateway"),
    ] {
        let lab = node_lab("allow", exec).await;
        let runtime = if has_gateway { &lab.runtime } else { &lab.lab.runtime };
        let error = runtime.create_agent(options(None)).await.unwrap_err();
        assert_eq!(setup_kind(&error), AgentSetupErrorKind::Restriction);
        let text = error.to_string();
        assert!(text.contains(expected) && text.contains("tools.exec."), "{text}");
    }
}

#[tokio::test]
async fn a_session_changes_where_its_commands_run_until_it_is_left() {
    let lab = node_lab("allow", "security: 'allowlist', ask: 'on-miss'").await;
    let mut conversation = lab.open().await;
    assert_eq!(conversation.exec_settings().host, ExecHost::Auto);
    for (words, expected) in [
        ("security=full", "`security=full` would allow more than the config"),
        ("ask=off", "`ask=off` would allow more than the config"),
        ("host=node node=other", "no node is called `other`"),
        ("host=there", "`host` is `auto`"),
        ("node=server-node", "`node=server-node` has no effect with `host=auto`; `/exec host=node"),
    ] {
        let error = conversation.change_exec(words).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert!(matches!(error, ExecChangeError::Refused(_)), "{error:?}");
        assert!(conversation.exec_overrides().is_empty(), "nothing changed");
    }
    conversation.change_exec("host=node ask=always").await.unwrap();
    lab.server.push(Turn::call("exec", r#"{"command":"make"}"#));
    lab.server.push(Turn::text("Done."));
    say(&mut conversation, "Build it.").await;
    assert_eq!(lab.commands(), ["system.run.prepare", "system.run"]);
    assert_eq!(
        lab.prompter.0.lock().unwrap()[0].reason_line(),
        "`/exec ask=always` of this session asks about every command"
    );
    // Undoing a turn does not make the policy wider again.
    assert!(conversation.undo_turn().await.unwrap());
    drop(conversation);

    let mut again = lab.open().await;
    let settings = again.exec_settings();
    assert_eq!((settings.host, settings.ask), (ExecHost::Node, ExecAsk::Always));
    assert_eq!(settings.security, ExecSecurity::Allowlist);
    again.start_new_session().await.unwrap();
    assert_eq!(again.exec_settings().host, ExecHost::Auto);
    again.change_exec("host=node").await.unwrap();
    again.change_exec("reset").await.unwrap();
    assert!(again.exec_overrides().is_empty());
}

#[tokio::test]
async fn a_denial_names_the_setting_of_the_session() {
    for (words, config, expected) in [
        (
            "security=deny",
            "security: 'full', ask: 'off'",
            "commands are switched off in this session by `/exec security=deny`; `/exec reset`",
        ),
        (
            "security=deny host=node",
            "security: 'full', ask: 'off'",
            "commands are switched off in this session by `/exec security=deny`; `/exec reset`",
        ),
        (
            "security=allowlist",
            "host: 'gateway', security: 'full', ask: 'off'",
            "counts in this session by `/exec security=allowlist`",
        ),
        // What the config says already is not the session's.
        ("security=deny", "security: 'deny'", "commands are switched off by `tools.exec.security`"),
    ] {
        let lab = node_lab("allow", config).await;
        let mut conversation = lab.open().await;
        conversation.change_exec(words).await.unwrap();
        lab.server.push(Turn::call("exec", r#"{"command":"make"}"#));
        lab.server.push(Turn::text("Done."));
        let reason = refusal(&say(&mut conversation, "Build it.").await).unwrap();
        assert!(reason.contains(expected), "{words} {config}: {reason}");
    }
}

#[tokio::test]
async fn a_session_whose_node_is_gone_opens_and_can_return_to_the_config() {
    let lab = node_lab("allow", "security: 'full', ask: 'off'").await;
    let mut conversation = lab.open().await;
    let error = conversation.change_exec("host=node node=other").await.unwrap_err();
    let ExecChangeError::Refused(text) = error else { panic!("{error:?}") };
    assert!(text.starts_with("commands run as before: ") && text.contains("other"), "{text}");
    assert!(text.ends_with("; `openclaw nodes status` lists the nodes"), "{text}");
    conversation.change_exec("host=node").await.unwrap();
    drop(conversation);

    lab.node.is_gone.store(true, Ordering::SeqCst);
    let mut again = lab.open().await;
    let warnings = again.agent_run().report.warnings.join(" ");
    assert!(warnings.contains("no command runs in this session: failed to"), "{warnings}");
    lab.server.push(Turn::call("exec", r#"{"command":"make"}"#));
    lab.server.push(Turn::text("Done."));
    let reason = refusal(&say(&mut again, "Build it.").await).unwrap();
    assert!(reason.contains("the gateway has no node"), "{reason}");
    again.change_exec("reset").await.unwrap();
    assert_eq!(again.exec_settings().host, ExecHost::Auto);
}

#[tokio::test]
async fn a_command_on_a_node_is_explained_by_both_policies() {
    for (decision, exec, expected, reason) in [
        ("allow", "", "allow", "the node allows it"),
        ("ask", "", "ask", "the node runs it only after approval: `make` is not listed"),
        ("deny", "", "deny", "the node's policy does not permit it: `make` is not listed"),
        ("allow", "ask: 'always'", "ask", "`ask` is `always`"),
        ("ask", "ask: 'off'", "deny", "`ask` is `off`: `make` is not listed"),
    ] {
        let lab = node_lab(decision, &format!("host: 'node', {exec}")).await;
        let explained = lab.runtime.explain_on_node("main", "make").await.unwrap();
        assert_eq!(explained.decision, expected, "{decision} {exec}");
        assert!(explained.reasons.concat().contains(reason), "{explained:?}");
        let node = explained.node.unwrap();
        assert_eq!((node.name.as_str(), node.node_id.as_str()), ("server-node", "n1"));
        assert_eq!(node.directory.as_deref(), Some("/srv/node"));
        assert_eq!(lab.commands(), ["system.run.prepare"], "nothing was run");
    }
    // This machine decides alone, so nobody is asked.
    let lab = node_lab("allow", "host: 'node', security: 'deny'").await;
    let explained = lab.runtime.explain_on_node("main", "make").await.unwrap();
    assert_eq!((explained.decision.as_str(), explained.node), ("deny", None));
    assert!(lab.commands().is_empty());
    assert!(lab.runtime.explain_on_node("main", " ").await.is_err());

    // The node is not there.
    let lab = node_lab("allow", "host: 'node', node: 'other'").await;
    let explained = lab.runtime.explain_on_node("main", "make").await.unwrap();
    assert_eq!(explained.decision, "unknown");
    assert!(explained.problem.unwrap().contains("no node is called `other`"));
    let outcomes = explained.outcomes;
    let outcomes = [outcomes.node_allows, outcomes.node_asks, outcomes.node_denies];
    assert_eq!(outcomes, ["allow", "ask", "deny"]);
}
