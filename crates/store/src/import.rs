//! Imports sessions from files: own exports, and transcripts of the original OpenClaw.

pub(crate) mod folder;
mod native_format;
mod quarantine;

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use openclaw_fs::open_regular_file;
use serde_json::Value;

use self::quarantine::QuarantineWriter;
use crate::error::StoreFault;
use crate::event_batch::EventBatch;
use crate::{SessionId, SessionKey, Store, StoreError, catalogue, transcript};

/// The result of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportReport {
    /// The id of the new session: the file's id, unless a session has that id already.
    pub id: SessionId,
    /// The number of its events.
    pub events: u64,
    /// The number of lines that could not be parsed.
    pub bad_lines: u64,
    /// The file with these lines and what is wrong with each; `None` when there are none.
    pub quarantine: Option<PathBuf>,
}

/// The contents of a parsed file.
#[derive(Debug, Default)]
pub(crate) struct ImportedSession {
    pub(crate) id: Option<SessionId>,
    pub(crate) key: Option<SessionKey>,
    pub(crate) agent: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) batch: EventBatch,
    pub(crate) events: u64,
}

/// A line of a file.
#[derive(Debug)]
pub(crate) struct SourceLine {
    /// From 1.
    pub(crate) number: u64,
    pub(crate) bytes: Vec<u8>,
    /// The line's JSON object; `None` when it is not one.
    pub(crate) value: Option<Value>,
}

impl Store {
    /// Imports a session that [`export_session`](Self::export_session) wrote, or a transcript of
    /// the original OpenClaw (`agents/main/sessions/<uuid>.jsonl`). The file is never changed.
    /// Lines that cannot be parsed are left out and saved to a quarantine file in the store's
    /// folder.
    ///
    /// `key` overrides the file's key; a file without a key gets that of the agent's main session,
    /// `agent:<agent>:main`. The key then leads to the new session unless it leads to another one.
    /// `agent` is used for a file that names none.
    ///
    /// # Errors
    /// When the file cannot be read or has neither format, or the session cannot be written;
    /// nothing is imported then.
    pub fn import_session(
        &self,
        path: &Path,
        key: Option<&SessionKey>,
        agent: &str,
    ) -> Result<ImportReport, StoreError> {
        let names = ImportNames { key, agent, title: None };
        let read = self.read_import(path)?;
        self.write_import(read, &names)
    }

    /// Imports a file unless a session with its id is in the store; `None` then.
    fn import_once(
        &self,
        path: &Path,
        names: &ImportNames<'_>,
    ) -> Result<Option<ImportReport>, StoreError> {
        let read = self.read_import(path)?;
        if let Some(id) = read.contents.id.clone() {
            let exists = self.0.writer.write(move |connection| {
                Ok(catalogue::session_row_id(connection, &id)?.is_some())
            })?;
            if exists {
                return Ok(None);
            }
        }
        self.write_import(read, names).map(Some)
    }

    fn read_import(&self, path: &Path) -> Result<ReadImport, StoreError> {
        let lines = read_lines(path, MAX_LINE_BYTES)?;
        let mut quarantine = QuarantineWriter::new(self.path(), path);
        let mut objects = lines.iter().filter_map(|line| line.value.as_ref());
        let contents = match objects.find_map(detect_format) {
            Some(ImportFormat::Native) => native_format::read(lines, &mut quarantine),
            Some(ImportFormat::Transcript) => transcript::read(&lines, |line, why| {
                quarantine.add_line(line, why);
            }),
            None => {
                return Err(StoreError::new(StoreFault::Invalid {
                    what: "session file",
                    expected: "an exported session or a transcript, a JSON object a line",
                    text: path.display().to_string(),
                }));
            }
        };
        Ok(ReadImport { contents, quarantine })
    }

