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
mod transcript;

use std::time::Duration;

use futures_util::StreamExt;
use openclaw_core::{
    ChatEvent, ChatRequest, History, ModelError, Outcome, Step, Summary, ToolChoice, Usage,
};
use tokio::time::Instant;

use crate::report::add_usage;
use crate::room::said;
use crate::{Agent, EventSender, Limit, TurnEvent};

/// How a conversation is made to fit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CompactionLimits {
    /// Whether a conversation that its model cannot summarise at once is summarised in parts.
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
    let limits = agent.model.info().limits;
    let answer = agent.limits.max_output_tokens.or(limits.output).unwrap_or(u32::MAX);
    let most = limits.window - (limits.window / 4).max(answer.min(limits.window / 2));
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

/// How bytes and tokens of a conversation go together, and how small it is to become.
struct Scale {
    tokens: u32,
    bytes: u64,
    /// The bytes of what no compaction cuts: the system prompt and the tools.
    fixed: u64,
    window: u32,
}

impl Scale {
    async fn of(agent: &Agent, history: &History) -> Self {
        let tokens = count(agent, history).await.max(1);
        let fixed = said(agent, &History::new());
        let bytes = said(agent, history).max(1);
        Self { tokens, bytes, fixed, window: agent.model.info().limits.window }
    }

    fn tokens_of(&self, bytes: u64) -> u32 {
        let tokens = bytes.saturating_mul(self.tokens.into()).div_ceil(self.bytes);
        u32::try_from(tokens).unwrap_or(u32::MAX)
    }

    fn bytes_of(&self, tokens: u32) -> u64 {
        u64::from(tokens).saturating_mul(self.bytes) / u64::from(self.tokens)
    }

    /// What of the window is left beside the system prompt and the tools.
    fn room(&self) -> u32 {
        self.window.saturating_sub(self.tokens_of(self.fixed))
    }

    /// The most tokens of a request that was compacted.
    fn goal(&self) -> u32 {
        let half = self.tokens_of(self.fixed) + self.room() / 2;
        half.min(self.tokens / 5 * 4)
    }

    /// How many tokens a summary may have.
    fn summary_cap(&self, reasons: bool) -> u32 {
        let cap = (self.room() / 8).clamp(256, 4_096);
        if reasons { cap.saturating_mul(4) } else { cap }
    }

    /// Chooses how much to keep so that the whole reaches the goal.
    async fn fit(
        &self,
        agent: &Agent,
        history: &History,
        text: String,
    ) -> Option<(usize, Summary, u32)> {
        let goal = self.goal();
        let mut keep = self.keep(history);
        loop {
            let summary = self.summary(agent, history, keep, &text);
            let mut fitted = history.clone();
            fitted.compact(keep, summary.clone()).ok()?;
            let after = if self.tokens_of(said(agent, &fitted)) <= goal {
                count(agent, &fitted).await
            } else {
                u32::MAX
            };
            if after <= goal {
                return Some((keep, summary, after));
            }
            if keep == 0 {
                return None;
            }
            keep /= 2;
        }
    }

    /// How many of the last steps fit into a quarter of the room; never all.
    fn keep(&self, history: &History) -> usize {
        let most = self.bytes_of(self.room() / 4);
        let mut bytes = 0_u64;
        let steps = history.steps().rev().take_while(|step| {
            bytes = bytes.saturating_add(size(step));
            bytes <= most
        });
        steps.count().min(history.steps().len().saturating_sub(1))
    }

    /// What takes the place of all but the last `keep` steps, each part of it bounded.
    fn summary(&self, agent: &Agent, history: &History, keep: usize, text: &str) -> Summary {
        let replaced = history.steps().len() - keep;
        let bytes = |part| usize::try_from(self.bytes_of(self.room() / part)).unwrap_or(usize::MAX);
        let request = unanswered(history, replaced);
        let mut ledger = ledger::of(&agent.toolbox, history.steps().take(replaced));
        let mut size = 0;
        let fitting = ledger.iter().rev().take_while(|line| {
            size += line.len() + 3;
            size <= bytes(12)
        });
        let surplus = ledger.len() - fitting.count();
        ledger.drain(..surplus);
        if surplus > 0 {
            ledger.insert(0, ledger::left_out(surplus));
        }
        for line in &mut ledger {
            *line = redact::secrets(line);
        }
        Summary {
            text: transcript::shorten(text, bytes(12)),
            ledger,
            request: request.map(|text| transcript::shorten(&text, bytes(4))),
        }
    }
}

/// What the user said among the first `replaced` steps that is still being worked on: all since the
/// model last ended a turn with a reply.
fn unanswered(history: &History, replaced: usize) -> Option<String> {
    let mut said = Vec::new();
    for (at, step) in history.steps().enumerate() {
        match step {
            Step::Summary(summary) => said.extend(summary.request.as_deref()),
            Step::User(text) if at < replaced => said.push(text),
            Step::Assistant { calls, .. } if calls.is_empty() => said.clear(),
            Step::User(_) | Step::Assistant { .. } => {}
        }
    }
    (!said.is_empty()).then(|| said.join("\n\n"))
}

/// The bytes of a step.
fn size(step: &Step<'_>) -> u64 {
    let bytes = match step {
        Step::Summary(summary) => summary.to_string().len(),
        Step::User(text) => text.len(),
        Step::Assistant { text, calls } => {
            let calls = calls.iter().map(|(call, output)| {
                call.arguments.to_json().len() + output.map_or(0, |output| output.text.len())
            });
            text.len() + calls.sum::<usize>()
        }
    };
    u64::try_from(bytes).unwrap_or(u64::MAX)
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
    if !limits.in_parts {
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
            ChatEvent::Waiting { state, waited, ahead } => {
                events.send(TurnEvent::Waiting { state, waited, ahead }).await;
            }
            ChatEvent::ServerLost { reason } => {
                events.send(TurnEvent::ServerLost { reason }).await;
            }
            ChatEvent::ServerBack { after } => events.send(TurnEvent::ServerBack { after }).await,
            _ => {}
        }
    }
}
