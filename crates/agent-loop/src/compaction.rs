//! Compacts a conversation before the context window is full: a summary replaces its beginning.
//!
//! The summary is requested as the next message of the same conversation, so that the server has
//! nearly all of it in its prefix cache. When that does not fit or yields nothing, the conversation
//! is summarised in parts; when no model can, it is trimmed by code, which always succeeds. In each
//! case code keeps a ledger of the calls and their outcomes.
//!
//! A compaction that cuts less than a fifth is not made, and none is tried again before the
//! conversation has changed: see [`CompactionGuard`].

mod ledger;
mod redact;
mod sizing;
mod transcript;

use std::time::Duration;

use futures_util::StreamExt;
use openclaw_core::{
    AnswerOutcome, ChatEvent, ChatRequest, ConversationSummary, History, HistoryStep, ModelError,
    TokenUsage, ToolChoice,
};
use tokio::time::Instant;

use self::sizing::CompactionSizing;
use crate::model_call::turn_event_from;
use crate::output_budget::request_bytes;
use crate::report::add_usage;
use crate::{Agent, TimeLimit, TurnEventSender};

/// How a conversation is compacted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CompactionLimits {
    /// Whether to summarise in parts when the model gives no summary of the whole. A conversation
    /// larger than the context window, e.g. after a change to a smaller model, always is.
    pub summarise_in_parts: bool,
    /// The longest wait for a summary; without one by then, the conversation is trimmed by code.
    pub timeout: Option<TimeLimit>,
}

/// How the beginning of a conversation was replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CompactionMethod {
    /// By one summary of the whole, requested in the same conversation.
    Summary,
    /// By a summary made part by part.
    Parts,
    /// By the ledger and the current request only.
    Trimming,
}

impl CompactionMethod {
    /// The name used in messages and JSON, e.g. `summary`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Summary => "summary",
            Self::Parts => "parts",
            Self::Trimming => "trimming",
        }
    }
}

/// The result of a compaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompactionReport {
    /// How the beginning was replaced.
    pub method: CompactionMethod,
    /// The tokens of the next request before the compaction.
    pub tokens_before: u32,
    /// The tokens of the next request after it.
    pub tokens_after: u32,
    /// How long it took.
    pub duration: Duration,
}

/// A compaction that is not in the history yet.
pub(crate) struct CompactionPlan {
    pub(crate) kept_steps: usize,
    pub(crate) summary: ConversationSummary,
    pub(crate) report: CompactionReport,
    pub(crate) usage: Option<TokenUsage>,
}

/// The most compactions of one turn that call a model.
const MAX_SUMMARIES: u32 = 2;
/// The most parts that are summarised. A summary says how many are left out before them.
const MAX_PARTS: usize = 48;
/// The system prompt of a request that summarises a part.
const SUMMARISER_PROMPT: &str = "You summarise conversations between a person and an assistant that works \
                          with tools, for the assistant to go on from.";
/// The user message that asks for a summary within the conversation.
const SUMMARY_INSTRUCTION: &str = "[The conversation no longer fits and is about to be replaced by a summary. Write that summary \
     now, and nothing else; call no tool. Keep what is needed to go on: what the person wants and \
     has decided, what was found out, what is done, what failed and why, what is open, and the \
     names of files, commands and values that matter. Leave out passwords, keys and tokens.]";

/// Prevents repeated compactions that have no effect.
#[derive(Debug, Default)]
pub(crate) struct CompactionGuard {
    summaries_requested: u32,
    /// The steps and bytes of the history after the last compaction without effect.
    last_ineffective: Option<(usize, u64)>,
}

impl CompactionGuard {
    /// Returns whether a model may still be called for a summary in this turn.
    fn may_summarise(&self) -> bool {
        self.summaries_requested < MAX_SUMMARIES
    }
}

/// Returns whether the next request leaves too little room for its answer.
pub(crate) async fn is_compaction_due(agent: &Agent, history: &History) -> bool {
    if history.steps().len() < 2 {
        return false;
    }
    let most = sizing::max_request_tokens(agent);
    let bytes = request_bytes(agent, history);
    // No prompt has more tokens than bytes.
    bytes > u64::from(most) && count_request_tokens(agent, history).await > most
}

/// Plans a compaction; `None` when none would cut at least a fifth of the history.
pub(crate) async fn plan_compaction(
    agent: &Agent,
    history: &History,
    guard: &mut CompactionGuard,
    events: &TurnEventSender,
) -> Option<CompactionPlan> {
    let mark = (history.steps().len(), request_bytes(agent, history));
    if guard.last_ineffective == Some(mark) {
        return None;
    }
    let started = Instant::now();
    let scale = CompactionSizing::measure_request(agent, history).await;
    // What no summary can shorten: the request without its history, and the message to answer.
    if scale.target_tokens() <= scale.tokens_for_bytes(scale.min_request_bytes(history)) {
        guard.last_ineffective = Some(mark);
        return None;
    }
    let mut usage = None;
    let mut found = None;
    if guard.may_summarise() {
        guard.summaries_requested += 1;
        let asking = summarise_history(agent, history, &scale, events, &mut usage);
        let timeout = agent.limits.compaction.as_ref().and_then(|limits| limits.timeout.as_ref());
        found = match timeout {
            None => asking.await,
            Some(limit) => tokio::time::timeout(limit.duration, asking).await.ok().flatten(),
        };
    }
    let (by, text) =
        found.unwrap_or_else(|| (CompactionMethod::Trimming, earlier_summary(history)));
    let fitted = scale.fit_summary(agent, history, redact::redact_secrets(&text)).await;
    let Some((keep, summary, after)) = fitted else {
        guard.last_ineffective = Some(mark);
        return None;
    };
    let report = CompactionReport {
        method: by,
        tokens_before: scale.request_tokens,
        tokens_after: after,
        duration: started.elapsed(),
    };
    Some(CompactionPlan { kept_steps: keep, summary, report, usage })
}

