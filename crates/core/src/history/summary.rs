//! What stands for the beginning of a conversation that no longer fits.

use std::fmt;
use std::sync::Arc;

use super::{History, HistoryEntry, HistoryError};
use crate::{ToolCall, ToolOutput};

/// What stands for the beginning of a conversation. Sent as a part of what the user says, because
/// a request has one system message at most and that one never changes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConversationSummary {
    /// What was said and found, in the words of whoever summarised it; empty when nobody could.
    pub text: String,
    /// What happened, a line each, kept by code and word for word through any number of
    /// summaries.
    pub ledger: Vec<String>,
    /// The user's request that is being worked on, word for word, when it is not in the rest of
    /// the conversation.
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

/// A step of a conversation, for whoever reads one.
#[derive(Debug, Clone, PartialEq)]
pub enum HistoryStep<'a> {
    /// The beginning, in short.
    Summary(&'a ConversationSummary),
    /// What the user said.
    User(&'a str),
    /// What the model said, with its calls and the result of each that has one.
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

    /// The summary that the conversation begins with, if any.
    #[must_use]
    pub fn leading_summary(&self) -> Option<&ConversationSummary> {
        match self.entries.first().map(Arc::as_ref) {
            Some(HistoryEntry::Summary(summary)) => Some(summary),
            _ => None,
        }
    }

    /// Puts a summary in the place of all but the last `keep` steps. Calls that are open among
    /// those it replaces are gone with them.
    ///
    /// # Errors
    /// When there are no steps but those to keep.
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
