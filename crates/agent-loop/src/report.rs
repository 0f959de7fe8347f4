//! The report of a turn.

use std::time::Duration;

use openclaw_core::TokenUsage;

use crate::{CallRepeatTracker, TimeLimit, TurnError};

/// How a turn ended, and its costs.
#[derive(Debug)]
pub struct TurnReport {
    /// How it ended.
    pub outcome: TurnOutcome,
    /// The server's token counts, summed over the model calls that have them.
    pub usage: TokenUsage,
    /// The token counts of the last model call that has them.
    pub last_usage: Option<TokenUsage>,
    /// Prompt tokens that the server was sent before, summed like `usage`: the most that its prefix
    /// cache could have had, apart from block sizes. 0 when it does not report cached tokens.
    pub cacheable_tokens: u32,
    /// The model calls, including failed ones.
    pub model_calls: u32,
    /// The tool calls, including refused ones; invalid ones are not counted.
    pub tool_calls: u32,
    /// How often a summary replaced the beginning of the conversation.
    pub compactions: u32,
    /// From the start to the end of the turn.
    pub duration: Duration,
    /// From the start of the turn to the first content of any kind; `None` when there was none.
    pub first_token_after: Option<Duration>,
    /// The repeated calls; for [`TurnInput::Resume`](crate::TurnInput::Resume).
    pub call_repeats: CallRepeatTracker,
}

/// How a turn ended. A turn whose future was dropped has no outcome.
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
    /// The model declined to reply with
    /// [`AgentParts::no_reply_marker`](crate::AgentParts::no_reply_marker).
    NoReply,
    /// A call needs a decision by the user. The turn is over; the decision begins the next one.
    NeedsInput {
        /// The question for the user.
        question: String,
    },
    /// The turn failed.
    Failed(TurnError),
    /// The turn was cancelled: see [`Agent::run_request`](crate::Agent::run_request).
    Cancelled,
    /// The turn's timeout ran out.
    TimedOut {
        /// The timeout that ended it.
        limit: TimeLimit,
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
