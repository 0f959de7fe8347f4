//! Compaction of conversations that no longer fit.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use openclaw_agent_loop::{
    Agent, AgentParts, CompactionLimits, CompactionMethod, CompactionReport, TimeLimit, TurnEvent,
    TurnLimits, TurnOutcome, events,
};
use openclaw_core::{
    AnswerOutcome, AssistantMessage, ChatModel, ChatRequest, ChatStream, CommandReview,
    FutureToolCall, History, HistoryStep, InvalidToolArguments, MessageRef, ModelError,
    ModelErrorKind, ModelInfo, PlannedToolCall, ServerLiveness, TokenCount, Tool, ToolArguments,
    ToolCall, ToolCallId, ToolEffect, ToolName, ToolOutput, ToolSpec, single_response_stream,
};
use proptest::prelude::*;
use serde_json::json;

use crate::script::{drain, pass};
use crate::sent::{assert_legal, written};

/// How a model answers a request for a summary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Summaries {
    /// Writes a summary.
    Short,
    /// Writes a summary only of a single part.
    OfParts,
    /// Returns the whole prompt as the summary.
    Endless,
    Fails,
    Hangs,
}

/// A text that only requests for a summary contain.
const ASKS_FOR_SUMMARY: &str = "about to be replaced by a summary";

/// A model that counts four bytes a token and answers everything else with `ok`.
#[derive(Debug)]
pub(crate) struct Counter {
    pub(crate) window: u32,
    pub(crate) summaries: Summaries,
    /// The context window that the model really has.
    pub(crate) takes: u32,
    pub(crate) requests: Mutex<Vec<ChatRequest>>,
}

fn bytes(request: &ChatRequest) -> usize {
    let said: usize = written(&request.history).iter().map(String::len).sum();
    let tools: usize = request.tools.iter().map(|tool| tool.parameters.to_string().len()).sum();
    request.system_prompt.as_deref().map_or(0, str::len) + tools + said
}

pub(crate) fn last_user(request: &ChatRequest) -> String {
    match request.history.messages().last() {
        Some(MessageRef::User(text)) => text.into_owned(),
        _ => String::new(),
    }
}

#[async_trait]
impl ChatModel for Counter {
    fn model_info(&self) -> ModelInfo {
        ModelInfo::new("test/counter".parse().unwrap(), self.window)
    }

    async fn stream_chat(&self, request: ChatRequest) -> Result<ChatStream, ModelError> {
        let used = u32::try_from(bytes(&request) / 4).unwrap();
        self.requests.lock().unwrap().push(request.clone());
        let said = last_user(&request);
        if used > self.takes {
            let kind =
                ModelErrorKind::ContextOverflow { context_window: None, prompt_tokens: None };
            return Err(ModelError::new(kind, "fit"));
        }
        let answer = if said.contains(ASKS_FOR_SUMMARY) {
            assert!(used + request.max_output_tokens.unwrap() <= self.window, "too large: {used}");
            match self.summaries {
                Summaries::Short => "All went well.".to_owned(),
                Summaries::OfParts if said.contains("Next part of") => "A part.".to_owned(),
                // Without the marker, or the next request would be taken for a request for a
                // summary.
                Summaries::Endless => said.replace(ASKS_FOR_SUMMARY, "summarised"),
                Summaries::Hangs => std::future::pending().await,
                Summaries::Fails | Summaries::OfParts => {
                    return Err(ModelError::new(ModelErrorKind::Interrupted, "answer"));
                }
            }
        } else {
            "ok".to_owned()
        };
        Ok(single_response_stream(AssistantMessage::from_text(answer), AnswerOutcome::Reply))
    }

    async fn count_tokens(&self, request: &ChatRequest) -> Result<TokenCount, ModelError> {
        Ok(TokenCount::Exact(u32::try_from(bytes(request) / 4).unwrap()))
    }

    async fn check_liveness(&self) -> ServerLiveness {
        ServerLiveness::Unreachable
    }
}

/// A tool named `exec` that these tests never run.
#[derive(Debug)]
struct Exec(ToolSpec);

impl Tool for Exec {
    fn spec(&self) -> &ToolSpec {
        &self.0
    }

