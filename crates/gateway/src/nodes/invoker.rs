//! The nodes of this gateway, for the agents that run in it.

use async_trait::async_trait;
use openclaw_core::ProgressSink;
use openclaw_protocol::gateway::NodeEntry;
use openclaw_runtime::{NodeCallError, NodeInvocation as AgentInvocation, NodeInvoker};
use serde_json::Value;

use super::registry::{NodeInvocation, NodeInvokeOutcome, NodeRegistry};

/// Reaches the nodes that are connected to this gateway.
#[derive(Debug, Clone)]
pub(crate) struct GatewayNodes {
    registry: NodeRegistry,
}

impl GatewayNodes {
    pub(crate) fn new(registry: NodeRegistry) -> Self {
        Self { registry }
    }
}

#[async_trait]
impl NodeInvoker for GatewayNodes {
    async fn list_nodes(&self) -> Result<Vec<NodeEntry>, NodeCallError> {
        Ok(self.registry.connected_nodes())
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
        let outcome = self.registry.invoke(invocation, |output| {
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
        !self.registry.connected_nodes().is_empty()
    }
}
