//! Changes the policy of commands: `tools.exec` in the config, and the approvals file.

use std::error::Error as _;
use std::io;
use std::path::Path;

use openclaw_chat::CommandContext;
use openclaw_config::NewValue;
use openclaw_protocol::results::exec_policy::ApprovalsReplaceReport;
use openclaw_runtime::{ApprovalsUpdateError, CommandPolicy};

use super::preset::{PRESETS, PolicyPreset};
use crate::args::approvals::{ApprovalsSetArgs, ExecPolicyPresetArgs, ExecPolicySetArgs};
use crate::commands::config::ConfigCommandContext;
use crate::commands::config::set::{KeyAssignment, assign_keys, check_path, parse_value};
use crate::exit::ExitReason;
use crate::json_answer::write_json_answer;
use crate::stdin_text::read_stdin_text;

/// The largest approvals file that is taken, in bytes: what its reader accepts.
const MAX_APPROVALS_BYTES: u64 = 1024 * 1024;

/// Runs `openclaw exec-policy set`.
pub(super) fn set_policy(
    context: &CommandContext,
    args: &ExecPolicySetArgs,
) -> io::Result<ExitReason> {
    let config = config_context(context);
    let options = [("security", &args.security), ("ask", &args.ask), ("host", &args.host)];
    let mut assignments: Vec<KeyAssignment> = options
        .into_iter()
        .filter_map(|(key, value)| Some(text_assignment(key, value.as_ref()?)))
        .collect();
    if let (Some(key), Some(value)) = (&args.key, &args.value) {
        let key = key.strip_prefix("tools.exec.").unwrap_or(key);
        let path = format!("tools.exec.{key}");
        if !check_path(config, &path) {
            return Ok(ExitReason::Usage);
        }
        match parse_value(value, false) {
            Ok(value) => assignments.push(KeyAssignment { path, value }),
            Err(problem) => {
                context.printer.print_error(problem);
                return Ok(ExitReason::Usage);
            }
        }
    }
    let fallback = match args.ask_fallback.as_deref().map(CommandPolicy::parse_level) {
        None => None,
        Some(Some(level)) => Some(level),
        Some(None) => {
            context.printer.print_error("`--ask-fallback` is `deny`, `allowlist` or `full`");
            return Ok(ExitReason::Usage);
        }
    };
    if !assignments.is_empty() {
        let keys: Vec<_> = assignments.iter().map(|it| format!("`{}`", it.path)).collect();
        let message = format!("Set {}", keys.join(", "));
        let end = assign_keys(config, &args.write, &assignments, &message)?;
        if end != ExitReason::Ok {
            return Ok(end);
        }
    }
    let policy = context.runtime().command_policy("main");
    if let Some(level) = fallback.filter(|_| !args.write.dry_run) {
        match policy.set_ask_fallback(level) {
            Ok(_) if args.write.json => {}
            Ok(is_changed) => {
                let outcome = if is_changed { "Set" } else { "Nothing to change:" };
                context.printer.write_answer_line(format_args!(
                    "{outcome} `defaults.askFallback` in {}",
                    policy.approvals_path().display()
                ))?;
            }
            Err(error) => return Ok(print_update_error(context, &policy, &error)),
        }
    }
    Ok(ExitReason::Ok)
}

/// Runs `openclaw exec-policy preset`.
pub(super) fn set_preset(
    context: &CommandContext,
    args: &ExecPolicyPresetArgs,
) -> io::Result<ExitReason> {
    let Some(PolicyPreset { name, security, ask, .. }) =
        PRESETS.iter().find(|preset| preset.name == args.name)
    else {
        let names = PRESETS.map(|preset| format!("`{}`", preset.name)).join(", ");
        context.printer.print_error(format_args!("there is no such preset; there are {names}"));
        return Ok(ExitReason::Usage);
    };
    let assignments = [text_assignment("security", security), text_assignment("ask", ask)];
    let message = format!("Set `tools.exec` to {name} (security {security}, ask {ask})");
    let end = assign_keys(config_context(context), &args.write, &assignments, &message)?;
    let host = context.runtime().command_policy("main").summarize_host_limits(security, ask);
    if let (ExitReason::Ok, Some(limits)) = (&end, host) {
        context
            .printer
            .print_warning(format_args!("the approvals file is stricter: {limits} holds"));
    }
    Ok(end)
}

/// Runs `openclaw approvals set`.
pub(super) fn replace_approvals(
    context: &CommandContext,
    args: &ApprovalsSetArgs,
) -> io::Result<ExitReason> {
    let named = args.file.as_ref().or(args.from_file.as_ref());
    let text = match named.filter(|file| file.as_str() != "-") {
        Some(file) => openclaw_fs::read_text(Path::new(file), MAX_APPROVALS_BYTES)
            .map_err(|error| format!("read {file}: {error}")),
        None => read_stdin_text().map_err(|error| error.to_string()),
    };
    let text = match text {
        Ok(text) => text,
        Err(problem) => {
            context.printer.print_error(format_args!("failed to {problem}"));
            return Ok(ExitReason::Usage);
        }
    };
    let policy = context.runtime().command_policy("main");
    let replacement = match policy.replace_file(&text) {
        Ok(replacement) => replacement,
        Err(error) => return Ok(print_update_error(context, &policy, &error)),
    };
    let path = policy.approvals_path().display().to_string();
    let backup = replacement.backup.map(|backup| backup.display().to_string());
    if args.json {
        let hash = replacement.hash;
        write_json_answer(&context.printer, &ApprovalsReplaceReport { path, hash, backup })?;
    } else {
        let kept = backup.map(|backup| format!("; the old file is {backup}")).unwrap_or_default();
        context.printer.write_answer_line(format_args!("Wrote {path}{kept}"))?;
    }
    Ok(ExitReason::Ok)
}

fn config_context(context: &CommandContext) -> ConfigCommandContext<'_> {
    ConfigCommandContext {
        printer: &context.printer,
        paths: context.models.app_paths(),
        env: context.models.env(),
    }
}

fn text_assignment(key: &str, value: &str) -> KeyAssignment {
    KeyAssignment { path: format!("tools.exec.{key}"), value: NewValue::from_string(value) }
}

fn print_update_error(
    context: &CommandContext,
    policy: &CommandPolicy,
    error: &ApprovalsUpdateError,
) -> ExitReason {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    context.printer.print_error(format_args!("failed to {error}{cause}"));
    context.printer.print_hint(format_args!(
        "The file is {}; it was not changed.",
        policy.approvals_path().display()
    ));
    ExitReason::Failed
}
