//! Sessions and their journals in one SQLite file.
//!
//! Any number of processes may use a [`Store`]; each [`Session`] has one user at a time, by its
//! session lease. A session's log is append-only. Each entry is durable before anything depends on
//! it, so that after a crash every acknowledged entry is there, calls that may have run are
//! reported as such, and nothing runs twice.
//!
//! A log is replayed into a [`History`](openclaw_core::History), which is legal even if the log is
//! damaged: events that were changed, are missing or out of order are left out and reported. Of a
//! compacted conversation only the events since the first kept step are read.
//!
//! This is the only crate that contains SQL.

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
