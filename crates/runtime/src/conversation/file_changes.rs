//! What the tools of a conversation changed: shown and undone.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use openclaw_config::defaults::{CHANGES_KEPT_BYTES, CHANGES_KEPT_DAYS};
use openclaw_core::FileChange;
use openclaw_store::{SessionId, Store, StoreError};
use openclaw_tools::{
    ChangeJournal, ChangeJournalError, UndoError, UndoReport, prune_change_journals,
};

use super::Conversation;
use crate::offload::run_blocking;
use crate::runtime::Runtime;

/// The changes of a turn that were made by tools, and what is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnDiff {
    /// How each file differs now from what it was before the turn.
    pub changes: Vec<FileChange>,
    /// How many commands ran, whose changes are not known.
    pub commands: usize,
}

impl Runtime {
    /// The journal of what the tools of a session change.
    pub(crate) fn change_journal(&self, session: &SessionId) -> Arc<ChangeJournal> {
        Arc::new(ChangeJournal::new(self.changes_folder(session)))
    }

    /// Deletes a session, with what is kept of its files.
    ///
    /// # Errors
    /// When the session does not exist, is in use or cannot be deleted.
    pub fn delete_session(&self, store: &Store, id: &SessionId) -> Result<(), StoreError> {
        store.delete_session(id)?;
        // Nothing refers to it any more; what cannot be removed now is when it is old.
        let _ = ChangeJournal::new(self.changes_folder(id)).remove();
        Ok(())
    }

    /// Undoes the file changes of a session's last turn that has any; `None` when there is none.
    ///
    /// # Errors
    /// When the files were changed since, or cannot be written.
    pub fn undo_session_files(&self, id: &SessionId) -> Result<Option<UndoReport>, UndoError> {
        undo_files(&ChangeJournal::new(self.changes_folder(id)))
    }

    /// Removes what is kept of sessions that were not changed for long.
    pub(super) fn prune_changes(&self, session: &SessionId) {
        let kept = self.changes_folder(session);
        let folder = self.models.app_paths().changes_dir();
        let age = Duration::from_hours(24 * CHANGES_KEPT_DAYS);
        // What cannot be removed now is looked at again the next time.
        let _ = prune_change_journals(&folder, &kept, age, CHANGES_KEPT_BYTES);
    }

    fn changes_folder(&self, session: &SessionId) -> PathBuf {
        self.models.app_paths().changes_dir().join(session.as_str())
    }
}

impl Conversation {
    /// Undoes the file changes of the last turn; `None` when it has none.
    ///
    /// # Errors
    /// When the files were changed since, or cannot be written.
    pub async fn undo_turn_files(&self) -> Result<Option<UndoReport>, UndoError> {
        let Some(changes) = self.run.changes.clone() else { return Ok(None) };
        let undo = move || match changes.last_turn()? {
            Some(turn) => changes.undo_turn(&turn).map(Some),
            None => Ok(None),
        };
        run_blocking(undo).await
    }

    /// Undoes the file changes of the last turn that has any; `None` when there is none.
    ///
    /// # Errors
    /// As for [`undo_turn_files`](Self::undo_turn_files).
    pub async fn undo_last_files(&self) -> Result<Option<UndoReport>, UndoError> {
        let Some(changes) = self.run.changes.clone() else { return Ok(None) };
        run_blocking(move || undo_files(&changes)).await
    }

    /// How the files of the last turn that changed any differ now from before; `None` when there
    /// is none.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn last_turn_diff(&self) -> Result<Option<TurnDiff>, ChangeJournalError> {
        let Some(changes) = self.run.changes.clone() else { return Ok(None) };
        run_blocking(move || {
            let Some(turn) = changes.last_turn_with_changes()? else { return Ok(None) };
            let commands = turn.commands;
            Ok(Some(TurnDiff { changes: changes.describe_turn(&turn), commands }))
        })
        .await
    }

    /// Marks the last turn as undone, whose files stay as they are.
    pub(super) async fn retract_changes(&self) {
        let Some(changes) = self.run.changes.clone() else { return };
        let retract = move || match changes.last_turn() {
            Ok(Some(turn)) => changes.retract_turn(&turn),
            other => other.map(drop),
        };
        // The conversation is undone already; its files can be undone once more at worst.
        let _ = run_blocking(retract).await;
    }

    /// Marks the start of a turn; returns what is wrong when that is not possible.
    pub(super) fn begin_changes(&self) -> Option<String> {
        let changes = self.run.changes.as_ref()?;
        let error = changes.begin_turn().err()?;
        let cause = std::error::Error::source(&error).map(|source| format!(": {source}"));
        Some(format!("failed to {error}{}", cause.unwrap_or_default()))
    }
}

fn undo_files(changes: &ChangeJournal) -> Result<Option<UndoReport>, UndoError> {
    match changes.last_turn_with_changes()? {
        Some(turn) => changes.undo_turn(&turn).map(Some),
        None => Ok(None),
    }
}
