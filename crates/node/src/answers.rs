//! The answers of a node that its gateway does not have yet. They outlive connections.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use openclaw_protocol::gateway::{NodeError, NodeInvokeAnswer};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::Notify;

/// The most answers that wait for a gateway; what ran is in the ledger besides.
const MAX_WAITING_ANSWERS: usize = 256;

/// What became of an invocation, as the ledger keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum InvocationOutcome {
    /// What it returned.
    #[serde(rename = "payload")]
    Payload(Value),
    /// Why it failed.
    #[serde(rename = "error")]
    Error(NodeError),
}

/// The answers that are not acknowledged, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct AnswerQueue {
    state: Mutex<QueueState>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct QueueState {
    answers: VecDeque<(u64, NodeInvokeAnswer)>,
    next_number: u64,
}

impl From<Result<Value, NodeError>> for InvocationOutcome {
    fn from(result: Result<Value, NodeError>) -> Self {
        match result {
            Ok(payload) => Self::Payload(payload),
            Err(error) => Self::Error(error),
        }
    }
}

impl From<NodeError> for InvocationOutcome {
    fn from(error: NodeError) -> Self {
        Self::Error(error)
    }
}

impl InvocationOutcome {
    /// The answer of a node to a request.
    pub(crate) fn to_answer(&self, id: &str, node_id: &str) -> NodeInvokeAnswer {
        let (payload_json, error) = match self {
            Self::Payload(payload) => (Some(payload.to_string()), None),
            Self::Error(error) => (None, Some(error.clone())),
        };
        NodeInvokeAnswer {
            id: id.to_owned(),
            node_id: node_id.to_owned(),
            ok: error.is_none(),
            payload: None,
            payload_json,
            error,
        }
    }
}

impl AnswerQueue {
    /// Adds an answer.
    pub(crate) fn push_answer(&self, answer: NodeInvokeAnswer) {
        let mut state = self.lock();
        let number = state.next_number;
        state.next_number += 1;
        state.answers.push_back((number, answer));
        if state.answers.len() > MAX_WAITING_ANSWERS {
            state.answers.pop_front();
        }
        drop(state);
        self.changed.notify_one();
    }

    /// The first answer with this number or a later one.
    pub(crate) fn first_from(&self, number: u64) -> Option<(u64, NodeInvokeAnswer)> {
        self.lock().answers.iter().find(|(it, _)| *it >= number).cloned()
    }

    /// Removes an answer, which the gateway has.
    pub(crate) fn remove_answer(&self, number: u64) {
        self.lock().answers.retain(|(it, _)| *it != number);
    }

    /// Waits until one is added.
    pub(crate) async fn wait_for_more(&self) {
        self.changed.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
