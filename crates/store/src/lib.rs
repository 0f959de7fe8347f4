//! Sessions and their journals in one SQLite file.
//!
//! A [`Store`] is a file that any number of processes may use; a [`Session`] of it is used by one
//! at a time. A session's log is only ever added to. Each entry is on the disk before anything
//! depends on it, so that after a crash all that was acknowledged is there, a call that may have
//! run is told as such, and nothing is done twice.
//!
//! What a log amounts to is folded into a [`History`](openclaw_core::History), which is legal
//! whatever the log is like: an event that was changed, is missing or fits nothing is left out
//! and told of. Of a conversation that was compacted only the events since the first step that was
//! kept are read.
//!
//! This is the only crate that speaks SQL.

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
mod transcript;
mod writer;

pub use catalogue::SessionInfo;
pub use entries::{LogContent, LogEntry};
pub use error::{StoreError, StoreErrorKind};
pub use event::{RequestPrefix, TurnRecord};
pub use id::{SessionId, SessionKey};
pub use import::ImportReport;
pub use log::{DamageKind, DamageReport};
pub use opening::StoreWarning;
pub use session::{LoadedSession, Session};
pub use session_state::InterruptedCall;
pub use store::Store;
