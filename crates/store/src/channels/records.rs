//! The rows of channels.

use rusqlite::Row;

use crate::SessionKey;

pub(super) const INBOUND_COLUMNS: &str = "n, account, update_id, channel, target, message_id, sender, \
    session_key, text, run, attempts, draft";

pub(super) const OUTBOX_COLUMNS: &str = "n, idempotency_key, channel, target, text, reply_to, silent, \
    edits, status, attempts, lost_answers, not_before, message_id, error";

/// A message to record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboundEntry {
    /// The channel and the account whose update it is.
    pub account: String,
    /// The number of the update.
    pub update: i64,
    /// The channel.
    pub channel: String,
    /// The chat.
    pub target: String,
    /// Its id in the chat.
    pub message_id: String,
    /// The id of the person who wrote it.
    pub sender: String,
    /// The session that answers it.
    pub session_key: SessionKey,
    /// What the model is told.
    pub text: String,
    /// The name of the chat.
    pub chat_title: String,
    /// Whether the chat is with one person.
    pub is_direct: bool,
}

/// A recorded message.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct InboundRecord {
    /// Its number in the store.
    pub number: i64,
    /// The channel and the account whose update it is.
    pub account: String,
    /// The number of the update.
    pub update: i64,
    /// The channel.
    pub channel: String,
    /// The chat.
    pub target: String,
    /// Its id in the chat.
    pub message_id: String,
    /// The id of the person who wrote it.
    pub sender: String,
    /// The session that answers it, as text.
    pub session_key: String,
    /// What the model is told.
    pub text: String,
    /// The last run that was to answer it.
    pub run: Option<String>,
    /// The number of runs that were to answer it.
    pub attempts: u32,
    /// The message of the channel that shows the answer while it grows.
    pub draft: Option<String>,
}

/// A chat in which somebody wrote who may.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChatRecord {
    /// The channel.
    pub channel: String,
    /// The chat.
    pub target: String,
    /// The session of the last message.
    pub session_key: String,
    /// The name of the chat.
    pub title: String,
    /// Whether the chat is with one person.
    pub is_direct: bool,
    /// When somebody wrote last, in milliseconds since the Unix epoch.
    pub last_at: u64,
}

/// A message to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxEntry {
    /// What its sender chose so that it is sent once.
    pub idempotency_key: String,
    /// The channel.
    pub channel: String,
    /// The chat.
    pub target: String,
    /// The text, which fits in one message of the channel.
    pub text: String,
    /// The message that it answers.
    pub reply_to: Option<String>,
    /// Whether nobody's device makes a sound.
    pub is_silent: bool,
    /// The message whose text it becomes; `None` makes a new one.
    pub edits: Option<String>,
}

/// A recorded message to send.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutboxRecord {
    /// Its number, in whose order the messages of a chat are sent.
    pub number: i64,
    /// What is to be sent.
    pub entry: OutboxEntry,
    /// How far it is.
    pub status: OutboxStatus,
    /// The attempts so far.
    pub attempts: u32,
    /// The attempts after which nobody knows whether the message arrived: it may be there more than
    /// once.
    pub lost_answers: u32,
    /// The earliest time of the next attempt, in milliseconds since the Unix epoch.
    pub not_before: u64,
    /// Its id in the chat, once it was sent.
    pub message_id: Option<String>,
    /// Why the last attempt failed.
    pub error: Option<String>,
}

/// How far a message to send is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OutboxStatus {
    /// It waits.
    Queued,
    /// An attempt was begun.
    Sending,
    /// The service has it.
    Sent,
    /// It is not sent.
    Failed,
}

/// What came of an attempt to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendOutcome {
    /// The service has it, under this id.
    Sent {
        /// The id in the chat.
        message_id: Option<String>,
    },
    /// It is tried again.
    Retry {
        /// Why it failed.
        error: String,
        /// Whether the message may have arrived.
        is_answer_lost: bool,
        /// The earliest time of the next attempt, in milliseconds since the Unix epoch.
        not_before: u64,
    },
    /// What it was to replace is not there: it is sent as a new message.
    SendAnew,
    /// It is not sent.
    Failed {
        /// Why.
        error: String,
    },
}

/// Somebody whom the owner let in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChannelPeer {
    /// The id at the service.
    pub id: String,
    /// The name that was shown then.
    pub name: String,
    /// When, in milliseconds since the Unix epoch.
    pub paired_at: u64,
}

/// A stranger who waits.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PairingRecord {
    /// The stranger's id at the service.
    pub peer: String,
    /// The name that is shown.
    pub name: String,
    /// The name by which one is mentioned.
    pub username: Option<String>,
    /// The code.
    pub code: String,
    /// When it was made, in milliseconds since the Unix epoch.
    pub created_at: u64,
    /// When the stranger wrote last, in milliseconds since the Unix epoch.
    pub last_seen_at: u64,
}

/// What became of a stranger's wish to be let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PairingAnswer {
    /// A code was made, which the stranger is told.
    Created(PairingRecord),
    /// The stranger has one already.
    Waiting(PairingRecord),
    /// Too many wait.
    Full,
}

impl OutboxStatus {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Failed => "failed",
        }
    }

    fn from_text(text: &str) -> Self {
        match text {
            "queued" => Self::Queued,
            "sending" => Self::Sending,
            "sent" => Self::Sent,
            _ => Self::Failed,
        }
    }

    /// Whether nothing more becomes of it.
    #[must_use]
    pub const fn has_ended(self) -> bool {
        matches!(self, Self::Sent | Self::Failed)
    }
}

fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    Ok(row.get::<_, i64>(column)?.unsigned_abs())
}

pub(super) fn inbound_from_row(row: &Row<'_>) -> rusqlite::Result<InboundRecord> {
    Ok(InboundRecord {
        number: row.get(0)?,
        account: row.get(1)?,
        update: row.get(2)?,
        channel: row.get(3)?,
        target: row.get(4)?,
        message_id: row.get(5)?,
        sender: row.get(6)?,
        session_key: row.get(7)?,
        text: row.get(8)?,
        run: row.get(9)?,
        attempts: row.get(10)?,
        draft: row.get(11)?,
    })
}

pub(super) fn chat_from_row(row: &Row<'_>) -> rusqlite::Result<ChatRecord> {
    Ok(ChatRecord {
        channel: row.get(0)?,
        target: row.get(1)?,
        session_key: row.get(2)?,
        title: row.get(3)?,
        is_direct: row.get(4)?,
        last_at: time(row, 5)?,
    })
}

pub(super) fn outbox_from_row(row: &Row<'_>) -> rusqlite::Result<OutboxRecord> {
    Ok(OutboxRecord {
        number: row.get(0)?,
        entry: OutboxEntry {
            idempotency_key: row.get(1)?,
            channel: row.get(2)?,
            target: row.get(3)?,
            text: row.get(4)?,
            reply_to: row.get(5)?,
            is_silent: row.get(6)?,
            edits: row.get(7)?,
        },
        status: OutboxStatus::from_text(&row.get::<_, String>(8)?),
        attempts: row.get(9)?,
        lost_answers: row.get(10)?,
        not_before: time(row, 11)?,
        message_id: row.get(12)?,
        error: row.get(13)?,
    })
}

pub(super) fn pairing_from_row(row: &Row<'_>) -> rusqlite::Result<PairingRecord> {
    Ok(PairingRecord {
        peer: row.get(0)?,
        name: row.get(1)?,
        username: row.get(2)?,
        code: row.get(3)?,
        created_at: time(row, 4)?,
        last_seen_at: time(row, 5)?,
    })
}
