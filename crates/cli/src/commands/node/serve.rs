//! `openclaw node run`.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use openclaw_chat::{CommandContext, InterruptSignals};
use openclaw_client::{GatewayAddress, GatewaySecret};
use openclaw_config::env_vars;
use openclaw_device::DeviceTokenFile;
use openclaw_gateway::{GatewayAuthentication, find_client_secret};
use openclaw_node::{NodeHost, NodeOptions, NodeStartError, NodeStopReason, ReconnectDelays};
use openclaw_service::ServiceNotifier;
use openclaw_terminal::OutputPrinter;
use openclaw_terminal::sanitize::escape_line;

use super::local_policy::LocalNodePolicy;
use super::reports::NodeReporter;
use super::settings::{NodeFolder, NodeSettings};
use super::state_file::NodeRecorder;
use crate::args::gateway::GatewaySecretArgs;
use crate::args::node::NodeRunArgs;
use crate::commands::gateway::target::is_own_gateway;
use crate::commands::gateway::to_overrides;
use crate::commands::service;
use crate::config_source::ConfigSource;
use crate::exit::ExitReason;
use crate::failure::print_agent_error;

/// How long the node waits before it tries again.
const RECONNECT_DELAYS: ReconnectDelays = ReconnectDelays {
    first: Duration::from_secs(1),
    longest: Duration::from_secs(30),
    first_approval: Duration::from_secs(5),
    soon_period: Duration::from_mins(5),
    soon_approval: Duration::from_secs(10),
    longest_approval: Duration::from_mins(1),
};

/// What a node needs to start.
struct NodeStart {
    folder: NodeFolder,
    /// What is remembered once it has started.
    settings: NodeSettings,
    options: NodeOptions,
    /// Whether the secret is this machine's own and not one of the command line.
    has_own_secret: bool,
}

pub(super) async fn serve(
    context: &CommandContext,
    args: NodeRunArgs,
    source: ConfigSource,
) -> io::Result<ExitReason> {
    let printer = &context.printer;
    let start = match prepare_start(context, args) {
        Ok(start) => start,
        Err(exit) => return Ok(exit),
    };
    let NodeStart { folder, settings, options, has_own_secret } = start;
    let node_id = options.identity.id().to_owned();
    let address = options.address.to_string();
    let policy = LocalNodePolicy::new(context.runtime(), source, options.workspace.clone());
    // Registered first, so that a signal during the start is not lost.
    let mut signals = InterruptSignals::new();
    let reporter = Arc::new(NodeReporter::new(printer.clone(), &address, &node_id));
    let teller = Arc::clone(&reporter);
    let node =
        NodeHost::open(options, Arc::new(policy), move |report| teller.handle_report(&report));
    let node = match node {
        Ok(node) => node,
        Err(error) => return Ok(refuse_start(printer, &error)),
    };
    // The node has the lock: no other one reads or writes these files.
    if let Err(problem) = settings.write_file(&folder, &node_id) {
        printer.print_error(problem);
        return Ok(ExitReason::Config);
    }
    reporter.start_recording(NodeRecorder::begin(&folder, &address));
    printer.print_note(format_args!("this node is {node_id}; it connects to {address}"));
    let notifier = ServiceNotifier;
    notifier.notify_ready(&format!("is a node of {address}"));
    tokio::select! {
        never = service::keep_watchdog_quiet(notifier) => match never {},
        stopped = node.run() => {
            let Err(reason) = stopped;
            reporter.record_end(Some(&reason.to_string()));
            Ok(report_stop(printer, &address, &reason, has_own_secret))
        }
        () = signals.next() => {
            printer.print_note("the node ends, with the commands that it runs");
            reporter.record_end(None);
            Ok(ExitReason::Ok)
        }
    }
}

