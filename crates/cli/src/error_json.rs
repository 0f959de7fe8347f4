//! Errors as JSON.

use openclaw_chat::error_report::{error_causes, store_error_hint, turn_error_hints};
use openclaw_core::ModelError;
use openclaw_models::ConnectError;
use openclaw_runtime::{StoreError, StoreErrorKind, TurnError, TurnErrorKind};
use serde_json::{Value, json};

/// Returns a model error as JSON: `kind`, `message`, `method`, `url`, `status`, `server`,
/// `requestId`, `model`, `attempt`, `causes`, `hints`.
pub(crate) fn model_error_json(error: &ModelError) -> Value {
    let mut value = json!({
        "kind": error.kind().name(),
        "message": format!("failed to {error}"),
        "causes": error_causes(error),
        "hints": error.hints(),
    });
    if let (Some(exchange), Some(map)) = (error.http_exchange(), value.as_object_mut()) {
        let server = exchange.server_error.as_ref().map(|server| {
            json!({
                "message": server.message,
                "type": server.kind,
                "param": server.param,
                "code": server.code,
            })
        });
        map.insert("method".to_owned(), json!(exchange.method));
        map.insert("url".to_owned(), json!(exchange.url));
        map.insert("status".to_owned(), json!(exchange.status));
        map.insert("server".to_owned(), json!(server));
        map.insert("requestId".to_owned(), json!(exchange.request_id));
        map.insert("model".to_owned(), json!(exchange.model));
        map.insert("attempt".to_owned(), json!(exchange.attempt));
    }
    value
}

/// Returns a turn error as JSON: `kind`, `message`, `details`, `keptText`, `causes`, `hints`.
pub(crate) fn turn_error_json(error: &TurnError) -> Value {
    json!({
        "kind": turn_error_kind(error.kind()),
        "message": format!("failed to {error}"),
        "details": error.detail_lines(),
        "keptText": error.kept_text(),
        "causes": error_causes(error),
        "hints": turn_error_hints(error),
    })
}

/// Returns a connect error as JSON, in the shape of a model error as far as it applies.
pub(crate) fn connect_error_json(error: &ConnectError) -> Value {
    match error {
        ConnectError::Model(error) => model_error_json(error),
        ConnectError::Setup(error) => json!({
            "kind": error.kind().name(),
            "message": format!("failed to {error}"),
            "causes": error_causes(error),
            "hints": error.hints(),
        }),
    }
}

/// Returns a session store error as JSON: `kind`, `message`, `causes`, `hints`.
pub(crate) fn store_error_json(error: &StoreError) -> Value {
    json!({
        "kind": store_error_kind(error.kind()),
        "message": format!("failed to {error}"),
        "causes": error_causes(error),
        "hints": store_error_hint(error).into_iter().collect::<Vec<_>>(),
    })
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
