//! Claims a conversation's session for this process.

use openclaw_store::{LoadedSession, SessionKey, Store, StoreError, StoreErrorKind};
use tokio::time::Instant;

use super::SessionTarget;
use super::error::ConversationError;
use crate::agent::ConnectedChain;
use crate::runtime::Runtime;
use crate::session_wait::wait_until_free;

/// The session to claim.
pub(super) struct SessionClaim<'a> {
    store: &'a Store,
    target: Option<&'a SessionTarget>,
    agent_id: &'a str,
    main_key: SessionKey,
}

impl<'a> SessionClaim<'a> {
    /// # Errors
    /// When the agent's id does not form a valid session key.
    pub(super) fn new(
        store: &'a Store,
        place: Option<&'a SessionTarget>,
        agent_id: &'a str,
    ) -> Result<Self, StoreError> {
        let main = format!("agent:{agent_id}:main").parse()?;
        Ok(Self { store, target: place, agent_id, main_key: main })
    }

    /// Fails when another process uses the session. Looks the key up each time: it may point to
    /// another session by now.
    fn check_available(&self) -> Result<(), StoreError> {
        let id = match self.target {
            Some(SessionTarget::Key(key)) => self.store.current_session(key)?.map(|info| info.id),
            Some(SessionTarget::Id(id)) => Some(id.clone()),
            None => self.store.current_session(&self.main_key)?.map(|info| info.id),
        };
        id.map_or(Ok(()), |id| self.store.check_available(&id))
    }

    fn acquire_session(&self) -> Result<LoadedSession, StoreError> {
        match self.target {
            Some(SessionTarget::Key(key)) => self.store.acquire_current(key, self.agent_id),
            Some(SessionTarget::Id(id)) => {
                self.store.acquire_or_create(id, &self.main_key, self.agent_id)
            }
            None => self.store.acquire_current(&self.main_key, self.agent_id),
        }
    }
}

impl Runtime {
    /// Connects the model, then claims the session. Claiming reports interrupted calls and damage
    /// only once, so a failure to connect must leave the session unclaimed.
    ///
    /// With a wait policy both are waited for, within one time limit.
    pub(super) async fn connect_and_claim(
        &self,
        seat: &SessionClaim<'_>,
        model: Option<&str>,
    ) -> Result<(ConnectedChain, LoadedSession), ConversationError> {
        let begun = Instant::now();
        loop {
            let wait = self.models.wait_policy().cloned();
            let connected = if let Some(wait) = &wait {
                wait_until_free(&wait.clone().reduced_by(begun.elapsed()), || {
                    seat.check_available()
                })
                .await?;
                let left = wait.clone().reduced_by(begun.elapsed());
                let models = self.models.clone().with_wait_policy(left);
                Self { models, ..self.clone() }.connect_for_agent(model).await?
            } else {
                seat.check_available()?;
                self.connect_for_agent(model).await?
            };
            match seat.acquire_session() {
                Ok(loaded) => return Ok((connected, loaded)),
                // Another waiting process claimed it first.
                Err(error) if error.kind() == StoreErrorKind::InUse && wait.is_some() => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}
