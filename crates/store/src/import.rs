//! Taking in sessions from files: our own export, and transcripts of the original.

mod own;
mod quarantine;

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use serde_json::Value;

use self::quarantine::Quarantine;
use crate::append::Batch;
use crate::error::Fault;
use crate::{SessionId, SessionKey, Store, StoreError, catalogue, transcript};

/// What was taken in from a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The new session. It has the file's id, unless there was a session of that id already.
    pub id: SessionId,
    /// The events it has.
    pub events: u64,
    /// The lines that could not be understood.
    pub bad_lines: u64,
    /// Where these lines are, with what is wrong with each; `None` when there are none.
    pub quarantine: Option<PathBuf>,
}

/// What a file turned out to hold.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    pub(crate) id: Option<SessionId>,
    pub(crate) key: Option<SessionKey>,
    pub(crate) agent: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) batch: Batch,
    pub(crate) events: u64,
}

/// A line of a file.
#[derive(Debug)]
pub(crate) struct Line {
    /// From 1.
    pub(crate) number: u64,
    pub(crate) bytes: Vec<u8>,
    /// The JSON object; `None` when the line is none.
    pub(crate) value: Option<Value>,
}

impl Store {
    /// Takes in a session that [`export`](Self::export) wrote, or a transcript of the original
    /// OpenClaw (`agents/main/sessions/<uuid>.jsonl`). The file is never changed. Lines that
    /// cannot be understood are left out and kept in a file in the folder of the store.
    ///
    /// `key` counts instead of what the file says; a file that says none gets that of the agent's
    /// main session, `agent:<agent>:main`. The key leads to the new session unless it leads to
    /// another. `agent` is for a file that does not say one.
    ///
    /// # Errors
    /// When the file cannot be read or is neither of these, or the session cannot be written;
    /// nothing is taken in then.
    pub fn import(
        &self,
        path: &Path,
        key: Option<&SessionKey>,
        agent: &str,
    ) -> Result<Imported, StoreError> {
        let lines = read_lines(path)?;
        let mut quarantine = Quarantine::new(self.path(), path);
        let mut objects = lines.iter().filter_map(|line| line.value.as_ref());
        let contents = match objects.find_map(kind_of) {
            Some(Kind::Own) => own::read(lines, &mut quarantine),
            Some(Kind::Transcript) => transcript::read(&lines, |line, why| {
                quarantine.add(line, why);
            }),
            None => {
                return Err(StoreError::new(Fault::Invalid {
                    what: "session file",
                    expected: "an exported session or a transcript, a JSON object a line",
                    text: path.display().to_string(),
                }));
            }
        };
        let bad_lines = quarantine.count();
        let quarantine = quarantine.finish()?;
        let agent = contents.agent.clone().unwrap_or_else(|| agent.to_owned());
        let key = match key.or(contents.key.as_ref()) {
            Some(key) => key.clone(),
            None => format!("agent:{agent}:main").parse()?,
        };
        let events = contents.events;
        let id = self.0.writer.write(move |connection| {
            let Contents { id, title, batch, .. } = contents;
            let taken = |id: &SessionId| Ok(catalogue::number(connection, id)?.is_some());
            let id = match id {
                Some(id) if !taken(&id)? => Some(id),
                _ => None,
            };
            let current = catalogue::current(connection, &key)?.is_none();
            let id = catalogue::make(connection, id, &key, &agent, current)?;
            let n = catalogue::number(connection, &id)?.unwrap_or_default();
            if let Some(title) = title {
                let name = "UPDATE session SET title = ?2 WHERE n = ?1";
                let fail = StoreError::sql("name the session");
                connection.execute(name, rusqlite::params![n, title]).map_err(fail)?;
            }
            batch.write(connection, n, 0)?;
            Ok(id)
        })?;
        Ok(Imported { id, events, bad_lines, quarantine })
    }
}

enum Kind {
    Own,
    Transcript,
}

/// What a file is, by the first line that tells.
fn kind_of(object: &Value) -> Option<Kind> {
    if object.get("format").and_then(Value::as_str) == Some(crate::export::FORMAT) {
        return Some(Kind::Own);
    }
    let is = |key, kind: fn(&Value) -> bool| object.get(key).is_some_and(kind);
    if is("seq", Value::is_u64) && is("kind", Value::is_string) {
        return Some(Kind::Own);
    }
    is("type", Value::is_string).then_some(Kind::Transcript)
}

fn read_lines(path: &Path) -> Result<Vec<Line>, StoreError> {
    let read = || -> std::io::Result<Vec<Line>> {
        let mut file = BufReader::new(File::open(path)?);
        let mut lines = Vec::new();
        for number in 1.. {
            let mut bytes = Vec::new();
            if file.read_until(b'\n', &mut bytes)? == 0 {
                break;
            }
            if bytes.trim_ascii().is_empty() {
                continue;
            }
            let value = serde_json::from_slice(&bytes).ok().filter(Value::is_object);
            // What is understood is not needed twice.
            if value.is_some() && bytes.len() > KEPT {
                bytes = Vec::new();
            }
            lines.push(Line { number, bytes, value });
        }
        Ok(lines)
    };
    read().map_err(StoreError::file("read", path))
}

/// The longest line that is kept beside what it says, in bytes.
const KEPT: usize = 4096;
