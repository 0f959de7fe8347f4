//! `node.invoke`: an operator has a node carry out a command.

use std::time::Duration;

use openclaw_protocol::gateway::{
    GatewayError, INVOKE_LEDGER_CAP, NodeInvokeParams, NodeInvokeResult,
};
use serde_json::{Map, Value, json};

use super::super::{NodeInvocation, NodeInvokeOutcome, NodeProgress, needs_admin};
use crate::approvals::NodeRunClaim;
use crate::devices::missing_scope;
use crate::grants::ClientScope;
use crate::methods::{ConnectedClient, check_idempotency_key, encode};

/// How long an invocation waits when the client does not say.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// The longest wait.
const MAX_TIMEOUT: Duration = Duration::from_hours(48);

/// How much longer than its time limit a command is waited for.
const COMMAND_GRACE: Duration = Duration::from_secs(5);

/// The command that runs a program on a node.
const RUN_COMMAND: &str = "system.run";

/// The command that says what [`RUN_COMMAND`] would run.
const PREPARE_COMMAND: &str = "system.run.prepare";

/// What only the gateway says to a node.
const GATEWAY_FIELDS: [&str; 4] = ["approved", "approvalDecision", "runId", "systemRunPlan"];

/// A command that a client says was approved.
struct ClaimedRun<'a> {
    node_id: &'a str,
    idempotency_key: &'a str,
    has_ledger: bool,
}

impl ConnectedClient {
    /// Has a node carry out a command, and passes its output on while it runs.
    pub(super) async fn invoke_node(
        &self,
        request: NodeInvokeParams,
    ) -> Result<Value, GatewayError> {
        let NodeInvokeParams { node_id, command, params, idempotency_key, timeout_ms, .. } =
            request;
        check_idempotency_key(&idempotency_key)?;
        // The same as of `exec.approvals.node.get`.
        let needs_admin = needs_admin([&command]) || command == "system.execApprovals.get";
        if needs_admin && !self.grant.allows(ClientScope::Admin) {
            return Err(missing_scope(ClientScope::Admin.name()));
        }
        let nodes = &self.state.nodes;
        let connected = nodes.registry.find_connected(&node_id);
        if connected.is_none() {
            nodes.find_node(&node_id).await?;
        }
        let has_cap = |cap| connected.as_ref().is_some_and(|node| node.caps.contains(&cap));
        let has_ledger = has_cap(INVOKE_LEDGER_CAP.to_owned());
        let mut approval = None;
        let mut params = params.unwrap_or_else(|| json!({}));
        let mut timeout = timeout_ms.map_or(DEFAULT_TIMEOUT, Duration::from_millis);
        if command == RUN_COMMAND {
            // The limit of the command itself is the one that ends it.
            let limit = params.get("timeoutMs").and_then(Value::as_u64).map(Duration::from_millis);
            timeout = timeout.max(limit.map_or(timeout, |it| it.saturating_add(COMMAND_GRACE)));
            let claimed =
                ClaimedRun { node_id: &node_id, idempotency_key: &idempotency_key, has_ledger };
            approval = self.replace_gateway_fields(&claimed, &mut params)?;
        }
        let asked = (command == PREPARE_COMMAND).then(|| params.clone());
        let invocation = NodeInvocation {
            node_id: node_id.clone(),
            command: command.clone(),
            params,
            timeout: timeout.min(MAX_TIMEOUT),
            idempotency_key: idempotency_key.clone(),
        };
        let mut seq: u64 = 0;
        let on_progress = |progress: NodeProgress| {
            let payload = json!({
                "nodeId": node_id,
                "idempotencyKey": idempotency_key,
                "seq": seq,
                "chunk": progress.chunk,
                "omittedBytes": progress.omitted_bytes,
            });
            seq += 1;
            self.queue.send_typed_event("node.invoke.progress", &payload);
        };
        match nodes.registry.invoke(invocation, on_progress).await {
            NodeInvokeOutcome::Finished(Ok(payload)) => {
                if let Some(asked) = &asked {
                    let approvals = &self.state.approvals;
                    approvals.record_plan(&node_id, &self.grant, asked, &payload.value);
                }
                encode(&NodeInvokeResult {
                    ok: true,
                    node_id: node_id.clone(),
                    command,
                    payload: payload.value,
                    payload_json: payload.text,
                })
            }
            outcome => {
                if let (NodeInvokeOutcome::NotDispatched(_), Some(approval)) = (&outcome, approval)
                {
                    self.state.approvals.restore_node_run(&approval);
                }
                Err(outcome.to_gateway_error())
            }
        }
    }

    /// Takes out what only the gateway says, and says it when an approval stands for it, whose id is
    /// returned.
    fn replace_gateway_fields(
        &self,
        claimed: &ClaimedRun<'_>,
        params: &mut Value,
    ) -> Result<Option<String>, GatewayError> {
        let Some(fields) = params.as_object_mut() else {
            return Err(GatewayError::invalid_request("`params` must be an object."));
        };
        let [approved, _, run_id, plan] = GATEWAY_FIELDS.map(|field| fields.remove(field));
        if approved != Some(Value::Bool(true)) {
            return Ok(None);
        }
        let Some(Value::String(run_id)) = run_id else { return Ok(None) };
        let ClaimedRun { node_id, idempotency_key, has_ledger } = *claimed;
        let plan = plan.as_ref();
        let claim = NodeRunClaim { node_id, params: fields, plan, idempotency_key, has_ledger };
        let approval = self.state.approvals.consume_node_run(&run_id, &claim, &self.grant)?;
        follow_foreign_plan(&approval.plan, fields);
        fields.insert("approved".to_owned(), Value::Bool(true));
        fields.insert("approvalDecision".to_owned(), approval.decision.into());
        fields.insert("runId".to_owned(), run_id.clone().into());
        fields.insert("systemRunPlan".to_owned(), approval.plan);
        Ok(Some(run_id))
    }
}

/// Has a command say what its plan says, when the plan comes from a node of the original: such a node
/// compares the two. Our nodes compare the hash of what they resolve themselves.
fn follow_foreign_plan(plan: &Value, fields: &mut Map<String, Value>) {
    if plan.get("planHash").is_some() {
        return;
    }
    for (field, of_plan) in [
        ("command", "argv"),
        ("rawCommand", "commandText"),
        ("cwd", "cwd"),
        ("agentId", "agentId"),
        ("sessionKey", "sessionKey"),
    ] {
        match plan.get(of_plan).filter(|value| !value.is_null()) {
            Some(value) => fields.insert(field.to_owned(), value.clone()),
            None => fields.remove(field),
        };
    }
}
