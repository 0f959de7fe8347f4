//! `openclaw node`: this machine as a node of a gateway.

mod local_policy;
mod reports;
mod serve;
mod settings;
mod state_file;
mod status;

use std::io;

use openclaw_chat::CommandContext;
use openclaw_device::DeviceIdentity;
use openclaw_service::ServiceVerb;
use serde_json::json;

use self::settings::{NodeFolder, NodeSettings};
use crate::args::node::{NodeAction, NodeArgs, NodeIdentityArgs, NodeInstallArgs};
use crate::args::service::ServiceControlArgs;
use crate::commands::service::{self, ServiceKind, ServiceRequest};
use crate::config_source::ConfigSource;
use crate::exit::ExitReason;
use crate::json_answer::write_json_answer;

pub(crate) use self::status::NodeOverview;

/// A running node reads its config again from `source`.
pub(crate) async fn run(
    context: &CommandContext,
    args: NodeArgs,
    source: ConfigSource,
) -> io::Result<ExitReason> {
    match args.action {
        NodeAction::Run(args) => serve::serve(context, args, source).await,
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
    let folder = NodeFolder::of_state(context.models.app_paths().state_dir());
    let settings = match NodeSettings::read_file(&folder) {
        Ok(settings) => settings,
        Err(problem) => {
            printer.print_error(problem);
            return Ok(ExitReason::Config);
        }
    };
    let checked = settings.with_options(args.gateway).and_then(|settings| {
        settings.gateway_address()?;
        Ok(settings)
    });
    let settings = match checked {
        Ok(settings) => settings,
        Err(problem) => {
            printer.print_error(problem);
            return Ok(ExitReason::Usage);
        }
    };
    let remember = || settings.write_file(&folder, load_identity(&folder)?.id());
    let service = ServiceRequest { kind: ServiceKind::Node, words: service_words() };
    service::install(context, service, args.service, remember).await
}

async fn control(
    context: &CommandContext,
    verb: ServiceVerb,
    args: ServiceControlArgs,
) -> io::Result<ExitReason> {
    service::control(context, ServiceKind::Node, verb, args.json).await
}

/// The identity of this node, made when there is none.
fn load_identity(folder: &NodeFolder) -> Result<DeviceIdentity, String> {
    DeviceIdentity::load_or_create(folder.identity_file()).map_err(|error| match error.hint() {
        Some(hint) => format!("failed to {error}. {hint}"),
        None => format!("failed to {error}"),
    })
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
