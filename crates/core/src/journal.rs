//! The seam to a durable record of a turn.

use std::error::Error;

use async_trait::async_trait;

use crate::{AssistantMessage, ConversationSummary, ToolCall, ToolCallId, ToolOutput};

/// A record of a turn. Each entry is durable before anything that depends on it happens.
#[async_trait]
pub trait Journal: Send + Sync {
    /// Makes one entry durable.
    ///
    /// # Errors
    /// When the entry is not durable; the turn then ends, nothing having depended on it.
    async fn append_entry(&self, entry: JournalEntry<'_>) -> Result<(), JournalError>;
}

/// One thing that happened in a turn.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum JournalEntry<'a> {
    /// The user said something.
    UserMessage(&'a str),
    /// The model said something.
    AssistantMessage(&'a AssistantMessage),
    /// A call is about to be decided on.
    CallIntent(&'a ToolCall),
    /// A call was allowed and is being run; after a crash it may have run.
    CallDispatched(&'a ToolCallId),
    /// A call has its result.
    CallResult(&'a ToolCallId, &'a ToolOutput),
    /// All but the last steps of the history were replaced by a summary. What was recorded before
    /// stays.
    Compacted {
        /// How many steps were kept.
        kept_steps: usize,
        /// What stands for the others.
        summary: &'a ConversationSummary,
    },
}

/// An entry that could not be made durable.
#[derive(Debug, thiserror::Error)]
#[error("write the journal")]
pub struct JournalError(#[source] pub Box<dyn Error + Send + Sync>);

/// Records nothing: a turn that does not outlive its process.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoopJournal;

#[async_trait]
impl Journal for NoopJournal {
    async fn append_entry(&self, _entry: JournalEntry<'_>) -> Result<(), JournalError> {
        Ok(())
    }
}
