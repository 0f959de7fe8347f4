//! Requests of devices to be paired.

use std::ops::RangeInclusive;

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::rows::{facts_from_row, split_scopes};
use super::{DeviceFacts, DeviceLog, DeviceRecord, nodes, rows};
use crate::{StoreError, files};

/// How long a request waits after the device asked last, in milliseconds: five minutes.
const LIFETIME_MS: i64 = 300_000;

/// The most requests that wait.
const MAX_REQUESTS: i64 = 256;

/// The requests that may wait when an address has more than one of them.
const MAX_SEVERAL_REQUESTS: i64 = 64;

/// The most of them that come from one address.
const MAX_REQUESTS_OF_ADDRESS: i64 = 8;

const SELECT_SQL: &str = "SELECT id, device, public_key, client_id, client_mode, platform, \
    device_family, display_name, role, scopes, address, reason, requested_at, expires_at, \
    commands FROM pairing_request";

/// A device that asks to be paired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairingRequest {
    /// The id of the request.
    pub id: String,
    /// What the device says about itself.
    pub facts: DeviceFacts,
    /// What it wants to be.
    pub role: String,
    /// What it wants to do then.
    pub scopes: Vec<String>,
    /// What it offers as a node, sorted.
    pub commands: Vec<String>,
    /// Where it comes from.
    pub address: String,
    /// Why it must be approved, e.g. `not-paired`.
    pub reason: String,
    /// When it asked first, in milliseconds since the Unix epoch; set when it is recorded.
    pub requested_at: u64,
    /// When the request ends, in milliseconds since the Unix epoch; set when it is recorded.
    pub expires_at: u64,
}

impl PairingRequest {
    /// Whether both ask for the same.
    fn asks_the_same(&self, other: &Self) -> bool {
        self.facts == other.facts
            && self.role == other.role
            && self.scopes == other.scopes
            && self.commands == other.commands
            && self.reason == other.reason
    }
}

impl DeviceLog {
    /// Records a request, and returns it with whether it is new. The same request again keeps its
    /// id and waits longer; another one of the same device in the same role replaces the former.
    /// Returns `None` when too many wait, of this address or of all: none makes room for another.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn request_pairing(
        &self,
        request: PairingRequest,
    ) -> Result<Option<(PairingRequest, bool)>, StoreError> {
        self.store.0.writer.write(move |connection| {
            let now = files::unix_millis();
            delete_expired(connection, now)?;
            let condition = "device = ?1 AND role = ?2";
            let known = find_request(connection, condition, &[&request.facts.id, &request.role])?;
            let is_new = !known.as_ref().is_some_and(|known| known.asks_the_same(&request));
            let fail = StoreError::from_sql_error("record the request of the device");
            let id = match known {
                Some(known) if !is_new => {
                    connection
                        .execute(
                            "UPDATE pairing_request SET expires_at = ?2 WHERE id = ?1",
                            params![known.id, now + LIFETIME_MS],
                        )
                        .map_err(fail)?;
                    known.id
                }
                known => {
                    let is_other = known.is_none_or(|known| known.address != request.address);
                    if is_other && !has_room(connection, &request.address)? {
                        return Ok(None);
                    }
                    insert_request(connection, &request, now)?;
                    request.id
                }
            };
            let recorded = find_request(connection, "id = ?1", &[&id])?;
            let recorded = recorded.ok_or_else(|| StoreError::not_found(&id))?;
            Ok(Some((recorded, is_new)))
        })
    }

    /// Whether the same request waits already.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn has_request(&self, request: &PairingRequest) -> Result<bool, StoreError> {
        let waiting = self.list_requests()?;
        Ok(waiting.iter().any(|known| known.asks_the_same(request)))
    }

    /// The requests that wait, the oldest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn list_requests(&self) -> Result<Vec<PairingRequest>, StoreError> {
        self.store.0.readers.read(|connection| {
            let fail = StoreError::from_sql_error("list the requests of devices");
            let sql = format!("{SELECT_SQL} WHERE expires_at BETWEEN ?1 AND ?2 ORDER BY n");
            let mut statement = connection.prepare(&sql).map_err(fail)?;
            let valid = valid_expiry(files::unix_millis());
            let rows = statement.query_map([valid.start(), valid.end()], request_from_row);
            rows.map_err(fail)?.collect::<Result<_, _>>().map_err(fail)
        })
    }

    /// Finds a request that waits by its whole id.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn find_request(&self, id: &str) -> Result<Option<PairingRequest>, StoreError> {
        let found = self
            .store
            .0
            .readers
            .read(|connection| find_request(connection, "id = ?1", &[&id.to_owned()]))?;
        let valid = valid_expiry(files::unix_millis());
        Ok(found.filter(|request| {
            i64::try_from(request.expires_at).is_ok_and(|at| valid.contains(&at))
        }))
    }

    /// Approves a request: the device may connect in the role, and gets a token when it does. Of a
    /// node, exactly the commands that the request names are approved from now on, or none when
    /// `with_commands` is false. Returns `None` when the request does not wait any more.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn approve_request(
        &self,
        id: &str,
        with_commands: bool,
    ) -> Result<Option<DeviceRecord>, StoreError> {
        let id = id.to_owned();
        self.store.0.writer.write(move |connection| {
            delete_expired(connection, files::unix_millis())?;
            let Some(request) = find_request(connection, "id = ?1", &[&id])? else {
                return Ok(None);
            };
            insert_device(connection, &request)?;
            if request.role == "node" {
                let commands = if with_commands { request.commands } else { Vec::new() };
                nodes::record_grant(connection, &request.facts.id, commands)?;
            }
            delete_request(connection, &id)?;
            rows::find_device(connection, &request.facts.id)
        })
    }

    /// Rejects a request; returns it, and `None` when it does not wait any more.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn reject_request(&self, id: &str) -> Result<Option<PairingRequest>, StoreError> {
        let id = id.to_owned();
        self.store.0.writer.write(move |connection| {
            delete_expired(connection, files::unix_millis())?;
            let request = find_request(connection, "id = ?1", &[&id])?;
            delete_request(connection, &id)?;
            Ok(request)
        })
    }
}

