//! The methods `exec.approvals.*`: the files that restrict commands, of the gateway and of nodes.

use std::time::Duration;

use openclaw_protocol::gateway::{GatewayError, GatewayErrorCode};
use openclaw_runtime::CommandPolicy;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::methods::{ConnectedClient, parse};
use crate::nodes::{NodeInvocation, NodeInvokeOutcome};
use crate::random::random_uuid;

/// How long a node may take.
const NODE_TIMEOUT: Duration = Duration::from_secs(15);

/// The hash of a file that does not exist.
const MISSING_HASH: &str = "missing";

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SetParams {
    file: Value,
    #[serde(default)]
    base_hash: Option<String>,
}

impl ConnectedClient {
    /// Carries out a method `exec.approvals.*`.
    pub(crate) async fn handle_policy_method(
        &self,
        method: &str,
        params: Value,
    ) -> Result<Value, GatewayError> {
        let is_change = matches!(method, "exec.approvals.set" | "exec.approvals.node.set");
        if is_change && !self.take_control_write() {
            return Err(crate::devices::too_many_changes());
        }
        let runtime = self.state.runtime();
        let policy = runtime.command_policy(runtime.default_agent());
        match method {
            "exec.approvals.get" => offload(move || Ok(describe_file(&policy))).await,
            "exec.approvals.set" => {
                let params: SetParams = parse(params)?;
                offload(move || replace_file(&policy, params)).await
            }
            "exec.approvals.node.get" => self.ask_node(params, "system.execApprovals.get").await,
            _ => self.ask_node(params, "system.execApprovals.set").await,
        }
    }

    /// Passes the parameters on to the node, which compares the hash itself.
    async fn ask_node(&self, mut params: Value, command: &str) -> Result<Value, GatewayError> {
        let fields = params.as_object_mut();
        let node_id = fields.and_then(|fields: &mut Map<String, Value>| fields.remove("nodeId"));
        let Some(Value::String(node_id)) = node_id else {
            return Err(GatewayError::invalid_request("`nodeId` must be the id of a node."));
        };
        let nodes = &self.state.nodes;
        if nodes.registry.find_connected(&node_id).is_none() {
            nodes.find_node(&node_id).await?;
        }
        let invocation = NodeInvocation {
            node_id,
            command: command.to_owned(),
            params,
            timeout: NODE_TIMEOUT,
            idempotency_key: random_uuid().map_err(|_| crate::devices::no_randomness())?,
        };
        match nodes.registry.invoke(invocation, |_| ()).await {
            NodeInvokeOutcome::Finished(Ok(payload)) => Ok(payload.value),
            outcome => Err(outcome.to_gateway_error()),
        }
    }
}

fn describe_file(policy: &CommandPolicy) -> Value {
    let content = policy.approvals_content();
    let file = content.as_ref().and_then(|content| {
        let mut file: Value = serde_json::from_str(&content.text).ok()?;
        if let Some(token) = file.pointer_mut("/socket/token") {
            *token = "(hidden)".into();
        }
        Some(file)
    });
    let summary = policy.summarize_policy();
    json!({
        "path": policy.approvals_path().display().to_string(),
        "exists": content.is_some(),
        "hash": content.map_or(MISSING_HASH.to_owned(), |content| content.hash),
        "file": file.unwrap_or_else(|| json!({ "version": 1 })),
        "problem": summary.problem,
        "resolvedDefaults": {
            "security": summary.effective.security,
            "ask": summary.effective.ask,
            "askFallback": summary.effective.ask_fallback,
            "autoAllowSkills": false,
        },
    })
}

/// Replaces the file when it is the one that the client read.
fn replace_file(policy: &CommandPolicy, params: SetParams) -> Result<Value, GatewayError> {
    let invalid = |error: String| GatewayError::invalid_request(error);
    let text = serde_json::to_string_pretty(&params.file)
        .map_err(|error| invalid(format!("`file` cannot be written: {error}.")))?;
    if params.file.pointer("/socket/token").and_then(Value::as_str) == Some("(hidden)") {
        let text = "`file.socket.token` is hidden in what is read: leave `socket` out.";
        return Err(invalid(text.to_owned()));
    }
    let base = params.base_hash.unwrap_or_default();
    let replaced = policy
        .replace_file_if(&format!("{text}\n"), |current| base == current.unwrap_or(MISSING_HASH));
    match replaced {
        Ok(Some(_)) => Ok(describe_file(policy)),
        Ok(None) => Err(GatewayError::new(
            GatewayErrorCode::Conflict,
            "The file was changed since it was read: read it again with `exec.approvals.get`.",
        )
        .with_details(json!({ "code": "BASE_HASH_MISMATCH" }))
        .with_retry(None)),
        Err(error) => Err(invalid(format!("Failed to {error}."))),
    }
}

async fn offload<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, GatewayError> + Send + 'static,
) -> Result<T, GatewayError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        // The program ends, and nobody asks for the result any more.
        Err(_) => std::future::pending().await,
    }
}
