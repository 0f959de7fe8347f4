//! Commands of nodes that a client asks to have approved before it runs them.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

use openclaw_protocol::gateway::{CallDecision, GatewayError, GatewayErrorCode, ResponseFrame};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::{
    APPROVAL_TIMEOUT, ApprovalSubject, PendingApproval, PendingApprovals, decision_name,
    describe_decision, unknown_approval,
};
use crate::clients::EventAudience;
use crate::grants::ClientGrant;
use crate::methods::ConnectedClient;
use crate::random::random_uuid;
use crate::runs::unix_millis;

/// The most prepared commands that are remembered.
const MAX_PREPARED: usize = 128;

/// The most bytes of one.
const MAX_PREPARED_BYTES: usize = 262_144;

/// The most commands of nodes that wait for a decision or were allowed and did not run yet.
const MAX_NODE_RUNS: usize = 64;

/// What decides about what a command does.
const COMMAND_FIELDS: [&str; 6] = ["command", "rawCommand", "cwd", "env", "agentId", "sessionKey"];

/// The parameters of `exec.approval.request`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ApprovalRequestParams {
    #[serde(default)]
    host: Option<String>,
    #[serde(default)]
    node_id: Option<String>,
    #[serde(default)]
    system_run_plan: Option<Value>,
    #[serde(default)]
    timeout_ms: Option<u64>,
    /// Whether the client wants a response when it is asked, and another one when it is decided.
    #[serde(default)]
    two_phase: bool,
}

/// What nodes said that they would run, the oldest first.
#[derive(Debug, Default)]
pub(super) struct PreparedPlans(VecDeque<PreparedPlan>);

#[derive(Debug, Clone)]
struct PreparedPlan {
    node_id: String,
    plan_hash: String,
    plan: Value,
    /// The [`COMMAND_FIELDS`] that were asked for.
    fields: Map<String, Value>,
    /// Why the node's own policy asks.
    reason: Option<String>,
}

/// A command of a node that waits to be allowed, or was.
#[derive(Debug)]
pub(super) struct NodeRun {
    prepared: PreparedPlan,
    requester: ApprovalRequester,
    expires_at: Instant,
}

/// Who asked.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ApprovalRequester {
    device: Option<String>,
    is_owner: bool,
}

/// What a client says was approved.
pub(crate) struct NodeRunClaim<'a> {
    pub(crate) node_id: &'a str,
    /// The parameters of `system.run`.
    pub(crate) params: &'a Map<String, Value>,
    /// The plan that it names.
    pub(crate) plan: Option<&'a Value>,
}

/// An approval that was used up.
pub(crate) struct NodeRunApproval {
    pub(crate) plan: Value,
    pub(crate) decision: &'static str,
}

/// Withdraws a question when the client that asked has gone.
struct RequestGuard<'a> {
    client: &'a ConnectedClient,
    id: String,
}

impl Drop for RequestGuard<'_> {
    fn drop(&mut self) {
        let approvals = &self.client.state.approvals;
        let withdrawn = approvals.withdraw(&self.id);
        let decision = approvals.decision(&self.id);
        if withdrawn || decision.is_some() {
            let decision = decision.map_or("withdrawn", decision_name);
            self.client.state.clients.broadcast_event(
                EventAudience::Approvers,
                "exec.approval.resolved",
                &json!({ "id": self.id, "decision": decision }),
            );
        }
    }
}

impl ConnectedClient {
    /// Asks those that decide about a command of a node, and waits for the decision.
    pub(crate) async fn request_approval(
        &self,
        request_id: &str,
        params: ApprovalRequestParams,
    ) -> Result<Value, GatewayError> {
        let (state, is_two_phase) = (&self.state, params.two_phase);
        let limit = params.timeout_ms.map_or(APPROVAL_TIMEOUT, Duration::from_millis);
        let limit = limit.min(APPROVAL_TIMEOUT);
        let (id, description) = state.approvals.add_node_run(params, limit, &self.grant)?;
        let _guard = RequestGuard { client: self, id: id.clone() };
        state.clients.broadcast_event(
            EventAudience::Approvers,
            "exec.approval.requested",
            &description,
        );
        if is_two_phase {
            let accepted = json!({
                "status": "accepted",
                "id": id,
                "deliveryRoute": if state.clients.has_approver() { "clients" } else { "none" },
                "createdAtMs": description.get("createdAtMs"),
                "expiresAtMs": description.get("expiresAtMs"),
            });
            self.queue.send_response(&ResponseFrame::success(request_id, accepted));
        }
        match tokio::time::timeout(limit, state.approvals.wait_for_decision(&id)).await {
            Ok(decided) => decided,
            Err(_) => Ok(describe_decision(&id, None, "expired")),
        }
    }
}

