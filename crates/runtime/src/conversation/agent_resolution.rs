//! Resolves which agent a session belongs to.
//!
//! An agent has its own model, workspace, tools and egress policy. So a session stays with its
//! agent: another agent must be named explicitly to use it, and a warning says so.

use std::path::PathBuf;

use openclaw_store::{SessionInfo, SessionKey, Store, StoreError, StoreErrorKind};

use super::SessionTarget;
use super::folder_session::session_folder;
use crate::runtime::Runtime;

/// The agent of a conversation.
pub(super) struct ResolvedAgent {
    pub(super) id: String,
    /// What the user should know about it.
    pub(super) warning: Option<String>,
    /// The folder that the session belongs to, when it is one of a folder.
    pub(super) session_folder: Option<PathBuf>,
}

impl Runtime {
    /// Returns the agent that uses a session when none is named: the agent in its key
    /// `agent:<agent>:…`, else the agent that owns the session, else the default agent.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn session_agent(
        &self,
        store: &Store,
        place: &SessionTarget,
    ) -> Result<String, StoreError> {
        let ids = self.config().agent_ids();
        let key = match place {
            SessionTarget::Key(key) => agent_in_key(key).filter(|id| ids.contains(id)),
            SessionTarget::Id(_) => None,
        };
        if let Some(id) = key {
            return Ok(id.to_owned());
        }
        let default = || self.default_agent().to_owned();
        Ok(find_session(store, place)?.map_or_else(default, |info| info.agent))
    }

    /// Returns the agent of a conversation, which is `agent` if one is named, and a warning when
    /// the session belongs to another agent.
    pub(super) fn resolve_agent(
        &self,
        store: &Store,
        agent: Option<String>,
        target: Option<&SessionTarget>,
    ) -> Result<ResolvedAgent, StoreError> {
        let Some(target) = target else {
            let id = agent.unwrap_or_else(|| self.default_agent().to_owned());
            return Ok(ResolvedAgent { id, warning: None, session_folder: None });
        };
        let id = agent.map_or_else(|| self.session_agent(store, target), Ok)?;
        let existing = find_session(store, target)?;
        let session_folder = match (target, &existing) {
            (SessionTarget::Key(key), _) => session_folder(key),
            (SessionTarget::Id(_), info) => {
                info.as_ref().and_then(|info| session_folder(&info.key))
            }
        };
        let other = existing.filter(|info| info.agent != id);
        let warning = other.map(|info| {
            format!(
                "session {} belongs to the agent `{}`; `{id}` continues it with its own model, tools \
                 and workspace",
                info.id, info.agent
            )
        });
        Ok(ResolvedAgent { id, warning, session_folder })
    }
}

/// Finds the session if it exists.
fn find_session(store: &Store, place: &SessionTarget) -> Result<Option<SessionInfo>, StoreError> {
    match place {
        SessionTarget::Key(key) => store.current_session(key),
        SessionTarget::Id(id) => match store.find_session(id.as_str()) {
            Ok(info) => Ok(Some(info).filter(|info| info.id == *id)),
            Err(error) => match error.kind() {
                StoreErrorKind::NotFound | StoreErrorKind::Ambiguous => Ok(None),
                _ => Err(error),
            },
        },
    }
}

/// The agent id in a session key.
fn agent_in_key(key: &SessionKey) -> Option<&str> {
    let (id, _) = key.as_str().strip_prefix("agent:")?.split_once(':')?;
    Some(id)
}
