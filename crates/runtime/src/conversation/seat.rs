//! The place that a conversation takes among the sessions.

use openclaw_store::{Loaded, SessionKey, Store, StoreError, StoreErrorKind};
use tokio::time::Instant;

use super::Place;
use crate::agent::Connected;
use crate::waiting::until_free;
use crate::{ConversationError, Runtime};

/// Which session is to be taken.
pub(super) struct Seat<'a> {
    store: &'a Store,
    place: Option<&'a Place>,
    agent_id: &'a str,
    main: SessionKey,
}

impl<'a> Seat<'a> {
    /// # Errors
    /// When the agent's id makes no key.
    pub(super) fn new(
        store: &'a Store,
        place: Option<&'a Place>,
        agent_id: &'a str,
    ) -> Result<Self, StoreError> {
        let main = format!("agent:{agent_id}:main").parse()?;
        Ok(Self { store, place, agent_id, main })
    }

    /// Fails when somebody uses the session, to which a key may lead anew each time.
    fn check_free(&self) -> Result<(), StoreError> {
        let id = match self.place {
            Some(Place::Key(key)) => self.store.current(key)?.map(|info| info.id),
            Some(Place::Id(id)) => Some(id.clone()),
            None => self.store.current(&self.main)?.map(|info| info.id),
        };
        id.map_or(Ok(()), |id| self.store.check_free(&id))
    }

    fn take(&self) -> Result<Loaded, StoreError> {
        match self.place {
            Some(Place::Key(key)) => self.store.take_current(key, self.agent_id),
            Some(Place::Id(id)) => self.store.take_or_make(id, &self.main, self.agent_id),
            None => self.store.take_current(&self.main, self.agent_id),
        }
    }
}

impl Runtime {
    /// Connects the model, then takes the session: what taking a session up finds is told once, so
    /// whoever finds no server leaves it as it is.
    ///
    /// Both are waited for if need be, no longer than one wait may take.
    pub(super) async fn seated(
        &self,
        seat: &Seat<'_>,
        model: Option<&str>,
    ) -> Result<(Connected, Loaded), ConversationError> {
        let begun = Instant::now();
        loop {
            let wait = self.connector.wait.clone();
            let connected = if let Some(wait) = &wait {
                until_free(&wait.clone().after(begun.elapsed()), || seat.check_free()).await?;
                let left = wait.clone().after(begun.elapsed());
                self.clone().with_wait(left).connected(model).await?
            } else {
                seat.check_free()?;
                self.connected(model).await?
            };
            match seat.take() {
                Ok(loaded) => return Ok((connected, loaded)),
                // Another one that waited was faster.
                Err(error) if error.kind() == StoreErrorKind::InUse && wait.is_some() => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}
