//! The devices that may use a gateway, and those that ask to.

mod nodes;
mod requests;
mod rows;

use rusqlite::params;

use crate::{Store, StoreError, files};

pub use self::nodes::{NodeGrant, NodeRequest};
pub use self::requests::PairingRequest;

const CREATE_TABLES_SQL: &str = "
    CREATE TABLE IF NOT EXISTS device (
        id TEXT PRIMARY KEY,
        public_key TEXT NOT NULL,
        client_id TEXT NOT NULL,
        client_mode TEXT NOT NULL,
        platform TEXT NOT NULL,
        device_family TEXT NOT NULL,
        display_name TEXT NOT NULL,
        label TEXT,
        -- Unix time in milliseconds.
        approved_at INTEGER NOT NULL,
        last_seen_at INTEGER
    ) STRICT;
    CREATE TABLE IF NOT EXISTS device_role (
        device TEXT NOT NULL REFERENCES device (id) ON DELETE CASCADE,
        role TEXT NOT NULL,
        -- Names with spaces between them.
        scopes TEXT NOT NULL,
        -- The SHA-256 of the token; none while it waits to be told to the device.
        token_hash TEXT,
        issued_at INTEGER,
        revoked INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (device, role)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS pairing_request (
        n INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        device TEXT NOT NULL,
        role TEXT NOT NULL,
        public_key TEXT NOT NULL,
        scopes TEXT NOT NULL,
        client_id TEXT NOT NULL,
        client_mode TEXT NOT NULL,
        platform TEXT NOT NULL,
        device_family TEXT NOT NULL,
        display_name TEXT NOT NULL,
        address TEXT NOT NULL,
        reason TEXT NOT NULL,
        requested_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        -- What a node offers; names with spaces between them.
        commands TEXT NOT NULL DEFAULT '',
        UNIQUE (device, role)
    ) STRICT;";

/// The paired devices of a gateway and the requests of others. Clones share the store.
///
/// All methods read or write files and block the thread, mostly for less than a few milliseconds.
#[derive(Debug, Clone)]
pub struct DeviceLog {
    store: Store,
}

/// What a device says about itself, signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceFacts {
    /// Its id: the SHA-256 of its key.
    pub id: String,
    /// Its public key.
    pub public_key: String,
    /// The program.
    pub client_id: String,
    /// How the program is used.
    pub client_mode: String,
    /// Its system.
    pub platform: String,
    /// The kind of machine; empty when it does not say.
    pub device_family: String,
    /// Its name for people, which it chose itself; empty when it has none.
    pub display_name: String,
}

/// A paired device.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeviceRecord {
    /// What it said about itself when it was approved.
    pub facts: DeviceFacts,
    /// The name that the owner gave it.
    pub label: Option<String>,
    /// When it was approved, in milliseconds since the Unix epoch.
    pub approved_at: u64,
    /// When it connected last, in milliseconds since the Unix epoch.
    pub last_seen_at: Option<u64>,
    /// What it may be.
    pub roles: Vec<DeviceRole>,
}

/// What a device may be, and what it may do then.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeviceRole {
    /// `operator` or `node`.
    pub name: String,
    /// What was granted.
    pub scopes: Vec<String>,
    /// The state of its token.
    pub token: DeviceToken,
    /// When the token was made, in milliseconds since the Unix epoch.
    pub issued_at: Option<u64>,
}

/// The token of a device in a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeviceToken {
    /// It is made and told at the next connection of the device.
    Undelivered,
    /// The SHA-256 of the token that the device has, in hexadecimal.
    Hash(String),
    /// The device may no longer connect in this role.
    Revoked,
}

impl DeviceRecord {
    /// What the device may be in a role; `None` when it was not approved for it.
    #[must_use]
    pub fn role(&self, name: &str) -> Option<&DeviceRole> {
        self.roles.iter().find(|role| role.name == name)
    }
}

impl DeviceLog {
    /// Opens the devices in a store.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn open(store: Store) -> Result<Self, StoreError> {
        store.0.writer.write(|connection| {
            let fail = StoreError::from_sql_error("prepare the devices of the gateway");
            connection.execute_batch(CREATE_TABLES_SQL).map_err(fail)?;
            connection.execute_batch(nodes::CREATE_TABLES_SQL).map_err(fail)?;
            requests::add_missing_columns(connection)
        })?;
        Ok(Self { store })
    }

    /// Finds a device by its whole id.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn find_device(&self, id: &str) -> Result<Option<DeviceRecord>, StoreError> {
        self.store.0.readers.read(|connection| rows::find_device(connection, id))
    }

    /// The paired devices, the first approved first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn list_devices(&self) -> Result<Vec<DeviceRecord>, StoreError> {
        self.store.0.readers.read(rows::list_devices)
    }

    /// Records that a device has a token, or that one is to be made for it, with what it may do.
    /// Returns false when the device is not approved for the role, and when the role was revoked or
    /// changed since `expected` was read.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn replace_token(
        &self,
        device: &str,
        expected: &DeviceRole,
        token: DeviceToken,
        scopes: &[String],
    ) -> Result<bool, StoreError> {
        let (device, expected) = (device.to_owned(), expected.clone());
        let scopes = scopes.join(" ");
        self.store.0.writer.write(move |connection| {
            let current = rows::find_device(connection, &device)?;
            if current.as_ref().and_then(|current| current.role(&expected.name)) != Some(&expected)
            {
                return Ok(false);
            }
            let (hash, issued_at, revoked) = match token {
                DeviceToken::Undelivered => (None, None, false),
                DeviceToken::Hash(hash) => (Some(hash), Some(files::unix_millis()), false),
                DeviceToken::Revoked => (None, None, true),
            };
            connection
                .execute(
                    "UPDATE device_role
                     SET token_hash = ?3, issued_at = ?4, revoked = ?5, scopes = ?6
                     WHERE device = ?1 AND role = ?2",
                    params![device, expected.name, hash, issued_at, revoked, scopes],
                )
                .map(|changed| changed == 1)
                .map_err(StoreError::from_sql_error("record the token of the device"))
        })
    }

    /// Forgets a device and what it asks for; returns whether there was one.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn remove_device(&self, id: &str) -> Result<bool, StoreError> {
        let id = id.to_owned();
        self.store.0.writer.write(move |connection| {
            let fail = StoreError::from_sql_error("remove the device");
            connection
                .execute("DELETE FROM pairing_request WHERE device = ?1", [&id])
                .map_err(fail)?;
            let removed = connection.execute("DELETE FROM device WHERE id = ?1", [&id]);
            removed.map(|removed| removed == 1).map_err(fail)
        })
    }

    /// Gives a device a name, or takes it away; returns whether there is such a device.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn rename_device(&self, id: &str, label: Option<&str>) -> Result<bool, StoreError> {
        let (id, label) = (id.to_owned(), label.map(str::to_owned));
        self.store.0.writer.write(move |connection| {
            connection
                .execute("UPDATE device SET label = ?2 WHERE id = ?1", params![id, label])
                .map(|changed| changed == 1)
                .map_err(StoreError::from_sql_error("rename the device"))
        })
    }

    /// Records that a device is connected now.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn mark_seen(&self, id: &str) -> Result<(), StoreError> {
        let id = id.to_owned();
        self.store.0.writer.write(move |connection| {
            connection
                .execute(
                    "UPDATE device SET last_seen_at = ?2 WHERE id = ?1",
                    params![id, files::unix_millis()],
                )
                .map(|_| ())
                .map_err(StoreError::from_sql_error("record the connection of the device"))
        })
    }
}

#[cfg(test)]
mod tests;
