//! Agents, put together for what their model can do.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use openclaw_core::{Approver, Effect, History, NoJournal, ToolCall, Verdict};
use openclaw_mock_vllm::{MockVllm, ModelSpec};
use openclaw_runtime::{AgentOptions, AgentRun, Profile, SetupErrorKind, TurnOutcome, channel};

use crate::lab::{Lab, lab_on, setup_kind};

#[derive(Debug)]
struct Agrees;

#[async_trait]
impl Approver for Agrees {
    async fn decide(&self, _: &ToolCall, _: &Effect) -> Verdict {
        Verdict::Allow
    }
}

fn options(workspace: Option<PathBuf>) -> AgentOptions {
    AgentOptions {
        model: Some("lab/tiny".to_owned()),
        workspace,
        time: None,
        approver: Arc::new(Agrees),
        journal: Arc::new(NoJournal),
    }
}

async fn agent(lab: &Lab) -> AgentRun {
    lab.runtime.agent(options(None)).await.unwrap()
}

async fn say(run: &AgentRun, text: &str) -> String {
    let (sender, _receiver) = channel();
    let report = run.agent.run_turn(&mut History::new(), text, sender).await;
    match report.outcome {
        TurnOutcome::Reply { text, .. } => text,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_agent_works_in_the_default_workspace_which_it_creates() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = Lab::new(&lab_on(&server.base_url(), ""), &[]);
    let run = agent(&lab).await;
    assert_eq!(run.workspace, lab.state().join("workspace"));
    assert!(run.workspace.is_dir() && run.system.contains(&*run.workspace.to_string_lossy()));
    say(&run, "write hello to a.txt").await;
    assert_eq!(std::fs::read_to_string(run.workspace.join("a.txt")).unwrap(), "hello");
    let body = server.requests().pop().unwrap().json();
    let names: Vec<_> = body["tools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| tool["function"]["name"].as_str().unwrap().to_owned())
        .collect();
    assert!(names.contains(&"write".to_owned()) && names.is_sorted(), "{names:?}");
    assert_eq!(body["messages"][0]["content"], &*run.system);
}

#[tokio::test]
async fn the_workspace_of_the_config_is_created_and_one_asked_for_is_not() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = Lab::new(&lab_on(&server.base_url(), ""), &[]);
    let other = lab.state().join("other");
    let error = lab.runtime.agent(options(Some(other.clone()))).await.unwrap_err();
    assert_eq!(setup_kind(&error), SetupErrorKind::Workspace, "{error}");
    assert!(error.to_string().contains("other") && !other.exists(), "{error}");
    std::fs::create_dir(&other).unwrap();
    let run = lab.runtime.agent(options(Some(other.clone()))).await.unwrap();
    assert_eq!(run.workspace, other);
}

#[tokio::test]
async fn a_model_without_tools_gets_none_and_is_not_told_of_a_workspace() {
    let server = MockVllm::builder().auto_tool_choice(false).start().await.unwrap();
    let more = r#"models: [{ id: "tiny", compat: { supportsTools: false } }]"#;
    let lab = Lab::new(&lab_on(&server.base_url(), more), &[]);
    let run = agent(&lab).await;
    assert_eq!(say(&run, "reply exactly: yes").await, "yes");
    let body = server.requests().pop().unwrap().json();
    assert!(body.get("tools").is_none() && body.get("tool_choice").is_none(), "{body}");
    let system = body["messages"][0]["content"].as_str().unwrap();
    assert!(!system.contains("workspace") && system.contains("no tools"), "{system}");
}

#[tokio::test]
async fn a_small_model_is_told_less() {
    let mut prompts = Vec::new();
    for (window, mode, profile) in [
        (4_096, "localModelMode: 'auto'", Profile::Lean),
        (131_072, "localModelMode: 'auto'", Profile::Default),
        (4_096, "", Profile::Default),
        (131_072, "localModelMode: 'lean'", Profile::Lean),
        (4_096, "localModelMode: 'default'", Profile::Default),
        (131_072, "experimental: { localModelLean: true }", Profile::Lean),
    ] {
        let spec = ModelSpec::new("tiny", window);
        let server = MockVllm::builder().model(spec).start().await.unwrap();
        let config = format!(
            r#"{{ models: {{ providers: {{ lab: {{ baseUrl: "{}" }} }} }},
                 agents: {{ defaults: {{ {mode} }} }} }}"#,
            server.base_url()
        );
        let run = agent(&Lab::new(&config, &[])).await;
        assert_eq!(run.profile, profile, "{window} {mode}");
        prompts.push((profile, run.system.len()));
    }
    let longest =
        prompts.iter().filter(|(profile, _)| *profile == Profile::Lean).map(|p| p.1).max();
    let shortest =
        prompts.iter().filter(|(profile, _)| *profile == Profile::Default).map(|p| p.1).min();
    assert!(longest < shortest, "{prompts:?}");
}