/// Adds the columns that a table from before does not have.
pub(super) fn add_missing_columns(connection: &Connection) -> Result<(), StoreError> {
    let fail = StoreError::from_sql_error("prepare the requests of devices");
    let sql = "SELECT count(*) FROM pragma_table_info('pairing_request') WHERE name = 'commands'";
    if connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map_err(fail)? == 0 {
        let sql = "ALTER TABLE pairing_request ADD COLUMN commands TEXT NOT NULL DEFAULT ''";
        connection.execute_batch(sql).map_err(fail)?;
    }
    Ok(())
}

/// When a request that waits at a time can expire. One that expires later than any could was made
/// before the clock went back; it would wait for as long as the clock went.
fn valid_expiry(now: i64) -> RangeInclusive<i64> {
    now + 1..=now + 2 * LIFETIME_MS
}

fn delete_expired(connection: &Connection, now: i64) -> Result<(), StoreError> {
    let valid = valid_expiry(now);
    connection
        .execute(
            "DELETE FROM pairing_request WHERE expires_at NOT BETWEEN ?1 AND ?2",
            [valid.start(), valid.end()],
        )
        .map(|_| ())
        .map_err(StoreError::from_sql_error("forget the old requests of devices"))
}

fn delete_request(connection: &Connection, id: &str) -> Result<(), StoreError> {
    connection
        .execute("DELETE FROM pairing_request WHERE id = ?1", [id])
        .map(|_| ())
        .map_err(StoreError::from_sql_error("end the request of the device"))
}

/// Whether a new request of an address may wait.
fn has_room(connection: &Connection, address: &str) -> Result<bool, StoreError> {
    let sql = "SELECT count(*), coalesce(sum(address = ?1), 0) FROM pairing_request";
    let (all, own): (i64, i64) = connection
        .query_row(sql, [address], |row| Ok((row.get(0)?, row.get(1)?)))
        .map_err(StoreError::from_sql_error("count the requests of devices"))?;
    let limit = if own == 0 { MAX_REQUESTS } else { MAX_SEVERAL_REQUESTS };
    Ok(own < MAX_REQUESTS_OF_ADDRESS && all < limit)
}

fn insert_request(
    connection: &Connection,
    request: &PairingRequest,
    now: i64,
) -> Result<(), StoreError> {
    let fail = StoreError::from_sql_error("record the request of the device");
    let PairingRequest { facts, role, address, .. } = request;
    connection
        .execute(
            "DELETE FROM pairing_request WHERE device = ?1 AND role = ?2",
            params![facts.id, role],
        )
        .map_err(fail)?;
    let values = params![
        request.id,
        facts.id,
        role,
        facts.public_key,
        request.scopes.join(" "),
        facts.client_id,
        facts.client_mode,
        facts.platform,
        facts.device_family,
        facts.display_name,
        address,
        request.reason,
        now,
        now + LIFETIME_MS,
        request.commands.join(" ")
    ];
    connection
        .execute(
            "INSERT INTO pairing_request (id, device, role, public_key, scopes, client_id,
                 client_mode, platform, device_family, display_name, address, reason,
                 requested_at, expires_at, commands)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
            values,
        )
        .map(|_| ())
        .map_err(fail)
}

fn insert_device(connection: &Connection, request: &PairingRequest) -> Result<(), StoreError> {
    let fail = StoreError::from_sql_error("pair the device");
    let facts = &request.facts;
    connection
        .execute(
            "INSERT INTO device (id, public_key, client_id, client_mode, platform, device_family,
                 display_name, approved_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT (id) DO UPDATE SET client_id = ?3, client_mode = ?4, platform = ?5,
                 device_family = ?6, display_name = ?7",
            params![
                facts.id,
                facts.public_key,
                facts.client_id,
                facts.client_mode,
                facts.platform,
                facts.device_family,
                facts.display_name,
                files::unix_millis()
            ],
        )
        .map_err(fail)?;
    connection
        .execute(
            "INSERT INTO device_role (device, role, scopes) VALUES (?1, ?2, ?3)
             ON CONFLICT (device, role) DO UPDATE SET scopes = ?3, token_hash = NULL,
                 issued_at = NULL, revoked = 0",
            params![facts.id, request.role, request.scopes.join(" ")],
        )
        .map(|_| ())
        .map_err(fail)
}

fn find_request(
    connection: &Connection,
    condition: &'static str,
    values: &[&String],
) -> Result<Option<PairingRequest>, StoreError> {
    let sql = format!("{SELECT_SQL} WHERE {condition}");
    connection
        .query_row(&sql, rusqlite::params_from_iter(values), request_from_row)
        .optional()
        .map_err(StoreError::from_sql_error("find the request of the device"))
}

fn request_from_row(row: &Row<'_>) -> rusqlite::Result<PairingRequest> {
    Ok(PairingRequest {
        id: row.get(0)?,
        facts: facts_from_row(row, 1)?,
        role: row.get(8)?,
        scopes: split_scopes(&row.get::<_, String>(9)?),
        address: row.get(10)?,
        reason: row.get(11)?,
        requested_at: row.get::<_, i64>(12)?.unsigned_abs(),
        expires_at: row.get::<_, i64>(13)?.unsigned_abs(),
        commands: split_scopes(&row.get::<_, String>(14)?),
    })
}
