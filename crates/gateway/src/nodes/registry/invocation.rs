//! One invocation of a command of a node.

use std::time::Duration;

use openclaw_protocol::gateway::{
    GatewayError, GatewayErrorCode, NodeError, NodeErrorCode, NodeInvokeRequest,
};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

use super::{MAX_OPEN_INVOCATIONS, MAX_WAITING_CHUNKS, NodeRegistry, NodeReply, PendingInvocation};
use crate::random::random_uuid;

/// The most characters of an error's text that a node sent.
const MAX_ERROR_CHARS: usize = 4000;

/// The most characters of an error's code that a node sent, and of a command in an error.
const MAX_CODE_CHARS: usize = 64;

/// A command that a node is to carry out.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeInvocation {
    /// The whole id of the node's device.
    pub node_id: String,
    /// The command, e.g. `system.which`.
    pub command: String,
    /// Its parameters, an object. They are sent as they are: only a caller inside the gateway may
    /// say that a command was approved.
    pub params: Value,
    /// How long to wait for the answer.
    pub timeout: Duration,
    /// The same key is one invocation for the node, over connections and restarts.
    pub idempotency_key: String,
}

/// Output of a command that still runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeProgress {
    /// The output.
    pub chunk: String,
    /// The bytes before it that the caller was too slow to take and that were left out.
    pub omitted_bytes: usize,
}

/// What came of an invocation.
#[derive(Debug, Clone, PartialEq)]
pub enum NodeInvokeOutcome {
    /// The node did not get it: nothing was done.
    NotDispatched(NodeError),
    /// The node answered, with a result or with why the command failed.
    Finished(Result<NodePayload, NodeError>),
    /// The node got it, and what came of it is not known. It may have been done.
    OutcomeUnknown(NodeError),
}

/// The result of a command.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NodePayload {
    /// The result; `{payloadJSON: TEXT}` when the node sent a text that is not JSON.
    pub value: Value,
    /// The text of it, when the node sent one.
    pub text: Option<String>,
}

/// Withdraws an invocation whose caller no longer waits.
struct CancelGuard<'a> {
    registry: &'a NodeRegistry,
    id: String,
}

impl Drop for CancelGuard<'_> {
    fn drop(&mut self) {
        self.registry.cancel(&self.id);
    }
}

/// What the node sends back.
struct ReplyReceiver {
    id: String,
    answer: oneshot::Receiver<NodeReply>,
    progress: mpsc::Receiver<NodeProgress>,
}

impl NodeRegistry {
    /// Has a node carry out a command, and waits for its answer. When the time is over or the future
    /// is dropped, the node is told to end the command. An invocation is sent once.
    pub async fn invoke(
        &self,
        invocation: NodeInvocation,
        mut on_progress: impl FnMut(NodeProgress) + Send,
    ) -> NodeInvokeOutcome {
        let limit = invocation.timeout;
        let mut replies = match self.dispatch(invocation) {
            Ok(replies) => replies,
            Err(error) => return NodeInvokeOutcome::NotDispatched(error),
        };
        let _guard = CancelGuard { registry: self, id: replies.id.clone() };
        let deadline = tokio::time::sleep(limit);
        tokio::pin!(deadline);
        loop {
            tokio::select! {
                biased;
                () = &mut deadline => return NodeInvokeOutcome::OutcomeUnknown(timed_out(limit)),
                reply = &mut replies.answer => {
                    while let Ok(progress) = replies.progress.try_recv() {
                        on_progress(progress);
                    }
                    return to_outcome(reply.unwrap_or(NodeReply::Disconnected));
                }
                Some(progress) = replies.progress.recv() => on_progress(progress),
            }
        }
    }

