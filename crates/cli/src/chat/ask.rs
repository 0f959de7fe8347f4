//! Questions that are asked within the conversation, and answered by yes or no.

use futures_util::FutureExt;
use openclaw_runtime::Consent;
use tokio::sync::{mpsc, oneshot};

/// A question that waits for its answer. Dropping it says no.
#[derive(Debug)]
pub(crate) struct Question {
    /// What it is about, on lines of its own.
    pub(crate) about: Option<String>,
    /// What is asked, in a few words.
    pub(crate) text: String,
    answer: oneshot::Sender<bool>,
}

impl Question {
    pub(crate) fn answer(self, yes: bool) {
        // Who asked may have been stopped meanwhile.
        let _ = self.answer.send(yes);
    }

    /// Whether nobody waits for the answer any more.
    pub(crate) fn is_over(&self) -> bool {
        self.answer.is_closed()
    }
}

/// Hands questions to whoever shows the conversation.
#[derive(Debug, Clone)]
pub(crate) struct Person(mpsc::UnboundedSender<Question>);

impl Person {
    pub(crate) fn new() -> (Self, mpsc::UnboundedReceiver<Question>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self(sender), receiver)
    }

    /// Asks and waits; whoever says nothing says no.
    pub(crate) async fn agrees(&self, about: Option<String>, text: String) -> bool {
        let (answer, answered) = oneshot::channel();
        let asked = self.0.send(Question { about, text, answer });
        asked.is_ok() && answered.await.unwrap_or(false)
    }

    /// Asks before a conversation goes to a hosted server.
    pub(crate) fn consent(&self) -> Consent {
        let person = self.clone();
        std::sync::Arc::new(move |question: String| {
            let person = person.clone();
            async move { person.agrees(None, question).await }.boxed()
        })
    }
}

/// Reads an answer; `None` when it is neither yes nor no. Nothing at all is no.
pub(crate) fn understood(answer: &str) -> Option<bool> {
    match answer.trim().to_lowercase().as_str() {
        "y" | "yes" => Some(true),
        "" | "n" | "no" => Some(false),
        _ => None,
    }
}
