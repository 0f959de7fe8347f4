//! Converts errors.

use std::fmt::Debug;

use openclaw_agent_loop::{TurnError, TurnErrorKind};
use openclaw_core::{HttpExchange, ModelError};
use openclaw_models::{ConnectError, SetupError};
use openclaw_protocol::results::errors::{
    ErrorReport, ExchangeReport, ServerErrorReport, TurnFailure,
};
use openclaw_store::{StoreError, StoreErrorKind};

use crate::agent_error::AgentError;
use crate::error_text::{error_causes, store_error_hint, turn_error_hints};

/// Encodes a model error, with its HTTP exchange.
#[must_use]
pub fn encode_model_error(error: &ModelError) -> ErrorReport {
    ErrorReport {
        causes: error_causes(error),
        hints: error.hints().iter().map(ToString::to_string).collect(),
        exchange: error.http_exchange().map(encode_exchange),
        ..ErrorReport::from_message(error.kind().name(), format!("failed to {error}"))
    }
}

/// Encodes the error of a turn: that of its model, or else with what is known of the turn.
#[must_use]
pub fn encode_turn_error(error: &TurnError) -> ErrorReport {
    if let Some(error) = error.model_error() {
        return encode_model_error(error);
    }
    let turn = TurnFailure {
        details: error.detail_lines(),
        kept_text: error.kept_text().map(str::to_owned),
    };
    ErrorReport {
        causes: error_causes(error),
        hints: turn_error_hints(error),
        turn: Some(turn),
        ..ErrorReport::from_message(turn_error_kind(error.kind()), format!("failed to {error}"))
    }
}

/// Encodes why an agent cannot be built.
#[must_use]
pub fn encode_agent_error(error: &AgentError) -> ErrorReport {
    match error {
        AgentError::Connect(error) => encode_connect_error(error),
        AgentError::Setup(error) => encode_setup_error(error, error.kind().name()),
    }
}

/// Encodes why no model can be reached.
#[must_use]
pub fn encode_connect_error(error: &ConnectError) -> ErrorReport {
    match error {
        ConnectError::Model(error) => encode_model_error(error),
        ConnectError::Setup(error) => encode_setup_error(error, error.kind().name()),
    }
}

/// Encodes an error of the session store.
#[must_use]
pub fn encode_store_error(error: &StoreError) -> ErrorReport {
    ErrorReport {
        causes: error_causes(error),
        hints: store_error_hint(error).into_iter().collect(),
        ..ErrorReport::from_message(store_error_kind(error.kind()), format!("failed to {error}"))
    }
}

fn encode_setup_error<K: Copy + Debug>(error: &SetupError<K>, kind: &str) -> ErrorReport {
    ErrorReport {
        causes: error_causes(error),
        hints: error.hints().iter().map(ToString::to_string).collect(),
        ..ErrorReport::from_message(kind, format!("failed to {error}"))
    }
}

fn encode_exchange(exchange: &HttpExchange) -> ExchangeReport {
    let server = exchange.server_error.as_ref().map(|server| ServerErrorReport {
        message: server.message.clone(),
        kind: server.kind.clone(),
        param: server.param.clone(),
        code: server.code.clone(),
    });
    ExchangeReport {
        method: exchange.method.to_string(),
        url: exchange.url.clone(),
        status: exchange.status,
        server,
        request_id: exchange.request_id.clone(),
        model: exchange.model.clone(),
        attempt: exchange.attempt,
    }
}

fn turn_error_kind(kind: TurnErrorKind) -> &'static str {
    match kind {
        TurnErrorKind::InvalidCalls => "invalid_tool_calls",
        TurnErrorKind::RepeatedCalls => "repeated_tool_calls",
        TurnErrorKind::Repetition(_) => "repetition",
        TurnErrorKind::ModelCallLimit | TurnErrorKind::ToolCallLimit => "call_limit",
        TurnErrorKind::Journal | TurnErrorKind::History => "not_recorded",
        _ => "no_answer",
    }
}

fn store_error_kind(kind: StoreErrorKind) -> &'static str {
    match kind {
        StoreErrorKind::DiskFull => "disk_full",
        StoreErrorKind::Damaged => "store_damaged",
        StoreErrorKind::ForeignFile => "store_foreign_file",
        StoreErrorKind::TooNew => "store_too_new",
        StoreErrorKind::Outdated => "store_outdated",
        StoreErrorKind::InUse | StoreErrorKind::Busy => "session_in_use",
        StoreErrorKind::NotFound => "unknown_session",
        StoreErrorKind::Ambiguous => "ambiguous_session",
        StoreErrorKind::Invalid => "invalid_session",
        _ => "store",
    }
}
