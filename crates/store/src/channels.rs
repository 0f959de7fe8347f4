//! What chat services sent and what is to be sent to them. A message is recorded together with the
//! place up to which its channel was read, before anything is done about it; what is to be sent is
//! recorded before it is sent.

mod outbox;
mod pairings;
mod records;
#[cfg(test)]
mod tests;

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::{Store, StoreError, files};

pub use self::pairings::PairingQuery;
pub use self::records::{
    ChannelPeer, ChatRecord, InboundEntry, InboundRecord, OutboxEntry, OutboxRecord, OutboxStatus,
    PairingAnswer, PairingRecord, SendOutcome,
};
use self::records::{INBOUND_COLUMNS, inbound_from_row};

/// The most messages from a channel that are kept after they were answered.
const MAX_KEPT_MESSAGES: u32 = if cfg!(test) { 20 } else { 2000 };

const CREATE_TABLES_SQL: &str = "
    CREATE TABLE IF NOT EXISTS channel_place (
        -- The channel and the account, as an offset is of one account.
        account TEXT PRIMARY KEY,
        last_update INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS channel_message (
        n INTEGER PRIMARY KEY,
        account TEXT NOT NULL,
        update_id INTEGER NOT NULL,
        channel TEXT NOT NULL,
        target TEXT NOT NULL,
        message_id TEXT NOT NULL,
        sender TEXT NOT NULL,
        session_key TEXT NOT NULL,
        text TEXT NOT NULL,
        -- The run that answers it, and how many were begun.
        run TEXT,
        attempts INTEGER NOT NULL DEFAULT 0,
        -- A message of the channel that shows the answer while it grows.
        draft TEXT,
        done INTEGER NOT NULL DEFAULT 0,
        received_at INTEGER NOT NULL,
        UNIQUE (account, update_id)
    ) STRICT;
    CREATE INDEX IF NOT EXISTS channel_message_open ON channel_message (account) WHERE done = 0;
    CREATE TABLE IF NOT EXISTS channel_chat (
        channel TEXT NOT NULL,
        target TEXT NOT NULL,
        session_key TEXT NOT NULL,
        title TEXT NOT NULL,
        is_direct INTEGER NOT NULL,
        last_at INTEGER NOT NULL,
        PRIMARY KEY (channel, target)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS channel_peer (
        channel TEXT NOT NULL,
        peer TEXT NOT NULL,
        name TEXT NOT NULL,
        paired_at INTEGER NOT NULL,
        PRIMARY KEY (channel, peer)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS channel_pairing (
        channel TEXT NOT NULL,
        peer TEXT NOT NULL,
        name TEXT NOT NULL,
        username TEXT,
        code TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        last_seen_at INTEGER NOT NULL,
        PRIMARY KEY (channel, peer)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS outbox (
        n INTEGER PRIMARY KEY,
        -- What its sender chose so that it is sent once.
        idempotency_key TEXT NOT NULL UNIQUE,
        channel TEXT NOT NULL,
        target TEXT NOT NULL,
        text TEXT NOT NULL,
        reply_to TEXT,
        silent INTEGER NOT NULL,
        -- The message whose text it becomes; a new one without it.
        edits TEXT,
        status TEXT NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        -- The attempts after which nobody knows whether the message arrived.
        lost_answers INTEGER NOT NULL DEFAULT 0,
        not_before INTEGER NOT NULL DEFAULT 0,
        message_id TEXT,
        error TEXT,
        created_at INTEGER NOT NULL,
        ended_at INTEGER
    ) STRICT;
    CREATE INDEX IF NOT EXISTS outbox_open ON outbox (channel, n) WHERE status IN ('queued', 'sending');";

/// What chat services sent and what is to be sent to them. Clones share the store.
///
/// All methods read or write files and block the thread, mostly for less than a few milliseconds.
#[derive(Debug, Clone)]
pub struct ChannelLog {
    store: Store,
}

impl ChannelLog {
    /// Opens the channels of a store.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn open(store: Store) -> Result<Self, StoreError> {
        store.0.writer.write(|connection| {
            let fail = StoreError::from_sql_error("prepare the channels");
            connection.execute_batch(CREATE_TABLES_SQL).map_err(fail)
        })?;
        Ok(Self { store })
    }

    /// The last update that was recorded of an account; `None` before the first one.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn last_update(&self, account: &str) -> Result<Option<i64>, StoreError> {
        self.store.0.readers.read(|connection| {
            let select = "SELECT last_update FROM channel_place WHERE account = ?1";
            connection
                .query_row(select, [account], |row| row.get(0))
                .optional()
                .map_err(StoreError::from_sql_error("find the place of the channel"))
        })
    }

    /// Records durably that an update of an account needs nothing more.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn skip_update(&self, account: &str, update: i64) -> Result<(), StoreError> {
        let account = account.to_owned();
        self.store.0.writer.write(move |connection| move_place(connection, &account, update))
    }

    /// Records a message durably, together with its update. Returns `None` when it was recorded
    /// before.
    ///
    /// # Errors
    /// When the file cannot be written; nothing must be done about the message then.
    pub fn record_message(&self, entry: InboundEntry) -> Result<Option<InboundRecord>, StoreError> {
        self.store.0.writer.write(move |connection| {
            let fail = StoreError::from_sql_error("record the message of the channel");
            forget_old_messages(connection, &entry.account)?;
            let values = params![
                entry.account,
                entry.update,
                entry.channel,
                entry.target,
                entry.message_id,
                entry.sender,
                entry.session_key.as_str(),
                entry.text,
                files::unix_millis()
            ];
            let is_new = connection
                .execute(
                    "INSERT OR IGNORE INTO channel_message (account, update_id, channel, target,
                        message_id, sender, session_key, text, received_at)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                    values,
                )
                .map_err(fail)?;
            let row = connection.last_insert_rowid();
            move_place(connection, &entry.account, entry.update)?;
            if is_new == 0 {
                return Ok(None);
            }
            remember_chat(connection, &entry)?;
            find_message(connection, row).map(Some)
        })
    }

    /// The messages of an account that are not answered, in their order.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn open_messages(&self, account: &str) -> Result<Vec<InboundRecord>, StoreError> {
        self.store.0.readers.read(|connection| {
            let fail = StoreError::from_sql_error("find the messages of the channel");
            let sql = format!(
                "SELECT {INBOUND_COLUMNS} FROM channel_message WHERE account = ?1 AND done = 0
                 ORDER BY n"
            );
            let mut statement = connection.prepare(&sql).map_err(fail)?;
            let rows = statement.query_map([account], inbound_from_row).map_err(fail)?;
            rows.collect::<Result<_, _>>().map_err(fail)
        })
    }

    /// Records durably that a run is to answer a message.
    ///
    /// # Errors
    /// When the file cannot be written; the run must not begin then.
    pub fn begin_answer(&self, number: i64, run: &str) -> Result<InboundRecord, StoreError> {
        let run = run.to_owned();
        self.store.0.writer.write(move |connection| {
            connection
                .execute(
                    "UPDATE channel_message SET run = ?2, attempts = attempts + 1 WHERE n = ?1",
                    params![number, run],
                )
                .map_err(StoreError::from_sql_error("record the run of the message"))?;
            find_message(connection, number)
        })
    }

    /// Records durably the message that shows the answer while it grows.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn set_draft(&self, number: i64, message_id: &str) -> Result<(), StoreError> {
        let message_id = message_id.to_owned();
        self.store.0.writer.write(move |connection| {
            connection
                .execute(
                    "UPDATE channel_message SET draft = ?2 WHERE n = ?1",
                    params![number, message_id],
                )
                .map(drop)
                .map_err(StoreError::from_sql_error("record the draft of the answer"))
        })
    }

    /// Records durably, at once, that a message is answered and what is to be sent for it.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn finish_message(
        &self,
        number: i64,
        answer: Vec<OutboxEntry>,
    ) -> Result<Vec<OutboxRecord>, StoreError> {
        self.store.0.writer.write(move |connection| {
            connection
                .execute("UPDATE channel_message SET done = 1 WHERE n = ?1", [number])
                .map_err(StoreError::from_sql_error("record that the message is answered"))?;
            outbox::insert_entries(connection, answer)
        })
    }

    /// The chats that somebody wrote in who may, the last one first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn list_chats(&self, channel: &str) -> Result<Vec<ChatRecord>, StoreError> {
        self.store.0.readers.read(|connection| {
            let fail = StoreError::from_sql_error("list the chats of the channel");
            let sql = "SELECT channel, target, session_key, title, is_direct, last_at
                       FROM channel_chat WHERE channel = ?1 ORDER BY last_at DESC, target";
            let mut statement = connection.prepare(sql).map_err(fail)?;
            let rows = statement.query_map([channel], records::chat_from_row).map_err(fail)?;
            rows.collect::<Result<_, _>>().map_err(fail)
        })
    }
}

