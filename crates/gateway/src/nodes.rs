//! Nodes: other machines on which commands run.

mod invoker;
mod registry;

pub(crate) use invoker::GatewayNodes;
pub use registry::{NodeInvocation, NodeInvokeOutcome, NodePayload, NodeProgress, NodeRegistry};
