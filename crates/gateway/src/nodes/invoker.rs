//! The nodes of this gateway, for the agents that run in it.

use async_trait::async_trait;
use openclaw_core::ProgressSink;
use openclaw_protocol::gateway::NodeEntry;
use openclaw_runtime::{NodeCallError, NodeInvocation as AgentInvocation, NodeInvoker};
use serde_json::Value;

use super::NodeManager;
use super::registry::{NodeInvocation, NodeInvokeOutcome};

/// Reaches the nodes of this gateway.
#[derive(Debug)]
pub(crate) struct GatewayNodes(NodeManager);

impl GatewayNodes {
    pub(crate) fn new(nodes: NodeManager) -> Self {
        Self(nodes)
    }
}

#[async_trait]
impl NodeInvoker for GatewayNodes {
    async fn list_nodes(&self) -> Result<Vec<NodeEntry>, NodeCallError> {
        let listed = self.0.list_nodes().await;
        listed.map(|list| list.nodes).map_err(|error| NodeCallError::not_sent(error.message))
    }

    async fn invoke_command(
        &self,
        invocation: AgentInvocation,
        progress: &dyn ProgressSink,
    ) -> Result<Value, NodeCallError> {
        let invocation = NodeInvocation {
            node_id: invocation.node_id,
            command: invocation.command.to_owned(),
            params: invocation.params,
            timeout: invocation.time_limit,
            idempotency_key: invocation.idempotency_key,
        };
        let outcome = self.0.registry.invoke(invocation, |output| {
            if output.omitted_bytes > 0 {
                progress.write_output(&format!("[… {} bytes left out …]\n", output.omitted_bytes));
            }
            progress.write_output(&output.chunk);
        });
        match outcome.await {
            NodeInvokeOutcome::Finished(Ok(payload)) => Ok(payload.value),
            NodeInvokeOutcome::Finished(Err(error)) => Err(NodeCallError::Failed(error)),
            NodeInvokeOutcome::NotDispatched(error) => Err(NodeCallError::not_sent(error.message)),
            NodeInvokeOutcome::OutcomeUnknown(error) => {
                Err(NodeCallError::OutcomeUnknown { reason: error.message })
            }
        }
    }

    fn has_nodes(&self) -> bool {
        !self.0.registry.connected_nodes().is_empty()
    }
}
