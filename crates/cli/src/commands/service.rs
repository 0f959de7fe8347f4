//! The services of this program: the gateway, and the node.

mod host;
mod missing_variables;
mod report;

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use openclaw_chat::CommandContext;
use openclaw_service::{
    ServiceDefinition, ServiceError, ServiceNotifier, ServiceVerb, SystemdUser,
};
use serde_json::json;

use self::host::{find_systemd, is_supervised_elsewhere, service_environment};
use self::missing_variables::find_missing_variables;
pub(crate) use self::report::ServiceReport;
use crate::args::service::ServiceInstallArgs;
use crate::exit::ExitReason;
use crate::json_answer::write_json_answer;

/// How long a service may be silent towards systemd.
const WATCHDOG_TIMEOUT: Duration = Duration::from_mins(1);

/// A service of this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ServiceKind {
    /// `openclaw gateway run`.
    Gateway,
    /// `openclaw node run`.
    Node,
}

impl ServiceKind {
    /// The name of its unit.
    fn name(self) -> &'static str {
        match self {
            Self::Gateway => "openclaw-gateway",
            Self::Node => "openclaw-node",
        }
    }

    /// Its label for launchd.
    fn launchd_label(self) -> &'static str {
        match self {
            Self::Gateway => "ai.openclaw.gateway",
            Self::Node => "ai.openclaw.node",
        }
    }

    /// The name of its task for Windows.
    fn task_name(self) -> &'static str {
        match self {
            Self::Gateway => "OpenClaw Gateway",
            Self::Node => "OpenClaw Node",
        }
    }

    /// The command that does the same without a service.
    fn foreground_command(self) -> &'static str {
        match self {
            Self::Gateway => "openclaw gateway run",
            Self::Node => "openclaw node run",
        }
    }

    fn description(self) -> &'static str {
        match self {
            Self::Gateway => "OpenClaw gateway",
            Self::Node => "OpenClaw node",
        }
    }

    /// The command and what is done with it, e.g. `openclaw gateway install`.
    fn command(self, action: &str) -> String {
        let command = self.foreground_command();
        format!("{} {action}", command.strip_suffix(" run").unwrap_or(command))
    }
}

/// A service that is to run the program with arguments.
#[derive(Debug)]
pub(crate) struct ServiceRequest {
    pub(crate) kind: ServiceKind,
    pub(crate) words: Vec<String>,
}

/// Installs and starts a service; or prints its definition. `before_start` is done once it is
/// installed and before it starts, and says why it cannot be done.
pub(crate) async fn install(
    context: &CommandContext,
    request: ServiceRequest,
    args: ServiceInstallArgs,
    before_start: impl FnOnce() -> Result<(), String>,
) -> io::Result<ExitReason> {
    let ServiceRequest { kind, words } = request;
    let definition = match define_service(context, kind, words) {
        Ok(definition) => definition,
        Err(problem) => return report_problem(context, kind, "install", args.json, &problem),
    };
    if args.dry_run {
        return print_definition(context, kind, &definition);
    }
    let installed = if cfg!(target_os = "linux") {
        install_unit(context, kind, &definition, &args, before_start).await
    } else {
        Err(ServiceProblem::without_manager(kind))
    };
    let installed = match installed {
        Ok(installed) => installed,
        Err(problem) => return report_problem(context, kind, "install", args.json, &problem),
    };
    let mut warnings = find_missing_variables(context);
    if installed.outlives_logout == Some(false) {
        warnings.push(format!(
            "the service ends when you log out: `{} --enable-linger` lets it go on",
            kind.command("install")
        ));
    }
    let printer = &context.printer;
    if args.json {
        let report = json!({
            "action": "install",
            "ok": true,
            "service": { "label": "systemd", "name": kind.name(), "path": installed.path },
            "warnings": warnings,
        });
        write_json_answer(printer, &report)?;
        return Ok(ExitReason::Ok);
    }
    printer.write_answer_line(format_args!("{} is installed and runs", kind.name()))?;
    printer.write_answer_line(format_args!("Unit      {}", installed.path))?;
    for warning in warnings {
        printer.print_warning(warning);
    }
    printer.print_hint(format_args!("`{}` shows it.", kind.command("status")));
    Ok(ExitReason::Ok)
}

