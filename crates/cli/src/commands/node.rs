//! `openclaw node`: this machine as a node of a gateway.

mod local_policy;
mod settings;
mod status;

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use openclaw_chat::{CommandContext, InterruptSignals};
use openclaw_client::GatewaySecret;
use openclaw_device::{DeviceIdentity, DeviceTokenFile};
use openclaw_gateway::{GatewayAuthentication, find_client_secret};
use openclaw_node::{
    NodeHost, NodeOptions, NodeReport, NodeStartError, NodeStopReason, ReconnectDelays,
};
use openclaw_service::{ServiceNotifier, ServiceVerb};
use openclaw_terminal::OutputPrinter;
use openclaw_terminal::sanitize::escape_line;
use serde_json::json;

use self::local_policy::LocalNodePolicy;
use self::settings::{NodeFolder, NodeSettings};
use crate::args::gateway::GatewaySecretArgs;
use crate::args::node::{
    NodeAction, NodeArgs, NodeGatewayArgs, NodeIdentityArgs, NodeInstallArgs, NodeRunArgs,
};
use crate::args::service::ServiceControlArgs;
use crate::commands::gateway::to_overrides;
use crate::commands::service::{self, ServiceKind};
use crate::exit::ExitReason;
use crate::failure::print_agent_error;
use crate::json_answer::write_json_answer;

/// How long the node waits before it tries again.
const RECONNECT_DELAYS: ReconnectDelays = ReconnectDelays {
    first: Duration::from_secs(1),
    longest: Duration::from_secs(30),
    first_approval: Duration::from_secs(5),
    longest_approval: Duration::from_mins(1),
};

pub(crate) async fn run(context: &CommandContext, args: NodeArgs) -> io::Result<ExitReason> {
    match args.action {
        NodeAction::Run(args) => serve(context, args).await,
        NodeAction::Status(args) => status::show_status(context, args).await,
        NodeAction::Identity(args) => show_identity(context, &args),
        NodeAction::Install(args) => install(context, args).await,
        NodeAction::Uninstall(ServiceControlArgs { json }) => {
            service::uninstall(context, ServiceKind::Node, json).await
        }
        NodeAction::Start(args) => control(context, ServiceVerb::Start, args).await,
        NodeAction::Stop(args) => control(context, ServiceVerb::Stop, args).await,
        NodeAction::Restart(args) => control(context, ServiceVerb::Restart, args).await,
    }
}

/// The arguments with which the service runs the program.
fn service_words() -> Vec<String> {
    vec!["node".to_owned(), "run".to_owned()]
}

/// Installs the service. It finds its gateway as every later `openclaw node run` does.
async fn install(context: &CommandContext, args: NodeInstallArgs) -> io::Result<ExitReason> {
    let printer = &context.printer;
    if !args.service.dry_run
        && let Err(problem) = remember_gateway(context, args.gateway)
    {
        printer.print_error(problem);
        return Ok(ExitReason::Config);
    }
    service::install(context, ServiceKind::Node, service_words(), args.service).await
}

/// Keeps the gateway and the name, and makes the identity that a gateway will know.
fn remember_gateway(context: &CommandContext, args: NodeGatewayArgs) -> Result<(), String> {
    let folder = NodeFolder::of_state(context.models.app_paths().state_dir());
    let settings =
        NodeSettings::read_file(&folder)?.with_options(args.host, args.port, args.display_name);
    settings.gateway_address()?;
    settings.write_file(&folder, load_identity(&folder)?.id())
}

async fn control(
    context: &CommandContext,
    verb: ServiceVerb,
    args: ServiceControlArgs,
) -> io::Result<ExitReason> {
    service::control(context, ServiceKind::Node, verb, args.json).await
}

async fn serve(context: &CommandContext, args: NodeRunArgs) -> io::Result<ExitReason> {
    let printer = &context.printer;
    let options = match prepare_options(context, args) {
        Ok(options) => options,
        Err(exit) => return Ok(exit),
    };
    let node_id = options.identity.id().to_owned();
    let address = options.address.to_string();
    let policy = LocalNodePolicy::new(context.runtime(), options.workspace.clone());
    // Registered first, so that a signal during the start is not lost.
    let mut signals = InterruptSignals::new();
    let teller = ReportPrinter::new(printer.clone(), &address, &node_id);
    let node =
        NodeHost::open(options, Arc::new(policy), move |report| teller.print_report(&report));
    let node = match node {
        Ok(node) => node,
        Err(error) => return Ok(refuse_start(printer, &error)),
    };
    printer.print_note(format_args!("this node is {node_id}; it connects to {address}"));
    let notifier = ServiceNotifier;
    notifier.notify_ready(&format!("is a node of {address}"));
    tokio::select! {
        never = service::keep_watchdog_quiet(notifier) => match never {},
        stopped = node.run() => {
            let Err(reason) = stopped;
            Ok(report_stop(printer, &address, &reason))
        }
        () = signals.next() => {
            printer.print_note("the node ends, with the commands that it runs");
            Ok(ExitReason::Ok)
        }
    }
}

