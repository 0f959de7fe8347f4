//! `openclaw gateway`.

pub(crate) mod probe;
mod reload;
pub(crate) mod target;

use std::io;
use std::time::Duration;

use openclaw_chat::{CommandContext, InterruptSignals};
use openclaw_client::ClientError;
use openclaw_gateway::{
    GatewayAuthentication, GatewayOverrides, GatewayServer, GatewaySettings, GatewayStartError,
    GatewayStartErrorKind,
};
use openclaw_service::{ServiceNotifier, ServiceVerb};
use serde_json::{Value, json};

use self::probe::describe_running;
use self::reload::{ConfigReloader, HangupSignals};
use self::target::GatewayTarget;
use super::service::{self, ServiceKind, ServiceReport, ServiceRequest};
use crate::args::gateway::{
    GatewayAction, GatewayArgs, GatewayCallArgs, GatewayHealthArgs, GatewayInstallArgs,
    GatewayRunArgs, GatewaySecretArgs, GatewayStatusArgs,
};
use crate::args::service::ServiceControlArgs;
use crate::config_source::ConfigSource;
use crate::exit::ExitReason;
use crate::json_answer::write_json_answer;

/// The most bytes of a file with a password.
const MAX_PASSWORD_BYTES: u64 = 4096;

/// How long `agent.wait` waits unless its parameters say otherwise, in milliseconds.
const DEFAULT_WAIT_MS: u64 = 30_000;

pub(crate) async fn run(
    context: &CommandContext,
    args: GatewayArgs,
    source: &ConfigSource,
) -> io::Result<ExitReason> {
    match args.action {
        None => serve(context, args.run, source).await,
        Some(GatewayAction::Run(args)) => serve(context, args, source).await,
        Some(GatewayAction::Status(args)) => show_status(context, args).await,
        Some(GatewayAction::Health(args)) => show_health(context, args).await,
        Some(GatewayAction::Call(args)) => call_method(context, args).await,
        Some(GatewayAction::Install(args)) => install(context, args).await,
        Some(GatewayAction::Uninstall(ServiceControlArgs { json })) => {
            service::uninstall(context, ServiceKind::Gateway, json).await
        }
        Some(GatewayAction::Start(args)) => control(context, ServiceVerb::Start, args).await,
        Some(GatewayAction::Stop(args)) => control(context, ServiceVerb::Stop, args).await,
        Some(GatewayAction::Restart(args)) => control(context, ServiceVerb::Restart, args).await,
    }
}

/// The arguments with which the service runs the program.
fn service_words(port: Option<u16>) -> Vec<String> {
    let mut words = vec!["gateway".to_owned(), "run".to_owned()];
    words.extend(port.into_iter().flat_map(|port| ["--port".to_owned(), port.to_string()]));
    words
}

async fn install(context: &CommandContext, args: GatewayInstallArgs) -> io::Result<ExitReason> {
    if args.token.is_some() {
        let printer = &context.printer;
        printer.print_error("other users could read the token of `--token` in the definition");
        printer
            .print_hint("`openclaw config set gateway.auth.token TOKEN` keeps it in the config.");
        return Ok(ExitReason::Usage);
    }
    let overrides = GatewayOverrides { port: args.port, ..GatewayOverrides::default() };
    let models = &context.models;
    let settings = GatewaySettings::from_config(
        models.loaded_config(),
        models.app_paths().state_dir(),
        &overrides,
    );
    // A gateway that cannot start is told here and not in the log of a service.
    if let Err(error) = settings {
        return Ok(refuse_start(context, &error));
    }
    let words = service_words(args.port);
    let service = ServiceRequest { kind: ServiceKind::Gateway, words };
    service::install(context, service, args.service, || Ok(())).await
}

async fn control(
    context: &CommandContext,
    verb: ServiceVerb,
    args: ServiceControlArgs,
) -> io::Result<ExitReason> {
    service::control(context, ServiceKind::Gateway, verb, args.json).await
}

pub(crate) fn to_overrides(secret: GatewaySecretArgs) -> GatewayOverrides {
    GatewayOverrides {
        token: secret.token.map(Into::into),
        password: secret.password.map(Into::into),
        ..GatewayOverrides::default()
    }
}