    fn write_import(
        &self,
        read: ReadImport,
        names: &ImportNames<'_>,
    ) -> Result<ImportReport, StoreError> {
        let ReadImport { contents, quarantine } = read;
        let bad_lines = quarantine.line_count();
        let quarantine = quarantine.write_file()?;
        let agent = contents.agent.clone().unwrap_or_else(|| names.agent.to_owned());
        let key = match names.key.or(contents.key.as_ref()) {
            Some(key) => key.clone(),
            None => format!("agent:{agent}:main").parse()?,
        };
        let events = contents.events;
        let given_title = names.title.map(str::to_owned);
        let id = self.0.writer.write(move |connection| {
            let ImportedSession { id, title, batch, .. } = contents;
            let id_exists =
                |id: &SessionId| Ok(catalogue::session_row_id(connection, id)?.is_some());
            let id = match id {
                Some(id) if !id_exists(&id)? => Some(id),
                _ => None,
            };
            let current = catalogue::current_session(connection, &key)?.is_none();
            let id = catalogue::create_session(connection, id, &key, &agent, current)?;
            let row_id = catalogue::session_row_id(connection, &id)?.unwrap_or_default();
            if let Some(title) = given_title.or(title) {
                let name = "UPDATE session SET title = ?2 WHERE n = ?1";
                let fail = StoreError::from_sql_error("name the session");
                connection.execute(name, rusqlite::params![row_id, title]).map_err(fail)?;
            }
            batch.write(connection, row_id, 0)?;
            if let Some((first, last)) = batch.time_span() {
                let date = "UPDATE session SET created_at = ?2, updated_at = ?3 WHERE n = ?1";
                let fail = StoreError::from_sql_error("date the session");
                connection.execute(date, rusqlite::params![row_id, first, last]).map_err(fail)?;
            }
            Ok(id)
        })?;
        Ok(ImportReport { id, events, bad_lines, quarantine })
    }
}

/// A file that was read, before anything is written.
struct ReadImport {
    contents: ImportedSession,
    quarantine: QuarantineWriter,
}

/// What an imported session is called.
struct ImportNames<'a> {
    key: Option<&'a SessionKey>,
    /// The agent, where the file names none.
    agent: &'a str,
    title: Option<&'a str>,
}

enum ImportFormat {
    Native,
    Transcript,
}

/// Detects the format of a file by its first line with a known shape.
fn detect_format(object: &Value) -> Option<ImportFormat> {
    if object.get("format").and_then(Value::as_str) == Some(crate::export::FORMAT_NAME) {
        return Some(ImportFormat::Native);
    }
    let field_is = |key, kind: fn(&Value) -> bool| object.get(key).is_some_and(kind);
    if field_is("seq", Value::is_u64) && field_is("kind", Value::is_string) {
        return Some(ImportFormat::Native);
    }
    field_is("type", Value::is_string).then_some(ImportFormat::Transcript)
}

fn read_lines(path: &Path, max_line_bytes: usize) -> Result<Vec<SourceLine>, StoreError> {
    let read = || -> std::io::Result<Vec<SourceLine>> {
        let mut file = BufReader::new(open_regular_file(path)?);
        let mut lines = Vec::new();
        for number in 1.. {
            let mut bytes = Vec::new();
            let limit = max_line_bytes as u64 + 1;
            if (&mut file).take(limit).read_until(b'\n', &mut bytes)? == 0 {
                break;
            }
            if bytes.len() > max_line_bytes && !bytes.ends_with(b"\n") {
                file.skip_until(b'\n')?;
                bytes.truncate(MAX_KEPT_LINE_BYTES);
                lines.push(SourceLine { number, bytes, value: None });
                continue;
            }
            if bytes.trim_ascii().is_empty() {
                continue;
            }
            let value = serde_json::from_slice(&bytes).ok().filter(Value::is_object);
            // The bytes are only needed for the quarantine of bad lines.
            if value.is_some() && bytes.len() > MAX_KEPT_LINE_BYTES {
                bytes = Vec::new();
            }
            lines.push(SourceLine { number, bytes, value });
        }
        Ok(lines)
    };
    read().map_err(StoreError::from_io_error("read", path))
}

/// The longest line that is parsed, in bytes. A longer one is a bad line, whose beginning is kept.
const MAX_LINE_BYTES: usize = 64 << 20;

/// The longest parsed line whose bytes are kept, in bytes.
const MAX_KEPT_LINE_BYTES: usize = 4096;

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_line_that_is_too_long_is_a_bad_line_and_the_next_is_read() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        write!(file, "{{\"a\":\"{}\"}}\n{{\"b\":1}}\n{{\"c\":2}}", "x".repeat(9_000)).unwrap();
        let lines = read_lines(file.path(), 1_000).unwrap();
        let parsed: Vec<_> = lines.iter().map(|line| (line.number, line.value.is_some())).collect();
        assert_eq!(parsed, [(1, false), (2, true), (3, true)]);
        assert!(lines[0].bytes.len() <= MAX_KEPT_LINE_BYTES);
        assert!(read_lines(Path::new("/dev/zero"), 1_000).is_err());
    }
}
