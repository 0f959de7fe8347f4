//! The nodes of the running gateway, for agents outside of it.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use openclaw_chat::CommandContext;
use openclaw_client::{ClientError, GatewayClient};
use openclaw_core::ProgressSink;
use openclaw_models::ModelRegistry;
use openclaw_protocol::gateway::{
    EventFrame, GatewayError, NodeEntry, NodeError, NodeErrorCode, NodeInvokeParams,
    NodeInvokeResult, NodeListResult,
};
use openclaw_runtime::{NodeCallError, NodeInvocation, NodeInvoker};
use openclaw_terminal::OutputPrinter;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::args::gateway::{GatewaySecretArgs, GatewayTargetArgs};
use crate::commands::gateway::target::GatewayTarget;

/// How long the gateway may take to let this program in and for requests that ask no node, in
/// milliseconds.
const GATEWAY_TIMEOUT_MS: u64 = 10_000;

/// How much longer than the gateway this program waits for a node.
const ANSWER_GRACE: Duration = Duration::from_millis(500);

/// What commands on nodes need.
const SCOPES: &[&str] = &[
    "operator.read",
    "operator.write",
    "operator.approvals",
    "operator.pairing",
    "operator.admin",
];

/// Reaches nodes through the gateway of the config. A connection is made for each request, and
/// closing it withdraws the request.
pub(crate) struct ClientNodes {
    models: ModelRegistry,
    printer: OutputPrinter,
}

impl ClientNodes {
    pub(crate) fn new(models: &ModelRegistry, printer: &OutputPrinter) -> Self {
        Self { models: models.clone(), printer: printer.clone() }
    }

    async fn connect(&self) -> Result<GatewayClient, NodeCallError> {
        let (models, printer) = (self.models.clone(), self.printer.clone());
        let context = CommandContext { printer, models, nodes: None };
        let target = GatewayTargetArgs {
            url: None,
            secret: GatewaySecretArgs { token: None, password: None },
            as_device: false,
            timeout: GATEWAY_TIMEOUT_MS,
            json: false,
        };
        let target = GatewayTarget::find_gateway(&context, target)
            .map_err(NodeCallError::not_sent)?
            .with_scopes(SCOPES);
        target.connect().await.map_err(|error| NodeCallError::not_sent(describe_failure(&error)))
    }
}

impl fmt::Debug for ClientNodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientNodes").finish_non_exhaustive()
    }
}

#[async_trait]
impl NodeInvoker for ClientNodes {
    async fn list_nodes(&self) -> Result<Vec<NodeEntry>, NodeCallError> {
        let asking = async {
            let mut client = self.connect().await?;
            let answer = client.call("node.list", json!({})).await;
            answer.map_err(|error| NodeCallError::not_sent(describe_failure(&error)))
        };
        let limit = Duration::from_millis(GATEWAY_TIMEOUT_MS);
        let answer = tokio::time::timeout(limit, asking).await.unwrap_or_else(|_elapsed| {
            Err(NodeCallError::not_sent("the gateway did not list its nodes in time"))
        })?;
        let list: NodeListResult = serde_json::from_value(answer).map_err(|error| {
            NodeCallError::not_sent(format!("the gateway's list of nodes cannot be read: {error}"))
        })?;
        Ok(list.nodes)
    }

    async fn invoke_command(
        &self,
        invocation: NodeInvocation,
        progress: &dyn ProgressSink,
    ) -> Result<Value, NodeCallError> {
        let mut client = self.connect().await?;
        let mut invocation = invocation;
        if invocation.params.get("approved") == Some(&Value::Bool(true)) {
            // The gateway passes an approval on only when it has recorded it itself.
            let plan = invocation.params.get("systemRunPlan").cloned().unwrap_or_default();
            let recorded = record_approval(&mut client, &invocation.node_id, &plan).await;
            let id = recorded.map_err(|error| NodeCallError::not_sent(describe_failure(&error)))?;
            if let Some(fields) = invocation.params.as_object_mut() {
                fields.insert("runId".to_owned(), id.into());
            }
        }
        let limit = invocation.time_limit;
        let params = NodeInvokeParams {
            node_id: invocation.node_id,
            command: invocation.command.to_owned(),
            params: Some(invocation.params),
            timeout_ms: Some(u64::try_from(limit.as_millis()).unwrap_or(u64::MAX)),
            idempotency_key: invocation.idempotency_key,
            session_key: invocation.session_key,
        };
        let key = params.idempotency_key.clone();
        let on_event = |event: EventFrame| {
            let output = event.payload.filter(|payload| {
                event.event == "node.invoke.progress"
                    && payload.get("idempotencyKey").and_then(Value::as_str) == Some(&key)
            });
            let chunk = output.as_ref().and_then(|output| output.get("chunk"));
            if let Some(chunk) = chunk.and_then(Value::as_str) {
                progress.write_output(chunk);
            }
        };
        let calling = client.call_with_events("node.invoke", json!(params), on_event);
        let unknown = |reason: String| NodeCallError::OutcomeUnknown { reason };
        let answer = match tokio::time::timeout(limit.saturating_add(ANSWER_GRACE), calling).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(ClientError::Refused { error, .. })) => return Err(invoke_error(&error)),
            Ok(Err(error)) => return Err(unknown(format!("failed to {error}"))),
            Err(_elapsed) => return Err(unknown("the gateway did not answer in time".to_owned())),
        };
        serde_json::from_value::<NodeInvokeResult>(answer)
            .map(|result| result.payload)
            .map_err(|error| unknown(format!("the gateway's answer cannot be read: {error}")))
    }
}