impl PendingApprovals {
    /// Remembers what a node said that it would run, with what it was asked for.
    pub(crate) fn record_plan(&self, node_id: &str, params: &Value, result: &Value) {
        let plan = result.get("plan");
        let Some(plan_hash) = plan.and_then(|plan| plan.get("planHash")).and_then(Value::as_str)
        else {
            return;
        };
        let (Some(plan), Some(fields)) = (plan, params.as_object()) else { return };
        let prepared = PreparedPlan {
            node_id: node_id.to_owned(),
            plan_hash: plan_hash.to_owned(),
            plan: plan.clone(),
            fields: command_fields(fields),
            reason: result.get("reason").and_then(Value::as_str).map(str::to_owned),
        };
        if prepared.byte_count() > MAX_PREPARED_BYTES {
            return;
        }
        let plans = &mut self.lock().prepared.0;
        plans.retain(|known| known.node_id != node_id || known.plan_hash != plan_hash);
        if plans.len() >= MAX_PREPARED {
            plans.pop_front();
        }
        plans.push_back(prepared);
    }

    /// Adds the question about a command that its node prepared. What is shown comes from the node
    /// and not from the client.
    fn add_node_run(
        &self,
        params: ApprovalRequestParams,
        limit: Duration,
        requester: &ClientGrant,
    ) -> Result<(String, Value), GatewayError> {
        let Some(node_id) = params.node_id.filter(|_| params.host.as_deref() == Some("node"))
        else {
            return Err(GatewayError::invalid_request(
                "Clients ask about commands of nodes only: `host` must be `node`, with `nodeId`.",
            ));
        };
        let hash = params.system_run_plan.as_ref().and_then(|plan| plan.get("planHash"));
        let hash = hash.and_then(Value::as_str).unwrap_or_default();
        let id = random_uuid().map_err(|_| crate::devices::no_randomness())?;
        let mut state = self.lock();
        let prepared =
            state.prepared.0.iter().find(|it| it.node_id == node_id && it.plan_hash == hash);
        let prepared = prepared.cloned().ok_or_else(|| {
            refusal(
                "APPROVAL_REQUEST_MISMATCH",
                "`systemRunPlan` must be a plan that the node made: `system.run.prepare` has it \
                 make one.",
            )
        })?;
        let now = Instant::now();
        state.allowed.retain(|_, run| run.expires_at > now);
        let waiting = state.pending.values();
        let waiting = waiting.filter(|it| matches!(it.subject, ApprovalSubject::NodeRun(_)));
        if waiting.count() + state.allowed.len() >= MAX_NODE_RUNS {
            let text = "Too many commands of nodes wait for a decision.";
            return Err(GatewayError::new(GatewayErrorCode::Unavailable, text).with_retry(None));
        }
        let description = prepared.describe(&id, limit);
        let run = NodeRun {
            prepared,
            requester: ApprovalRequester::new(requester),
            expires_at: now + limit,
        };
        let pending = PendingApproval {
            description: description.clone(),
            can_allow_always: false,
            can_allow_programs: false,
            subject: ApprovalSubject::NodeRun(run),
        };
        state.pending.insert(id.clone(), pending);
        Ok((id, description))
    }

