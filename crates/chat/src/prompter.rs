//! Yes/no questions asked within the chat.

use futures_util::FutureExt;
use openclaw_models::EgressConsent;
use tokio::sync::{mpsc, oneshot};

/// A question waiting for its answer. Dropping it answers no.
#[derive(Debug)]
pub(crate) struct YesNoQuestion {
    /// The subject, printed on lines of its own.
    pub(crate) subject: Option<String>,
    /// The question, in a few words.
    pub(crate) text: String,
    reply_sender: oneshot::Sender<bool>,
}

impl YesNoQuestion {
    pub(crate) fn send_answer(self, is_yes: bool) {
        // The asking task may have been cancelled meanwhile.
        let _ = self.reply_sender.send(is_yes);
    }

    /// Returns true when nobody waits for the answer any more.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.reply_sender.is_closed()
    }
}

/// Sends questions to the task that owns the terminal.
#[derive(Debug, Clone)]
pub(crate) struct ChatPrompter(mpsc::UnboundedSender<YesNoQuestion>);

impl ChatPrompter {
    pub(crate) fn new() -> (Self, mpsc::UnboundedReceiver<YesNoQuestion>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self(sender), receiver)
    }

    /// Asks and waits for the answer; no answer counts as no.
    pub(crate) async fn ask_yes_no(&self, subject: Option<String>, text: String) -> bool {
        let (reply_sender, reply_receiver) = oneshot::channel();
        let send_result = self.0.send(YesNoQuestion { subject, text, reply_sender });
        send_result.is_ok() && reply_receiver.await.unwrap_or(false)
    }

    /// Asks for consent before a conversation goes to a hosted server.
    pub(crate) fn egress_consent(&self) -> EgressConsent {
        let prompter = self.clone();
        std::sync::Arc::new(move |question: String| {
            let prompter = prompter.clone();
            async move { prompter.ask_yes_no(None, question).await }.boxed()
        })
    }
}

/// Parses an answer; `None` when it is neither yes nor no. Empty input means no.
pub(crate) fn parse_yes_no(answer: &str) -> Option<bool> {
    match answer.trim().to_lowercase().as_str() {
        "y" | "yes" => Some(true),
        "" | "n" | "no" => Some(false),
        _ => None,
    }
}