    fn plan_call(&self, call: &ToolCall) -> Result<Box<dyn PlannedToolCall>, InvalidToolArguments> {
        let command = call.arguments.as_map().get("command").and_then(|value| value.as_str());
        let command = command.unwrap_or_default().to_owned();
        let effect = ToolEffect::Exec {
            command,
            directory: ".".to_owned(),
            node: None,
            review: CommandReview::Unreviewed,
        };
        Ok(Box::new(FutureToolCall::new(effect, async { ToolOutput::from_text("") })))
    }
}

pub(crate) struct Lab {
    agent: Agent,
    pub(crate) model: Arc<Counter>,
    pub(crate) history: History,
}

impl Lab {
    pub(crate) fn new(window: u32, summaries: Summaries) -> Self {
        Self::build(window, summaries, u32::MAX, "Be brief.")
    }

    pub(crate) fn build(window: u32, summaries: Summaries, takes: u32, system: &str) -> Self {
        let limits = TurnLimits {
            max_output_tokens: Some(64),
            compaction: Some(CompactionLimits {
                summarise_in_parts: true,
                timeout: Some(TimeLimit {
                    duration: Duration::from_mins(15),
                    source: "test".into(),
                }),
            }),
            ..TurnLimits::with_call_limits(20, 20)
        };
        Self::with(Counter { window, summaries, takes, requests: Mutex::default() }, limits, system)
    }

    pub(crate) fn with(model: Counter, limits: TurnLimits, system: &str) -> Self {
        let model = Arc::new(model);
        let spec = ToolSpec::new("exec", "Runs a command.", json!({"type": "object"})).unwrap();
        let parts = AgentParts {
            system_prompt: Some(system.into()),
            ..AgentParts::new(model.clone(), vec![Arc::new(Exec(spec))], limits)
        };
        Self { agent: Agent::new(parts).unwrap(), model, history: History::new() }
    }

    /// Adds a user message, a command with its output, and a reply.
    pub(crate) fn chat(&mut self, said: &str, command: &str, output: ToolOutput) {
        self.history.push_user_message(said);
        let arguments =
            ToolArguments::parse_json(&json!({"command": command}).to_string()).unwrap();
        let name = ToolName::new("exec").unwrap();
        let call = ToolCall { id: ToolCallId::from_number(0), name, arguments };
        let calls = self.history.push_assistant_message(AssistantMessage::from_call(call)).unwrap();
        self.history.resolve_call(&calls[0].id, output).unwrap();
        self.history.push_assistant_message(AssistantMessage::from_text("Done.")).unwrap();
    }

    pub(crate) fn fill(&mut self, chats: usize, size: usize) {
        for n in 0..chats {
            let output = ToolOutput::from_text("x".repeat(size)).with_summary("exit 0");
            self.chat(&format!("request {n}"), &format!("step {n}"), output);
        }
    }

    pub(crate) async fn turn(&mut self, said: &str) -> (TurnOutcome, Vec<CompactionReport>) {
        let (sender, receiver) = events::event_channel();
        let run = self.agent.run_turn(&mut self.history, said, sender);
        let (report, seen) = tokio::join!(run, drain(receiver));
        let compactions = seen.iter().filter_map(|event| match event {
            TurnEvent::CompactionFinished(compaction) => Some(*compaction),
            _ => None,
        });
        (report.outcome, compactions.collect())
    }

    fn tokens(&self) -> u32 {
        let request = ChatRequest {
            system_prompt: Some("Be brief.".into()),
            tools: self.agent.tool_specs().clone(),
            ..ChatRequest::new(self.history.clone())
        };
        u32::try_from(bytes(&request) / 4).unwrap()
    }

    pub(crate) fn asked_for_summaries(&self) -> usize {
        let requests = self.model.requests.lock().unwrap();
        requests.iter().filter(|request| last_user(request).contains(ASKS_FOR_SUMMARY)).count()
    }
}

pub(crate) fn replied(outcome: &TurnOutcome) -> bool {
    matches!(outcome, TurnOutcome::Reply { text, .. } if text == "ok")
}

