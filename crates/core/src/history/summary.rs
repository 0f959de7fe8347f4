//! The summary that replaces the beginning of a conversation when the context window is full.

use std::fmt;
use std::sync::Arc;

use super::{History, HistoryEntry, HistoryError};
use crate::{ToolCall, ToolOutput};

/// Replaces the beginning of a conversation. Sent as part of a user message, because a request has
/// at most one system message and that one never changes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConversationSummary {
    /// The model's summary; empty when none could be made.
    pub text: String,
    /// One line per recorded action. Written by code, and kept verbatim through any number of
    /// summaries.
    pub ledger: Vec<String>,
    /// The user's request that is being worked on, verbatim, when the kept steps do not contain it.
    pub current_request: Option<String>,
}

impl fmt::Display for ConversationSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[The conversation before this no longer fits and stands here in short.]")?;
        if !self.text.trim().is_empty() {
            write!(f, "\n\nSummary:\n{}", self.text.trim())?;
        }
        if !self.ledger.is_empty() {
            f.write_str("\n\nOn record:")?;
            for line in &self.ledger {
                write!(f, "\n- {line}")?;
            }
        }
        match &self.current_request {
            Some(request) => {
                write!(f, "\n\nThe request that you are working on, word for word:\n{request}")
            }
            None => Ok(()),
        }
    }
}

/// A step of a conversation, as read from a [`History`].
#[derive(Debug, Clone, PartialEq)]
pub enum HistoryStep<'a> {
    /// The summary of the earlier conversation.
    Summary(&'a ConversationSummary),
    /// A user message.
    User(&'a str),
    /// A message of the model, with its calls and their results.
    Assistant {
        /// The visible text.
        text: &'a str,
        /// The calls and their results.
        calls: Vec<(&'a ToolCall, Option<&'a ToolOutput>)>,
    },
}

impl History {
    /// The steps, in order.
    #[must_use]
    pub fn steps(&self) -> impl DoubleEndedIterator<Item = HistoryStep<'_>> + ExactSizeIterator {
        self.entries.iter().map(|entry| match entry.as_ref() {
            HistoryEntry::Summary(summary) => HistoryStep::Summary(summary),
            HistoryEntry::User(text) => HistoryStep::User(text),
            HistoryEntry::Assistant { text, slots, .. } => HistoryStep::Assistant {
                text,
                calls: slots.iter().map(|slot| (&slot.call, slot.result.as_ref())).collect(),
            },
        })
    }

    /// The summary that the conversation begins with, if there is one.
    #[must_use]
    pub fn leading_summary(&self) -> Option<&ConversationSummary> {
        match self.entries.first().map(Arc::as_ref) {
            Some(HistoryEntry::Summary(summary)) => Some(summary),
            _ => None,
        }
    }

    /// Replaces all but the last `kept_steps` steps by a summary. Open calls in the replaced steps
    /// are removed with them.
    ///
    /// # Errors
    /// When there are no steps to replace.
    pub fn apply_summary(
        &mut self,
        kept_steps: usize,
        summary: ConversationSummary,
    ) -> Result<(), HistoryError> {
        let replaced = self.entries.len().checked_sub(kept_steps).filter(|replaced| *replaced > 0);
        let replaced = replaced.ok_or(HistoryError::NothingToReplace)?;
        let summary = Arc::new(HistoryEntry::Summary(summary));
        self.entries.splice(..replaced, [summary]);
        self.call_ids = Arc::new(self.collect_call_ids());
        Ok(())
    }
}
