//! The commands, one module each.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use openclaw_chat::{CommandContext, TRACE_FLUSH_TIMEOUT};

use crate::args::deferred::DeferredArgs;
use crate::args::{CliCommand, InferCapability, InferModelAction};
use crate::exit::ExitReason;

pub(crate) mod agent;
pub(crate) mod chat;
pub(crate) mod config;
pub(crate) mod cron;
pub(crate) mod devices;
pub(crate) mod doctor;
pub(crate) mod exec_policy;
pub(crate) mod gateway;
pub(crate) mod infer;
mod learned_report;
pub(crate) mod logs;
pub(crate) mod memory;
pub(crate) mod models_import;
pub(crate) mod models_list;
pub(crate) mod models_probe;
pub(crate) mod models_reset;
pub(crate) mod models_status;
pub(crate) mod native;
pub(crate) mod node;
pub(crate) mod node_host;
pub(crate) mod nodes;
pub(crate) mod prompt_explain;
pub(crate) mod sandbox;
pub(crate) mod security;
pub(crate) mod service;
pub(crate) mod sessions;
pub(crate) mod setup;
pub(crate) mod skills;
pub(crate) mod status;
pub(crate) mod trace;

/// Flushes the trace, and names the failed exchange when the run failed.
pub(crate) fn finish_trace(context: &CommandContext, exit: Option<ExitReason>) {
    let Some(trace) = context.models.trace() else { return };
    if !trace.flush_to_disk(TRACE_FLUSH_TIMEOUT) {
        context.printer.print_warning("the trace is not complete: the disk is too slow");
    }
    if let Some(problem) = trace.take_disk_problem() {
        context.printer.print_warning(problem);
    }
    let has_failed =
        !matches!(exit, Some(ExitReason::Ok | ExitReason::Usage | ExitReason::Interrupted));
    if let Some(number) = trace.last_number().filter(|_| has_failed) {
        context
            .printer
            .print_hint(format_args!("`openclaw trace show {number}` shows all that was said."));
    }
}

/// Rewrites the original's `--verbose on` and `--verbose off` to the plain flag, and adds the command
/// that is left out before `-p` (`agent`), and before `--continue` and `--resume` (`agent` with `-p`,
/// else `chat`).
pub(crate) fn normalise_args(args: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let args: Vec<OsString> = args.into_iter().collect();
    let has_print_flag = args.iter().any(|arg| arg == "-p" || arg == "--print");
    let mut normal: Vec<OsString> = Vec::new();
    for arg in args {
        let after_flag = normal.last().is_some_and(|last| last == "--verbose");
        match arg.to_str() {
            Some("on") if after_flag => {}
            Some("off") if after_flag => {
                normal.pop();
            }
            Some("-p" | "--print") if normal.len() == 1 => {
                normal.push("agent".into());
                normal.push(arg);
            }
            Some("-c" | "--continue" | "--resume") if normal.len() == 1 => {
                normal.push(if has_print_flag { "agent" } else { "chat" }.into());
                normal.push(arg);
            }
            _ => normal.push(arg),
        }
    }
    normal
}

/// Explains what an option of the original is good for here; `None` when all options act.
pub(crate) fn note_on_original_option(command: &CliCommand) -> Option<String> {
    let (option, why) = match command {
        CliCommand::Infer(DeferredArgs(infer)) => match &infer.capability {
            InferCapability::Model(model) => match &model.action {
                InferModelAction::Run(args) if args.gateway => (
                    "--gateway",
                    "the command runs in this process; `openclaw gateway call agent` runs a turn in \
                     a gateway",
                ),
                InferModelAction::Run(_) => return None,
            },
        },
        _ => return None,
    };
    Some(format!("`{option}` does nothing here: {why}"))
}

/// The word in the place of a command when no command has a similar name.
pub(crate) fn find_unknown_word(error: &clap::Error) -> Option<&str> {
    let is_similar = error.get(ContextKind::SuggestedSubcommand).is_some();
    match error.get(ContextKind::InvalidSubcommand) {
        Some(ContextValue::String(word)) if !is_similar => Some(word),
        _ => None,
    }
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

#[cfg(test)]
mod tests {
    use super::normalise_args;

    fn normal(args: &[&str]) -> Vec<String> {
        let args = normalise_args(args.iter().map(|arg| (*arg).into()));
        args.into_iter().map(|arg| arg.into_string().unwrap()).collect()
    }

    #[test]
    fn verbose_takes_on_and_off() {
        assert_eq!(
            normal(&["openclaw", "agent", "--verbose", "on"]),
            ["openclaw", "agent", "--verbose"]
        );
        assert_eq!(normal(&["openclaw", "agent", "--verbose", "off"]), ["openclaw", "agent"]);
        assert_eq!(normal(&["openclaw", "agent", "-m", "on"]), ["openclaw", "agent", "-m", "on"]);
        assert_eq!(normal(&["openclaw", "-p", "hi"]), ["openclaw", "agent", "-p", "hi"]);
    }

    #[test]
    fn a_session_is_continued_without_naming_the_command() {
        assert_eq!(normal(&["openclaw", "--continue"]), ["openclaw", "chat", "--continue"]);
        assert_eq!(
            normal(&["openclaw", "-c", "-p", "hi"]),
            ["openclaw", "agent", "-c", "-p", "hi"]
        );
        assert_eq!(normal(&["openclaw", "agent", "--resume"]), ["openclaw", "agent", "--resume"]);
    }
}