#[tokio::test]
async fn a_full_window_is_summarised_in_the_same_conversation() {
    let mut lab = Lab::new(4_096, Summaries::Short);
    let failed = ToolOutput::from_error("exit code 2\nno such target").with_summary("exit 2");
    lab.chat("build it", "make all", failed);
    lab.fill(12, 1_000);
    let before = written(&lab.history);
    let (outcome, compactions) = lab.turn("and now?").await;
    assert!(replied(&outcome), "{outcome:?}");
    let [compaction] = compactions.as_slice() else { panic!("{compactions:?}") };
    assert_eq!(compaction.method, CompactionMethod::Summary);
    assert!(compaction.tokens_after * 5 <= compaction.tokens_before * 4, "{compaction:?}");
    {
        // The request for the summary begins with the whole conversation.
        let requests = lab.model.requests.lock().unwrap();
        let asked = written(&requests[0].history);
        assert_eq!(asked[..before.len()], before);
        assert_eq!(requests[0].tools.len(), 1);
        assert_eq!(requests.len(), 2);
    }
    let summary = lab.history.leading_summary().unwrap();
    assert_eq!(summary.text, "All went well.");
    assert!(summary.ledger.contains(&"ran `make all`: failed: exit code 2".to_owned()));
    assert!(summary.ledger.contains(&"ran `step 3`: exit 0".to_owned()), "{summary:?}");
    assert_eq!(summary.current_request, None, "what the user wants is among what is kept");
    assert!(written(&lab.history).iter().any(|line| line.contains("and now?")));
    assert_legal(&lab.history);
}

#[tokio::test]
async fn the_ledger_survives_the_next_summary_word_for_word() {
    let mut lab = Lab::new(4_096, Summaries::Short);
    lab.chat("build it", "make all", ToolOutput::from_error("exit code 2"));
    for _ in 0..3 {
        lab.fill(12, 1_000);
        let (outcome, compactions) = lab.turn("go on").await;
        assert!(replied(&outcome) && compactions.len() == 1, "{compactions:?}");
        let ledger = &lab.history.leading_summary().unwrap().ledger;
        assert_eq!(ledger[0], "ran `make all`: failed: exit code 2");
    }
}

#[tokio::test]
async fn a_conversation_that_is_too_large_to_ask_about_is_summarised_in_parts() {
    let mut lab = Lab::new(4_096, Summaries::OfParts);
    lab.fill(40, 1_000);
    let (outcome, compactions) = lab.turn("and now?").await;
    assert!(replied(&outcome), "{outcome:?}");
    assert_eq!(compactions[0].method, CompactionMethod::Parts);
    assert_eq!(lab.history.leading_summary().unwrap().text, "A part.");
    assert!(lab.asked_for_summaries() > 1);
    assert!(lab.tokens() < 3_000);
}

#[tokio::test]
async fn without_a_model_that_can_summarise_the_beginning_is_cut_off() {
    for summaries in [Summaries::Fails, Summaries::Endless] {
        let mut lab = Lab::new(4_096, summaries);
        lab.fill(14, 1_000);
        let (outcome, compactions) = lab.turn("and now?").await;
        assert!(replied(&outcome), "{summaries:?} {outcome:?}");
        assert_eq!(compactions.len(), 1);
        let summary = lab.history.leading_summary().unwrap();
        assert!(!summary.ledger.is_empty());
        if summaries == Summaries::Fails {
            assert_eq!(
                (compactions[0].method, summary.text.as_str()),
                (CompactionMethod::Trimming, "")
            );
        }
        assert!(lab.tokens() < 3_000, "{summaries:?}");
        assert_legal(&lab.history);
    }
}

#[tokio::test(start_paused = true)]
async fn a_summary_that_takes_too_long_is_done_without() {
    let mut lab = Lab::new(4_096, Summaries::Hangs);
    lab.fill(12, 1_000);
    let started = tokio::time::Instant::now();
    let (outcome, compactions) = lab.turn("and now?").await;
    assert!(replied(&outcome), "{outcome:?}");
    assert_eq!(compactions[0].method, CompactionMethod::Trimming);
    assert_eq!(started.elapsed(), Duration::from_mins(15));
    pass(Duration::ZERO).await;
}

