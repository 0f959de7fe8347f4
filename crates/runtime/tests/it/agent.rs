//! Agents built for the capabilities of their model.

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use openclaw_core::{
    ApprovalDecision, Approver, History, NoopJournal, TokenCount, ToolCall, ToolEffect,
};
use openclaw_mock_vllm::{MockVllm, ModelSpec};
use openclaw_runtime::{
    AgentOptions, AgentRun, AgentSetupErrorKind, PromptPart, PromptProfile, TurnOutcome,
    event_channel,
};

use crate::lab::{Lab, lab_on, setup_kind};

#[derive(Debug)]
pub(crate) struct Agrees;

#[async_trait]
impl Approver for Agrees {
    async fn review_call(&self, _: &ToolCall, _: &ToolEffect) -> ApprovalDecision {
        ApprovalDecision::Allow
    }
}

pub(crate) fn options(workspace: Option<PathBuf>) -> AgentOptions {
    AgentOptions {
        agent: None,
        model: Some("lab/tiny".to_owned()),
        workspace,
        time_limit: None,
        approver: Arc::new(Agrees),
        journal: Arc::new(NoopJournal),
    }
}

async fn agent(lab: &Lab) -> AgentRun {
    lab.runtime.create_agent(options(None)).await.unwrap()
}

async fn say(run: &AgentRun, text: &str) -> String {
    let (sender, _receiver) = event_channel();
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
    assert!(
        run.workspace.is_dir()
            && run.prompt.full_text().contains(&*run.workspace.to_string_lossy())
    );
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
    assert_eq!(body["messages"][0]["content"], run.prompt.full_text());
}

#[tokio::test]
async fn no_tool_writes_into_the_state_folder_even_when_it_is_the_workspace() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = Lab::new(&lab_on(&server.base_url(), ""), &[]);
    let inside = Some(lab.state().to_owned());
    let run = lab.runtime.create_agent(options(inside)).await.unwrap();
    say(&run, "write hello to a.txt").await;
    assert!(!lab.state().join("a.txt").exists());
    let body = server.requests().pop().unwrap().json();
    let result = body["messages"].as_array().unwrap().last().unwrap()["content"].to_string();
    assert!(result.contains("state and the config"), "{result}");
}

#[tokio::test]
async fn the_workspace_of_the_config_is_created_and_one_asked_for_is_not() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = Lab::new(&lab_on(&server.base_url(), ""), &[]);
    let other = lab.state().join("other");
    let error = lab.runtime.create_agent(options(Some(other.clone()))).await.unwrap_err();
    assert_eq!(setup_kind(&error), AgentSetupErrorKind::Workspace, "{error}");
    assert!(error.to_string().contains("other") && !other.exists(), "{error}");
    std::fs::create_dir(&other).unwrap();
    let run = lab.runtime.create_agent(options(Some(other.clone()))).await.unwrap();
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
async fn a_small_model_gets_a_shorter_prompt() {
    let mut prompts = Vec::new();
    for (window, mode, profile) in [
        (4_096, "localModelMode: 'auto'", PromptProfile::Lean),
        (131_072, "localModelMode: 'auto'", PromptProfile::Default),
        (6_000, "", PromptProfile::Default),
        (131_072, "localModelMode: 'lean'", PromptProfile::Lean),
        (4_096, "localModelMode: 'default'", PromptProfile::Default),
        (131_072, "experimental: { localModelLean: true }", PromptProfile::Lean),
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
        prompts.push((profile, run.prompt.full_text().len()));
    }
    let longest =
        prompts.iter().filter(|(profile, _)| *profile == PromptProfile::Lean).map(|p| p.1).max();
    let shortest =
        prompts.iter().filter(|(profile, _)| *profile == PromptProfile::Default).map(|p| p.1).min();
    assert!(longest < shortest, "{prompts:?}");
}