    /// Uses up the approval of a command.
    ///
    /// # Errors
    /// When there is none for exactly this command of this node from this client.
    pub(crate) fn consume_node_run(
        &self,
        id: &str,
        claim: &NodeRunClaim<'_>,
        client: &ClientGrant,
    ) -> Result<NodeRunApproval, GatewayError> {
        let mut state = self.lock();
        if state.pending.contains_key(id) {
            return Err(refusal("APPROVAL_REQUIRED", "Nobody decided about this command yet."));
        }
        let Some(run) = state.allowed.get(id) else {
            let is_denied = state
                .decided
                .iter()
                .any(|(decided, made)| decided == id && *made == CallDecision::Deny);
            return Err(if is_denied {
                refusal("APPROVAL_REQUIRED", "This command was denied.")
            } else {
                unknown_approval(id)
            });
        };
        run.check_claim(claim, client)?;
        let run = state.allowed.remove(id).ok_or_else(|| unknown_approval(id))?;
        let decision = decision_name(CallDecision::AllowOnce);
        Ok(NodeRunApproval { plan: run.prepared.plan, decision })
    }
}

impl NodeRun {
    /// Only the owner of the gateway allows what its own client asked for.
    pub(super) fn check_approver(&self, approver: &ClientGrant) -> Result<(), GatewayError> {
        let is_same = approver.device.is_some() && approver.device == self.requester.device;
        if is_same && !approver.is_owner {
            return Err(GatewayError::new(
                GatewayErrorCode::Forbidden,
                "A device does not allow what it asked for itself.",
            ));
        }
        Ok(())
    }

    fn check_claim(
        &self,
        claim: &NodeRunClaim<'_>,
        client: &ClientGrant,
    ) -> Result<(), GatewayError> {
        let prepared = &self.prepared;
        let refuse = |code: &str, text: &str| Err(refusal(code, text));
        if self.expires_at <= Instant::now() {
            return refuse("APPROVAL_EXPIRED", "The approval has expired.");
        }
        if prepared.node_id != claim.node_id {
            return refuse("APPROVAL_NODE_MISMATCH", "The approval is for another node.");
        }
        if self.requester != ApprovalRequester::new(client) {
            return refuse("APPROVAL_DEVICE_MISMATCH", "The approval is for another client.");
        }
        let hash = claim.plan.map(|plan| plan.get("planHash").and_then(Value::as_str));
        let is_other_plan = hash.is_some_and(|hash| hash != Some(prepared.plan_hash.as_str()));
        if is_other_plan || command_fields(claim.params) != prepared.fields {
            return refuse("APPROVAL_REQUEST_MISMATCH", "The approval is for another command.");
        }
        Ok(())
    }
}

impl PreparedPlan {
    fn byte_count(&self) -> usize {
        self.plan.to_string().len()
            + Value::Object(self.fields.clone()).to_string().len()
            + self.reason.as_ref().map_or(0, String::len)
    }

    /// The whole command with the variables that it is given, which can change what it does.
    fn command_text(&self) -> String {
        let variables = self.fields.get("env").and_then(Value::as_object).into_iter().flatten();
        let variables =
            variables.map(|(name, value)| format!("{}={} ", name.escape_debug(), value));
        let command = self.plan.get("commandText").and_then(Value::as_str).unwrap_or_default();
        variables.chain([command.to_owned()]).collect()
    }

    fn describe(&self, id: &str, limit: Duration) -> Value {
        let now = unix_millis(SystemTime::now());
        let limit = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
        json!({
            "id": id,
            "request": {
                "host": "node",
                "nodeId": self.node_id,
                "command": self.command_text(),
                "env": self.fields.get("env"),
                "reason": self.reason,
                "cwd": self.plan.get("cwd"),
                "tool": "exec",
                "systemRunPlan": self.plan,
                "canAllowAlways": false,
                "agentId": self.plan.get("agentId"),
                "sessionKey": self.plan.get("sessionKey"),
            },
            "createdAtMs": now,
            "expiresAtMs": now.saturating_add(limit),
        })
    }
}

impl ApprovalRequester {
    fn new(grant: &ClientGrant) -> Self {
        Self { device: grant.device.clone(), is_owner: grant.is_owner }
    }
}

/// The fields that decide about what a command does; one that is `null` is absent.
fn command_fields(params: &Map<String, Value>) -> Map<String, Value> {
    let fields = COMMAND_FIELDS.into_iter().filter_map(|field| {
        let value = params.get(field).filter(|value| !value.is_null())?;
        Some((field.to_owned(), value.clone()))
    });
    fields.collect()
}

fn refusal(code: &str, text: &str) -> GatewayError {
    GatewayError::invalid_request(text).with_details(json!({ "code": code }))
}
