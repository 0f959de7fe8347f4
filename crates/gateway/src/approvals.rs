//! Calls that wait for the decision of a client.

mod node_runs;
mod prepared_plans;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use openclaw_protocol::gateway::{
    CallDecision, CallGrantScope, CallQuestion, GatewayError, GatewayErrorCode, QuestionedCall,
    ResolveCallParams,
};
use openclaw_runtime::{
    ApprovalAnswer, ApprovalPrompter, ApprovalRequest, GrantScope, MAX_GRANT_TIME,
};
use serde_json::{Value, json};
use tokio::sync::{oneshot, watch};

use crate::clients::{ClientRegistry, EventAudience};
use crate::grants::{ClientGrant, ClientScope};
use crate::random::random_uuid;
use crate::runs::unix_millis;

pub(crate) use node_runs::{ApprovalRequestParams, NodeRunClaim};
use node_runs::{NodeRun, UsedNodeRun};
use prepared_plans::PreparedPlans;

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
    decided: Vec<(String, CallDecision)>,
    /// What nodes said that they would run.
    prepared: PreparedPlans,
    /// Commands of nodes that were allowed and did not run yet.
    allowed: HashMap<String, NodeRun>,
    /// Those that were sent to their nodes, the oldest first.
    used: VecDeque<UsedNodeRun>,
}

#[derive(Debug)]
struct PendingApproval {
    description: Value,
    can_allow_always: bool,
    /// Whether its programs can be allowed in the sandbox, for a time.
    can_allow_programs: bool,
    subject: ApprovalSubject,
}

/// What is decided about.
#[derive(Debug)]
enum ApprovalSubject {
    /// A call of a run, which waits for the answer.
    Call {
        answer: oneshot::Sender<ApprovalAnswer>,
        /// The device that started the run; `None` for the owner of the gateway and for webhooks.
        device: Option<String>,
    },
    /// A command of a node that a client wants to run.
    NodeRun(NodeRun),
}

/// Asks the connected clients about the calls of one run.
#[derive(Debug, Clone)]
pub(crate) struct GatewayPrompter {
    pub(crate) approvals: Arc<PendingApprovals>,
    pub(crate) clients: Arc<ClientRegistry>,
    pub(crate) run_id: String,
    pub(crate) session_key: String,
    /// The device that started the run.
    pub(crate) device: Option<String>,
}

/// Withdraws a question that nobody waits for any more.
struct PendingGuard<'a> {
    prompter: &'a GatewayPrompter,
    id: String,
}

impl PendingApproval {
    /// Whether what would be allowed from now on was offered. A command of a node is approved for
    /// one run.
    fn offers(&self, params: &ResolveCallParams) -> bool {
        match params.grant_scope {
            CallGrantScope::Command => self.can_allow_always,
            CallGrantScope::SandboxedPrograms => {
                self.can_allow_programs && params.grant_expires_in_ms.is_some()
            }
            _ => false,
        }
    }
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
            can_allow_programs: !request.sandboxed_programs().is_empty(),
            subject: ApprovalSubject::Call { answer, device: self.device.clone() },
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
        let question = CallQuestion {
            id: id.to_owned(),
            request: QuestionedCall {
                host: if request.node.is_some() { "node" } else { "gateway" }.to_owned(),
                node: request.node.clone(),
                command: request.text.clone(),
                cwd: request.directory.clone(),
                tool: request.tool.as_str().to_owned(),
                kind: request.kind.to_string(),
                reason: request.reason_line(),
                display: request.display.clone(),
                can_allow_always: request.can_allow_always(),
                sandboxed_programs: request.sandboxed_programs().to_vec(),
                is_final: request.is_final,
                run_id: self.run_id.clone(),
                session_key: self.session_key.clone(),
            },
            created_at_ms: now,
            expires_at_ms: now.saturating_add(timeout),
        };
        json!(question)
    }
}

impl Drop for PendingGuard<'_> {
    fn drop(&mut self) {
        let withdrawn = self.prompter.approvals.withdraw(&self.id);
        let decision = self.prompter.approvals.decision(&self.id);
        if withdrawn || decision.is_some() {
            let decision = decision.map_or("withdrawn", decision_name);
            self.prompter.clients.broadcast_event(
                EventAudience::Approvers,
                "exec.approval.resolved",
                &json!({ "id": self.id, "decision": decision }),
            );
        }
    }
}