/// Puts together what the node is; prints why it cannot be. Changes no file but that of the
/// identity, which is made when there is none.
fn prepare_start(context: &CommandContext, args: NodeRunArgs) -> Result<NodeStart, ExitReason> {
    let printer = &context.printer;
    let refuse = |problem: String| {
        printer.print_error(problem);
        ExitReason::Config
    };
    let refuse_option = |problem: String| {
        printer.print_error(problem);
        ExitReason::Usage
    };
    let folder = NodeFolder::of_state(context.models.app_paths().state_dir());
    let settings = NodeSettings::read_file(&folder).map_err(refuse)?;
    let settings = settings.with_options(args.gateway).map_err(refuse_option)?;
    let address = settings.gateway_address().map_err(refuse_option)?;
    let workspace = context
        .runtime()
        .node_workspace()
        .map_err(|error| print_agent_error(printer, &error.into()))?;
    let has_own_secret = args.secret.token.is_none() && args.secret.password.is_none();
    let secret = find_secret(context, args.secret, &address).map_err(refuse)?;
    let identity = super::load_identity(&folder).map_err(refuse)?;
    let options = NodeOptions {
        address,
        identity: Arc::new(identity),
        tokens: DeviceTokenFile::new(folder.tokens_file()),
        secret,
        display_name: Some(settings.display_name()),
        path_env: context.models.env().get("PATH").map(str::to_owned),
        folder: folder.path().to_owned(),
        workspace,
        delays: RECONNECT_DELAYS,
    };
    Ok(NodeStart { folder, settings, options, has_own_secret })
}

/// The secret that the node shows until it has a token: the one of the command line, else that of
/// this state folder's own gateway if the address is that gateway's. Behind any other address, also
/// one of this machine, may be a tunnel to the gateway of somebody else. Where no gateway ever ran, a
/// variable with a secret can only be meant for the gateway that the node connects to.
fn find_secret(
    context: &CommandContext,
    args: GatewaySecretArgs,
    address: &GatewayAddress,
) -> Result<Option<GatewaySecret>, String> {
    let models = &context.models;
    let is_given = args.token.is_some() || args.password.is_some();
    let variable = models.env().get(env_vars::OPENCLAW_GATEWAY_TOKEN);
    let has_variable = variable.is_some_and(|value| !value.is_empty());
    let is_meant = has_variable && !models.app_paths().state_dir().join("gateway").exists();
    if !is_given && !is_meant && !is_own_gateway(context, address) {
        return Ok(None);
    }
    let (loaded, state_dir) = (models.loaded_config(), models.app_paths().state_dir());
    let secret = find_client_secret(loaded, state_dir, &to_overrides(args))
        .map_err(|error| format!("failed to {error}"))?;
    Ok(secret.and_then(|secret| match secret {
        GatewayAuthentication::Token(token) => Some(GatewaySecret::Token(token)),
        GatewayAuthentication::Password(password) => Some(GatewaySecret::Password(password)),
        GatewayAuthentication::Open => None,
    }))
}

fn refuse_start(printer: &OutputPrinter, error: &NodeStartError) -> ExitReason {
    printer.print_error(format_args!("failed to {error}"));
    if let Some(cause) = std::error::Error::source(error) {
        printer.print_indented(cause);
    }
    if let NodeStartError::AlreadyRunning { .. } = error {
        printer.print_hint("`openclaw node status` shows the one that runs.");
        return ExitReason::InUse;
    }
    ExitReason::Failed
}

fn report_stop(
    printer: &OutputPrinter,
    address: &str,
    reason: &NodeStopReason,
    has_own_secret: bool,
) -> ExitReason {
    let told = format!("the gateway at {address} does not let this node in: {reason}");
    printer.print_error(escape_line(&told));
    let option = match reason.error.reason_code() {
        Some("AUTH_TOKEN_MISSING" | "AUTH_TOKEN_MISMATCH") => "--token TOKEN",
        Some("AUTH_PASSWORD_MISSING" | "AUTH_PASSWORD_MISMATCH") => "--password PASSWORD",
        _ => return ExitReason::Refused,
    };
    if has_own_secret {
        printer.print_hint(format_args!(
            "The gateway was started with another secret than the one in this machine's config and \
             state folder: `openclaw node run {option}` sends that one."
        ));
    } else {
        printer.print_hint(
            "A node needs no secret: `openclaw node run` without one asks the owner of the gateway \
             for an approval.",
        );
    }
    ExitReason::Refused
}
