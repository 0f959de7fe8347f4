//! Nodes: other machines on which commands run.

mod registry;

pub use registry::{NodeInvocation, NodeInvokeOutcome, NodePayload, NodeProgress, NodeRegistry};
