//! The messages to send: each is recorded before it is sent, and an attempt before it is made.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::ChannelLog;
use super::records::{
    OUTBOX_COLUMNS, OutboxEntry, OutboxRecord, OutboxStatus, SendOutcome, outbox_from_row,
};
use crate::{StoreError, files};

/// The most messages that are kept after they were sent.
const MAX_KEPT_SENT: u32 = if cfg!(test) { 20 } else { 2000 };

impl ChannelLog {
    /// Records messages durably, in this order. One whose key is known is not recorded again: what
    /// is recorded of it is returned.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn queue_messages(
        &self,
        entries: Vec<OutboxEntry>,
    ) -> Result<Vec<OutboxRecord>, StoreError> {
        self.store.0.writer.write(move |connection| insert_entries(connection, entries))
    }

    /// The messages of a channel that are to be sent, in their order.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn queued_messages(&self, channel: &str) -> Result<Vec<OutboxRecord>, StoreError> {
        self.store.0.readers.read(|connection| {
            let fail = StoreError::from_sql_error("find the messages to send");
            let sql = format!(
                "SELECT {OUTBOX_COLUMNS} FROM outbox
                 WHERE channel = ?1 AND status IN ('queued', 'sending') ORDER BY n"
            );
            let mut statement = connection.prepare(&sql).map_err(fail)?;
            let rows = statement.query_map([channel], outbox_from_row).map_err(fail)?;
            rows.collect::<Result<_, _>>().map_err(fail)
        })
    }

    /// A message to send, by its number.
    ///
    /// # Errors
    /// When there is none, or the file cannot be read.
    pub fn find_outgoing(&self, number: i64) -> Result<OutboxRecord, StoreError> {
        self.store.0.readers.read(|connection| find_entry(connection, number))
    }

    /// The messages of a channel that were not sent, the latest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn failed_messages(
        &self,
        channel: &str,
        limit: u32,
    ) -> Result<Vec<OutboxRecord>, StoreError> {
        self.store.0.readers.read(|connection| {
            let fail = StoreError::from_sql_error("find the messages that were not sent");
            let sql = format!(
                "SELECT {OUTBOX_COLUMNS} FROM outbox
                 WHERE channel = ?1 AND status = 'failed' ORDER BY n DESC LIMIT ?2"
            );
            let mut statement = connection.prepare(&sql).map_err(fail)?;
            let rows =
                statement.query_map(params![channel, limit], outbox_from_row).map_err(fail)?;
            rows.collect::<Result<_, _>>().map_err(fail)
        })
    }

    /// Takes over the attempts of a former sender: nobody knows whether their messages arrived.
    /// Returns how many there are.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn recover_attempts(&self, channel: &str) -> Result<usize, StoreError> {
        let channel = channel.to_owned();
        self.store.0.writer.write(move |connection| {
            connection
                .execute(
                    "UPDATE outbox SET status = 'queued', lost_answers = lost_answers + 1
                     WHERE channel = ?1 AND status = 'sending'",
                    [channel],
                )
                .map_err(StoreError::from_sql_error("take over the messages to send"))
        })
    }

    /// Records durably that an attempt begins; returns whether it may: the message may be another
    /// sender's.
    ///
    /// # Errors
    /// When the file cannot be written; nothing must be sent then.
    pub fn begin_attempt(&self, number: i64) -> Result<bool, StoreError> {
        self.store.0.writer.write(move |connection| {
            connection
                .execute(
                    "UPDATE outbox SET status = 'sending', attempts = attempts + 1
                     WHERE n = ?1 AND status = 'queued'",
                    [number],
                )
                .map(|changed| changed > 0)
                .map_err(StoreError::from_sql_error("record the attempt to send"))
        })
    }

    /// Records durably what came of an attempt.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn end_attempt(
        &self,
        number: i64,
        outcome: SendOutcome,
    ) -> Result<OutboxRecord, StoreError> {
        self.store.0.writer.write(move |connection| {
            write_outcome(connection, number, outcome)?;
            find_entry(connection, number)
        })
    }
}

fn write_outcome(
    connection: &Connection,
    number: i64,
    outcome: SendOutcome,
) -> Result<(), StoreError> {
    let now = files::unix_millis();
    let written = match outcome {
        SendOutcome::Sent { message_id } => connection.execute(
            "UPDATE outbox SET status = 'sent', message_id = ?2, error = NULL, ended_at = ?3
             WHERE n = ?1",
            params![number, message_id, now],
        ),
        SendOutcome::Retry { error, is_answer_lost, not_before } => connection.execute(
            "UPDATE outbox SET status = 'queued', error = ?2, lost_answers = lost_answers + ?3,
                not_before = ?4
             WHERE n = ?1",
            params![
                number,
                error,
                i64::from(is_answer_lost),
                i64::try_from(not_before).unwrap_or(i64::MAX)
            ],
        ),
        SendOutcome::SendAnew => connection
            .execute("UPDATE outbox SET status = 'queued', edits = NULL WHERE n = ?1", [number]),
        SendOutcome::Failed { error } => connection.execute(
            "UPDATE outbox SET status = 'failed', error = ?2, ended_at = ?3 WHERE n = ?1",
            params![number, error, now],
        ),
    };
    written.map(drop).map_err(StoreError::from_sql_error("record what came of the message"))
}

pub(super) fn insert_entries(
    connection: &Connection,
    entries: Vec<OutboxEntry>,
) -> Result<Vec<OutboxRecord>, StoreError> {
    let fail = StoreError::from_sql_error("record the message to send");
    connection
        .execute(
            "DELETE FROM outbox WHERE status IN ('sent', 'failed')
             AND n <= (SELECT max(n) FROM outbox) - ?1",
            [MAX_KEPT_SENT],
        )
        .map_err(fail)?;
    let mut records = Vec::with_capacity(entries.len());
    for entry in entries {
        connection
            .execute(
                "INSERT OR IGNORE INTO outbox (idempotency_key, channel, target, text, reply_to,
                    silent, edits, status, created_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                params![
                    entry.idempotency_key,
                    entry.channel,
                    entry.target,
                    entry.text,
                    entry.reply_to,
                    entry.is_silent,
                    entry.edits,
                    OutboxStatus::Queued.as_str(),
                    files::unix_millis()
                ],
            )
            .map_err(fail)?;
        let sql = format!("SELECT {OUTBOX_COLUMNS} FROM outbox WHERE idempotency_key = ?1");
        let key = [&entry.idempotency_key];
        records.push(connection.query_row(&sql, key, outbox_from_row).map_err(fail)?);
    }
    Ok(records)
}

fn find_entry(connection: &Connection, number: i64) -> Result<OutboxRecord, StoreError> {
    let sql = format!("SELECT {OUTBOX_COLUMNS} FROM outbox WHERE n = ?1");
    let found = connection.query_row(&sql, [number], outbox_from_row).optional();
    found
        .map_err(StoreError::from_sql_error("find the message to send"))?
        .ok_or_else(|| StoreError::not_found(&number.to_string()))
}
