//! Claims a conversation's session for this process.

use openclaw_models::ModelConnection;
use openclaw_store::{LoadedSession, SessionKey, Store, StoreError, StoreErrorKind};
use tokio::time::Instant;

use super::SessionTarget;
use super::error::ConversationError;
use crate::offload::run_blocking;
use crate::runtime::Runtime;
use crate::session_wait::wait_until_free;

/// The session to claim.
#[derive(Clone)]
pub(super) struct SessionClaim {
    store: Store,
    target: Option<SessionTarget>,
    agent_id: String,
    default_key: SessionKey,
}

/// A session that was claimed.
pub(super) struct ClaimedSession {
    pub(super) loaded: LoadedSession,
    /// The tokens of the last turn's context; `None` when no server counted them.
    pub(super) context_tokens: Option<u64>,
}

impl SessionClaim {
    /// `default_key` is the key when no session is named.
    pub(super) fn new(
        store: Store,
        target: Option<SessionTarget>,
        agent_id: &str,
        default_key: SessionKey,
    ) -> Self {
        Self { store, target, agent_id: agent_id.to_owned(), default_key }
    }

    /// Fails when another process uses the session. Looks the key up each time: it may point to
    /// another session by now.
    async fn check_available(&self) -> Result<(), StoreError> {
        let Self { store, target, default_key, .. } = self.clone();
        run_blocking(move || {
            let id = match target {
                Some(SessionTarget::Key(key)) => store.current_session(&key)?.map(|info| info.id),
                Some(SessionTarget::Id(id)) => Some(id),
                None => store.current_session(&default_key)?.map(|info| info.id),
            };
            id.map_or(Ok(()), |id| store.check_available(&id))
        })
        .await
    }

    async fn acquire_session(&self) -> Result<ClaimedSession, StoreError> {
        let Self { store, target, agent_id, default_key } = self.clone();
        run_blocking(move || {
            let loaded = match target {
                Some(SessionTarget::Key(key)) => store.acquire_current(&key, &agent_id),
                Some(SessionTarget::Id(id)) => {
                    store.acquire_or_create(&id, &default_key, &agent_id)
                }
                None => store.acquire_current(&default_key, &agent_id),
            }?;
            let context_tokens = store.find_session(loaded.session.id().as_str())?.context_tokens;
            Ok(ClaimedSession { loaded, context_tokens })
        })
        .await
    }
}

impl Runtime {
    /// Connects the model, then claims the session. Claiming reports interrupted calls and damage
    /// only once, so a failure to connect must leave the session unclaimed.
    ///
    /// With a wait policy both are waited for, within one time limit.
    pub(super) async fn connect_and_claim(
        &self,
        claim: &SessionClaim,
        model: Option<&str>,
    ) -> Result<(ModelConnection, ClaimedSession), ConversationError> {
        let begun = Instant::now();
        loop {
            let wait = self.models.wait_policy().cloned();
            let connected = if let Some(wait) = &wait {
                let left = wait.clone().reduced_by(begun.elapsed());
                wait_until_free(&left, || claim.check_available()).await?;
                let left = wait.clone().reduced_by(begun.elapsed());
                let models = self.models.clone().with_wait_policy(left);
                models.connect_model(model).await?
            } else {
                claim.check_available().await?;
                self.models.connect_model(model).await?
            };
            match claim.acquire_session().await {
                Ok(claimed) => return Ok((connected, claimed)),
                // Another waiting process claimed it first.
                Err(error) if error.kind() == StoreErrorKind::InUse && wait.is_some() => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}
