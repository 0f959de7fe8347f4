//! Strangers who wait to be let in, and those who were.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::ChannelLog;
use super::records::{ChannelPeer, PairingAnswer, PairingRecord, pairing_from_row};
use crate::{StoreError, files};

const PAIRING_COLUMNS: &str = "peer, name, username, code, created_at, last_seen_at";

/// A stranger who wants to be let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairingQuery {
    /// The channel.
    pub channel: String,
    /// The stranger's id at the service.
    pub peer: String,
    /// The name that is shown.
    pub name: String,
    /// The name by which one is mentioned.
    pub username: Option<String>,
    /// The code that the stranger gets if none is there.
    pub new_code: String,
    /// How long a code can be used.
    pub lifetime: Duration,
    /// The most strangers that wait at once.
    pub max_waiting: usize,
}

impl ChannelLog {
    /// Records durably that a stranger wants to be let in.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn request_pairing(&self, query: PairingQuery) -> Result<PairingAnswer, StoreError> {
        self.store.0.writer.write(move |connection| {
            let fail = StoreError::from_sql_error("record the stranger of the channel");
            forget_expired(connection, &query.channel, query.lifetime)?;
            let now = files::unix_millis();
            let waiting = connection
                .execute(
                    "UPDATE channel_pairing SET last_seen_at = ?3 WHERE channel = ?1 AND peer = ?2",
                    params![query.channel, query.peer, now],
                )
                .map_err(fail)?;
            if waiting == 0 {
                let count: i64 = connection
                    .query_row(
                        "SELECT count(*) FROM channel_pairing WHERE channel = ?1",
                        [&query.channel],
                        |row| row.get(0),
                    )
                    .map_err(fail)?;
                if usize::try_from(count).unwrap_or(usize::MAX) >= query.max_waiting {
                    return Ok(PairingAnswer::Full);
                }
                let values = params![
                    query.channel,
                    query.peer,
                    query.name,
                    query.username,
                    query.new_code,
                    now
                ];
                connection
                    .execute(
                        "INSERT INTO channel_pairing (channel, peer, name, username, code,
                            created_at, last_seen_at)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)",
                        values,
                    )
                    .map_err(fail)?;
            }
            let record = find_pairing(connection, &query.channel, "peer", &query.peer)?
                .ok_or_else(|| StoreError::not_found(&query.peer))?;
            Ok(if waiting == 0 {
                PairingAnswer::Created(record)
            } else {
                PairingAnswer::Waiting(record)
            })
        })
    }

    /// The strangers who wait, the first one first.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn list_pairings(
        &self,
        channel: &str,
        lifetime: Duration,
    ) -> Result<Vec<PairingRecord>, StoreError> {
        let channel = channel.to_owned();
        self.store.0.writer.write(move |connection| {
            let fail = StoreError::from_sql_error("list the strangers of the channel");
            forget_expired(connection, &channel, lifetime)?;
            let sql = format!(
                "SELECT {PAIRING_COLUMNS} FROM channel_pairing WHERE channel = ?1
                 ORDER BY created_at, peer"
            );
            let mut statement = connection.prepare(&sql).map_err(fail)?;
            let rows = statement.query_map([channel], pairing_from_row).map_err(fail)?;
            rows.collect::<Result<_, _>>().map_err(fail)
        })
    }

    /// Lets in, durably, who has a code; returns `None` when nobody has it.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn approve_pairing(
        &self,
        channel: &str,
        code: &str,
        lifetime: Duration,
    ) -> Result<Option<PairingRecord>, StoreError> {
        let (channel, code) = (channel.to_owned(), code.to_owned());
        self.store.0.writer.write(move |connection| {
            let fail = StoreError::from_sql_error("let the stranger of the channel in");
            forget_expired(connection, &channel, lifetime)?;
            let Some(found) = find_pairing(connection, &channel, "code", &code)? else {
                return Ok(None);
            };
            let values = params![channel, found.peer, found.name, files::unix_millis()];
            connection
                .execute(
                    "INSERT OR REPLACE INTO channel_peer (channel, peer, name, paired_at)
                     VALUES (?1, ?2, ?3, ?4)",
                    values,
                )
                .map_err(fail)?;
            connection
                .execute(
                    "DELETE FROM channel_pairing WHERE channel = ?1 AND peer = ?2",
                    params![channel, found.peer],
                )
                .map_err(fail)?;
            Ok(Some(found))
        })
    }

    /// Whether the owner let somebody in.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn is_paired(&self, channel: &str, peer: &str) -> Result<bool, StoreError> {
        self.store.0.readers.read(|connection| {
            connection
                .query_row(
                    "SELECT EXISTS (SELECT 1 FROM channel_peer WHERE channel = ?1 AND peer = ?2)",
                    [channel, peer],
                    |row| row.get(0),
                )
                .map_err(StoreError::from_sql_error("find the peer of the channel"))
        })
    }

    /// Those whom the owner let in.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn list_peers(&self, channel: &str) -> Result<Vec<ChannelPeer>, StoreError> {
        self.store.0.readers.read(|connection| {
            let fail = StoreError::from_sql_error("list the peers of the channel");
            let sql = "SELECT peer, name, paired_at FROM channel_peer WHERE channel = ?1
                       ORDER BY paired_at, peer";
            let mut statement = connection.prepare(sql).map_err(fail)?;
            let rows = statement.query_map([channel], |row| {
                let paired_at = row.get::<_, i64>(2)?.unsigned_abs();
                Ok(ChannelPeer { id: row.get(0)?, name: row.get(1)?, paired_at })
            });
            rows.map_err(fail)?.collect::<Result<_, _>>().map_err(fail)
        })
    }
}

fn forget_expired(
    connection: &Connection,
    channel: &str,
    lifetime: Duration,
) -> Result<(), StoreError> {
    let oldest = files::unix_millis()
        .saturating_sub(i64::try_from(lifetime.as_millis()).unwrap_or(i64::MAX));
    connection
        .execute(
            "DELETE FROM channel_pairing WHERE channel = ?1 AND created_at <= ?2",
            params![channel, oldest],
        )
        .map(drop)
        .map_err(StoreError::from_sql_error("forget old codes of the channel"))
}

fn find_pairing(
    connection: &Connection,
    channel: &str,
    column: &'static str,
    value: &str,
) -> Result<Option<PairingRecord>, StoreError> {
    let sql = format!(
        "SELECT {PAIRING_COLUMNS} FROM channel_pairing WHERE channel = ?1 AND {column} = ?2"
    );
    connection
        .query_row(&sql, [channel, value], pairing_from_row)
        .optional()
        .map_err(StoreError::from_sql_error("find the stranger of the channel"))
}
