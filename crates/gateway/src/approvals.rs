//! Calls that wait for the decision of a client.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use openclaw_protocol::gateway::GatewayError;
use openclaw_runtime::{ApprovalAnswer, ApprovalPrompter, ApprovalRequest};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::clients::{ClientRegistry, EventAudience};
use crate::random::random_uuid;
use crate::runs::unix_millis;

/// How long a call waits for a decision.
const APPROVAL_TIMEOUT: Duration = Duration::from_mins(30);

/// The most decisions that are remembered, so that the same one again is no error.
const MAX_KEPT_DECISIONS: usize = 1000;

/// The calls that wait, and the last decisions.
#[derive(Debug, Default)]
pub(crate) struct PendingApprovals {
    state: Mutex<ApprovalState>,
}

#[derive(Debug, Default)]
struct ApprovalState {
    pending: HashMap<String, PendingApproval>,
    /// Decided ids, the oldest first.
    decided: Vec<(String, ApprovalDecision)>,
}

#[derive(Debug)]
struct PendingApproval {
    description: Value,
    can_allow_always: bool,
    answer: oneshot::Sender<ApprovalAnswer>,
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
            answer,
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
        let withdrawn = self.prompter.approvals.lock().pending.remove(&self.id);
        let decision = self.prompter.approvals.decision(&self.id);
        if withdrawn.is_some() || decision.is_some() {
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
    /// When no call with this id waits, another decision was made, and when a call cannot be
    /// allowed for good.
    pub(crate) fn resolve(&self, params: ResolveParams) -> Result<Value, GatewayError> {
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
        let answer = match decision {
            ApprovalDecision::AllowOnce => ApprovalAnswer::Allow,
            ApprovalDecision::AllowAlways => ApprovalAnswer::AllowAlways,
            ApprovalDecision::Deny => ApprovalAnswer::Deny { reason },
        };
        if let Some(pending) = state.pending.remove(&id) {
            // Without a receiver the run has ended meanwhile.
            let _ = pending.answer.send(answer);
        }
        if state.decided.len() >= MAX_KEPT_DECISIONS {
            state.decided.remove(0);
        }
        state.decided.push((id.clone(), decision));
        Ok(json!({ "ok": true, "id": id }))
    }

    fn decision(&self, id: &str) -> Option<ApprovalDecision> {
        let state = self.lock();
        state.decided.iter().find(|(decided, _)| decided == id).map(|(_, made)| *made)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, ApprovalState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An id is never completed: the beginning of one could be another call's.
fn unknown_approval(id: &str) -> GatewayError {
    let id = id.chars().take(64).collect::<String>();
    GatewayError::invalid_request(format!("No call waits under the id `{}`.", id.escape_debug()))
        .with_details(json!({ "code": "UNKNOWN_APPROVAL_ID" }))
}
