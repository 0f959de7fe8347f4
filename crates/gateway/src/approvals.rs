//! Calls that wait for the decision of a client.

mod node_runs;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use openclaw_protocol::gateway::GatewayError;
use openclaw_runtime::{ApprovalAnswer, ApprovalPrompter, ApprovalRequest};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::{oneshot, watch};

use crate::clients::{ClientRegistry, EventAudience};
use crate::grants::ClientGrant;
use crate::random::random_uuid;
use crate::runs::unix_millis;

pub(crate) use node_runs::{ApprovalRequestParams, NodeRunClaim};
use node_runs::{NodeRun, PreparedPlans};

/// How long a call waits for a decision.
const APPROVAL_TIMEOUT: Duration = Duration::from_mins(30);

/// The most decisions that are remembered, so that the same one again is no error.
const MAX_KEPT_DECISIONS: usize = 1000;

/// The calls that wait, and the last decisions.
#[derive(Debug, Default)]
pub(crate) struct PendingApprovals {
    state: Mutex<ApprovalState>,
    /// Changes whenever a call does not wait any more.
    changes: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct ApprovalState {
    pending: HashMap<String, PendingApproval>,
    /// Decided ids, the oldest first.
    decided: Vec<(String, ApprovalDecision)>,
    /// What nodes said that they would run.
    prepared: PreparedPlans,
    /// Commands of nodes that were allowed and did not run yet.
    allowed: HashMap<String, NodeRun>,
}

#[derive(Debug)]
struct PendingApproval {
    description: Value,
    can_allow_always: bool,
    subject: ApprovalSubject,
}

/// What is decided about.
#[derive(Debug)]
enum ApprovalSubject {
    /// A call of a run, which waits for the answer.
    Call(oneshot::Sender<ApprovalAnswer>),
    /// A command of a node that a client wants to run.
    NodeRun(NodeRun),
}

/// What a client decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ApprovalDecision {
    AllowOnce,
    AllowAlways,
    Deny,
}

/// The parameters of `exec.approval.resolve`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ResolveParams {
    id: String,
    decision: ApprovalDecision,
    /// Why not, for the model.
    #[serde(default)]
    reason: Option<String>,
}

/// Asks the connected clients about the calls of one run.
#[derive(Debug, Clone)]
pub(crate) struct GatewayPrompter {
    pub(crate) approvals: Arc<PendingApprovals>,
    pub(crate) clients: Arc<ClientRegistry>,
    pub(crate) run_id: String,
    pub(crate) session_key: String,
}

/// Withdraws a question that nobody waits for any more.
struct PendingGuard<'a> {
    prompter: &'a GatewayPrompter,
    id: String,
}

#[async_trait]
impl ApprovalPrompter for GatewayPrompter {
    async fn request_approval(&self, request: &ApprovalRequest) -> ApprovalAnswer {
        if !self.clients.has_approver() {
            return ApprovalAnswer::Unavailable {
                reason: "no client that decides about calls is connected to the gateway".to_owned(),
            };
        }
        let Ok(id) = random_uuid() else {
            return ApprovalAnswer::Unavailable {
                reason: "the system has no random numbers".to_owned(),
            };
        };
        let description = self.describe(&id, request);
        let (answer, decided) = oneshot::channel();
        let pending = PendingApproval {
            description: description.clone(),
            can_allow_always: request.can_allow_always(),
            subject: ApprovalSubject::Call(answer),
        };
        self.approvals.lock().pending.insert(id.clone(), pending);
        let _guard = PendingGuard { prompter: self, id };
        self.clients.broadcast_event(
            EventAudience::Approvers,
            "exec.approval.requested",
            &description,
        );
        match tokio::time::timeout(APPROVAL_TIMEOUT, decided).await {
            Ok(Ok(answer)) => answer,
            _ => {
                ApprovalAnswer::Deny { reason: Some("nobody decided within 30 minutes".to_owned()) }
            }
        }
    }
}

impl GatewayPrompter {
    fn describe(&self, id: &str, request: &ApprovalRequest) -> Value {
        let now = unix_millis(SystemTime::now());
        let timeout = u64::try_from(APPROVAL_TIMEOUT.as_millis()).unwrap_or(u64::MAX);
        json!({
            "id": id,
            "request": {
                "host": if request.node.is_some() { "node" } else { "gateway" },
                "node": request.node,
                "command": request.text,
                "cwd": request.directory,
                "tool": request.tool.as_str(),
                "reason": request.reason_line(),
                "display": request.display,
                "canAllowAlways": request.can_allow_always(),
                "runId": self.run_id,
                "sessionKey": self.session_key,
            },
            "createdAtMs": now,
            "expiresAtMs": now.saturating_add(timeout),
        })
    }
}

impl Drop for PendingGuard<'_> {
    fn drop(&mut self) {
        let withdrawn = self.prompter.approvals.withdraw(&self.id);
        let decision = self.prompter.approvals.decision(&self.id);
        if withdrawn || decision.is_some() {
            let decision = decision.map_or("withdrawn", ApprovalDecision::name);
            self.prompter.clients.broadcast_event(
                EventAudience::Approvers,
                "exec.approval.resolved",
                &json!({ "id": self.id, "decision": decision }),
            );
        }
    }
}

