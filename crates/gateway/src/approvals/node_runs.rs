//! Commands of nodes that a client asks to have approved before it runs them.

use std::time::{Duration, SystemTime};

use openclaw_protocol::gateway::{CallDecision, GatewayError, GatewayErrorCode, ResponseFrame};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::prepared_plans::{ApprovalRequester, PreparedPlan, command_fields, hash_of_plan};
use super::{
    APPROVAL_TIMEOUT, ApprovalState, ApprovalSubject, PendingApproval, PendingApprovals,
    decision_name, describe_decision, unknown_approval,
};
use crate::clients::EventAudience;
use crate::grants::ClientGrant;
use crate::methods::ConnectedClient;
use crate::random::random_uuid;
use crate::runs::unix_millis;

/// The most commands of nodes that wait for a decision or were allowed and did not run yet. Those of
/// the owner are counted apart.
const MAX_NODE_RUNS: usize = 64;

/// The most approvals that are remembered after they were used.
const MAX_USED: usize = 256;

/// The most of these that one client asked for.
const MAX_NODE_RUNS_OF_CLIENT: usize = 16;

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

/// A command of a node that waits to be allowed, or was.
#[derive(Debug)]
pub(super) struct NodeRun {
    prepared: PreparedPlan,
    requester: ApprovalRequester,
    deadline: ApprovalDeadline,
}

/// When an approval ends, by two clocks: one stands still while the machine sleeps, and the other one can
/// be set back.
#[derive(Debug, Clone, Copy)]
struct ApprovalDeadline {
    at: Instant,
    /// In milliseconds since the Unix epoch.
    at_ms: u64,
}

impl ApprovalDeadline {
    fn after(limit: Duration) -> Self {
        let millis = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
        let at_ms = unix_millis(SystemTime::now()).saturating_add(millis);
        Self { at: Instant::now() + limit, at_ms }
    }

    fn has_passed(self, now: Instant, now_ms: u64) -> bool {
        now >= self.at || now_ms >= self.at_ms
    }
}

/// What a client says was approved.
pub(crate) struct NodeRunClaim<'a> {
    pub(crate) node_id: &'a str,
    /// The parameters of `system.run`.
    pub(crate) params: &'a Map<String, Value>,
    /// The plan that it names.
    pub(crate) plan: Option<&'a Value>,
    pub(crate) idempotency_key: &'a str,
    /// Whether the node carries out each idempotency key once.
    pub(crate) has_ledger: bool,
}

/// A command that was allowed and sent to its node.
#[derive(Debug)]
pub(super) struct UsedNodeRun {
    id: String,
    idempotency_key: String,
    run: NodeRun,
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
        let hash = params.system_run_plan.as_ref().map(hash_of_plan).unwrap_or_default();
        let id = random_uuid().map_err(|_| crate::devices::no_randomness())?;
        let mut state = self.lock();
        let requester = ApprovalRequester::new(requester);
        let prepared = state.prepared.find(&node_id, &hash, &requester);
        let prepared = prepared.cloned().ok_or_else(|| {
            refusal(
                "APPROVAL_REQUEST_MISMATCH",
                "`systemRunPlan` must be a plan that the node made: `system.run.prepare` has it \
                 make one.",
            )
        })?;
        state.allowed.retain(|_, run| !run.is_expired());
        state.check_share(&requester)?;
        let description = prepared.describe(&id, limit);
        let run = NodeRun { prepared, requester, deadline: ApprovalDeadline::after(limit) };
        let pending = PendingApproval {
            description: description.clone(),
            can_allow_always: false,
            can_allow_programs: false,
            subject: ApprovalSubject::NodeRun(run),
        };
        state.pending.insert(id.clone(), pending);
        Ok((id, description))
    }

    /// Uses up the approval of a command. The request with the same idempotency key gets it again from
    /// a node that carries out each key once: so it learns what came of the command.
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
        if let Some(used) = state.used.iter().find(|used| used.id == id)
            && claim.has_ledger
        {
            used.run.check_claim(claim, client)?;
            if used.idempotency_key != claim.idempotency_key {
                let text = "The approval was used by a request with another idempotency key.";
                return Err(refusal("APPROVAL_REQUIRED", text));
            }
            return Ok(used.run.to_approval());
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
        if run.is_expired() {
            return Err(refusal("APPROVAL_EXPIRED", "The approval has expired."));
        }
        run.check_claim(claim, client)?;
        let run = state.allowed.remove(id).ok_or_else(|| unknown_approval(id))?;
        let approval = run.to_approval();
        if state.used.len() >= MAX_USED {
            state.used.pop_front();
        }
        let idempotency_key = claim.idempotency_key.to_owned();
        state.used.push_back(UsedNodeRun { id: id.to_owned(), idempotency_key, run });
        Ok(approval)
    }

    /// Gives an approval back whose command no node got.
    pub(crate) fn restore_node_run(&self, id: &str) {
        let mut state = self.lock();
        let place = state.used.iter().position(|used| used.id == id);
        if let Some(used) = place.and_then(|place| state.used.remove(place)) {
            state.allowed.insert(used.id, used.run);
        }
    }
}