/// Tells the systemd that started this program, as often as it expects, that the program's tasks
/// are still run.
pub(crate) async fn keep_watchdog_quiet(notifier: ServiceNotifier) -> Infallible {
    let Some(interval) = notifier.watchdog_interval() else { return std::future::pending().await };
    let mut ticks = tokio::time::interval(interval / 2);
    loop {
        ticks.tick().await;
        notifier.notify_alive();
    }
}

/// Stops a service and removes it.
pub(crate) async fn uninstall(
    context: &CommandContext,
    kind: ServiceKind,
    json: bool,
) -> io::Result<ExitReason> {
    let removed = match reach_systemd(context, kind, "uninstall") {
        Ok(systemd) => systemd.uninstall(kind.name()).await.map_err(ServiceProblem::from),
        Err(problem) => Err(problem),
    };
    match removed {
        Ok(_) if json => {
            write_json_answer(&context.printer, &json!({ "action": "uninstall", "ok": true }))?;
            Ok(ExitReason::Ok)
        }
        Ok(was_installed) => {
            let text = if was_installed { "is removed" } else { "is not installed" };
            context.printer.write_answer_line(format_args!("{} {text}", kind.name()))?;
            Ok(ExitReason::Ok)
        }
        Err(problem) => report_problem(context, kind, "uninstall", json, &problem),
    }
}

/// Starts, stops or restarts an installed service.
pub(crate) async fn control(
    context: &CommandContext,
    kind: ServiceKind,
    verb: ServiceVerb,
    json: bool,
) -> io::Result<ExitReason> {
    let controlled = match reach_systemd(context, kind, verb.as_str()) {
        Ok(systemd) => systemd.control(verb, kind.name()).await.map_err(ServiceProblem::from),
        Err(problem) => Err(problem),
    };
    let action = verb.as_str();
    match controlled {
        Ok(()) if json => {
            write_json_answer(&context.printer, &json!({ "action": action, "ok": true }))?;
            Ok(ExitReason::Ok)
        }
        Ok(()) => {
            let state = if verb == ServiceVerb::Stop { "is stopped" } else { "runs" };
            context.printer.write_answer_line(format_args!("{} {state}", kind.name()))?;
            Ok(ExitReason::Ok)
        }
        Err(problem) => report_problem(context, kind, action, json, &problem),
    }
}

/// Why a service command failed, and what to do.
#[derive(Debug)]
struct ServiceProblem {
    text: String,
    hint: Option<String>,
    exit: ExitReason,
}

impl ServiceProblem {
    fn without_manager(kind: ServiceKind) -> Self {
        let dry_run = kind.command("install --dry-run");
        Self {
            text:
                "failed to install the service: on this system the program writes the definition \
                   only"
                    .to_owned(),
            hint: Some(format!("`{dry_run}` prints it.")),
            exit: ExitReason::Failed,
        }
    }
}

impl From<ServiceError> for ServiceProblem {
    fn from(error: ServiceError) -> Self {
        let mut text = format!("failed to {error}");
        if let Some(source) = std::error::Error::source(&error) {
            text = format!("{text}: {source}");
        }
        Self { text, hint: None, exit: ExitReason::Failed }
    }
}

struct InstalledUnit {
    path: String,
    outlives_logout: Option<bool>,
}

async fn install_unit(
    context: &CommandContext,
    kind: ServiceKind,
    definition: &ServiceDefinition,
    args: &ServiceInstallArgs,
    before_start: impl FnOnce() -> Result<(), String>,
) -> Result<InstalledUnit, ServiceProblem> {
    let systemd = reach_systemd(context, kind, "install")?;
    let path = systemd.install(definition, args.force).await.map_err(|error| {
        let hint = matches!(error, ServiceError::OtherDefinition { .. })
            .then(|| format!("`{} --force` replaces it.", kind.command("install")));
        ServiceProblem { hint, ..error.into() }
    })?;
    if args.enable_linger {
        systemd.enable_linger().await?;
    }
    before_start().map_err(|text| ServiceProblem { text, hint: None, exit: ExitReason::Config })?;
    systemd.control(ServiceVerb::Restart, kind.name()).await.map_err(|error| {
        let hint = Some("`openclaw logs` shows why it does not start.".to_owned());
        ServiceProblem { hint, ..error.into() }
    })?;
    let outlives_logout = systemd.outlives_logout().await;
    Ok(InstalledUnit { path: path.display().to_string(), outlives_logout })
}

