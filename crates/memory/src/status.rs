//! What the index holds.

use std::path::PathBuf;

use rusqlite::Connection;

use crate::database::{EMBEDDING_MODEL, read_setting};

/// The state of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct IndexStatus {
    /// The file.
    pub path: PathBuf,
    /// The notes in it.
    pub notes: usize,
    /// Their chunks.
    pub chunks: usize,
    /// The chunks that have a vector.
    pub embedded_chunks: usize,
    /// The model of the vectors; `None` when there are none.
    pub embedding_model: Option<String>,
    /// The numbers of a vector; `None` when there are none.
    pub dimension: Option<usize>,
    /// The notes of which only the beginning is indexed, by path.
    pub truncated: Vec<String>,
}

pub(crate) fn read_status(connection: &Connection, path: PathBuf) -> rusqlite::Result<IndexStatus> {
    let count = |select: &str| connection.query_row(select, [], |row| row.get::<_, usize>(0));
    let dimension = connection
        .query_row("SELECT max(length(vector)) FROM embedding", [], |row| {
            row.get::<_, Option<usize>>(0)
        })?
        .map(|bytes| bytes.saturating_sub(4));
    let mut select =
        connection.prepare("SELECT path FROM note WHERE is_truncated ORDER BY path")?;
    let truncated = select.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    Ok(IndexStatus {
        path,
        notes: count("SELECT count(*) FROM note")?,
        chunks: count("SELECT count(*) FROM chunk")?,
        embedded_chunks: count("SELECT count(*) FROM chunk JOIN embedding USING (hash)")?,
        embedding_model: read_setting(connection, EMBEDDING_MODEL)?.filter(|_| dimension.is_some()),
        dimension,
        truncated,
    })
}
