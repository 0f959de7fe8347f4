//! What a turn came to.

use std::time::Duration;

use openclaw_core::TokenUsage;

use crate::{CallRepeatTracker, ConfiguredTimeout, TurnError};

/// How a turn ended, and what it took.
#[derive(Debug)]
pub struct TurnReport {
    /// How it ended.
    pub outcome: TurnOutcome,
    /// What the server counted, summed over the model calls that said so.
    pub usage: TokenUsage,
    /// What the server counted for the last model call that said so.
    pub last_usage: Option<TokenUsage>,
    /// The prompt tokens that the server was sent before, summed as `usage` is: the most that it
    /// could have had in its prefix cache, block sizes aside. 0 where it does not say what it had.
    pub cacheable_tokens: u32,
    /// The requests to the model, failed ones included.
    pub model_calls: u32,
    /// The tool calls that the model made, refused ones included; broken ones are not counted.
    pub tool_calls: u32,
    /// How often a summary took the place of the conversation's beginning.
    pub compactions: u32,
    /// From the start to the end of the turn.
    pub duration: Duration,
    /// From the start of the turn to the first content of any kind; `None` when there was none.
    pub first_token_after: Option<Duration>,
    /// The calls that had the same result again; for
    /// [`Opening::Resume`](crate::Opening::Resume).
    pub call_repeats: CallRepeatTracker,
}

/// How a turn ended: in exactly one of these ways. A turn whose future was dropped has none.
#[derive(Debug)]
#[non_exhaustive]
pub enum TurnOutcome {
    /// The model answered.
    Reply {
        /// The text of the last message; never blank.
        text: String,
        /// Whether the output limit cut it off.
        truncated: bool,
    },
    /// The model has nothing to say and said so, by
    /// [`AgentParts::silent`](crate::AgentParts::silent).
    NoReply,
    /// A call waits for a person; the turn is over, and the answer begins the next one.
    NeedsInput {
        /// What the person is asked.
        question: String,
    },
    /// There is no answer.
    Failed(TurnError),
    /// It was cancelled by whoever runs it: see [`Agent::run`](crate::Agent::run).
    Cancelled,
    /// The turn's clock ran out.
    TimedOut {
        /// The limit that ended it.
        limit: ConfiguredTimeout,
    },
}

/// Adds the usage of one model call to a sum.
pub(crate) fn add_usage(sum: &mut TokenUsage, usage: TokenUsage) {
    sum.input_tokens = sum.input_tokens.saturating_add(usage.input_tokens);
    sum.output_tokens = sum.output_tokens.saturating_add(usage.output_tokens);
    sum.cached_tokens = match (sum.cached_tokens, usage.cached_tokens) {
        (Some(a), Some(b)) => Some(a.saturating_add(b)),
        (a, b) => a.or(b),
    };
}