impl ApprovalDecision {
    fn to_answer(self, reason: Option<String>) -> ApprovalAnswer {
        match self {
            Self::AllowOnce => ApprovalAnswer::Allow,
            Self::AllowAlways => ApprovalAnswer::AllowAlways,
            Self::Deny => ApprovalAnswer::Deny { reason },
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::AllowOnce => "allow-once",
            Self::AllowAlways => "allow-always",
            Self::Deny => "deny",
        }
    }
}

impl PendingApprovals {
    /// The calls that wait, the oldest first.
    pub(crate) fn list(&self) -> Value {
        let state = self.lock();
        let mut all: Vec<Value> =
            state.pending.values().map(|pending| pending.description.clone()).collect();
        all.sort_by_key(|one| one.get("createdAtMs").and_then(Value::as_u64));
        json!({ "approvals": all })
    }

    /// One call that waits.
    ///
    /// # Errors
    /// When none has this id.
    pub(crate) fn get(&self, id: &str) -> Result<Value, GatewayError> {
        let state = self.lock();
        let pending = state.pending.get(id).map(|pending| pending.description.clone());
        pending.ok_or_else(|| unknown_approval(id))
    }

    /// Decides about a call. The first decision counts; the same one again is no error.
    ///
    /// # Errors
    /// When no call with this id waits, another decision was made, a call cannot be allowed for
    /// good, and when a device would allow what it asked for itself.
    pub(crate) fn resolve(
        &self,
        params: ResolveParams,
        approver: &ClientGrant,
    ) -> Result<Value, GatewayError> {
        let ResolveParams { id, decision, reason } = params;
        let mut state = self.lock();
        let Some(pending) = state.pending.get(&id) else {
            let made = state.decided.iter().find(|(decided, _)| *decided == id);
            return match made.map(|(_, made)| *made) {
                Some(made) if made == decision => Ok(json!({ "ok": true, "id": id })),
                Some(made) => Err(GatewayError::invalid_request(format!(
                    "It was decided already: {}.",
                    made.name()
                ))
                .with_details(json!({ "code": "APPROVAL_ALREADY_RESOLVED" }))),
                None => Err(unknown_approval(&id)),
            };
        };
        if decision == ApprovalDecision::AllowAlways && !pending.can_allow_always {
            return Err(GatewayError::invalid_request("This call can only be allowed once."));
        }
        if let ApprovalSubject::NodeRun(run) = &pending.subject
            && decision != ApprovalDecision::Deny
        {
            run.check_approver(approver)?;
        }
        if let Some(pending) = state.pending.remove(&id) {
            match pending.subject {
                ApprovalSubject::Call(answer) => {
                    // Without a receiver the run has ended meanwhile.
                    let _ = answer.send(decision.to_answer(reason));
                }
                ApprovalSubject::NodeRun(run) if decision != ApprovalDecision::Deny => {
                    state.allowed.insert(id.clone(), run);
                }
                ApprovalSubject::NodeRun(_) => {}
            }
        }
        if state.decided.len() >= MAX_KEPT_DECISIONS {
            state.decided.remove(0);
        }
        state.decided.push((id.clone(), decision));
        drop(state);
        self.changes.send_replace(());
        Ok(json!({ "ok": true, "id": id }))
    }

    /// Waits for the decision about a call.
    ///
    /// # Errors
    /// When no call has this id.
    pub(crate) async fn wait_for_decision(&self, id: &str) -> Result<Value, GatewayError> {
        let mut changes = self.changes.subscribe();
        let mut was_pending = false;
        loop {
            if let Some(made) = self.decision(id) {
                return Ok(describe_decision(id, Some(made), "resolved"));
            }
            match (self.lock().pending.contains_key(id), was_pending) {
                (true, _) => was_pending = true,
                (false, true) => return Ok(describe_decision(id, None, "withdrawn")),
                (false, false) => return Err(unknown_approval(id)),
            }
            if changes.changed().await.is_err() {
                return Err(unknown_approval(id));
            }
        }
    }

    /// Takes back a question that was not answered; returns whether there was one.
    fn withdraw(&self, id: &str) -> bool {
        let is_withdrawn = self.lock().pending.remove(id).is_some();
        if is_withdrawn {
            self.changes.send_replace(());
        }
        is_withdrawn
    }

    fn decision(&self, id: &str) -> Option<ApprovalDecision> {
        let state = self.lock();
        state.decided.iter().find(|(decided, _)| decided == id).map(|(_, made)| *made)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, ApprovalState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn describe_decision(id: &str, decision: Option<ApprovalDecision>, reason: &str) -> Value {
    json!({ "id": id, "decision": decision.map(ApprovalDecision::name), "terminalReason": reason })
}

/// An id is never completed: the beginning of one could be another call's.
fn unknown_approval(id: &str) -> GatewayError {
    let id = id.chars().take(64).collect::<String>();
    GatewayError::invalid_request(format!("No call waits under the id `{}`.", id.escape_debug()))
        .with_details(json!({ "code": "UNKNOWN_APPROVAL_ID" }))
}