impl ApprovalState {
    /// Refuses a further command of a node from a client whose share is used up.
    fn check_share(&self, requester: &ApprovalRequester) -> Result<(), GatewayError> {
        let waiting = self.pending.values().filter_map(|it| match &it.subject {
            ApprovalSubject::NodeRun(run) => Some(run),
            ApprovalSubject::Call { .. } => None,
        });
        let runs = || waiting.clone().chain(self.allowed.values());
        let own = runs().filter(|run| run.requester == *requester).count();
        let all = runs().filter(|run| run.requester.is_owner == requester.is_owner).count();
        let text = if own >= MAX_NODE_RUNS_OF_CLIENT {
            "Too many commands of nodes that this client asked about wait for a decision."
        } else if all >= MAX_NODE_RUNS {
            "Too many commands of nodes wait for a decision."
        } else {
            return Ok(());
        };
        Err(GatewayError::new(GatewayErrorCode::Unavailable, text).with_retry(None))
    }
}

impl NodeRun {
    /// Whether the time for the command is over.
    fn is_expired(&self) -> bool {
        self.deadline.has_passed(Instant::now(), unix_millis(SystemTime::now()))
    }

    /// Only the owner of the gateway allows what its own client asked for, and nobody what is over.
    pub(super) fn check_approver(&self, approver: &ClientGrant) -> Result<(), GatewayError> {
        if self.is_expired() {
            return Err(refusal("APPROVAL_EXPIRED", "The time to decide is over."));
        }
        let is_same = approver.device.is_some() && approver.device == self.requester.device;
        if is_same && !approver.is_owner {
            return Err(GatewayError::new(
                GatewayErrorCode::Forbidden,
                "A device does not allow what it asked for itself.",
            ));
        }
        Ok(())
    }

    fn to_approval(&self) -> NodeRunApproval {
        let decision = decision_name(CallDecision::AllowOnce);
        NodeRunApproval { plan: self.prepared.plan.clone(), decision }
    }

    fn check_claim(
        &self,
        claim: &NodeRunClaim<'_>,
        client: &ClientGrant,
    ) -> Result<(), GatewayError> {
        let prepared = &self.prepared;
        let refuse = |code: &str, text: &str| Err(refusal(code, text));
        if prepared.node_id != claim.node_id {
            return refuse("APPROVAL_NODE_MISMATCH", "The approval is for another node.");
        }
        if self.requester != ApprovalRequester::new(client) {
            return refuse("APPROVAL_DEVICE_MISMATCH", "The approval is for another client.");
        }
        let is_other_plan = claim.plan.is_some_and(|plan| hash_of_plan(plan) != prepared.plan_hash);
        if is_other_plan || command_fields(claim.params) != prepared.fields {
            return refuse("APPROVAL_REQUEST_MISMATCH", "The approval is for another command.");
        }
        Ok(())
    }
}

fn refusal(code: &str, text: &str) -> GatewayError {
    GatewayError::invalid_request(text).with_details(json!({ "code": code }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_approval_ends_by_the_clock_that_says_so_first() {
        let deadline = ApprovalDeadline::after(Duration::from_mins(30));
        let (now, now_ms) = (Instant::now(), unix_millis(SystemTime::now()));
        assert!(!deadline.has_passed(now, now_ms));
        // The machine slept for an hour, or its clock was set forward.
        assert!(deadline.has_passed(now, now_ms + 3_600_000));
        // The clock was set back by a day: the approval lasts no longer for it.
        assert!(!deadline.has_passed(now, now_ms - 86_400_000));
        assert!(deadline.has_passed(now + Duration::from_mins(31), now_ms - 86_400_000));
    }
}