async fn serve(
    context: &CommandContext,
    args: GatewayRunArgs,
    source: &ConfigSource,
) -> io::Result<ExitReason> {
    let printer = &context.printer;
    let password = match args.password_file.as_deref() {
        None => None,
        Some(path) => match openclaw_fs::read_text(path, MAX_PASSWORD_BYTES) {
            Ok(text) => Some(text.trim_end_matches(['\r', '\n']).to_owned()),
            Err(error) => {
                printer.print_error(format_args!("failed to read {}: {error}", path.display()));
                return Ok(ExitReason::ServiceConfig);
            }
        },
    };
    let mut overrides = to_overrides(args.secret);
    overrides.port = args.port;
    overrides.bind = args.bind.map(Into::into);
    overrides.auth = args.auth.map(Into::into);
    if let Some(password) = password {
        overrides.password = Some(password.into());
    }
    let models = &context.models;
    let state_dir = models.app_paths().state_dir();
    let settings = match GatewaySettings::from_config(models.loaded_config(), state_dir, &overrides)
    {
        Ok(settings) => settings,
        Err(error) => return Ok(refuse_start(context, &error)),
    };
    openclaw_process::raise_open_file_limit();
    // Registered first, so that a signal during the start is not lost.
    let (mut signals, hangups) = (InterruptSignals::without_hangup(), HangupSignals::new());
    let gateway = match GatewayServer::bind(context.runtime(), settings.clone()).await {
        Ok(gateway) => gateway,
        Err(error) => return Ok(refuse_start(context, &error)),
    };
    context.print_warnings(&gateway.warnings());
    announce(context, &gateway, &settings);
    let notifier = ServiceNotifier;
    let status = format!("serves ws://{}", gateway.local_address());
    notifier.notify_ready(&status);
    let handle = gateway.handle();
    let reloader = ConfigReloader { context, source, overrides, handle: handle.clone(), status };
    let serving = gateway.run();
    tokio::pin!(serving);
    tokio::select! {
        () = &mut serving => return Ok(ExitReason::Ok),
        () = signals.next() => {}
        () = reloader.run(hangups) => {}
        never = service::keep_watchdog_quiet(notifier) => match never {},
    }
    notifier.notify_stopping(GatewayServer::LONGEST_END);
    printer.print_note("the gateway ends; a second Ctrl-C ends its runs at once");
    handle.shut_down();
    tokio::select! {
        () = &mut serving => {}
        () = signals.next() => printer.print_note("stopped; `--resume` finishes what was running"),
    }
    Ok(ExitReason::Ok)
}

fn refuse_start(context: &CommandContext, error: &GatewayStartError) -> ExitReason {
    print_start_error(context, error);
    match error.kind() {
        GatewayStartErrorKind::Settings => ExitReason::ServiceConfig,
        GatewayStartErrorKind::AlreadyRunning => ExitReason::InUse,
        _ => ExitReason::Failed,
    }
}

