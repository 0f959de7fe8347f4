//! The commands, one module each.

use std::ffi::OsString;
use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use openclaw_core::{Approver, ModelErrorKind};
use openclaw_models::ModelRegistry;
use openclaw_runtime::{ApprovalPolicy, PolicyApprover, Runtime};

use crate::approver::TerminalPrompter;
use crate::args::{CliCommand, InferCapability, InferModelAction, ModelsAction};
use crate::exit::ExitReason;
use crate::printer::Printer;

pub(crate) mod agent;
pub(crate) mod config;
pub(crate) mod doctor;
pub(crate) mod infer;
pub(crate) mod models_list;
pub(crate) mod models_probe;
pub(crate) mod models_reset;
pub(crate) mod models_status;
pub(crate) mod prompt_explain;
pub(crate) mod sessions;
pub(crate) mod trace;

/// How long to wait at exit for the trace to be written.
pub(crate) const TRACE_FLUSH_TIMEOUT: Duration = Duration::from_secs(2);

/// What every command needs.
#[derive(Debug)]
pub(crate) struct CommandContext {
    pub(crate) printer: Printer,
    pub(crate) models: ModelRegistry,
}

impl CommandContext {
    /// Creates the runtime of the agents and conversations.
    pub(crate) fn runtime(&self) -> Runtime {
        Runtime::new(self.models.clone())
    }

    /// Builds the policy of approvals; `yes` runs commands without asking.
    pub(crate) fn approval_policy(&self, yes: bool) -> ApprovalPolicy {
        ApprovalPolicy::from_config(&self.models.loaded_config().config.tools.exec)
            .with_auto_approve(yes)
    }

    /// Builds the approver that asks at the terminal; `yes` runs commands without asking.
    pub(crate) fn terminal_approver(&self, yes: bool) -> Arc<dyn Approver> {
        let prompter = TerminalPrompter { printer: self.printer };
        Arc::new(PolicyApprover::new(self.approval_policy(yes), prompter))
    }

    /// Prints the notices collected since the last call.
    pub(crate) fn print_notices(&self) {
        for notice in self.models.notice_log().take_all() {
            self.printer.print_warning(notice);
        }
    }
}

impl CommandContext {
    /// Suggests `--trace` after an error that a trace would help to explain, unless a trace is on:
    /// then `finish_trace` names the exchange.
    pub(crate) fn suggest_trace(&self, kind: Option<ModelErrorKind>) {
        let helps = matches!(
            kind,
            None | Some(
                ModelErrorKind::Protocol | ModelErrorKind::Interrupted | ModelErrorKind::Rejected
            )
        );
        if helps && self.models.trace().is_none() {
            self.printer.print_hint(
                "Once more with `--trace`, and `openclaw trace show` shows all that was said.",
            );
        }
    }

    /// Flushes the trace, and names the failed exchange when the run failed.
    pub(crate) fn finish_trace(&self, exit: Option<ExitReason>) {
        let Some(trace) = self.models.trace() else { return };
        if !trace.flush_to_disk(TRACE_FLUSH_TIMEOUT) {
            self.printer.print_warning("the trace is not complete: the disk is too slow");
        }
        if let Some(problem) = trace.take_disk_problem() {
            self.printer.print_warning(problem);
        }
        let has_failed =
            !matches!(exit, Some(ExitReason::Ok | ExitReason::Usage | ExitReason::Interrupted));
        if let Some(number) = trace.last_number().filter(|_| has_failed) {
            self.printer.print_hint(format_args!(
                "`openclaw trace show {number}` shows all that was said."
            ));
        }
    }
}

/// Rewrites the original's `--verbose on` and `--verbose off` to the plain flag.
pub(crate) fn normalise_args(args: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut normal: Vec<OsString> = Vec::new();
    for arg in args {
        let after_flag = normal.last().is_some_and(|last| last == "--verbose");
        match arg.to_str() {
            Some("on") if after_flag => {}
            Some("off") if after_flag => {
                normal.pop();
            }
            _ => normal.push(arg),
        }
    }
    normal
}

/// Explains why an option of the original is not supported; `None` when all are.
pub(crate) fn explain_unsupported_option(command: &CliCommand) -> Option<String> {
    let no_channel = "there are no channels to deliver to; the answer goes to stdout";
    let no_gateway = "there is no gateway yet; the command runs in this process";
    let (option, why) = match command {
        CliCommand::Agent(args) => [
            (args.thinking.is_some(), "--thinking", "the level of thinking cannot be set yet"),
            (args.to.is_some(), "--to", no_channel),
            (args.channel.is_some(), "--channel", no_channel),
            (args.deliver, "--deliver", no_channel),
        ]
        .into_iter()
        .find_map(|(given, option, why)| given.then_some((option, why)))?,
        CliCommand::Chat(_)
        | CliCommand::Config(_)
        | CliCommand::Doctor(_)
        | CliCommand::Prompt(_)
        | CliCommand::Sessions(_)
        | CliCommand::Trace(_) => return None,
        CliCommand::Infer(infer) => match &infer.capability {
            InferCapability::Model(model) => match &model.action {
                InferModelAction::Run(args) if args.gateway => ("--gateway", no_gateway),
                InferModelAction::Run(_) => return None,
            },
        },
        CliCommand::Models(models) => match &models.action {
            ModelsAction::Status(args) if args.probe || args.check => {
                ("--probe", "keys are not tried yet; `openclaw models list` asks each server")
            }
            _ => return None,
        },
    };
    Some(format!("`{option}` does nothing here: {why}"))
}

/// Returns true when the only fault is a missing message.
pub(crate) fn is_message_missing(error: &clap::Error) -> bool {
    let missing = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::Strings(missing)) => missing.as_slice(),
        _ => &[],
    };
    error.kind() == ErrorKind::MissingRequiredArgument
        && missing.iter().any(|argument| argument.starts_with("--message"))
}

/// Returns the text of an option, or stdin for `-`.
pub(crate) fn read_text_or_stdin(text: String) -> io::Result<String> {
    if text != "-" {
        return Ok(text);
    }
    let mut text = String::new();
    io::stdin().read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::normalise_args;

    #[test]
    fn verbose_takes_on_and_off() {
        let normal = |args: &[&str]| -> Vec<String> {
            let args = normalise_args(args.iter().map(|arg| (*arg).into()));
            args.into_iter().map(|arg| arg.into_string().unwrap()).collect()
        };
        assert_eq!(
            normal(&["openclaw", "agent", "--verbose", "on"]),
            ["openclaw", "agent", "--verbose"]
        );
        assert_eq!(normal(&["openclaw", "agent", "--verbose", "off"]), ["openclaw", "agent"]);
        assert_eq!(normal(&["openclaw", "agent", "-m", "on"]), ["openclaw", "agent", "-m", "on"]);
    }
}
