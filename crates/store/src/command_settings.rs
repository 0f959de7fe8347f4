//! How single sessions run commands, where that differs from the config.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::{SessionId, Store, StoreError};

/// Beside the log, so that undoing a turn changes none of it.
const CREATE_TABLE_SQL: &str = "
    CREATE TABLE IF NOT EXISTS command_setting (
        session INTEGER PRIMARY KEY REFERENCES session (n) ON DELETE CASCADE,
        host TEXT,
        node TEXT,
        security TEXT,
        ask TEXT
    ) STRICT;";

/// How a session runs commands, where that differs from the config. The values are the words of
/// `tools.exec`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CommandSettings {
    /// The machine.
    pub host: Option<String>,
    /// The node, by its id or its display name.
    pub node: Option<String>,
    /// Which commands may run.
    pub security: Option<String>,
    /// When a person is asked.
    pub ask: Option<String>,
}

impl Store {
    /// How a session runs commands; nothing is set when nothing was recorded. Blocks the thread.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn command_settings(&self, id: &SessionId) -> Result<CommandSettings, StoreError> {
        self.0.readers.read(|connection| read_settings(connection, id))
    }

    /// Records durably how a session runs commands from now on. Blocks the thread.
    ///
    /// # Errors
    /// When the file cannot be written, and when there is no such session.
    pub fn set_command_settings(
        &self,
        id: &SessionId,
        settings: &CommandSettings,
    ) -> Result<(), StoreError> {
        let (id, settings) = (id.clone(), settings.clone());
        self.0.writer.write(move |connection| {
            let fail = StoreError::from_sql_error("record how the session runs commands");
            connection.execute_batch(CREATE_TABLE_SQL).map_err(fail)?;
            let CommandSettings { host, node, security, ask } = settings;
            let written = connection
                .execute(
                    "INSERT OR REPLACE INTO command_setting (session, host, node, security, ask)
                     SELECT n, ?2, ?3, ?4, ?5 FROM session WHERE id = ?1",
                    params![id.as_str(), host, node, security, ask],
                )
                .map_err(fail)?;
            if written == 0 { Err(StoreError::not_found(id.as_str())) } else { Ok(()) }
        })
    }
}

fn read_settings(connection: &Connection, id: &SessionId) -> Result<CommandSettings, StoreError> {
    let fail = StoreError::from_sql_error("read how the session runs commands");
    let has_table: bool = connection
        .query_row(
            "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'command_setting')",
            [],
            |row| row.get(0),
        )
        .map_err(fail)?;
    if !has_table {
        return Ok(CommandSettings::default());
    }
    let read = connection.query_row(
        "SELECT host, node, security, ask FROM command_setting
         JOIN session ON session.n = command_setting.session WHERE session.id = ?1",
        [id.as_str()],
        |row| {
            Ok(CommandSettings {
                host: row.get(0)?,
                node: row.get(1)?,
                security: row.get(2)?,
                ask: row.get(3)?,
            })
        },
    );
    read.optional().map(Option::unwrap_or_default).map_err(fail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SessionKey;

    #[test]
    fn settings_are_those_of_their_session_and_stay() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.db");
        let key: SessionKey = "agent:main:main".parse().unwrap();
        let store = Store::open(&path).unwrap();
        let id = store.acquire_current(&key, "main").unwrap().session.id().clone();
        assert_eq!(store.command_settings(&id).unwrap(), CommandSettings::default());
        let settings = CommandSettings {
            host: Some("node".to_owned()),
            security: Some("deny".to_owned()),
            ..CommandSettings::default()
        };
        store.set_command_settings(&id, &settings).unwrap();
        let other = store.reset_session(&key, "main").unwrap();
        drop(store);
        let store = Store::open(&path).unwrap();
        assert_eq!(store.command_settings(&id).unwrap(), settings);
        assert_eq!(store.command_settings(&other).unwrap(), CommandSettings::default());
        store.set_command_settings(&id, &CommandSettings::default()).unwrap();
        assert_eq!(store.command_settings(&id).unwrap(), CommandSettings::default());
        let nobody = "00000000-0000-4000-8000-000000000000".parse().unwrap();
        assert!(store.set_command_settings(&nobody, &settings).is_err());
    }
}
