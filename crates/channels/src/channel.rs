//! What a chat service is to the rest of the program.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

use crate::ChannelError;

/// A chat service, with one account of it.
#[async_trait]
pub trait Channel: fmt::Debug + Send + Sync {
    /// Its name in configs, session keys and commands, e.g. `telegram`.
    fn id(&self) -> &'static str;

    /// The most UTF-16 units of a message.
    fn message_limit(&self) -> usize;

    /// Asks who the account is.
    ///
    /// # Errors
    /// When the service cannot be reached or refuses the account.
    async fn probe(&self) -> Result<ChannelIdentity, ChannelError>;

    /// Waits for what was written since an update, which thereby is confirmed with all before it.
    /// `None` confirms nothing.
    ///
    /// # Errors
    /// When the service cannot be reached, refuses, or another program receives at the same time.
    async fn receive_updates(
        &self,
        last_update: Option<i64>,
        wait: Duration,
    ) -> Result<UpdateBatch, ChannelError>;

    /// Sends a message that is not longer than [`message_limit`](Self::message_limit).
    ///
    /// # Errors
    /// When it was refused, or nothing is known of it: see [`ChannelError::kind`].
    async fn send_message(&self, message: &OutboundMessage) -> Result<SentMessage, ChannelError>;

    /// Replaces the text of a message that was sent, and takes its buttons away. The same text again
    /// is no error.
    ///
    /// # Errors
    /// As [`send_message`](Self::send_message); also when the message is no longer there.
    async fn edit_message(
        &self,
        target: &ChatTarget,
        message_id: &str,
        text: &str,
    ) -> Result<(), ChannelError>;

    /// Shows for a few seconds that somebody types.
    ///
    /// # Errors
    /// When the service refuses.
    async fn show_typing(&self, target: &ChatTarget) -> Result<(), ChannelError>;

    /// Tells who pressed a button what came of it.
    ///
    /// # Errors
    /// When the service refuses.
    async fn answer_button(&self, press_id: &str, text: &str) -> Result<(), ChannelError>;
}

/// The account of a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChannelIdentity {
    /// Its id at the service.
    pub id: String,
    /// Its name, by which it is mentioned, without `@`.
    pub username: String,
}

/// A chat, or a thread in one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ChatTarget {
    /// The chat's id at the service.
    pub chat_id: String,
    /// The thread; `None` for the chat itself.
    pub thread_id: Option<String>,
}

impl ChatTarget {
    /// A chat without threads.
    #[must_use]
    pub fn new(chat_id: impl Into<String>) -> Self {
        Self { chat_id: chat_id.into(), thread_id: None }
    }

    /// The same chat, in a thread.
    #[must_use]
    pub fn with_thread(mut self, thread_id: impl Into<Option<String>>) -> Self {
        self.thread_id = thread_id.into();
        self
    }

    /// Reads a target as [`Display`](fmt::Display) writes it: `ID` or `ID:topic:THREAD`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (chat, thread) = match text.trim().split_once(":topic:") {
            Some((chat, thread)) => (chat, Some(thread)),
            None => (text.trim(), None),
        };
        let is_id = |id: &str| {
            !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || "@_-".contains(c))
        };
        let is_target = is_id(chat) && thread.is_none_or(is_id);
        is_target.then(|| Self::new(chat).with_thread(thread.map(str::to_owned)))
    }
}

impl fmt::Display for ChatTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.chat_id)?;
        match &self.thread_id {
            Some(thread) => write!(f, ":topic:{thread}"),
            None => Ok(()),
        }
    }
}

/// A message to send.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutboundMessage {
    /// Where to.
    pub target: ChatTarget,
    /// The text.
    pub text: String,
    /// The id of the message that it answers.
    pub reply_to: Option<String>,
    /// Whether nobody's device makes a sound.
    pub is_silent: bool,
    /// Rows of buttons below it.
    pub buttons: Vec<Vec<MessageButton>>,
}

