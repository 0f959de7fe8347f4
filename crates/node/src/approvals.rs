//! `system.execApprovals.get` and `system.execApprovals.set`.

use openclaw_protocol::gateway::{NodeError, NodeErrorCode};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::plans::invalid_request;
use crate::policy::{ApprovalsChangeError, NodePolicy};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SetParams {
    file: Value,
    base_hash: Option<String>,
}

/// The present file, as `system.execApprovals.get` returns it.
pub(crate) fn describe_approvals(policy: &dyn NodePolicy) -> Value {
    let snapshot = policy.read_approvals();
    json!({
        "path": snapshot.path,
        "exists": snapshot.hash.is_some(),
        "hash": snapshot.hash.unwrap_or_default(),
        "file": snapshot.file.unwrap_or_else(|| json!({ "version": 1 })),
    })
}

/// Replaces the file by a stricter or equal one.
///
/// # Errors
/// When it would let more run, and when it cannot be replaced.
pub(crate) fn replace_approvals(
    policy: &dyn NodePolicy,
    params: Value,
) -> Result<Value, NodeError> {
    let params: SetParams = serde_path_to_error::deserialize(params)
        .map_err(|error| invalid_request(format!("`params` is not as expected: {error}")))?;
    let text = serde_json::to_string_pretty(&params.file).unwrap_or_default();
    match policy.tighten_approvals(&format!("{text}\n"), params.base_hash.as_deref()) {
        Ok(()) => Ok(describe_approvals(policy)),
        Err(ApprovalsChangeError::Wider(problem)) => {
            let path = policy.read_approvals().path;
            Err(NodeError::new(
                NodeErrorCode::SystemRunDenied,
                format!("{problem}; a gateway cannot do that: edit the file on the node, {path}"),
            ))
        }
        Err(ApprovalsChangeError::Refused(problem)) => Err(invalid_request(problem)),
    }
}
