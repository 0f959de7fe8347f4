//! The commands of nodes: which were approved, and which wait for an approval.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::DeviceLog;
use super::rows::split_scopes;
use crate::{StoreError, files};

pub(super) const CREATE_TABLES_SQL: &str = "
    CREATE TABLE IF NOT EXISTS node_grant (
        device TEXT PRIMARY KEY REFERENCES device (id) ON DELETE CASCADE,
        -- Names with spaces between them.
        commands TEXT NOT NULL,
        approved_at INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS node_request (
        n INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        device TEXT NOT NULL UNIQUE REFERENCES device (id) ON DELETE CASCADE,
        commands TEXT NOT NULL,
        address TEXT NOT NULL,
        requested_at INTEGER NOT NULL
    ) STRICT;";

const SELECT_SQL: &str = "SELECT id, device, commands, address, requested_at FROM node_request";

/// The commands of a node that were approved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodeGrant {
    /// The device of the node.
    pub device: String,
    /// Their names, sorted.
    pub commands: Vec<String>,
    /// When they were approved last, in milliseconds since the Unix epoch.
    pub approved_at: u64,
}

/// A paired node that declared commands which were not approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeRequest {
    /// The id of the request.
    pub id: String,
    /// The device of the node.
    pub device: String,
    /// The names of the commands, sorted.
    pub commands: Vec<String>,
    /// Where it comes from.
    pub address: String,
    /// When it asked, in milliseconds since the Unix epoch; set when it is recorded.
    pub requested_at: u64,
}

impl DeviceLog {
    /// The approved commands of a node; `None` when none ever were.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn find_node_grant(&self, device: &str) -> Result<Option<NodeGrant>, StoreError> {
        self.store.0.readers.read(|connection| find_grant(connection, device))
    }

    /// The approved commands of all nodes.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn list_node_grants(&self) -> Result<Vec<NodeGrant>, StoreError> {
        self.store.0.readers.read(|connection| {
            let fail = StoreError::from_sql_error("list the approved commands of nodes");
            let sql = "SELECT device, commands, approved_at FROM node_grant ORDER BY device";
            let mut statement = connection.prepare(sql).map_err(fail)?;
            let rows = statement.query_map([], grant_from_row).map_err(fail)?;
            rows.collect::<Result<_, _>>().map_err(fail)
        })
    }

    /// Records which commands of a node wait for an approval, in place of those that waited before;
    /// none when it names none. The same commands again keep their request. Returns the request with
    /// whether it is new.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn request_node_commands(
        &self,
        request: NodeRequest,
    ) -> Result<Option<(NodeRequest, bool)>, StoreError> {
        self.store.0.writer.write(move |connection| {
            let fail = StoreError::from_sql_error("record the request of the node");
            let known = find_request(connection, "device = ?1", &request.device)?;
            if let Some(known) = known.filter(|known| known.commands == request.commands) {
                return Ok(Some((known, false)));
            }
            connection
                .execute("DELETE FROM node_request WHERE device = ?1", [&request.device])
                .map_err(fail)?;
            if request.commands.is_empty() {
                return Ok(None);
            }
            let NodeRequest { id, device, commands, address, .. } = &request;
            connection
                .execute(
                    "INSERT INTO node_request (id, device, commands, address, requested_at)
                     VALUES (?1, ?2, ?3, ?4, ?5)",
                    params![id, device, commands.join(" "), address, files::unix_millis()],
                )
                .map_err(fail)?;
            let recorded = find_request(connection, "id = ?1", id)?;
            Ok(recorded.map(|recorded| (recorded, true)))
        })
    }

    /// The nodes whose commands wait for an approval, the oldest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn list_node_requests(&self) -> Result<Vec<NodeRequest>, StoreError> {
        self.store.0.readers.read(|connection| {
            let fail = StoreError::from_sql_error("list the requests of nodes");
            let mut statement =
                connection.prepare(&format!("{SELECT_SQL} ORDER BY n")).map_err(fail)?;
            let rows = statement.query_map([], request_from_row).map_err(fail)?;
            rows.collect::<Result<_, _>>().map_err(fail)
        })
    }

    /// Finds a request by its whole id.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn find_node_request(&self, id: &str) -> Result<Option<NodeRequest>, StoreError> {
        self.store.0.readers.read(|connection| find_request(connection, "id = ?1", id))
    }

    /// Approves the commands of a request, in addition to those that were approved before. Returns
    /// all of them, and `None` when the request does not wait any more.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn approve_node_request(&self, id: &str) -> Result<Option<NodeGrant>, StoreError> {
        let id = id.to_owned();
        self.store.0.writer.write(move |connection| {
            let Some(request) = find_request(connection, "id = ?1", &id)? else {
                return Ok(None);
            };
            let mut commands = request.commands;
            if let Some(grant) = find_grant(connection, &request.device)? {
                commands.extend(grant.commands);
            }
            record_grant(connection, &request.device, commands)?;
            delete_request(connection, &id)?;
            find_grant(connection, &request.device)
        })
    }

    /// Rejects a request; returns it, and `None` when it does not wait any more.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn reject_node_request(&self, id: &str) -> Result<Option<NodeRequest>, StoreError> {
        let id = id.to_owned();
        self.store.0.writer.write(move |connection| {
            let request = find_request(connection, "id = ?1", &id)?;
            delete_request(connection, &id)?;
            Ok(request)
        })
    }

    /// Forgets that a device is a node, and the device as well when it is nothing else. Returns
    /// whether it was one.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn remove_node(&self, device: &str) -> Result<bool, StoreError> {
        let device = device.to_owned();
        self.store.0.writer.write(move |connection| {
            let fail = StoreError::from_sql_error("remove the node");
            let mut removed = 0;
            for sql in [
                "DELETE FROM device_role WHERE device = ?1 AND role = 'node'",
                "DELETE FROM node_grant WHERE device = ?1",
                "DELETE FROM node_request WHERE device = ?1",
                "DELETE FROM device WHERE id = ?1
                 AND NOT EXISTS (SELECT 1 FROM device_role WHERE device = ?1)",
            ] {
                removed += connection.execute(sql, [&device]).map_err(fail)?;
            }
            Ok(removed > 0)
        })
    }
}

