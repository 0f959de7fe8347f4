//! Whose a session is.
//!
//! An agent has a model, a workspace and tools of its own, and where its conversations may go. So a
//! session is its agent's, whoever else takes it up has to be named, and that is told.

use openclaw_config::defaults::MAIN_AGENT;
use openclaw_store::{SessionInfo, SessionKey, Store, StoreError, StoreErrorKind};

use super::{ConversationOptions, SessionTarget};
use crate::{ConnectError, ConversationError, Runtime};

impl Runtime {
    /// The agent that goes on with a session when none is named: that of its key,
    /// `agent:<agent>:…`, or else the one whose session it is, and `main` for a new one.
    ///
    /// # Errors
    /// When the sessions cannot be read.
    pub fn session_agent(
        &self,
        store: &Store,
        place: &SessionTarget,
    ) -> Result<String, StoreError> {
        let ids = self.connector.setup.loaded.config.agent_ids();
        let key = match place {
            SessionTarget::Key(key) => agent_in_key(key).filter(|id| ids.contains(id)),
            SessionTarget::Id(_) => None,
        };
        Ok(match key {
            Some(id) => id.to_owned(),
            None => {
                find_session(store, place)?.map_or_else(|| MAIN_AGENT.to_owned(), |info| info.agent)
            }
        })
    }

    /// The agent of a conversation and the sessions. Notes when its session is another agent's.
    pub(super) fn resolve_agent(
        &self,
        options: &ConversationOptions,
    ) -> Result<(String, Store), ConversationError> {
        let ConversationOptions { agent, target: place, .. } = options;
        if let Some(id) = agent {
            self.check_agent(id).map_err(ConnectError::Setup)?;
        }
        let store = self.open_sessions()?;
        let Some(place) = place else {
            return Ok((agent.clone().unwrap_or_else(|| MAIN_AGENT.to_owned()), store));
        };
        let id = agent.clone().map_or_else(|| self.session_agent(&store, place), Ok)?;
        if let Some(info) = find_session(&store, place)?.filter(|info| info.agent != id) {
            self.connector.notices.push(format!(
                "session {} is that of the agent `{}`; `{id}` goes on with it, with a model, tools \
                 and a workspace of its own",
                info.id, info.agent
            ));
        }
        Ok((id, store))
    }
}

/// The session that is there already.
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

/// The agent that a key names.
fn agent_in_key(key: &SessionKey) -> Option<&str> {
    let (id, _) = key.as_str().strip_prefix("agent:")?.split_once(':')?;
    Some(id)
}