/// Puts together what the node is; prints why it cannot be.
fn prepare_options(context: &CommandContext, args: NodeRunArgs) -> Result<NodeOptions, ExitReason> {
    let printer = &context.printer;
    let refuse = |problem: String| {
        printer.print_error(problem);
        ExitReason::Config
    };
    let folder = NodeFolder::of_state(context.models.app_paths().state_dir());
    let settings = NodeSettings::read_file(&folder).map_err(refuse)?;
    let gateway = args.gateway;
    let settings = settings.with_options(gateway.host, gateway.port, gateway.display_name);
    let address = settings.gateway_address().map_err(|problem| {
        printer.print_error(problem);
        ExitReason::Usage
    })?;
    let identity = load_identity(&folder).map_err(refuse)?;
    let secret = find_secret(context, args.secret, address.is_on_this_machine()).map_err(refuse)?;
    let workspace = context
        .runtime()
        .node_workspace()
        .map_err(|error| print_agent_error(printer, &error.into()))?;
    settings.write_file(&folder, identity.id()).map_err(refuse)?;
    Ok(NodeOptions {
        address,
        identity: Arc::new(identity),
        tokens: DeviceTokenFile::new(folder.tokens_file()),
        secret,
        display_name: Some(settings.display_name()),
        path_env: context.models.env().get("PATH").map(str::to_owned),
        folder: folder.path().to_owned(),
        workspace,
        delays: RECONNECT_DELAYS,
    })
}

/// The identity of this node, made when there is none.
fn load_identity(folder: &NodeFolder) -> Result<DeviceIdentity, String> {
    DeviceIdentity::load_or_create(folder.identity_file()).map_err(|error| match error.hint() {
        Some(hint) => format!("failed to {error}. {hint}"),
        None => format!("failed to {error}"),
    })
}

/// The secret that the node shows until it has a token. That of this machine's gateway goes to no
/// other machine.
fn find_secret(
    context: &CommandContext,
    args: GatewaySecretArgs,
    is_on_this_machine: bool,
) -> Result<Option<GatewaySecret>, String> {
    if !is_on_this_machine && args.token.is_none() && args.password.is_none() {
        return Ok(None);
    }
    let models = &context.models;
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

fn report_stop(printer: &OutputPrinter, address: &str, reason: &NodeStopReason) -> ExitReason {
    let told = format!("the gateway at {address} does not let this node in: {reason}");
    printer.print_error(escape_line(&told));
    match reason.error.reason_code() {
        Some("AUTH_TOKEN_MISSING" | "AUTH_TOKEN_MISMATCH") => printer.print_hint(
            "`--token TOKEN` or `OPENCLAW_GATEWAY_TOKEN` has the token of the gateway; `openclaw \
             config get gateway.auth.token` shows it there.",
        ),
        Some("AUTH_PASSWORD_MISSING" | "AUTH_PASSWORD_MISMATCH") => {
            printer.print_hint("`--password PASSWORD` has the password of the gateway.");
        }
        _ => {}
    }
    ExitReason::Refused
}

/// Prints what happens on the node, each news once.
struct ReportPrinter {
    printer: OutputPrinter,
    address: String,
    node_id: String,
    last: Mutex<Option<String>>,
}

impl ReportPrinter {
    fn new(printer: OutputPrinter, address: &str, node_id: &str) -> Self {
        let (address, node_id) = (address.to_owned(), node_id.to_owned());
        Self { printer, address, node_id, last: Mutex::default() }
    }

    fn print_report(&self, report: &NodeReport) {
        let Self { printer, address, node_id, .. } = self;
        match report {
            NodeReport::Connected if self.is_news("connected") => {
                printer.print_note(format_args!("connected to the gateway at {address}"));
            }
            NodeReport::WaitingForApproval { request_id, .. } => {
                let request = request_id.as_deref().map(escape_line);
                let request = request.as_deref().unwrap_or("REQUEST");
                if self.is_news(&format!("waiting {request}")) {
                    printer.print_note(
                        "waiting for the owner of the gateway to approve this node; it goes on by \
                         itself then",
                    );
                    printer.print_hint(format_args!(
                        "On the gateway's machine `openclaw devices approve {request}` lets it in."
                    ));
                }
            }
            NodeReport::Disconnected { reason, .. }
                if self.is_news(&format!("disconnected {reason}")) =>
            {
                let told = escape_line(reason);
                printer.print_warning(format_args!("failed to {told}; connecting again"));
            }
            NodeReport::TokenNotKept { reason } => printer.print_warning(format_args!(
                "failed to {reason}: after a restart {node_id} must be approved again"
            )),
            _ => {}
        }
    }

    fn is_news(&self, text: &str) -> bool {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let is_news = last.as_deref() != Some(text);
        *last = Some(text.to_owned());
        is_news
    }
}

fn show_identity(context: &CommandContext, args: &NodeIdentityArgs) -> io::Result<ExitReason> {
    let printer = &context.printer;
    let folder = NodeFolder::of_state(context.models.app_paths().state_dir());
    let identity = match load_identity(&folder) {
        Ok(identity) => identity,
        Err(problem) => {
            printer.print_error(problem);
            return Ok(ExitReason::Config);
        }
    };
    let path = folder.identity_file().display().to_string();
    if args.json {
        let answer = json!({
            "nodeId": identity.id(), "publicKey": identity.public_key(), "path": path,
        });
        write_json_answer(printer, &answer)?;
        return Ok(ExitReason::Ok);
    }
    printer.write_answer_line(format_args!("node:       {}", identity.id()))?;
    printer.write_answer_line(format_args!("public key: {}", identity.public_key()))?;
    printer.write_answer_line(format_args!("file:       {path}"))?;
    Ok(ExitReason::Ok)
}