/// Records which commands of a node are approved, in place of those that were.
pub(super) fn record_grant(
    connection: &Connection,
    device: &str,
    mut commands: Vec<String>,
) -> Result<(), StoreError> {
    commands.sort();
    commands.dedup();
    connection
        .execute(
            "INSERT INTO node_grant (device, commands, approved_at) VALUES (?1, ?2, ?3)
             ON CONFLICT (device) DO UPDATE SET commands = ?2, approved_at = ?3",
            params![device, commands.join(" "), files::unix_millis()],
        )
        .map(|_| ())
        .map_err(StoreError::from_sql_error("approve the commands of the node"))
}

fn delete_request(connection: &Connection, id: &str) -> Result<(), StoreError> {
    connection
        .execute("DELETE FROM node_request WHERE id = ?1", [id])
        .map(|_| ())
        .map_err(StoreError::from_sql_error("end the request of the node"))
}

fn find_grant(connection: &Connection, device: &str) -> Result<Option<NodeGrant>, StoreError> {
    let sql = "SELECT device, commands, approved_at FROM node_grant WHERE device = ?1";
    connection
        .query_row(sql, [device], grant_from_row)
        .optional()
        .map_err(StoreError::from_sql_error("find the approved commands of the node"))
}

fn find_request(
    connection: &Connection,
    condition: &'static str,
    value: &str,
) -> Result<Option<NodeRequest>, StoreError> {
    connection
        .query_row(&format!("{SELECT_SQL} WHERE {condition}"), [value], request_from_row)
        .optional()
        .map_err(StoreError::from_sql_error("find the request of the node"))
}

fn grant_from_row(row: &Row<'_>) -> rusqlite::Result<NodeGrant> {
    Ok(NodeGrant {
        device: row.get(0)?,
        commands: split_scopes(&row.get::<_, String>(1)?),
        approved_at: row.get::<_, i64>(2)?.unsigned_abs(),
    })
}

fn request_from_row(row: &Row<'_>) -> rusqlite::Result<NodeRequest> {
    Ok(NodeRequest {
        id: row.get(0)?,
        device: row.get(1)?,
        commands: split_scopes(&row.get::<_, String>(2)?),
        address: row.get(3)?,
        requested_at: row.get::<_, i64>(4)?.unsigned_abs(),
    })
}
