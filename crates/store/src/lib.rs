#![doc = include_str!("../README.md")]

mod catalogue;
mod crc;
mod entries;
mod error;
mod event;
mod event_batch;
mod export;
mod failpoints;
mod files;
mod id;
mod import;
mod lease;
mod log;
mod opening;
mod reader_pool;
mod salvage;
mod schema;
mod session;
mod session_state;
mod store;
mod thread;
mod transcript;
mod writer;

pub use catalogue::SessionInfo;
pub use entries::{LogContent, LogEntry};
pub use error::{StoreError, StoreErrorKind};
pub use event::{RequestPrefix, TurnRecord};
pub use id::{SessionId, SessionKey};
pub use import::ImportReport;
pub use import::folder::{FolderImport, TranscriptFolder, find_transcript_folders};
pub use log::{DamageKind, DamageReport};
pub use opening::StoreWarning;
pub use session::{LoadedSession, Session};
pub use session_state::InterruptedCall;
pub use store::Store;