fn move_place(connection: &Connection, account: &str, update: i64) -> Result<(), StoreError> {
    connection
        .execute(
            "INSERT INTO channel_place (account, last_update) VALUES (?1, ?2)
             ON CONFLICT (account) DO UPDATE SET last_update = max(last_update, ?2)",
            params![account, update],
        )
        .map(drop)
        .map_err(StoreError::from_sql_error("record the place of the channel"))
}

fn remember_chat(connection: &Connection, entry: &InboundEntry) -> Result<(), StoreError> {
    let values = params![
        entry.channel,
        entry.target,
        entry.session_key.as_str(),
        entry.chat_title,
        entry.is_direct,
        files::unix_millis()
    ];
    connection
        .execute(
            "INSERT INTO channel_chat (channel, target, session_key, title, is_direct, last_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (channel, target) DO UPDATE SET session_key = ?3, title = ?4, last_at = ?6",
            values,
        )
        .map(drop)
        .map_err(StoreError::from_sql_error("record the chat"))
}

fn forget_old_messages(connection: &Connection, account: &str) -> Result<(), StoreError> {
    connection
        .execute(
            "DELETE FROM channel_message WHERE done = 1 AND account = ?1
             AND n <= (SELECT max(n) FROM channel_message) - ?2",
            params![account, MAX_KEPT_MESSAGES],
        )
        .map(drop)
        .map_err(StoreError::from_sql_error("forget old messages of the channel"))
}

fn find_message(connection: &Connection, number: i64) -> Result<InboundRecord, StoreError> {
    let sql = format!("SELECT {INBOUND_COLUMNS} FROM channel_message WHERE n = ?1");
    connection
        .query_row(&sql, [number], inbound_from_row)
        .map_err(StoreError::from_sql_error("find the message of the channel"))
}
