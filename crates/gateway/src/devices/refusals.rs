//! Why a method about devices or nodes is refused.

use openclaw_protocol::gateway::{GatewayError, GatewayErrorCode};
use serde_json::json;

use crate::grants::ClientGrant;

/// The most characters of a name that an owner gives.
const MAX_LABEL_CHARS: usize = 64;

pub(crate) fn too_many_changes() -> GatewayError {
    let text = "Too many changes of devices, nodes and their commands within a minute.";
    GatewayError::new(GatewayErrorCode::Unavailable, text).with_retry(Some(60_000))
}

/// Refuses a name that is too long or could deceive.
pub(crate) fn check_label(field: &str, label: &str) -> Result<(), GatewayError> {
    if label.chars().count() > MAX_LABEL_CHARS || label.chars().any(char::is_control) {
        return Err(invalid_name(&format!(
            "`{field}` has {MAX_LABEL_CHARS} characters at most, and no control character."
        )));
    }
    Ok(())
}

pub(crate) fn invalid_name(text: &str) -> GatewayError {
    GatewayError::invalid_request(text).with_details(json!({ "code": "INVALID_NAME" }))
}

pub(crate) fn missing_scope(scope: &str) -> GatewayError {
    let text = format!("This needs the scope `{scope}`.");
    GatewayError::new(GatewayErrorCode::Forbidden, text).with_details(json!({
        "code": "MISSING_SCOPE",
        "missingScope": scope,
        "requiredScopes": [scope],
    }))
}

/// An id is never completed: the beginning of one could be another device's.
pub(super) fn unknown_request(id: &str) -> GatewayError {
    let id: String = id.chars().take(64).collect();
    let text = format!("No device waits under the request `{}`.", id.escape_debug());
    GatewayError::invalid_request(text).with_details(json!({ "code": "UNKNOWN_REQUEST_ID" }))
}

pub(super) fn unknown_device(id: &str) -> GatewayError {
    let id: String = id.chars().take(64).collect();
    let text = format!("No device `{}` is paired.", id.escape_debug());
    GatewayError::invalid_request(text).with_details(json!({ "code": "UNKNOWN_DEVICE" }))
}

/// Refuses to a caller what needs scopes that it does not have.
pub(super) fn check_reach(caller: &ClientGrant, scopes: &[String]) -> Result<(), GatewayError> {
    caller.first_missing(scopes).map_or(Ok(()), |missing| Err(missing_scope(missing)))
}