/// The user's systemd for an action, unless another supervisor owns the service.
fn reach_systemd(
    context: &CommandContext,
    kind: ServiceKind,
    action: &str,
) -> Result<SystemdUser, ServiceProblem> {
    if is_supervised_elsewhere(context) {
        return Err(ServiceProblem {
            text:
                "OPENCLAW_SUPERVISOR_MODE is \"external\": another supervisor starts and ends the \
                   program"
                    .to_owned(),
            hint: None,
            exit: ExitReason::Failed,
        });
    }
    find_systemd(context).map_err(|error| {
        let command = kind.foreground_command();
        let hint = match action {
            "install" | "start" => Some(format!(
                "`{command}` runs it in the foreground, e.g. below a supervisor of yours."
            )),
            "stop" | "restart" => {
                Some(format!("Ctrl-C or the signal TERM ends an `{command}` in the foreground."))
            }
            _ => None,
        };
        ServiceProblem { hint, ..error.into() }
    })
}

fn define_service(
    context: &CommandContext,
    kind: ServiceKind,
    words: Vec<String>,
) -> Result<ServiceDefinition, ServiceProblem> {
    let program = std::env::current_exe().map_err(|error| ServiceProblem {
        text: format!("failed to find this program: {error}"),
        hint: None,
        exit: ExitReason::Failed,
    })?;
    let mut definition = ServiceDefinition::new(kind.name(), kind.description(), program);
    definition.args = words;
    definition.environment = service_environment(context);
    definition.final_exit_code = Some(ExitReason::ServiceConfig.code());
    definition.watchdog = Some(WATCHDOG_TIMEOUT);
    Ok(definition)
}

fn print_definition(
    context: &CommandContext,
    kind: ServiceKind,
    definition: &ServiceDefinition,
) -> io::Result<ExitReason> {
    let text = if cfg!(target_os = "macos") {
        let log_file = context.models.app_paths().log_file().display().to_string();
        definition.to_launchd_agent(kind.launchd_label(), &log_file)
    } else if cfg!(windows) {
        definition.to_windows_task()
    } else {
        definition.to_systemd_unit()
    };
    let text = match text {
        Ok(text) => text,
        Err(error) => return report_problem(context, kind, "install", false, &error.into()),
    };
    context.printer.write_answer(&text)?;
    for warning in find_missing_variables(context) {
        context.printer.print_warning(warning);
    }
    if cfg!(target_os = "macos") {
        context.printer.print_hint(format_args!(
            "In ~/Library/LaunchAgents/{label}.plist, `launchctl bootstrap gui/UID FILE` starts it.",
            label = kind.launchd_label()
        ));
    } else if cfg!(windows) {
        context.printer.print_hint(format_args!(
            "`schtasks /Create /TN \"{}\" /XML FILE` installs it.",
            kind.task_name()
        ));
    }
    Ok(ExitReason::Ok)
}

fn report_problem(
    context: &CommandContext,
    kind: ServiceKind,
    action: &str,
    json: bool,
    problem: &ServiceProblem,
) -> io::Result<ExitReason> {
    if json {
        let report = json!({
            "action": action, "ok": false, "error": problem.text, "hint": problem.hint,
            "service": { "label": "systemd", "name": kind.name() },
        });
        write_json_answer(&context.printer, &report)?;
        return Ok(problem.exit);
    }
    context.printer.print_error(&problem.text);
    if let Some(hint) = &problem.hint {
        context.printer.print_hint(hint);
    }
    Ok(problem.exit)
}