#[tokio::test]
async fn a_window_that_the_default_profile_would_fill_gets_the_lean_one_unless_a_mode_is_set() {
    for (window, mode, profile) in [
        (3_000, "", PromptProfile::Lean),
        (2_048, "", PromptProfile::Lean),
        (6_000, "", PromptProfile::Default),
        (3_000, "localModelMode: 'default'", PromptProfile::Default),
        (3_000, "experimental: { localModelLean: false }", PromptProfile::Default),
        (3_000, "models: { 'lab/tiny': { localModelMode: 'default' } }", PromptProfile::Default),
    ] {
        let server =
            MockVllm::builder().model(ModelSpec::new("tiny", window)).start().await.unwrap();
        let config = format!(
            r#"{{ models: {{ providers: {{ lab: {{ baseUrl: "{}" }} }} }},
                 agents: {{ defaults: {{ {mode} }} }} }}"#,
            server.base_url()
        );
        let run = agent(&Lab::new(&config, &[])).await;
        assert_eq!(run.profile, profile, "{window} {mode}");
        let is_chosen = mode.is_empty() && profile == PromptProfile::Lean;
        assert_eq!(run.default_profile_tokens.is_some(), is_chosen, "{window} {mode}");
        if is_chosen {
            assert_eq!(say(&run, "reply exactly: yes").await, "yes", "{window}");
        }
    }
}

#[tokio::test]
async fn the_parts_of_the_first_request_add_up_to_what_the_server_counts() {
    let spec = ModelSpec::new("tiny", 16_384);
    let server = MockVllm::builder().model(spec).start().await.unwrap();
    let lab = Lab::new(&lab_on(&server.base_url(), ""), &[]);
    fs::create_dir(lab.state().join("workspace")).unwrap();
    let mut file = File::create(lab.state().join("workspace/AGENTS.md")).unwrap();
    file.write_all(b"Be brief.").unwrap();
    let run = agent(&lab).await;
    let explained = run.prompt_breakdown().await.unwrap();
    let names =
        |parts: &[PromptPart]| parts.iter().map(|part| part.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&explained.sections), ["identity", "workspace", "guidance", "files"]);
    assert_eq!(
        names(&explained.tools),
        [
            "edit",
            "exec",
            "list",
            "memory_get",
            "memory_search",
            "process",
            "read",
            "search",
            "write",
        ]
    );
    let parts = explained.sections.iter().chain(&explained.tools);
    assert!(parts.clone().all(|part| part.tokens > 0 && part.bytes > 0), "{explained:?}");
    let sum = parts.map(|part| part.tokens).sum::<u32>() + explained.frame;
    assert_eq!(explained.total, TokenCount::Exact(sum));
    let (sender, _receiver) = event_channel();
    let report = run.agent.run_turn(&mut History::new(), "hi", sender).await;
    assert_eq!(report.last_usage.unwrap().input_tokens, sum);
}

#[tokio::test]
async fn the_first_request_of_each_profile_is_within_its_budget() {
    for (mode, most, tools) in [("lean", 1_500, 4), ("default", 4_000, 9)] {
        let server = MockVllm::builder().start().await.unwrap();
        let config = format!(
            r#"{{ models: {{ providers: {{ lab: {{ baseUrl: "{}" }} }} }},
                 agents: {{ defaults: {{ localModelMode: "{mode}" }} }} }}"#,
            server.base_url()
        );
        let run = agent(&Lab::new(&config, &[])).await;
        assert_eq!(run.agent.tool_specs().len(), tools);
        let total = run.prompt_breakdown().await.unwrap().total.token_count();
        assert!(total <= most, "{mode}: {total}");
    }
}

#[tokio::test]
async fn an_agent_of_the_config_has_its_own_model_workspace_and_tools() {
    let server = MockVllm::builder().start().await.unwrap();
    let state = tempfile::tempdir().unwrap();
    let config = format!(
        r#"{{ models: {{ providers: {{ lab: {{ baseUrl: "{}" }} }} }},
             agents: {{
               defaults: {{ model: "lab/none" }},
               entries: {{
                 reader: {{
                   model: "lab/tiny", workspace: "{}", localModelMode: "lean",
                   tools: {{ allow: ["read", "exec"] }},
                 }},
               }},
             }},
             tools: {{ deny: ["group:runtime"] }} }}"#,
        server.base_url(),
        state.path().display(),
    );
    let lab = Lab::new(&config, &[]);
    let of =
        |agent: &str| AgentOptions { agent: Some(agent.to_owned()), model: None, ..options(None) };
    let run = lab.runtime.create_agent(of("reader")).await.unwrap();
    assert_eq!((run.workspace.as_path(), run.profile), (state.path(), PromptProfile::Lean));
    let tools: Vec<_> = run.agent.tool_specs().iter().map(|tool| tool.name.as_str()).collect();
    assert_eq!(tools, ["read"]);
    let error = lab.runtime.create_agent(of("writer")).await.unwrap_err();
    assert_eq!(setup_kind(&error), AgentSetupErrorKind::UnknownAgent, "{error}");
}
