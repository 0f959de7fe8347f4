//! The commands that serve others until they are stopped, and those about them.

use std::io;

use openclaw_config::RunKind;

use super::{StartupContext, run_interruptible, run_to_completion};
use crate::args::devices::DevicesArgs;
use crate::args::gateway::GatewayArgs;
use crate::args::node::NodeArgs;
use crate::args::nodes::NodesArgs;
use crate::commands;
use crate::exit::ExitReason;

impl StartupContext<'_> {
    /// Runs a command of the gateway.
    pub(super) fn run_gateway(self, args: GatewayArgs) -> io::Result<ExitReason> {
        let printer = self.printer;
        let source = self.source.clone();
        if args.runs_agents() {
            return self.run_checked(RunKind::DefaultAgent, |context| {
                run_to_completion(commands::gateway::run(context, args, &source))
            });
        }
        self.run_with_config(|context| {
            run_interruptible(printer, commands::gateway::run(context, args, &source))
        })
    }

    /// Runs a command of the node.
    pub(super) fn run_node(self, args: NodeArgs) -> io::Result<ExitReason> {
        let (printer, source) = (self.printer, self.source.clone());
        if args.runs_commands() {
            return self.run_checked(RunKind::DefaultAgent, |context| {
                run_to_completion(commands::node::run(context, args, source))
            });
        }
        self.run_with_config(|context| {
            run_interruptible(printer, commands::node::run(context, args, source))
        })
    }

    /// Runs a command about the devices of a gateway.
    pub(super) fn run_devices(self, args: DevicesArgs) -> io::Result<ExitReason> {
        let printer = self.printer;
        self.run_with_config(|context| {
            run_interruptible(printer, commands::devices::run(context, args))
        })
    }

    /// Runs a command about the nodes of a gateway.
    pub(super) fn run_nodes(self, args: NodesArgs) -> io::Result<ExitReason> {
        let printer = self.printer;
        self.run_with_config(|context| {
            run_interruptible(printer, commands::nodes::run(context, args))
        })
    }
}
