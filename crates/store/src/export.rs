//! Exports sessions as JSON Lines.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use openclaw_fs::{AtomicFile, create_private_file, sync_file};
use rusqlite::{Connection, params};
use serde_json::{Value, json};

use crate::catalogue::SessionInfo;
use crate::event::event_checksum;
use crate::{SessionId, Store, StoreError};

/// The `format` field of the first line.
pub(crate) const FORMAT_NAME: &str = "openclaw-session";

/// The version of the format.
pub(crate) const FORMAT_VERSION: u64 = 1;

impl Store {
    /// Writes a session as JSON Lines and returns the number of events: first a line for the
    /// session, then one line per event with its CRC-32C, including retracted events.
    ///
    /// # Errors
    /// When there is no such session, it cannot be read, or the lines cannot be written.
    pub fn export_session(&self, id: &SessionId, out: &mut dyn Write) -> Result<u64, StoreError> {
        let fail = StoreError::from_sql_error("read the session");
        self.0.read_session(id, |connection| {
            let transaction = connection.unchecked_transaction().map_err(fail)?;
            let info = crate::catalogue::find_session(&transaction, id.as_str())?;
            if info.id != *id {
                return Err(StoreError::not_found(id.as_str()));
            }
            let write_error = StoreError::from_io_error("export to", Path::new("the output"));
            match write_events(&transaction, &info, out) {
                Ok(count) => Ok(count),
                Err(ExportError::Read(error)) => Err(fail(error)),
                Err(ExportError::Write(error)) => Err(write_error(error)),
            }
        })
    }
}

impl Store {
    /// Writes a session to a file that only its owner can read, like
    /// [`export_session`](Self::export_session). An existing file is replaced only if `replace` is
    /// set, once everything is written.
    ///
    /// # Errors
    /// When the file exists and `replace` is not set, and as for
    /// [`export_session`](Self::export_session); no partial file is left then.
    pub fn export_to_file(
        &self,
        id: &SessionId,
        path: &Path,
        replace: bool,
    ) -> Result<u64, StoreError> {
        if replace {
            let mut file =
                AtomicFile::create(path).map_err(StoreError::from_io_error("create", path))?;
            let count = self.write_export(id, path, &mut file)?;
            file.commit().map_err(StoreError::from_io_error("replace", path))?;
            return Ok(count);
        }
        let mut file =
            create_private_file(path).map_err(StoreError::from_io_error("create", path))?;
        let written = self.write_export(id, path, &mut file).and_then(|count| {
            sync_file(&file).map_err(StoreError::from_io_error("write", path))?;
            Ok(count)
        });
        if written.is_err() {
            let _ = fs::remove_file(path);
        }
        written
    }

    fn write_export(
        &self,
        id: &SessionId,
        path: &Path,
        file: &mut dyn Write,
    ) -> Result<u64, StoreError> {
        let mut out = BufWriter::new(file);
        let count = self.export_session(id, &mut out)?;
        out.flush().map_err(StoreError::from_io_error("write", path))?;
        Ok(count)
    }
}

enum ExportError {
    Read(rusqlite::Error),
    Write(io::Error),
}

impl From<rusqlite::Error> for ExportError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Read(error)
    }
}

impl From<io::Error> for ExportError {
    fn from(error: io::Error) -> Self {
        Self::Write(error)
    }
}

fn write_events(
    connection: &Connection,
    info: &SessionInfo,
    out: &mut dyn Write,
) -> Result<u64, ExportError> {
    let header = json!({
        "format": FORMAT_NAME,
        "version": FORMAT_VERSION,
        "id": info.id.as_str(),
        "key": info.key.as_str(),
        "agent": info.agent,
        "createdAt": info.created_at,
        "updatedAt": info.updated_at,
        "title": info.title,
        "model": info.model,
    });
    writeln!(out, "{header}")?;
    let mut select = connection.prepare(
        "SELECT seq, kind, at, crc, json FROM event
         WHERE session = (SELECT n FROM session WHERE id = ?1) ORDER BY seq",
    )?;
    let mut rows = select.query(params![info.id.as_str()])?;
    let mut count = 0;
    while let Some(row) = rows.next()? {
        let (seq, at, crc): (i64, i64, i64) = (row.get(0)?, row.get(2)?, row.get(3)?);
        let (kind, json): (String, String) = (row.get(1)?, row.get(4)?);
        let mut line = json!({ "seq": seq, "kind": kind, "at": at, "crc": crc });
        // A damaged event is written as text, which an import refuses.
        let intact = i64::from(event_checksum(seq.unsigned_abs(), at, &kind, &json)) == crc;
        let (field, value) = match serde_json::from_str::<Value>(&json) {
            Ok(value) if intact => ("event", value),
            _ => ("damaged", Value::from(json)),
        };
        if let Some(line) = line.as_object_mut() {
            line.insert(field.to_owned(), value);
        }
        writeln!(out, "{line}")?;
        count += 1;
    }
    out.flush()?;
    Ok(count)
}