fn decision_name(decision: CallDecision) -> &'static str {
    match decision {
        CallDecision::AllowOnce => "allow-once",
        CallDecision::AllowAlways => "allow-always",
        _ => "deny",
    }
}

/// A device allows a call of a run that it started only with `operator.admin`: with less it could
/// run commands by way of an agent.
fn check_own_run(device: Option<&str>, approver: &ClientGrant) -> Result<(), GatewayError> {
    let is_own = device.is_some() && approver.device.as_deref() == device;
    if is_own && !approver.is_owner && !approver.allows(ClientScope::Admin) {
        return Err(GatewayError::new(
            GatewayErrorCode::Forbidden,
            "A device allows calls of a run that it started itself only with `operator.admin`; \
             another client decides.",
        ));
    }
    Ok(())
}

/// What a decision answers to the question about a call.
fn to_answer(params: ResolveCallParams) -> ApprovalAnswer {
    let time = params.grant_expires_in_ms.map(Duration::from_millis);
    match (params.decision, params.grant_scope, time) {
        (CallDecision::AllowOnce, ..) => ApprovalAnswer::Allow,
        (CallDecision::AllowAlways, CallGrantScope::Command, None) => ApprovalAnswer::AllowAlways,
        (CallDecision::AllowAlways, scope, time) => ApprovalAnswer::AllowFor {
            scope: match scope {
                CallGrantScope::SandboxedPrograms => GrantScope::SandboxedPrograms,
                _ => GrantScope::Command,
            },
            time: time.unwrap_or(MAX_GRANT_TIME),
        },
        _ => ApprovalAnswer::Deny { reason: params.reason },
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
        params: ResolveCallParams,
        approver: &ClientGrant,
    ) -> Result<Value, GatewayError> {
        let (id, decision) = (params.id.clone(), params.decision);
        let mut state = self.lock();
        let Some(pending) = state.pending.get(&id) else {
            let made = state.decided.iter().find(|(decided, _)| *decided == id);
            return match made.map(|(_, made)| *made) {
                Some(made) if made == decision => Ok(json!({ "ok": true, "id": id })),
                Some(made) => Err(GatewayError::invalid_request(format!(
                    "It was decided already: {}.",
                    decision_name(made)
                ))
                .with_details(json!({ "code": "APPROVAL_ALREADY_RESOLVED" }))),
                None => Err(unknown_approval(&id)),
            };
        };
        if decision == CallDecision::AllowAlways && !pending.offers(&params) {
            return Err(GatewayError::invalid_request("This call can only be allowed once."));
        }
        if decision != CallDecision::Deny {
            match &pending.subject {
                ApprovalSubject::NodeRun(run) => run.check_approver(approver)?,
                ApprovalSubject::Call { device, .. } => check_own_run(device.as_deref(), approver)?,
            }
        }
        if let Some(pending) = state.pending.remove(&id) {
            match pending.subject {
                ApprovalSubject::Call { answer, .. } => {
                    // Without a receiver the run has ended meanwhile.
                    let _ = answer.send(to_answer(params));
                }
                ApprovalSubject::NodeRun(run) if decision != CallDecision::Deny => {
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

    fn decision(&self, id: &str) -> Option<CallDecision> {
        let state = self.lock();
        state.decided.iter().find(|(decided, _)| decided == id).map(|(_, made)| *made)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, ApprovalState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn describe_decision(id: &str, decision: Option<CallDecision>, reason: &str) -> Value {
    json!({ "id": id, "decision": decision.map(decision_name), "terminalReason": reason })
}

/// An id is never completed: the beginning of one could be another call's.
fn unknown_approval(id: &str) -> GatewayError {
    let id = id.chars().take(64).collect::<String>();
    GatewayError::invalid_request(format!("No call waits under the id `{}`.", id.escape_debug()))
        .with_details(json!({ "code": "UNKNOWN_APPROVAL_ID" }))
}
