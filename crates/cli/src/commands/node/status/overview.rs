//! The node of this machine at a glance, for `openclaw status` and `openclaw doctor`.

use std::time::Duration;

use openclaw_chat::CommandContext;
use openclaw_protocol::results::status::LocalNodeReport;

use super::NodeState;
use crate::args::gateway::{GatewaySecretArgs, GatewayTargetArgs};
use crate::args::node::NodeStatusArgs;
use crate::commands::node::settings::{NodeFolder, NodeSettings};
use crate::commands::node::state_file::LocalNode;

/// The node of this machine at a glance.
#[derive(Debug)]
pub(crate) struct NodeOverview {
    /// What programs read.
    pub(crate) report: LocalNodeReport,
    /// What it is and does, which a gateway may have told in part.
    pub(crate) text: String,
    /// What comes next, as a sentence with its command; `None` when all is well.
    pub(crate) next_step: Option<String>,
}

impl NodeOverview {
    /// Finds the node; `None` when this machine never was one. Its gateway is asked for `limit`.
    pub(crate) async fn find(context: &CommandContext, limit: Duration) -> Option<Self> {
        let folder = NodeFolder::of_state(context.models.app_paths().state_dir());
        let is_node = folder.identity_file().exists()
            || LocalNode::find(&folder).record.is_some()
            || NodeSettings::read_file(&folder) != Ok(NodeSettings::default());
        if !is_node {
            return None;
        }
        let target = GatewayTargetArgs {
            url: None,
            secret: GatewaySecretArgs { token: None, password: None },
            as_device: false,
            timeout: u64::try_from(limit.as_millis()).unwrap_or(u64::MAX),
            json: false,
        };
        Some(match NodeState::find(context, NodeStatusArgs { target }).await {
            Ok((state, _)) => Self::of_state(&state),
            Err(problem) => Self::of_problem(problem),
        })
    }

    fn of_state(state: &NodeState) -> Self {
        let step = state.next_step();
        let report = LocalNodeReport {
            node_id: state.node_id.clone(),
            display_name: Some(state.display_name.clone()),
            gateway: Some(state.gateway.clone()),
            running: state.local.process_id.is_some(),
            connected: state.is_connected(),
            approval_state: state.approval_state().to_owned(),
            next_command: step.as_ref().and_then(|step| step.command.clone()),
            error: state.problem.clone(),
        };
        let text = format!(
            "{}; running: {}; connected to {}: {}; approval: {}",
            state.display_name,
            state.describe_process(),
            state.gateway,
            state.describe_connection(),
            report.approval_state,
        );
        Self { report, text, next_step: step.map(|it| it.text) }
    }

    /// The overview of a node whose files cannot be used.
    fn of_problem(problem: String) -> Self {
        let text = problem.clone();
        let report = LocalNodeReport {
            node_id: None,
            display_name: None,
            gateway: None,
            running: false,
            connected: false,
            approval_state: "unknown".to_owned(),
            next_command: None,
            error: Some(problem),
        };
        Self { report, text, next_step: None }
    }
}
