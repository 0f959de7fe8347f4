//! Ends a conversation that the config lets end by itself.

use std::time::UNIX_EPOCH;

use openclaw_store::{SessionKey, Store, StoreError};

use super::SessionTarget;
use crate::runtime::Runtime;

impl Runtime {
    /// Begins a new session under the key of the turn when `session.reset` has ended the one before.
    /// Returns what the user should know. A session that is named by its id goes on, and so does one
    /// whose turn was interrupted.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub(super) fn end_old_session(
        &self,
        store: &Store,
        target: Option<&SessionTarget>,
        default_key: &SessionKey,
        agent: &str,
    ) -> Result<Option<String>, StoreError> {
        let key = match target {
            Some(SessionTarget::Id(_)) => return Ok(None),
            Some(SessionTarget::Key(key)) => key,
            None => default_key,
        };
        let Some(info) = store.current_session(key)? else { return Ok(None) };
        if info.events == 0 || info.turn_open {
            return Ok(None);
        }
        let now = (self.clock.0)().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        let Some(reason) = self.config().session.end_reason(info.updated_at, now) else {
            return Ok(None);
        };
        store.reset_session(key, agent)?;
        Ok(Some(format!(
            "a new conversation begins, because {reason} (`session.reset`); `--resume {}` goes on \
             with the one before",
            info.id
        )))
    }
}