fn print_start_error(context: &CommandContext, error: &GatewayStartError) {
    let printer = &context.printer;
    printer.print_error(format_args!("failed to {error}"));
    let mut cause = error.cause().map(|cause| cause as &(dyn std::error::Error + 'static));
    while let Some(error) = cause {
        printer.print_indented(error);
        cause = error.source();
    }
    if let Some(hint) = error.hint() {
        printer.print_hint(hint);
    }
}

fn announce(context: &CommandContext, gateway: &GatewayServer, settings: &GatewaySettings) {
    let printer = &context.printer;
    let address = gateway.local_address();
    let reach = if settings.is_reachable_from_outside() {
        "other machines can connect, without encryption"
    } else {
        "this machine only"
    };
    printer.print_note(format_args!("gateway on ws://{address} ({reach}); Ctrl-C ends it"));
    if settings.serves_openai_api {
        printer.print_note(format_args!("OpenAI API on http://{address}/v1"));
    }
    if let Some(hooks) = &settings.hooks {
        printer.print_note(format_args!("webhooks on http://{address}{}", hooks.path()));
    }
    if matches!(settings.authentication, GatewayAuthentication::Open) {
        printer.print_warning(
            "every program of this machine can use the gateway: `gateway.auth.mode` is \"none\"",
        );
    }
}

async fn show_status(context: &CommandContext, args: GatewayStatusArgs) -> io::Result<ExitReason> {
    let target = match GatewayTarget::new(context, args.target) {
        Ok(target) => target,
        Err(exit) => return Ok(exit),
    };
    let answer =
        if args.no_probe { None } else { Some(target.call("status", json!({}), false).await) };
    let gateway = &context.models.loaded_config().config.gateway;
    let error = answer.as_ref().and_then(|answer| answer.as_ref().err().map(ToString::to_string));
    let status = answer.as_ref().and_then(|answer| answer.as_ref().ok());
    let port = Some(target.address_port()).filter(|port| *port != gateway.port());
    let service = ServiceReport::ask(context, ServiceKind::Gateway, service_words(port)).await;
    if target.json {
        let report = json!({
            "service": service.to_json(),
            "gateway": {
                "port": target.address_port(),
                "bindMode": gateway.bind().name(),
                "probeUrl": target.address.to_string(),
                "version": status.and_then(|status| status.get("version")),
            },
            "rpc": {
                "ok": status.is_some(),
                "url": target.address.to_string(),
                "error": error,
                "status": status,
            },
        });
        write_json_answer(&context.printer, &report)?;
    } else {
        write_status(context, &target, status, answer.as_ref())?;
        write_service(context, &service)?;
    }
    Ok(match &answer {
        Some(Err(error)) => GatewayTarget::failure_exit(error),
        _ => ExitReason::Ok,
    })
}

fn write_status(
    context: &CommandContext,
    target: &GatewayTarget,
    status: Option<&Value>,
    answer: Option<&Result<Value, ClientError>>,
) -> io::Result<()> {
    let printer = &context.printer;
    printer.write_answer_line(format_args!("Gateway   {}", target.address))?;
    let state = match (status, answer) {
        (Some(status), _) => describe_running(status),
        (None, Some(Err(ClientError::Unreachable { .. }))) => "not running".to_owned(),
        (None, Some(Err(error))) => format!("failed to {error}"),
        _ => "not asked".to_owned(),
    };
    printer.write_answer_line(format_args!("State     {state}"))?;
    if matches!(answer, Some(Err(ClientError::Unreachable { .. }))) {
        printer.print_hint("`openclaw gateway run` starts it.");
    }
    Ok(())
}

fn write_service(context: &CommandContext, service: &ServiceReport) -> io::Result<()> {
    let printer = &context.printer;
    printer.write_answer_line(format_args!("Service   {}", service.describe()))?;
    for difference in service.differences() {
        printer.print_warning(difference);
    }
    if !service.differences().is_empty() {
        printer.print_hint(format_args!("`{}` makes them the same.", service.remedy()));
    }
    Ok(())
}

async fn show_health(context: &CommandContext, args: GatewayHealthArgs) -> io::Result<ExitReason> {
    let target = match GatewayTarget::new(context, args.target) {
        Ok(target) => target,
        Err(exit) => return Ok(exit),
    };
    match target.call("health", json!({}), false).await {
        Ok(health) if target.json => {
            write_json_answer(&context.printer, &health)?;
            Ok(ExitReason::Ok)
        }
        Ok(_) => {
            context.printer.write_answer_line(format_args!("{} is well", target.address))?;
            Ok(ExitReason::Ok)
        }
        Err(error) => Ok(GatewayTarget::report_failure(context, &error)),
    }
}

/// The value of `--params`; prints why it cannot be used.
pub(crate) fn parse_params(context: &CommandContext, text: &str) -> Result<Value, ExitReason> {
    let problem = match serde_json::from_str(text) {
        Ok(params @ Value::Object(_)) => return Ok(params),
        Ok(_) => String::new(),
        Err(error) => format!(": {error}"),
    };
    context.printer.print_error(format_args!("`--params` is no JSON object{problem}"));
    context.printer.print_hint("For example: `--params '{\"limit\": 5}'`.");
    Err(ExitReason::Usage)
}

async fn call_method(context: &CommandContext, args: GatewayCallArgs) -> io::Result<ExitReason> {
    let params = match parse_params(context, &args.params) {
        Ok(params) => params,
        Err(exit) => return Ok(exit),
    };
    let target = match GatewayTarget::new(context, args.target) {
        Ok(target) => target,
        Err(exit) => return Ok(exit),
    };
    // A person asks, who may do whatever the credentials allow.
    let target = target.with_scopes(&[
        "operator.admin",
        "operator.approvals",
        "operator.pairing",
        "operator.read",
        "operator.write",
    ]);
    let target = if args.method == "agent.wait" {
        let wait = params.get("timeoutMs").and_then(Value::as_u64).unwrap_or(DEFAULT_WAIT_MS);
        target.with_longer_timeout(Duration::from_millis(wait))
    } else {
        target
    };
    match target.call(&args.method, params, args.expect_final).await {
        Ok(answer) => {
            write_json_answer(&context.printer, &answer)?;
            Ok(ExitReason::Ok)
        }
        Err(error) => Ok(GatewayTarget::report_failure(context, &error)),
    }
}
