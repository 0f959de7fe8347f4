//! Where the turns of `agent` and `chat` run: in this process, or in a gateway.

use openclaw_chat::CommandContext;
use openclaw_client::ClientError;
use openclaw_config::{ConfigLayer, GatewayMode, ValueOrigin};
use openclaw_gateway::running_address;

use crate::args::gateway::RunGatewayArgs;
use crate::args::{AgentArgs, AgentTurnArgs};
use crate::commands::gateway::target::GatewayTarget;
use crate::exit::ExitReason;

/// Where a turn runs.
#[derive(Debug)]
pub(crate) enum TurnPlace {
    /// In this process.
    Here,
    /// In the gateway that an option or `gateway.mode: "remote"` names.
    NamedGateway(Box<GatewayTarget>),
    /// In the gateway of this state folder, which runs.
    OwnGateway(Box<GatewayTarget>),
}

/// What a command says about where its turns run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PlaceChoice<'a> {
    /// Whether they run in this process whatever else is said.
    pub(crate) is_local: bool,
    /// The gateway that is named.
    pub(crate) gateway: &'a RunGatewayArgs,
    /// The first option that a gateway does not take.
    pub(crate) here_only: Option<&'static str>,
}

/// Chooses where turns run; prints why they cannot run where they are asked to.
///
/// # Errors
/// When a named gateway cannot be used, or there are options that it does not take.
pub(crate) async fn choose_place(
    context: &CommandContext,
    choice: PlaceChoice<'_>,
) -> Result<TurnPlace, ExitReason> {
    let PlaceChoice { is_local, gateway, here_only } = choice;
    if is_local {
        return Ok(TurnPlace::Here);
    }
    if let Some(target) = find_named_gateway(context, gateway)? {
        if let Some(option) = here_only {
            refuse_option(context, option);
            return Err(ExitReason::Usage);
        }
        return Ok(TurnPlace::NamedGateway(Box::new(target)));
    }
    match (find_own_gateway(context).await?, here_only) {
        (None, _) => Ok(TurnPlace::Here),
        (Some(_), Some(option)) => {
            context.printer.print_detail(format_args!(
                "the turn runs in this process: the gateway does not take {option}"
            ));
            Ok(TurnPlace::Here)
        }
        (Some(target), None) => Ok(TurnPlace::OwnGateway(Box::new(target))),
    }
}

/// Chooses where the turn of `openclaw agent` runs.
///
/// # Errors
/// As for [`choose_place`], and when there is no gateway for an idempotency key.
pub(crate) async fn choose_turn_place(
    context: &CommandContext,
    args: &AgentTurnArgs,
) -> Result<TurnPlace, ExitReason> {
    let here_only = here_only_option(context, &args.agent, args.trace)
        .or(args.no_session.then_some("`--no-session`"));
    let choice = PlaceChoice { is_local: args.local, gateway: &args.gateway, here_only };
    let place = choose_place(context, choice).await?;
    if !args.local && matches!(place, TurnPlace::Here) && args.idempotency_key.is_some() {
        let printer = &context.printer;
        printer.print_error("`--idempotency-key` is for a run of a gateway, and none is used");
        printer.print_hint("`--gateway URL` names one; `openclaw gateway run` starts one here.");
        return Err(ExitReason::Usage);
    }
    Ok(place)
}

/// The gateway that an option or `gateway.mode: "remote"` names; prints why it cannot be used.
///
/// # Errors
/// When its address or its secret is not usable.
fn find_named_gateway(
    context: &CommandContext,
    args: &RunGatewayArgs,
) -> Result<Option<GatewayTarget>, ExitReason> {
    let printer = &context.printer;
    let gateway = &context.models.loaded_config().config.gateway;
    if args.gateway.is_none() && gateway.mode() != GatewayMode::Remote {
        if args.token.is_some() || args.password.is_some() || args.as_device {
            printer.print_error(
                "`--token`, `--password` and `--as-device` are for the gateway of `--gateway URL`",
            );
            return Err(ExitReason::Usage);
        }
        return Ok(None);
    }
    match GatewayTarget::for_runs(context, args) {
        Ok(target) => Ok(Some(target)),
        Err(problem) => {
            printer.print_error(problem);
            if args.gateway.is_none() {
                printer.print_hint(
                    "`openclaw config set gateway.remote.url ws://HOST:18789` says where it is; \
                     `--local` runs the turn here.",
                );
                return Err(ExitReason::Config);
            }
            Err(ExitReason::Usage)
        }
    }
}

/// The gateway of this state folder, when the config has one and it runs.
async fn find_own_gateway(context: &CommandContext) -> Result<Option<GatewayTarget>, ExitReason> {
    let loaded = context.models.loaded_config();
    let is_configured = matches!(loaded.find_origin("gateway"), ValueOrigin::File { .. });
    if !is_configured || running_address(context.models.app_paths().state_dir()).is_none() {
        return Ok(None);
    }
    let args = RunGatewayArgs { gateway: None, token: None, password: None, as_device: false };
    let target = match GatewayTarget::for_runs(context, &args) {
        Ok(target) => target,
        Err(problem) => {
            context.printer.print_error(problem);
            return Err(ExitReason::Config);
        }
    };
    match target.connect().await {
        Ok(_) => Ok(Some(target)),
        // It may have ended since.
        Err(ClientError::Unreachable { .. } | ClientError::NotGateway { .. }) => Ok(None),
        Err(error) => {
            let exit = GatewayTarget::report_failure(context, &error);
            context.printer.print_hint("`--local` runs the turn in this process.");
            Err(exit)
        }
    }
}

/// The first thing about a turn that a gateway does not take.
pub(crate) fn here_only_option(
    context: &CommandContext,
    args: &AgentArgs,
    is_traced: bool,
) -> Option<&'static str> {
    let loaded = context.models.loaded_config();
    let option = agent_option(args).or(is_traced.then_some("`--trace`"));
    option
        .or(loaded.has_layer(ConfigLayer::CommandLine).then_some("`--set`"))
        .or(loaded.has_layer(ConfigLayer::Project).then_some("the settings of the project"))
}

/// The first option of an agent that a gateway does not take.
fn agent_option(args: &AgentArgs) -> Option<&'static str> {
    let option = |is_given: bool, name| is_given.then_some(name);
    option(args.workspace.is_some(), "`--workspace`")
        .or(option(args.strict, "`--strict`"))
        .or(option(args.wait.is_some(), "`--wait`"))
}

/// Prints that a gateway does not take something.
fn refuse_option(context: &CommandContext, option: &str) {
    let printer = &context.printer;
    printer.print_error(format_args!("a gateway does not take {option}"));
    printer.print_hint("`--local` runs the turn in this process, with it.");
}
