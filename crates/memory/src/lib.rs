#![doc = include_str!("../README.md")]

mod chunks;
mod database;
mod embedder;
mod error;
mod index;
mod keyword;
mod notes;
mod ranking;
mod signs;
mod status;
mod terms;
mod update;
mod vectors;

pub use chunks::ChunkLimits;
pub use embedder::{EmbedderState, TextEmbedder};
pub use error::MemoryError;
pub use index::{EmbeddingOutcome, MemoryIndex, MemoryIndexOptions, index_file_name};
pub use notes::{NoteFilter, NoteFolder, NotePassage};
pub use ranking::{MemoryAnswer, MemoryHit, MemoryQuery, SearchMode};
pub use status::IndexStatus;
pub use update::UpdateReport;
