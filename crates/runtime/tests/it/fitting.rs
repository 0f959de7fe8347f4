//! Conversations that continue on a fallback with a smaller window or fewer capabilities.

use std::sync::Arc;

use openclaw_core::{
    AssistantMessage, History, NoopJournal, ToolArguments, ToolCall, ToolCallId, ToolName,
    ToolOutput,
};
use openclaw_mock_vllm::{ErrorBody, MockVllm, ModelSpec, Reply, Turn};
use openclaw_runtime::{
    AgentOptions, AgentRun, CompactionMethod, CompactionReport, SteeringQueue, TurnEvent,
    TurnOutcome, TurnRequest, event_channel,
};
use serde_json::Value;

use crate::agent::Agrees;
use crate::lab::Lab;

const LARGE: u32 = 262_144;
const SMALL: u32 = 8_192;
const CHAT: &str = "/v1/chat/completions";

/// A primary with a large window, and its fallbacks.
fn config(servers: &[&MockVllm], more: &str) -> String {
    let name = |at: usize| format!("server{at}");
    let providers: Vec<_> = servers
        .iter()
        .enumerate()
        .map(|(at, server)| {
            let more = if at == 1 { more } else { "" };
            format!(r#"{}: {{ baseUrl: "{}", {more} }}"#, name(at), server.base_url())
        })
        .collect();
    let fallbacks: Vec<_> =
        (1..servers.len()).map(|at| format!(r#""{}/tiny""#, name(at))).collect();
    format!(
        r#"{{ models: {{ providers: {{ {} }} }},
             agents: {{ defaults: {{ model: {{ primary: "server0/tiny", fallbacks: [{}] }} }} }} }}"#,
        providers.join(", "),
        fallbacks.join(", ")
    )
}

async fn server(window: u32) -> MockVllm {
    MockVllm::builder().model(ModelSpec::new("tiny", window)).start().await.unwrap()
}

async fn agent(lab: &Lab) -> AgentRun {
    let options = AgentOptions {
        agent: None,
        model: None,
        workspace: None,
        time_limit: None,
        approver: Arc::new(Agrees),
        journal: Arc::new(NoopJournal),
    };
    lab.runtime.create_agent(options).await.unwrap()
}

/// A conversation several times as long as the small window.
fn long() -> History {
    let mut history = History::new();
    for n in 0..40 {
        history.push_user_message(&format!("request {n}"));
        let arguments = ToolArguments::parse_json(&format!(r#"{{"command":"step {n}"}}"#)).unwrap();
        let name = ToolName::new("exec").unwrap();
        let call = ToolCall { id: ToolCallId::from_number(0), name, arguments };
        let calls = history.push_assistant_message(AssistantMessage::from_call(call)).unwrap();
        let output = ToolOutput::from_text("words of output ".repeat(80)).with_summary("exit 0");
        history.resolve_call(&calls[0].id, output).unwrap();
        history
            .push_assistant_message(AssistantMessage::from_text(format!("Done with {n}.")))
            .unwrap();
    }
    history
}

async fn turn(
    run: &AgentRun,
    history: &mut History,
    text: &str,
) -> (TurnOutcome, Vec<CompactionReport>) {
    let (outcome, events) = turn_with_events(run, history, text).await;
    let compactions = events.into_iter().filter_map(|event| match event {
        TurnEvent::CompactionFinished(compaction) => Some(compaction),
        _ => None,
    });
    (outcome, compactions.collect())
}

async fn turn_with_events(
    run: &AgentRun,
    history: &mut History,
    text: &str,
) -> (TurnOutcome, Vec<TurnEvent>) {
    let (sender, mut receiver) = event_channel();
    let collect = async {
        let mut events = Vec::new();
        while let Some(event) = receiver.recv().await {
            events.push(event);
        }
        events
    };
    let (report, events) = tokio::join!(run.agent.run_turn(history, text, sender), collect);
    (report.outcome, events)
}

fn unauthorized() -> Reply {
    Reply::status(401, ErrorBody::Text("Unauthorized".to_owned()))
}

fn chats(server: &MockVllm) -> Vec<Value> {
    server
        .requests()
        .iter()
        .filter(|seen| seen.path == CHAT)
        .map(openclaw_mock_vllm::Seen::json)
        .collect()
}

fn replied(outcome: &TurnOutcome) -> &str {
    match outcome {
        TurnOutcome::Reply { text, .. } => text,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_long_conversation_is_made_to_fit_a_fallback_with_a_small_window() {
    let (first, second) = (server(LARGE).await, server(SMALL).await);
    let lab = Lab::new(&config(&[&first, &second], ""), &[]);
    let run = agent(&lab).await;
    let mut history = long();
    let (outcome, compactions) = turn(&run, &mut history, "reply exactly: one").await;
    assert_eq!((replied(&outcome), compactions.len()), ("one", 0), "the large window has room");
    first.kill();
    let (outcome, compactions) = turn(&run, &mut history, "reply exactly: two").await;
    assert_eq!(replied(&outcome), "two");
    let [compaction] = compactions[..] else { panic!("{compactions:?}") };
    assert_eq!(compaction.method, CompactionMethod::Parts);
    assert!(
        compaction.tokens_after < SMALL / 4 * 3 && compaction.tokens_before > SMALL,
        "{compaction:?}"
    );
    assert_eq!(run.model.model_info().reference.to_string(), "server1/tiny");
    let summary = history.leading_summary().unwrap();
    assert!(summary.ledger.iter().any(|line| line.contains("step 30")), "{summary:?}");
    let sent = chats(&second).pop().unwrap();
    assert!(sent["tools"].as_array().is_some_and(|tools| !tools.is_empty()));
}

#[tokio::test]
async fn a_turn_under_way_is_made_to_fit_as_well() {
    let (first, second) = (server(LARGE).await, server(SMALL).await);
    let lab = Lab::new(&config(&[&first, &second], ""), &[]);
    let run = agent(&lab).await;
    let mut history = long();
    let list = Turn::call("exec", r#"{"command":"echo listed"}"#);
    first.push(list);
    first.push(unauthorized());
    let (outcome, compactions) = turn(&run, &mut history, "Look around, please.").await;
    replied(&outcome);
    assert_eq!(compactions.len(), 1, "{compactions:?}");
    let sent = chats(&second).pop().unwrap().to_string();
    assert!(sent.contains("Look around, please.") && sent.contains("listed"), "{sent}");
}

#[tokio::test]
async fn without_a_summary_the_beginning_is_cut_off() {
    let (first, second) = (server(LARGE).await, server(SMALL).await);
    let lab = Lab::new(&config(&[&first, &second], ""), &[]);
    let run = agent(&lab).await;
    let mut history = long();
    first.kill();
    second.push(Reply::status(400, ErrorBody::Text("I do not like it".to_owned())));
    let (outcome, compactions) = turn(&run, &mut history, "reply exactly: yes").await;
    assert_eq!(replied(&outcome), "yes");
    let [CompactionReport { method: CompactionMethod::Trimming, .. }] = compactions[..] else {
        panic!("{compactions:?}")
    };
}

#[tokio::test]
async fn a_fallback_without_tools_is_passed_over_where_tools_are_offered() {
    let (first, second, third) = (server(LARGE).await, server(LARGE).await, server(SMALL).await);
    let no_tools = r#"models: [{ id: "tiny", compat: { supportsTools: false } }]"#;
    let lab = Lab::new(&config(&[&first, &second, &third], no_tools), &[]);
    let run = agent(&lab).await;
    let mut history = long();
    first.kill();
    let (outcome, events) = turn_with_events(&run, &mut history, "reply exactly: yes").await;
    assert_eq!(replied(&outcome), "yes");
    assert_eq!(run.model.model_info().reference.to_string(), "server2/tiny");
    let with_tools = chats(&second).iter().any(|body| body.get("tools").is_some());
    assert!(!with_tools, "it takes none");
    let is_told = events.iter().any(|event| {
        matches!(event, TurnEvent::ModelAttemptFailed(attempt) if attempt.problem.contains("takes none"))
    });
    assert!(is_told, "{events:?}");
}

#[tokio::test]
async fn a_fallback_whose_server_takes_no_tools_gets_them_as_text() {
    let first = server(LARGE).await;
    let model = ModelSpec::new("tiny", SMALL);
    let second = MockVllm::builder().model(model).auto_tool_choice(false).start().await.unwrap();
    let lab = Lab::new(&config(&[&first, &second], ""), &[]);
    let run = agent(&lab).await;
    let mut history = long();
    first.kill();
    let (outcome, compactions) = turn(&run, &mut history, "reply exactly: yes").await;
    assert_eq!((replied(&outcome), compactions.len()), ("yes", 1));
    let sent = chats(&second).pop().unwrap();
    assert!(sent.get("tools").is_none(), "{sent}");
    assert!(sent["messages"][0]["content"].as_str().unwrap().contains("<tools>"), "{sent}");
}

#[tokio::test]
async fn what_is_said_in_the_middle_of_a_turn_goes_to_the_model_that_works_on_it() {
    let (first, second) = (server(LARGE).await, server(LARGE).await);
    let lab = Lab::new(&config(&[&first, &second], ""), &[]);
    let run = agent(&lab).await;
    first.push(unauthorized());
    second.push(Turn::call("exec", r#"{"command":"echo listed"}"#));
    let (sender, mut receiver) = event_channel();
    let steering = SteeringQueue::default();
    let talk = async {
        while let Some(event) = receiver.recv().await {
            if matches!(event, TurnEvent::ToolStarted { .. }) {
                steering.push_message("reply exactly: yes");
                let _ = lab.runtime.models().reset_breakers(None).unwrap();
            }
        }
    };
    let mut history = History::new();
    let request = TurnRequest::from_message("Look around.", sender).with_steering(&steering);
    let turn = run.agent.run_request(&mut history, request, std::future::pending());
    let (report, ()) = tokio::join!(turn, talk);
    assert_eq!(replied(&report.outcome), "yes");
    assert_eq!((chats(&first).len(), chats(&second).len()), (1, 2));
    let messages = chats(&second).pop().unwrap()["messages"].clone();
    let roles: Vec<_> = messages.as_array().unwrap().iter().map(|m| m["role"].clone()).collect();
    assert_eq!(roles, ["system", "user", "assistant", "tool", "user"]);
}
