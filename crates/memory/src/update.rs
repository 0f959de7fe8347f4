//! Brings the index up to date with the notes: reads those that changed, and forgets those that are
//! gone.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use rusqlite::{Connection, params};
use sha2::{Digest as _, Sha256};

use crate::chunks::{ChunkLimits, split_note};
use crate::database::{
    CHUNK_FORM, begin_write, increase_generation, read_generation, read_setting, write_setting,
};
use crate::notes::{NoteEntry, NoteFolder};
use crate::terms::index_text;

/// The notes and bytes that one transaction takes in at most. Others can search between two.
const BATCH_NOTES: usize = 64;
const BATCH_BYTES: usize = 4 << 20;

/// A file that was changed within this time before it was read may change again without another
/// version, so it is read again.
const VERSION_GRACE: Duration = Duration::from_secs(2);

/// Raised when the same text would be split or indexed differently.
const INDEX_FORM: u32 = 1;

/// What an update did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct UpdateReport {
    /// The notes that there are.
    pub notes: usize,
    /// Those that were new or changed.
    pub changed: usize,
    /// Those that are gone.
    pub removed: usize,
    /// Folders and notes that could not be read, by path.
    pub unread: Vec<String>,
    /// Whether another program was writing, so that nothing was changed.
    pub is_deferred: bool,
}

/// What the index knows of a note.
#[derive(Debug, Clone)]
struct NoteRow {
    id: i64,
    version: String,
    hash: Vec<u8>,
}

/// The notes of which the index was last found up to date, and its generation then.
#[derive(Debug, Default)]
pub(crate) struct SettledNotes {
    generation: i64,
    notes: Vec<NoteEntry>,
}

impl SettledNotes {
    fn matches(&self, generation: i64, notes: &[NoteEntry]) -> bool {
        self.generation == generation
            && self.notes == notes
            && notes.iter().all(|note| note.version.is_some())
    }
}

/// What is indexed, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct IndexSource<'a> {
    pub(crate) notes: &'a NoteFolder,
    pub(crate) limits: ChunkLimits,
}

/// Updates the index. With `from_scratch` every note is read and indexed again; vectors are kept.
pub(crate) fn update_index(
    connection: &mut Connection,
    source: IndexSource<'_>,
    settled: &mut SettledNotes,
    from_scratch: bool,
) -> rusqlite::Result<UpdateReport> {
    let listing = source.notes.list_notes();
    let mut report =
        UpdateReport { notes: listing.notes.len(), unread: listing.unread, ..Default::default() };
    if !from_scratch && settled.matches(read_generation(connection)?, &listing.notes) {
        return Ok(report);
    }
    clear_other_form(connection, source, from_scratch)?;
    let mut known = read_notes(connection)?;
    let mut pending = Vec::new();
    for entry in &listing.notes {
        let row = known.remove(&entry.path);
        let is_current =
            row.is_some_and(|row| entry.version.is_some() && row.version == version_text(entry));
        if !is_current {
            pending.push(entry);
        }
    }
    if pending.is_empty() && known.is_empty() {
        let generation = read_generation(connection)?;
        *settled = SettledNotes { generation, notes: listing.notes };
        return Ok(report);
    }
    let mut rest = pending.as_slice();
    while !rest.is_empty() {
        let taken = update_batch(connection, source, rest, &mut report)?;
        rest = rest.get(taken..).unwrap_or_default();
    }
    report.removed += remove_notes(connection, known.into_keys())?;
    if report.removed + report.changed > 0 {
        forget_vectors(connection)?;
    }
    if from_scratch {
        connection.execute("INSERT INTO chunk_words (chunk_words) VALUES ('optimize')", [])?;
    }
    Ok(report)
}

/// Removes all notes when they were split in another way.
fn clear_other_form(
    connection: &mut Connection,
    source: IndexSource<'_>,
    from_scratch: bool,
) -> rusqlite::Result<()> {
    let ChunkLimits { max_tokens, overlap_tokens } = source.limits;
    let form = format!("{INDEX_FORM} {max_tokens} {overlap_tokens} {}", source.notes.max_bytes());
    if !from_scratch && read_setting(connection, CHUNK_FORM)?.as_ref() == Some(&form) {
        return Ok(());
    }
    let transaction = begin_write(connection)?;
    if !from_scratch && read_setting(&transaction, CHUNK_FORM)?.as_ref() == Some(&form) {
        return Ok(());
    }
    transaction.execute_batch(
        "DELETE FROM chunk; DELETE FROM note;
         INSERT INTO chunk_words (chunk_words) VALUES ('delete-all');",
    )?;
    write_setting(&transaction, CHUNK_FORM, form)?;
    increase_generation(&transaction)?;
    transaction.commit()
}

fn read_notes(connection: &Connection) -> rusqlite::Result<HashMap<String, NoteRow>> {
    let mut select = connection.prepare("SELECT path, id, version, hash FROM note")?;
    let rows = select.query_map([], |row| {
        let note = NoteRow { id: row.get(1)?, version: row.get(2)?, hash: row.get(3)? };
        Ok((row.get(0)?, note))
    })?;
    rows.collect()
}

