//! The `Journal` trait: a durable record of a turn.

use std::error::Error;

use async_trait::async_trait;

use crate::{AssistantMessage, ConversationSummary, ToolCall, ToolCallId, ToolOutput};

/// Records a turn. Each entry is durable before anything that depends on it happens.
#[async_trait]
pub trait Journal: Send + Sync {
    /// Makes one entry durable.
    ///
    /// # Errors
    /// When the entry could not be made durable. The turn ends before anything depends on it.
    async fn append_entry(&self, entry: JournalEntry<'_>) -> Result<(), JournalError>;
}

/// One event of a turn.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum JournalEntry<'a> {
    /// The user's message.
    UserMessage(&'a str),
    /// The model's message.
    AssistantMessage(&'a AssistantMessage),
    /// A call is about to be decided on.
    CallIntent(&'a ToolCall),
    /// A call was allowed and starts. After a crash it may or may not have had an effect.
    CallDispatched(&'a ToolCallId),
    /// A call has a result.
    CallResult(&'a ToolCallId, &'a ToolOutput),
    /// A summary replaced all but the last `kept_steps` steps of the history. Earlier journal
    /// entries stay.
    Compacted {
        /// How many steps were kept.
        kept_steps: usize,
        /// The summary of the replaced steps.
        summary: &'a ConversationSummary,
    },
}

/// A journal entry could not be made durable.
#[derive(Debug, thiserror::Error)]
#[error("write the journal of {owner}")]
pub struct JournalError {
    owner: String,
    #[source]
    source: Box<dyn Error + Send + Sync>,
}

impl JournalError {
    /// Fails to write the journal of `owner`, e.g. a session by its id.
    pub fn new(owner: impl Into<String>, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { owner: owner.into(), source: source.into() }
    }

    /// Whose journal it is, as a noun.
    #[must_use]
    pub fn owner(&self) -> &str {
        &self.owner
    }
}

/// Records nothing, for turns that need not survive the process.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoopJournal;

#[async_trait]
impl Journal for NoopJournal {
    async fn append_entry(&self, _entry: JournalEntry<'_>) -> Result<(), JournalError> {
        Ok(())
    }
}
