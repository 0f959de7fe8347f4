//! Text that a job leaves in a session, without a turn of a model.

use std::error::Error;

use openclaw_core::{AssistantMessage, Journal as _, JournalEntry};
use openclaw_store::{SessionKey, Store, TurnRecord};

use crate::offload::run_blocking;

/// The outcome of a turn that only has an announcement.
const OUTCOME: &str = "announced";

/// A text for a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// The key of the session, which is made when there is none.
    pub session_key: SessionKey,
    /// The agent of the session.
    pub agent: String,
    /// What the text is about. The model reads it in the place of a message of the user.
    pub heading: String,
    /// The text, which the model reads as its own.
    pub text: String,
}

impl Announcement {
    /// Records the text durably in the session.
    ///
    /// # Errors
    /// When the session is in use, or cannot be written.
    pub async fn record(&self, store: &Store) -> Result<(), Box<dyn Error + Send + Sync>> {
        let (store, key, agent) = (store.clone(), self.session_key.clone(), self.agent.clone());
        let loaded = run_blocking(move || store.acquire_current(&key, &agent)).await?;
        let session = loaded.session;
        session.begin_turn().await?;
        let message = AssistantMessage::from_text(self.text.as_str());
        for entry in
            [JournalEntry::UserMessage(&self.heading), JournalEntry::AssistantMessage(&message)]
        {
            session.append_entry(entry).await?;
        }
        let history = session.history().await;
        let record = TurnRecord { outcome: OUTCOME.to_owned(), ..TurnRecord::default() };
        session.end_turn(&history, &record).await?;
        Ok(())
    }
}