/// Has the gateway record that the person at this terminal approved what a node prepared; returns
/// the id of the approval, which is for one run.
pub(crate) async fn record_approval(
    client: &mut GatewayClient,
    node_id: &str,
    plan: &Value,
) -> Result<String, ClientError> {
    let request =
        json!({ "host": "node", "nodeId": node_id, "systemRunPlan": plan, "twoPhase": true });
    let accepted = client.call("exec.approval.request", request).await?;
    let id = accepted.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    let decision = json!({ "id": id, "decision": "allow-once" });
    client.call("exec.approval.resolve", decision).await?;
    Ok(id)
}

/// Why an invocation has no result, as the gateway says.
fn invoke_error(error: &GatewayError) -> NodeCallError {
    let details = error.details.as_ref();
    let was_sent = details.and_then(|details| details.get("nodeCommandDispatched"));
    if was_sent != Some(&Value::Bool(true)) {
        return NodeCallError::not_sent(format!("the gateway refused it: {}", error.message));
    }
    let node_error = details
        .and_then(|details| details.get("nodeError"))
        .and_then(|error| serde_json::from_value::<NodeErrorDetails>(error.clone()).ok());
    let code = node_error.as_ref().map_or("", |error| error.code.as_str());
    let message = node_error.as_ref().and_then(|error| error.message.clone());
    let error = NodeError {
        code: code.to_owned(),
        message: message.unwrap_or_else(|| error.message.clone()),
    };
    let is_lost =
        [NodeErrorCode::Timeout, NodeErrorCode::Disconnected, NodeErrorCode::OutcomeUnknown]
            .into_iter()
            .any(|code| error.is(code));
    if is_lost || error.code.is_empty() {
        return NodeCallError::OutcomeUnknown { reason: error.message };
    }
    NodeCallError::Failed(error)
}

/// What a gateway says about the error of a node.
#[derive(Debug, Deserialize)]
struct NodeErrorDetails {
    code: String,
    message: Option<String>,
}

/// Why the gateway cannot be asked, and what helps.
fn describe_failure(error: &ClientError) -> String {
    match error {
        ClientError::Unreachable { source, .. } => {
            format!("failed to {error} ({source}); `openclaw gateway run` starts it")
        }
        _ => format!("failed to {error}"),
    }
}

#[cfg(test)]
mod tests {
    use openclaw_protocol::gateway::GatewayErrorCode;

    use super::*;

    #[test]
    fn an_error_of_the_gateway_tells_whether_the_node_got_the_command() {
        let error = |details: Value| {
            let error = GatewayError::new(GatewayErrorCode::Unavailable, "why");
            invoke_error(&error.with_details(details))
        };
        let failed = |code: &str, message: &str| {
            NodeCallError::Failed(NodeError { code: code.to_owned(), message: message.to_owned() })
        };
        let lost = NodeCallError::OutcomeUnknown { reason: "why".to_owned() };
        let refused = NodeCallError::not_sent("the gateway refused it: why");
        let denied = json!({"code": "SYSTEM_RUN_DENIED", "message": "not here"});
        for (details, expected) in [
            (
                json!({"nodeError": {"code": "NOT_CONNECTED"}, "nodeCommandDispatched": false}),
                refused.clone(),
            ),
            (json!({}), refused),
            (
                json!({"nodeError": {"code": "TIMEOUT"}, "nodeCommandDispatched": true}),
                lost.clone(),
            ),
            (
                json!({"nodeError": {"code": "DISCONNECTED"}, "nodeCommandDispatched": true}),
                lost.clone(),
            ),
            (json!({"nodeCommandDispatched": true}), lost),
            (
                json!({"nodeError": denied, "nodeCommandDispatched": true}),
                failed("SYSTEM_RUN_DENIED", "not here"),
            ),
        ] {
            assert_eq!(error(details.clone()), expected, "{details}");
        }
    }
}
