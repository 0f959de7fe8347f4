//! The websocket language of a gateway, protocol 4: one JSON object for each text frame.
//!
//! The gateway begins with the event `connect.challenge`. The first request of a client is
//! `connect`; its response is a [`HelloOk`] or an error, after which the gateway closes the
//! connection. Then each [`RequestFrame`] is answered by a [`ResponseFrame`] with the same id, and
//! [`EventFrame`]s arrive in between.

mod approvals;
mod connect;
mod error;
mod frames;
mod models;
mod nodes;
mod runs;
mod sessions;
mod strict_json;
mod system_run;

pub use approvals::{
    CallDecision, CallGrantScope, CallQuestion, QuestionedCall, ResolveCallParams,
};
pub use connect::{
    AuthGrant, ClientInfo, ConnectAuth, ConnectChallenge, ConnectDevice, ConnectParams,
    ConnectionPolicy, FeatureList, HelloOk, ServerInfo, StateSnapshot, StateVersion,
};
pub use error::{ConnectErrorCode, GatewayError, GatewayErrorCode};
pub use frames::{EventFrame, FrameError, MAX_ID_BYTES, RequestFrame, ResponseFrame};
pub use models::{ModelEntry, ModelListParams, ModelListResult};
pub use nodes::{
    NODE_COMMANDS, NodeEntry, NodeError, NodeErrorCode, NodeEventParams, NodeInvokeAnswer,
    NodeInvokeCancel, NodeInvokeParams, NodeInvokeProgress, NodeInvokeRequest, NodeInvokeResult,
    NodeListResult,
};
pub use runs::{
    AgentAccepted, AgentEvent, AgentEventsParams, AgentEventsResult, AgentFollowParams,
    AgentParams, AgentRunResult, AgentWaitParams, AgentWaitResult, ChatAbortParams, ChatEvent,
    ChatHistoryParams, ChatHistoryResult, ChatMessage, ChatSendParams, ChatState, RunState,
    TurnOpening,
};
pub use sessions::{
    ChangedFile, FileUndoReport, LiveRunEntry, SessionCompactResult, SessionDiffResult,
    SessionExecParams, SessionExecResult, SessionOpenParams, SessionProgress, SessionResetResult,
    SessionRunsResult, SessionSelector, SessionState, SessionSteerParams, SessionUndoParams,
    SessionUndoResult, ToolSummary, UndoExtent,
};
pub use system_run::{
    NodeDecision, SystemRunParams, SystemRunPlan, SystemRunPrepareParams, SystemRunPrepareResult,
    SystemRunResult, SystemWhichParams, SystemWhichResult,
};

/// The version of the protocol that this crate speaks.
pub const PROTOCOL_VERSION: u32 = 4;

/// The port of a gateway when none is set.
pub const DEFAULT_PORT: u16 = 18789;

/// The most bytes of a frame once a client is connected.
pub const MAX_FRAME_BYTES: usize = 26_214_400;

/// What a node declares among its capabilities that carries out each idempotency key once and answers
/// the same request again with the same result.
pub const INVOKE_LEDGER_CAP: &str = "invoke-ledger";

/// The most bytes that a client may send before it is connected.
pub const MAX_HANDSHAKE_BYTES: usize = 65_536;

/// The most bytes that wait to be sent to a client.
pub const MAX_BUFFERED_BYTES: usize = 52_428_800;

#[cfg(test)]
mod tests;