impl OutboundMessage {
    /// A message without buttons that answers none.
    #[must_use]
    pub fn new(target: ChatTarget, text: impl Into<String>) -> Self {
        Self { target, text: text.into(), reply_to: None, is_silent: false, buttons: Vec::new() }
    }

    /// The same message, in answer to another one.
    #[must_use]
    pub fn with_reply_to(mut self, message_id: impl Into<Option<String>>) -> Self {
        self.reply_to = message_id.into();
        self
    }

    /// The same message, with or without a sound.
    #[must_use]
    pub fn with_silence(mut self, is_silent: bool) -> Self {
        self.is_silent = is_silent;
        self
    }

    /// The same message, with buttons.
    #[must_use]
    pub fn with_buttons(mut self, buttons: Vec<Vec<MessageButton>>) -> Self {
        self.buttons = buttons;
        self
    }
}

/// A button below a message.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MessageButton {
    /// What is on it.
    pub label: String,
    /// What comes back when it is pressed: at most 64 bytes.
    pub data: String,
}

impl MessageButton {
    /// A button.
    #[must_use]
    pub fn new(label: impl Into<String>, data: impl Into<String>) -> Self {
        Self { label: label.into(), data: data.into() }
    }
}

/// A message that the service has.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SentMessage {
    /// Its id in the chat.
    pub message_id: String,
    /// The chat's id, where the target was a name.
    pub chat_id: String,
}

impl SentMessage {
    /// A message in a chat.
    #[must_use]
    pub fn new(chat_id: impl Into<String>, message_id: impl Into<String>) -> Self {
        Self { message_id: message_id.into(), chat_id: chat_id.into() }
    }
}

/// What came in, the oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct UpdateBatch {
    /// The updates.
    pub updates: Vec<InboundUpdate>,
}

/// Something that happened in a chat.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct InboundUpdate {
    /// Its number, which grows.
    pub id: i64,
    /// What happened.
    pub content: InboundContent,
}

/// What happened in a chat.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum InboundContent {
    /// Somebody wrote.
    Message(Box<InboundMessage>),
    /// Somebody pressed a button.
    Button(ButtonPress),
    /// Something that has no use here.
    Other,
}

/// A message that somebody wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct InboundMessage {
    /// Where it was written.
    pub target: ChatTarget,
    /// Its id in the chat.
    pub message_id: String,
    /// Who wrote it.
    pub sender: ChatPeer,
    /// Whether the chat is between the sender and the account.
    pub is_direct: bool,
    /// The name of a group.
    pub chat_title: Option<String>,
    /// Whether it mentions the account or answers one of its messages.
    pub is_addressed: bool,
    /// The text, or the caption of a file; empty without one.
    pub text: String,
    /// The kind of a file that comes with it, e.g. `photo`.
    pub attachment: Option<&'static str>,
}

/// Somebody in a chat.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChatPeer {
    /// The id at the service, which nobody else ever gets.
    pub id: String,
    /// The name that is shown.
    pub name: String,
    /// The name by which one is mentioned, without `@`. It can be another person's tomorrow.
    pub username: Option<String>,
    /// Whether it is a program.
    pub is_bot: bool,
}

/// A press of a button.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ButtonPress {
    /// The press, for [`Channel::answer_button`].
    pub id: String,
    /// Who pressed.
    pub sender_id: String,
    /// The chat, when the message is still known.
    pub target: Option<ChatTarget>,
    /// The message, when it is still known.
    pub message_id: Option<String>,
    /// What the button had.
    pub data: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_read_as_it_is_written() {
        for text in ["12", "-100123", "-100123:topic:7", "@a_channel"] {
            assert_eq!(ChatTarget::parse(text).unwrap().to_string(), text);
        }
        for text in ["", " ", "a b", "1:topic:", "1:2", "../x", "1\n2"] {
            assert_eq!(ChatTarget::parse(text), None, "{text:?}");
        }
    }
}
