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
mod scale;
mod transcript;

use std::time::Duration;

use futures_util::StreamExt;
use openclaw_core::{
    ChatEvent, ChatRequest, History, ModelError, Outcome, Summary, ToolChoice, Usage,
};
use tokio::time::Instant;

use self::scale::Scale;
use crate::model_call::shown;
use crate::report::add_usage;
use crate::room::said;
use crate::{Agent, EventSender, Limit};

/// How a conversation is made to fit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CompactionLimits {
    /// Whether a conversation that its model does not summarise at once is summarised in parts. One
    /// that is larger than the whole window, as when a smaller model takes over, always is.
    pub in_parts: bool,
    /// The longest that a summary is waited for; without one in that time the conversation is cut
    /// down by code.
    pub time: Option<Limit>,
}

/// What took the place of a conversation's beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CompactedBy {
    /// A summary of the whole, by the model in the same conversation.
    Summary,
    /// A summary made part by part.
    Parts,
    /// Nothing but what code keeps.
    Trimming,
}

impl CompactedBy {
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
pub struct Compaction {
    /// What took the place of its beginning.
    pub by: CompactedBy,
    /// The tokens of the next request before.
    pub before: u32,
    /// The tokens of the next request now.
    pub after: u32,
    /// How long it took.
    pub duration: Duration,
}

/// A compaction that is not in the history yet.
pub(crate) struct Compacted {
    pub(crate) keep: usize,
    pub(crate) summary: Summary,
    pub(crate) report: Compaction,
    pub(crate) usage: Option<Usage>,
}

/// The most compactions of one turn for which a model is asked.
const SUMMARIES: u32 = 2;
/// The most parts that are summarised one after another.
const PARTS: usize = 24;
/// What a part of a conversation is asked to be summarised with.
const SUMMARISER: &str = "You summarise conversations between a person and an assistant that works \
                          with tools, for the assistant to go on from.";
/// What the model is asked for in the conversation itself.
const INSTRUCTION: &str = "[The conversation no longer fits and is about to be replaced by a summary. Write that summary \
     now, and nothing else; call no tool. Keep what is needed to go on: what the person wants and \
     has decided, what was found out, what is done, what failed and why, what is open, and the \
     names of files, commands and values that matter. Leave out passwords, keys and tokens.]";

/// Keeps compactions from following each other for nothing.
#[derive(Debug, Default)]
pub(crate) struct Guard {
    summaries: u32,
    /// The steps and bytes of the history that the last one could not help.
    in_vain: Option<(usize, u64)>,
}

impl Guard {
    /// Whether a model may be asked for a summary.
    fn may_summarise(&self) -> bool {
        self.summaries < SUMMARIES
    }
}

/// Whether the next request leaves too little room for its answer.
pub(crate) async fn is_due(agent: &Agent, history: &History) -> bool {
    if history.steps().len() < 2 {
        return false;
    }
    let most = scale::most(agent);
    let bytes = said(agent, history);
    // No prompt has more tokens than bytes.
    bytes > u64::from(most) && count(agent, history).await > most
}

/// Makes a history fit; `None` when nothing that can be done cuts a fifth of it.
pub(crate) async fn compact(
    agent: &Agent,
    history: &History,
    guard: &mut Guard,
    events: &EventSender,
) -> Option<Compacted> {
    let mark = (history.steps().len(), said(agent, history));
    if guard.in_vain == Some(mark) {
        return None;
    }
    let started = Instant::now();
    let scale = Scale::of(agent, history).await;
    if scale.goal() <= scale.tokens_of(scale.fixed) {
        guard.in_vain = Some(mark);
        return None;
    }
    let limits = agent.limits.compaction.clone().unwrap_or_default();
    let mut usage = None;
    let mut found = None;
    if guard.may_summarise() {
        guard.summaries += 1;
        let asking = summarise(agent, history, &scale, (&limits, events), &mut usage);
        found = match &limits.time {
            None => asking.await,
            Some(limit) => tokio::time::timeout(limit.duration, asking).await.ok().flatten(),
        };
    }
    let (by, text) = found.unwrap_or((CompactedBy::Trimming, String::new()));
    let fitted = scale.fit(agent, history, redact::secrets(&text)).await;
    let Some((keep, summary, after)) = fitted else {
        guard.in_vain = Some(mark);
        return None;
    };
    let report = Compaction { by, before: scale.tokens, after, duration: started.elapsed() };
    Some(Compacted { keep, summary, report, usage })
}

/// Counts the next request, as exactly as the server allows.
async fn count(agent: &Agent, history: &History) -> u32 {
    let request = request(agent, history.clone());
    match agent.model.count_tokens(&request).await {
        Ok(count) => count.tokens(),
        // A count is never worth failing for: three bytes a token.
        Err(_) => u32::try_from(said(agent, history) / 3).unwrap_or(u32::MAX),
    }
}

fn request(agent: &Agent, history: History) -> ChatRequest {
    ChatRequest {
        system: agent.system.clone(),
        tools: agent.toolbox.specs().clone(),
        tool_choice: ToolChoice::Auto,
        max_output_tokens: agent.limits.max_output_tokens,
        ..ChatRequest::new(history)
    }
}

/// Asks the model for a summary, in the conversation itself or else in parts.
async fn summarise(
    agent: &Agent,
    history: &History,
    scale: &Scale,
    (limits, events): (&CompactionLimits, &EventSender),
    usage: &mut Option<Usage>,
) -> Option<(CompactedBy, String)> {
    let cap = scale.summary_cap(agent.model.info().abilities.reasoning);
    let mut asked = history.clone();
    asked.push_user(INSTRUCTION);
    let asked = ChatRequest { max_output_tokens: Some(cap), ..request(agent, asked) };
    if let Some(text) = ask(agent, asked, events, usage).await {
        return Some((CompactedBy::Summary, text));
    }
    if !limits.in_parts && scale.tokens < scale.window {
        return None;
    }
    let frame = u32::try_from(SUMMARISER.len() + INSTRUCTION.len()).unwrap_or(u32::MAX) / 2;
    // The summary so far is in each request, beside the part.
    let room = scale.window.checked_sub(frame.saturating_add(cap.saturating_mul(2)))?;
    let most = usize::try_from(scale.bytes_of(room) / 10 * 8).unwrap_or(usize::MAX);
    let pieces = transcript::pieces(history.steps(), most.max(1_024));
    let first = pieces.len().saturating_sub(PARTS);
    let mut so_far = String::new();
    for piece in pieces.into_iter().skip(first) {
        let before = if so_far.is_empty() { "nothing yet" } else { &so_far };
        let mut history = History::new();
        history.push_user(&format!(
            "Summary so far:\n{before}\n\nNext part of the conversation:\n{piece}\n\n{INSTRUCTION}"
        ));
        let request = ChatRequest {
            system: Some(SUMMARISER.into()),
            max_output_tokens: Some(cap),
            ..ChatRequest::new(history)
        };
        let text = ask(agent, request, events, usage).await?;
        so_far = transcript::shorten(&text, usize::try_from(scale.bytes_of(cap)).ok()?);
    }
    (!so_far.is_empty()).then_some((CompactedBy::Parts, so_far))
}

/// Gets a text for a request; `None` when there is none, whatever the reason: what is asked for
/// here can be done without.
async fn ask(
    agent: &Agent,
    request: ChatRequest,
    events: &EventSender,
    usage: &mut Option<Usage>,
) -> Option<String> {
    let prompt = agent.model.count_tokens(&request).await.ok()?.tokens();
    let cap = request.max_output_tokens.unwrap_or_default();
    if prompt.saturating_add(cap) > agent.model.info().limits.window {
        return None;
    }
    let mut stream = agent.model.chat(request).await.ok()?;
    loop {
        let event: Result<ChatEvent, ModelError> = stream.next().await?;
        match event.ok()? {
            ChatEvent::Finished { message, outcome, usage: counted } => {
                if let Some(counted) = counted {
                    add_usage(usage.get_or_insert_default(), counted);
                }
                let is_text = matches!(outcome, Outcome::Reply | Outcome::Truncated);
                let text = message.text.trim();
                return (is_text && !text.is_empty()).then(|| text.to_owned());
            }
            event @ (ChatEvent::Waiting { .. }
            | ChatEvent::ServerLost { .. }
            | ChatEvent::ServerBack { .. }
            | ChatEvent::Retrying { .. }) => events.send(shown(event)).await,
            _ => {}
        }
    }
}
