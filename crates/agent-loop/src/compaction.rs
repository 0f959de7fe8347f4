//! Makes room in a window before it is full: a summary takes the place of the beginning.
//!
//! The summary is asked for as the next message of the same conversation, so that the server has
//! nearly all of it in its prefix cache. Where that does not fit or brings nothing, the
//! conversation is summarised in parts, and where no model can, it is cut down by code alone,
//! which always succeeds. Whatever a model says, a ledger of what happened is kept by code.
//!
//! A compaction that does not cut a fifth is not made at all, and none is tried again before
//! there is something new: see [`Guard`].

mod ledger;
mod redact;
mod sizing;
mod transcript;

use std::time::Duration;

use futures_util::StreamExt;
use openclaw_core::{
    AnswerOutcome, ChatEvent, ChatRequest, ConversationSummary, History, ModelError, TokenUsage,
    ToolChoice,
};
use tokio::time::Instant;

use self::sizing::CompactionSizing;
use crate::model_call::turn_event_from;
use crate::output_budget::request_bytes;
use crate::report::add_usage;
use crate::{Agent, ConfiguredTimeout, TurnEventSender};

/// How a conversation is made to fit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CompactionLimits {
    /// Whether a conversation that its model does not summarise at once is summarised in parts. One
    /// that is larger than the whole window, as when a smaller model takes over, always is.
    pub summarise_in_parts: bool,
    /// The longest that a summary is waited for; without one in that time the conversation is cut
    /// down by code.
    pub timeout: Option<ConfiguredTimeout>,
}

/// What took the place of a conversation's beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CompactionMethod {
    /// A summary of the whole, by the model in the same conversation.
    Summary,
    /// A summary made part by part.
    Parts,
    /// Nothing but what code keeps.
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

/// A conversation that was made to fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompactionReport {
    /// What took the place of its beginning.
    pub method: CompactionMethod,
    /// The tokens of the next request before.
    pub tokens_before: u32,
    /// The tokens of the next request now.
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

/// The most compactions of one turn for which a model is asked.
const MAX_SUMMARIES: u32 = 2;
/// The most parts that are summarised one after another.
const MAX_PARTS: usize = 24;
/// What a part of a conversation is asked to be summarised with.
const SUMMARISER_PROMPT: &str = "You summarise conversations between a person and an assistant that works \
                          with tools, for the assistant to go on from.";
/// What the model is asked for in the conversation itself.
const SUMMARY_INSTRUCTION: &str = "[The conversation no longer fits and is about to be replaced by a summary. Write that summary \
     now, and nothing else; call no tool. Keep what is needed to go on: what the person wants and \
     has decided, what was found out, what is done, what failed and why, what is open, and the \
     names of files, commands and values that matter. Leave out passwords, keys and tokens.]";

/// Keeps compactions from following each other for nothing.
#[derive(Debug, Default)]
pub(crate) struct CompactionGuard {
    summaries_requested: u32,
    /// The steps and bytes of the history that the last one could not help.
    last_ineffective: Option<(usize, u64)>,
}

impl CompactionGuard {
    /// Whether a model may be asked for a summary.
    fn may_summarise(&self) -> bool {
        self.summaries_requested < MAX_SUMMARIES
    }
}

/// Whether the next request leaves too little room for its answer.
pub(crate) async fn is_compaction_due(agent: &Agent, history: &History) -> bool {
    if history.steps().len() < 2 {
        return false;
    }
    let most = sizing::max_request_tokens(agent);
    let bytes = request_bytes(agent, history);
    // No prompt has more tokens than bytes.
    bytes > u64::from(most) && count_request_tokens(agent, history).await > most
}

/// Makes a history fit; `None` when nothing that can be done cuts a fifth of it.
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
    if scale.target_tokens() <= scale.tokens_for_bytes(scale.fixed_bytes) {
        guard.last_ineffective = Some(mark);
        return None;
    }
    let limits = agent.limits.compaction.clone().unwrap_or_default();
    let mut usage = None;
    let mut found = None;
    if guard.may_summarise() {
        guard.summaries_requested += 1;
        let asking = summarise_history(agent, history, &scale, (&limits, events), &mut usage);
        found = match &limits.timeout {
            None => asking.await,
            Some(limit) => tokio::time::timeout(limit.duration, asking).await.ok().flatten(),
        };
    }
    let (by, text) = found.unwrap_or((CompactionMethod::Trimming, String::new()));
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

/// Counts the next request, as exactly as the server allows.
async fn count_request_tokens(agent: &Agent, history: &History) -> u32 {
    let request = build_request(agent, history.clone());
    match agent.model.count_tokens(&request).await {
        Ok(count) => count.token_count(),
        // A count is never worth failing for: three bytes a token.
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
    (limits, events): (&CompactionLimits, &TurnEventSender),
    usage: &mut Option<TokenUsage>,
) -> Option<(CompactionMethod, String)> {
    let cap = scale.summary_token_limit(agent.model.model_info().capabilities.reasoning);
    let mut asked = history.clone();
    asked.push_user_message(SUMMARY_INSTRUCTION);
    let asked = ChatRequest { max_output_tokens: Some(cap), ..build_request(agent, asked) };
    if let Some(text) = request_text(agent, asked, events, usage).await {
        return Some((CompactionMethod::Summary, text));
    }
    if !limits.summarise_in_parts && scale.request_tokens < scale.context_window {
        return None;
    }
    let frame =
        u32::try_from(SUMMARISER_PROMPT.len() + SUMMARY_INSTRUCTION.len()).unwrap_or(u32::MAX) / 2;
    // The summary so far is in each request, beside the part.
    let room = scale.context_window.checked_sub(frame.saturating_add(cap.saturating_mul(2)))?;
    let most = usize::try_from(scale.bytes_for_tokens(room) / 10 * 8).unwrap_or(usize::MAX);
    let pieces = transcript::split_transcript(history.steps(), most.max(1_024));
    let first = pieces.len().saturating_sub(MAX_PARTS);
    let mut so_far = String::new();
    for piece in pieces.into_iter().skip(first) {
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
    (!so_far.is_empty()).then_some((CompactionMethod::Parts, so_far))
}

/// Gets a text for a request; `None` when there is none, whatever the reason: what is asked for
/// here can be done without.
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
            | ChatEvent::Retrying { .. }) => events.send_event(turn_event_from(event)).await,
            _ => {}
        }
    }
}