#[tokio::test]
async fn a_request_that_is_worked_on_is_kept_word_for_word() {
    let mut lab = Lab::new(4_096, Summaries::Short);
    let request = format!("Do {}this.", "exactly ".repeat(150));
    lab.chat(&request, "cat big", ToolOutput::from_text("x".repeat(14_000)));
    let arguments = ToolArguments::parse_json(r#"{"command":"ls"}"#).unwrap();
    let name = ToolName::new("exec").unwrap();
    let call = ToolCall { id: ToolCallId::from_number(0), name, arguments };
    lab.history.push_user_message(&request);
    let calls = lab.history.push_assistant_message(AssistantMessage::from_call(call)).unwrap();
    lab.history.resolve_call(&calls[0].id, ToolOutput::from_text("y".repeat(3_000))).unwrap();
    let (sender, receiver) = events::event_channel();
    let run = lab.agent.compact_history(&mut lab.history, sender);
    let (compaction, _) = tokio::join!(run, drain(receiver));
    assert!(compaction.unwrap().is_some());
    let steps: Vec<_> = lab.history.steps().collect();
    let in_summary =
        lab.history.leading_summary().unwrap().current_request.as_deref() == Some(request.as_str());
    let in_steps = steps.iter().any(|step| *step == HistoryStep::User(&request));
    assert!(in_summary || in_steps, "{steps:?}");
    assert_legal(&lab.history);
}

#[tokio::test]
async fn a_request_that_the_server_finds_too_large_is_made_to_fit_and_sent_once_more() {
    let mut lab = Lab::build(4_096, Summaries::Short, 1_800, "Be brief.");
    lab.fill(9, 1_000);
    let (outcome, compactions) = lab.turn("and now?").await;
    assert!(replied(&outcome), "{outcome:?}");
    assert!(compactions.len() == 1 && compactions[0].tokens_before < 3_000, "not due by itself");
    assert_legal(&lab.history);
}

#[tokio::test]
async fn what_cannot_be_cut_is_left_as_it_is_and_nobody_is_asked() {
    // The system prompt fills nearly all of the context window.
    let mut lab = Lab::build(4_096, Summaries::Short, 3_000, &"word ".repeat(2_400));
    lab.fill(1, 400);
    let (outcome, compactions) = lab.turn("and now?").await;
    let TurnOutcome::Failed(error) = outcome else { panic!("{outcome:?}") };
    assert!(format!("{:?}", error.kind()).contains("ContextOverflow"), "{error:?}");
    assert!(compactions.is_empty() && lab.asked_for_summaries() == 0);
}

#[tokio::test]
async fn a_credential_is_in_no_summary() {
    let mut lab = Lab::new(4_096, Summaries::Endless);
    let key = format!("sk-{}", "k3".repeat(16));
    lab.chat("use it", &format!("export KEY={key}"), ToolOutput::from_text("done"));
    lab.fill(12, 1_000);
    lab.turn("and now?").await;
    assert!(!lab.history.leading_summary().unwrap().to_string().contains(&key));
}

/// Asks a last question of `said` words after `chats` (bytes of each request and output), and
/// checks that it is answered after few summaries.
async fn assert_answered(chats: &[(usize, usize)], window: u32, kind: Summaries, said: usize) {
    let mut lab = Lab::new(window, kind);
    for (n, (request, output)) in chats.iter().enumerate() {
        let output = ToolOutput::from_text("x".repeat(*output));
        lab.chat(&"r ".repeat(*request / 2), &format!("step {n}"), output);
    }
    let before = lab.tokens();
    let (outcome, compactions) = lab.turn(&"s ".repeat(said)).await;
    assert!(replied(&outcome), "{outcome:?}");
    assert!(compactions.len() <= 2);
    // A summary of parts takes one request per part.
    assert!(lab.asked_for_summaries() <= 2 * 25);
    for compaction in &compactions {
        assert!(compaction.tokens_after * 5 <= compaction.tokens_before * 4 + 5, "{compaction:?}");
    }
    assert!(compactions.is_empty() || lab.tokens() < before.max(window));
    assert_legal(&lab.history);
}

#[tokio::test]
async fn a_summary_of_all_that_was_given_is_followed_by_the_answer() {
    assert_answered(&[(0, 1_696)], 984, Summaries::Endless, 573).await;
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_conversation_is_answered_after_few_summaries(
        chats in prop::collection::vec((0..3_000usize, 1..3_000usize), 0..20),
        window in 600u32..6_000,
        kind in 0..4usize,
        said in 0..2_000usize,
    ) {
        let kinds = [Summaries::Short, Summaries::OfParts, Summaries::Endless, Summaries::Fails];
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(assert_answered(&chats, window, kinds[kind], said));
    }
}
