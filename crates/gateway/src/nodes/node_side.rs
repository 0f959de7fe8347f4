//! What a node itself asks of the gateway.

use openclaw_protocol::gateway::{
    GatewayError, GatewayErrorCode, NodeEventParams, NodeInvokeAnswer, NodeInvokeProgress,
    RequestFrame, ResponseFrame,
};
use serde_json::{Value, json};

use crate::methods::{ConnectedClient, parse};

/// The methods of nodes.
pub(crate) const NODE_METHODS: &[&str] = &[
    "node.event",
    "node.invoke.progress",
    "node.invoke.result",
    "node.pending.ack",
    "node.pending.drain",
    "node.pending.pull",
    "node.pluginTools.update",
    "node.runnerInventory.update",
    "node.skills.update",
    "skills.bins",
];

/// The events of nodes.
pub(crate) const NODE_EVENTS: &[&str] = &[
    "connect.challenge",
    super::COMMANDS_EVENT,
    "node.invoke.cancel",
    "node.invoke.request",
    "shutdown",
    "tick",
];

/// The most characters of a text of a node in the log.
const MAX_LOGGED_CHARS: usize = 64;

impl ConnectedClient {
    /// Carries out a request of a node at once, so that its output and answers keep their order.
    pub(crate) fn handle_node_request(&self, request: RequestFrame) {
        let RequestFrame { id, method, params, .. } = request;
        let response = match self.answer_node(&method, params) {
            Ok(payload) => ResponseFrame::success(id, payload),
            Err(error) => ResponseFrame::failure(id, error),
        };
        self.queue.send_response(&response);
    }

    fn answer_node(&self, method: &str, params: Value) -> Result<Value, GatewayError> {
        let registry = &self.state.nodes.registry;
        let own_id = self.grant.device.as_deref().unwrap_or_default();
        let acknowledge = |is_expected: bool| {
            if is_expected { json!({ "ok": true }) } else { json!({ "ok": true, "ignored": true }) }
        };
        match method {
            "node.invoke.result" => {
                let answer: NodeInvokeAnswer = parse(params)?;
                registry.accept_answer(own_id, answer).map(acknowledge)
            }
            "node.invoke.progress" => {
                let progress: NodeInvokeProgress = parse(params)?;
                registry.accept_progress(own_id, progress).map(acknowledge)
            }
            "node.event" => {
                let NodeEventParams { event, .. } = parse(params)?;
                let event: String = event.chars().take(MAX_LOGGED_CHARS).collect();
                tracing::debug!("the node {own_id} reports {}", event.escape_debug());
                Ok(json!({ "ok": true, "event": event, "handled": false }))
            }
            "node.pending.drain" | "node.pending.pull" => {
                Ok(json!({ "nodeId": own_id, "revision": 0, "items": [], "hasMore": false }))
            }
            "skills.bins" => Ok(json!({ "bins": [] })),
            // Newer nodes tell more about themselves than is of use here.
            "node.pending.ack" => Ok(json!({ "ok": true })),
            method if method.starts_with("node.") && method.ends_with(".update") => {
                Ok(json!({ "ok": true }))
            }
            method => {
                self.count_refusal();
                let shown: String = method.chars().take(MAX_LOGGED_CHARS).collect();
                let text = format!("A node cannot call `{}`.", shown.escape_debug());
                let details = json!({ "code": "ROLE_NOT_ALLOWED", "role": super::NODE_ROLE });
                Err(GatewayError::new(GatewayErrorCode::Forbidden, text).with_details(details))
            }
        }
    }
}