/// The model's text of the last summary, which stands for what it replaced; empty without one.
fn earlier_summary(history: &History) -> String {
    let mut summaries = history.steps().filter_map(|step| match step {
        HistoryStep::Summary(summary) => Some(summary.text.clone()),
        HistoryStep::User(_) | HistoryStep::Assistant { .. } => None,
    });
    summaries.next_back().unwrap_or_default()
}

/// Counts the tokens of the next request, as exactly as the server allows.
async fn count_request_tokens(agent: &Agent, history: &History) -> u32 {
    let request = build_request(agent, history.clone());
    match agent.model.count_tokens(&request).await {
        Ok(count) => count.token_count(),
        // A failed count must not fail the turn: estimate three bytes a token.
        Err(_) => u32::try_from(request_bytes(agent, history) / 3).unwrap_or(u32::MAX),
    }
}

fn build_request(agent: &Agent, history: History) -> ChatRequest {
    ChatRequest {
        system_prompt: agent.system_prompt.clone(),
        tools: agent.tools.tool_specs().clone(),
        tool_choice: ToolChoice::Auto,
        max_output_tokens: agent.limits.max_output_tokens,
        ..ChatRequest::new(history)
    }
}

/// Asks the model for a summary, in the conversation itself or else in parts.
async fn summarise_history(
    agent: &Agent,
    history: &History,
    scale: &CompactionSizing,
    events: &TurnEventSender,
    usage: &mut Option<TokenUsage>,
) -> Option<(CompactionMethod, String)> {
    let cap = scale.summary_token_limit(agent.model.model_info().capabilities.reasoning);
    let mut asked = history.clone();
    asked.push_user_message(SUMMARY_INSTRUCTION);
    let asked = ChatRequest { max_output_tokens: Some(cap), ..build_request(agent, asked) };
    if let Some(text) = request_text(agent, asked, events, usage).await {
        return Some((CompactionMethod::Summary, text));
    }
    let limits = agent.limits.compaction.as_ref();
    let in_parts = limits.is_some_and(|limits| limits.summarise_in_parts);
    if !in_parts && scale.request_tokens < scale.context_window {
        return None;
    }
    let frame =
        u32::try_from(SUMMARISER_PROMPT.len() + SUMMARY_INSTRUCTION.len()).unwrap_or(u32::MAX) / 2;
    // Each request has the summary so far beside its part.
    let room = scale.context_window.checked_sub(frame.saturating_add(cap.saturating_mul(2)))?;
    let most = usize::try_from(scale.bytes_for_tokens(room) / 10 * 8).unwrap_or(usize::MAX);
    let pieces = transcript::split_transcript(history.steps(), most.max(1_024));
    let omitted = pieces.len().saturating_sub(MAX_PARTS);
    let mut so_far = String::new();
    for piece in pieces.into_iter().skip(omitted) {
        let before = if so_far.is_empty() { "nothing yet" } else { &so_far };
        let mut history = History::new();
        history.push_user_message(&format!(
            "Summary so far:\n{before}\n\nNext part of the conversation:\n{piece}\n\n{SUMMARY_INSTRUCTION}"
        ));
        let request = ChatRequest {
            system_prompt: Some(SUMMARISER_PROMPT.into()),
            max_output_tokens: Some(cap),
            ..ChatRequest::new(history)
        };
        let text = request_text(agent, request, events, usage).await?;
        so_far =
            transcript::shorten_middle(&text, usize::try_from(scale.bytes_for_tokens(cap)).ok()?);
    }
    if omitted > 0 && !so_far.is_empty() {
        so_far.insert_str(
            0,
            &format!("[The first {omitted} parts of the conversation are not summarised.]\n"),
        );
    }
    (!so_far.is_empty()).then_some((CompactionMethod::Parts, so_far))
}

/// Requests a text; `None` on any failure, because a summary is optional.
async fn request_text(
    agent: &Agent,
    request: ChatRequest,
    events: &TurnEventSender,
    usage: &mut Option<TokenUsage>,
) -> Option<String> {
    let prompt = agent.model.count_tokens(&request).await.ok()?.token_count();
    let cap = request.max_output_tokens.unwrap_or_default();
    if prompt.saturating_add(cap) > agent.model.model_info().limits.context_window {
        return None;
    }
    let mut stream = agent.model.stream_chat(request).await.ok()?;
    loop {
        let event: Result<ChatEvent, ModelError> = stream.next().await?;
        match event.ok()? {
            ChatEvent::Finished { message, outcome, usage: counted } => {
                if let Some(counted) = counted {
                    add_usage(usage.get_or_insert_default(), counted);
                }
                let is_text = matches!(outcome, AnswerOutcome::Reply | AnswerOutcome::Truncated);
                let text = message.text.trim();
                return (is_text && !text.is_empty()).then(|| text.to_owned());
            }
            event @ (ChatEvent::WaitingForServer { .. }
            | ChatEvent::ServerDisconnected { .. }
            | ChatEvent::ServerReconnected { .. }
            | ChatEvent::Retrying { .. }
            | ChatEvent::ModelAttemptFailed(_)
            | ChatEvent::Warning { .. }) => events.send_event(turn_event_from(event)).await,
            _ => {}
        }
    }
}