    /// Sends an invocation to its node.
    fn dispatch(&self, invocation: NodeInvocation) -> Result<ReplyReceiver, NodeError> {
        let NodeInvocation { node_id, command, params, timeout, idempotency_key } = invocation;
        let unavailable = |text: &str| NodeError::new(NodeErrorCode::Unavailable, text);
        let not_connected =
            || NodeError::new(NodeErrorCode::NotConnected, "the node is not connected");
        let id = random_uuid().map_err(|_| unavailable("the system has no random numbers"))?;
        let mut state = self.lock();
        let open = state.pending.values().filter(|pending| pending.node_id == node_id).count();
        let node = state.nodes.get(&node_id).ok_or_else(not_connected)?;
        if !node.entry.commands.contains(&command) {
            let text = describe_missing_command(&command, &node.entry.pending_declared_commands);
            return Err(NodeError::new(NodeErrorCode::UnknownCommand, text));
        }
        if open >= MAX_OPEN_INVOCATIONS {
            return Err(unavailable("too many commands of the node are still running"));
        }
        let request = NodeInvokeRequest {
            id: id.clone(),
            node_id: node_id.clone(),
            command,
            params_json: (!params.is_null()).then(|| params.to_string()),
            timeout_ms: Some(u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX)),
            idempotency_key: Some(idempotency_key),
        };
        if !node.queue.send_typed_event("node.invoke.request", &request) {
            return Err(not_connected());
        }
        let (answer, answer_receiver) = oneshot::channel();
        let (progress, progress_receiver) = mpsc::channel(MAX_WAITING_CHUNKS);
        let pending =
            PendingInvocation { node_id, answer, progress, next_seq: 0, omitted_bytes: 0 };
        state.pending.insert(id.clone(), pending);
        Ok(ReplyReceiver { id, answer: answer_receiver, progress: progress_receiver })
    }
}

impl NodeInvokeOutcome {
    /// Whether the node got the command.
    #[must_use]
    pub fn is_dispatched(&self) -> bool {
        !matches!(self, Self::NotDispatched(_))
    }

    /// The error that a client gets instead of a result.
    pub(crate) fn to_gateway_error(&self) -> GatewayError {
        let (what, error) = match self {
            Self::NotDispatched(error) => ("The node did not get the command", error),
            Self::OutcomeUnknown(error) => {
                ("It is not known whether the node carried out the command", error)
            }
            Self::Finished(Err(error)) => ("The command failed on the node", error),
            Self::Finished(Ok(_)) => {
                return GatewayError::invalid_request("The command succeeded.");
            }
        };
        let text = format!("{what}: {}.", error.message.trim_end_matches('.'));
        GatewayError::new(GatewayErrorCode::Unavailable, text).with_details(json!({
            "code": error.code,
            "nodeError": error,
            "nodeCommandDispatched": self.is_dispatched(),
        }))
    }
}

fn describe_missing_command(command: &str, waiting: &[String]) -> String {
    let shown: String = command.chars().take(MAX_CODE_CHARS).collect();
    let shown = shown.escape_debug();
    if waiting.iter().any(|one| one == command) {
        return format!("the command `{shown}` of the node waits for an approval");
    }
    format!("the node does not offer the command `{shown}`")
}

fn timed_out(limit: Duration) -> NodeError {
    let text = format!(
        "the node did not answer within {} ms; it was told to end the command, which may have run",
        limit.as_millis()
    );
    NodeError::new(NodeErrorCode::Timeout, text)
}

fn to_outcome(reply: NodeReply) -> NodeInvokeOutcome {
    let NodeReply::Answer(answer) = reply else {
        return NodeInvokeOutcome::OutcomeUnknown(NodeError::new(
            NodeErrorCode::Disconnected,
            "the connection of the node ended; the command may have run",
        ));
    };
    let text = answer.payload_json.clone();
    match answer.into_result() {
        Ok(value) => NodeInvokeOutcome::Finished(Ok(NodePayload { value, text })),
        Err(error) => {
            let error = NodeError {
                code: error.code.chars().take(MAX_CODE_CHARS).collect(),
                message: error.message.chars().take(MAX_ERROR_CHARS).collect(),
            };
            if error.is(NodeErrorCode::OutcomeUnknown) {
                return NodeInvokeOutcome::OutcomeUnknown(error);
            }
            NodeInvokeOutcome::Finished(Err(error))
        }
    }
}
