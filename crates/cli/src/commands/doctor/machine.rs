//! The gateway and the node of this machine, as the doctor finds them.

use std::io;
use std::time::Duration;

use openclaw_chat::CommandContext;
use openclaw_config::GatewayMode;
use openclaw_gateway::running_address;

use crate::commands::gateway::probe::GatewayProbe;
use crate::commands::node::NodeOverview;
use crate::commands::node_host;

/// How long a gateway may take to answer.
const LIMIT: Duration = Duration::from_secs(3);

/// The gateway and the node of this machine.
#[derive(Debug, Default)]
pub(super) struct MachineFindings {
    /// `None` when no gateway is configured and none runs.
    pub(super) gateway: Option<GatewayProbe>,
    /// `None` when this machine never was a node.
    pub(super) node: Option<NodeOverview>,
    is_remote: bool,
}

impl MachineFindings {
    pub(super) async fn find(context: &CommandContext) -> Self {
        let models = &context.models;
        let loaded = models.loaded_config();
        let is_remote = loaded.config.gateway.mode() == GatewayMode::Remote;
        let is_used = loaded.config.gateway.mode.is_some()
            || running_address(models.app_paths().state_dir()).is_some();
        let gateway =
            if is_used { Some(GatewayProbe::ask_gateway(context, LIMIT).await) } else { None };
        Self { gateway, node: NodeOverview::find(context, LIMIT).await, is_remote }
    }

    /// Prints what was found, each with what comes next.
    pub(super) fn write_lines(&self, context: &CommandContext) -> io::Result<()> {
        let mut lines = Vec::new();
        if let Some(gateway) = &self.gateway {
            lines.push(format!("  gateway {}: {}", gateway.url, gateway.describe_state()));
            lines.extend(self.gateway_step(gateway).map(|step| format!("    {step}")));
        }
        if let Some(node) = &self.node {
            lines.push(format!("  node {}", node.text));
            lines.extend(node.next_step.iter().map(|step| format!("    {step}")));
        }
        if lines.is_empty() {
            return Ok(());
        }
        context.printer.write_answer_line(format_args!("this machine"))?;
        node_host::write_lines(context, &lines)
    }

    /// What starts a gateway that does not run.
    fn gateway_step(&self, gateway: &GatewayProbe) -> Option<&'static str> {
        if gateway.status.is_some() || gateway.error.is_some() {
            return None;
        }
        Some(if self.is_remote {
            "On its machine `openclaw gateway run` starts it."
        } else {
            "`openclaw gateway run` starts it, and `openclaw gateway install` keeps it running."
        })
    }
}
