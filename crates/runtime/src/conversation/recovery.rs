//! The state in which a session was found when it was opened.

use std::path::PathBuf;

use openclaw_store::{DamageReport, InterruptedCall, LoadedSession};

/// The state of a session when it was opened.
#[derive(Debug, Clone, Default)]
pub struct RecoveryReport {
    /// The number of messages in the history, without those replaced by a summary.
    pub messages: usize,
    /// The tool calls that were running when the last process ended. The model is told about them;
    /// the caller must tell the user.
    pub interrupted_calls: Vec<InterruptedCall>,
    /// Whether the last turn was interrupted;
    /// [`resume_turn`](super::Conversation::resume_turn) continues it.
    pub has_interrupted_turn: bool,
    /// Whether the last turn failed, timed out or was cancelled before the model answered;
    /// [`resume_turn`](super::Conversation::resume_turn) continues it.
    pub has_unanswered_turn: bool,
    /// The damaged log entries that were left out.
    pub damage: Vec<DamageReport>,
    /// The backup of the store, made before damaged entries were left out.
    pub backup: Option<PathBuf>,
}

impl RecoveryReport {
    pub(super) fn from_loaded(loaded: &LoadedSession) -> Self {
        Self {
            messages: loaded.history.messages().count(),
            interrupted_calls: loaded.interrupted_calls.clone(),
            has_interrupted_turn: loaded.has_interrupted_turn,
            has_unanswered_turn: loaded.has_unanswered_turn,
            damage: loaded.damage.clone(),
            backup: loaded.backup.clone(),
        }
    }

    /// Whether [`resume_turn`](super::Conversation::resume_turn) has a turn to continue.
    #[must_use]
    pub fn can_resume(&self) -> bool {
        self.has_interrupted_turn || self.has_unanswered_turn
    }
}
