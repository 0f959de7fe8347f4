#![doc = include_str!("../README.md")]

mod catalogue;
mod channels;
mod child_runs;
mod command_settings;
mod crc;
mod devices;
mod entries;
mod error;
mod event;
mod event_batch;
mod export;
mod failpoints;
mod files;
mod id;
mod import;
mod invocations;
mod jobs;
mod lease;
mod log;
mod opening;
mod reader_pool;
mod runs;
mod salvage;
mod schema;
mod search_terms;
mod session;
mod session_search;
mod session_state;
mod store;
mod thread;
mod transcript;
mod writer;

pub use catalogue::SessionInfo;
pub use channels::{
    ChannelLog, ChannelPeer, ChatRecord, InboundEntry, InboundRecord, OutboxEntry, OutboxRecord,
    OutboxStatus, PairingAnswer, PairingQuery, PairingRecord, SendOutcome,
};
pub use child_runs::{
    ChildRun, ChildRunEnd, ChildRunLease, ChildRunRequest, ChildRunStatus, ChildUsage,
};
pub use command_settings::CommandSettings;
pub use devices::{
    DeviceFacts, DeviceLog, DeviceRecord, DeviceRole, DeviceToken, NodeGrant, NodeRequest,
    PairingRequest,
};
pub use entries::{LogContent, LogEntry};
pub use error::{StoreError, StoreErrorKind};
pub use event::{RequestPrefix, TurnRecord};
pub use id::{SessionId, SessionKey};
pub use import::ImportReport;
pub use import::folder::{FolderImport, TranscriptFolder, find_transcript_folders};
pub use invocations::{InvocationLog, InvocationRequest, InvocationStart};
pub use jobs::{
    JobEntry, JobLog, JobProgress, JobRecord, JobRunAdmission, JobRunEnd, JobRunQuery,
    JobRunRecord, JobRunStart, JobRunStatus,
};
pub use log::{DamageKind, DamageReport};
pub use opening::StoreWarning;
pub use runs::{RunLog, RunRecord, RunRegistration, RunRequest, RunStatus};
pub use session::{LoadedSession, Session};
pub use session_search::{SessionHit, SessionQuery};
pub use session_state::InterruptedCall;
pub use store::Store;