/// Takes in the first of the notes, and returns how many.
fn update_batch(
    connection: &mut Connection,
    source: IndexSource<'_>,
    pending: &[&NoteEntry],
    report: &mut UpdateReport,
) -> rusqlite::Result<usize> {
    let transaction = begin_write(connection)?;
    // Another program may have taken them in meanwhile.
    let known = read_notes(&transaction)?;
    let (mut taken, mut bytes, mut changed) = (0, 0, 0);
    for entry in pending.iter().take(BATCH_NOTES) {
        if bytes > BATCH_BYTES {
            break;
        }
        taken += 1;
        let now = SystemTime::now();
        let row = known.get(&entry.path);
        let content = match source.notes.read_note(&entry.path) {
            Ok(Some(content)) => content,
            missing => {
                if missing.is_err() || entry.version.is_some() {
                    report.unread.push(entry.path.clone());
                }
                if let Some(row) = row {
                    delete_note(&transaction, row.id)?;
                    report.removed += 1;
                    changed += 1;
                }
                continue;
            }
        };
        bytes += content.text.len();
        let hash = Sha256::digest(content.text.as_bytes()).to_vec();
        let read = NoteEntry { path: entry.path.clone(), version: Some(content.version) };
        let is_settled = entry.version == read.version && is_settled(&read, now);
        let version = if is_settled { version_text(&read) } else { String::new() };
        match row {
            Some(row) if row.hash == hash => {
                if row.version != version {
                    let set = "UPDATE note SET version = ?2 WHERE id = ?1";
                    transaction.prepare(set)?.execute(params![row.id, version])?;
                }
                continue;
            }
            Some(row) => delete_note(&transaction, row.id)?,
            None => {}
        }
        transaction
            .prepare(
                "INSERT INTO note (path, version, hash, is_truncated) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![entry.path, version, hash, content.is_truncated])?;
        insert_chunks(&transaction, transaction.last_insert_rowid(), &content.text, source.limits)?;
        changed += 1;
        report.changed += 1;
    }
    if changed > 0 {
        increase_generation(&transaction)?;
    }
    transaction.commit()?;
    Ok(taken)
}

fn insert_chunks(
    connection: &Connection,
    note: i64,
    text: &str,
    limits: ChunkLimits,
) -> rusqlite::Result<()> {
    let mut insert = connection.prepare(
        "INSERT INTO chunk (note, first_line, line_count, hash, text) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    let mut insert_words =
        connection.prepare("INSERT INTO chunk_words (rowid, words) VALUES (?1, ?2)")?;
    for chunk in split_note(text, limits) {
        let digest = Sha256::digest(chunk.text.as_bytes());
        let hash = digest.get(..16).unwrap_or_default();
        insert.execute(params![note, chunk.first_line, chunk.line_count, hash, chunk.text])?;
        insert_words.execute(params![connection.last_insert_rowid(), index_text(&chunk.text)])?;
    }
    Ok(())
}

fn remove_notes(
    connection: &mut Connection,
    paths: impl Iterator<Item = String>,
) -> rusqlite::Result<usize> {
    let mut paths = paths.peekable();
    if paths.peek().is_none() {
        return Ok(0);
    }
    let transaction = begin_write(connection)?;
    let known = read_notes(&transaction)?;
    let mut removed = 0;
    for row in paths.filter_map(|path| known.get(&path)) {
        delete_note(&transaction, row.id)?;
        removed += 1;
    }
    if removed > 0 {
        increase_generation(&transaction)?;
    }
    transaction.commit()?;
    Ok(removed)
}

fn delete_note(connection: &Connection, note: i64) -> rusqlite::Result<()> {
    for statement in [
        "DELETE FROM chunk_words WHERE rowid IN (SELECT id FROM chunk WHERE note = ?1)",
        "DELETE FROM chunk WHERE note = ?1",
        "DELETE FROM note WHERE id = ?1",
    ] {
        connection.prepare(statement)?.execute([note])?;
    }
    Ok(())
}

/// Removes the vectors of texts that are gone. Those of a renamed note are used again.
fn forget_vectors(connection: &mut Connection) -> rusqlite::Result<()> {
    connection
        .execute("DELETE FROM embedding WHERE hash NOT IN (SELECT hash FROM chunk)", [])
        .map(drop)
}

/// Whether a later change of the file will have another version.
fn is_settled(entry: &NoteEntry, now: SystemTime) -> bool {
    let changed = entry.version.as_ref().map(openclaw_fs::FileVersion::last_change);
    changed.is_some_and(|changed| now.duration_since(changed).is_ok_and(|age| age > VERSION_GRACE))
}

fn version_text(entry: &NoteEntry) -> String {
    entry.version.as_ref().map(ToString::to_string).unwrap_or_default()
}
