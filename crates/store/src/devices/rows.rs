//! Rows of devices.

use rusqlite::{Connection, OptionalExtension as _, Row};

use super::{DeviceFacts, DeviceRecord, DeviceRole, DeviceToken};
use crate::StoreError;

const SELECT_SQL: &str = "SELECT id, public_key, client_id, client_mode, platform, device_family, \
    display_name, label, approved_at, last_seen_at FROM device";

pub(super) fn find_device(
    connection: &Connection,
    id: &str,
) -> Result<Option<DeviceRecord>, StoreError> {
    let fail = StoreError::from_sql_error("find the device");
    let found = connection
        .query_row(&format!("{SELECT_SQL} WHERE id = ?1"), [id], device_from_row)
        .optional()
        .map_err(fail)?;
    found.map(|device| with_roles(connection, device)).transpose()
}

pub(super) fn list_devices(connection: &Connection) -> Result<Vec<DeviceRecord>, StoreError> {
    let fail = StoreError::from_sql_error("list the devices");
    let order = format!("{SELECT_SQL} ORDER BY approved_at, id");
    let mut statement = connection.prepare(&order).map_err(fail)?;
    let rows = statement.query_map([], device_from_row).map_err(fail)?;
    let devices: Vec<DeviceRecord> = rows.collect::<Result<_, _>>().map_err(fail)?;
    devices.into_iter().map(|device| with_roles(connection, device)).collect()
}

fn with_roles(
    connection: &Connection,
    mut device: DeviceRecord,
) -> Result<DeviceRecord, StoreError> {
    let fail = StoreError::from_sql_error("read the roles of the device");
    let mut statement = connection
        .prepare(
            "SELECT role, scopes, token_hash, issued_at, revoked FROM device_role
             WHERE device = ?1 ORDER BY role",
        )
        .map_err(fail)?;
    let rows = statement.query_map([&device.facts.id], role_from_row).map_err(fail)?;
    device.roles = rows.collect::<Result<_, _>>().map_err(fail)?;
    Ok(device)
}

/// Splits what was joined with spaces.
pub(super) fn split_scopes(text: &str) -> Vec<String> {
    text.split(' ').filter(|scope| !scope.is_empty()).map(str::to_owned).collect()
}

/// Reads what a device tells of itself, which begins at the column `first`.
pub(super) fn facts_from_row(row: &Row<'_>, first: usize) -> rusqlite::Result<DeviceFacts> {
    Ok(DeviceFacts {
        id: row.get(first)?,
        public_key: row.get(first + 1)?,
        client_id: row.get(first + 2)?,
        client_mode: row.get(first + 3)?,
        platform: row.get(first + 4)?,
        device_family: row.get(first + 5)?,
        display_name: row.get(first + 6)?,
    })
}

fn device_from_row(row: &Row<'_>) -> rusqlite::Result<DeviceRecord> {
    Ok(DeviceRecord {
        facts: facts_from_row(row, 0)?,
        label: row.get(7)?,
        approved_at: row.get::<_, i64>(8)?.unsigned_abs(),
        last_seen_at: row.get::<_, Option<i64>>(9)?.map(i64::unsigned_abs),
        roles: Vec::new(),
    })
}

fn role_from_row(row: &Row<'_>) -> rusqlite::Result<DeviceRole> {
    let hash: Option<String> = row.get(2)?;
    let token = match (row.get::<_, bool>(4)?, hash) {
        (true, _) => DeviceToken::Revoked,
        (false, Some(hash)) => DeviceToken::Hash(hash),
        (false, None) => DeviceToken::Undelivered,
    };
    Ok(DeviceRole {
        name: row.get(0)?,
        scopes: split_scopes(&row.get::<_, String>(1)?),
        token,
        issued_at: row.get::<_, Option<i64>>(3)?.map(i64::unsigned_abs),
    })
}
