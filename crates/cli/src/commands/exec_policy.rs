//! `openclaw exec-policy` and `openclaw approvals`: which commands run without a question.

mod change;
mod preset;

use std::io;

use openclaw_chat::CommandContext;
use openclaw_chat::exchanges::format_utc;
use openclaw_protocol::results::exec_policy::{
    AllowlistChangeReport, AllowlistReport, ApprovalsReport, EffectivePolicy, ExecPolicyReport,
    GrantReport, PolicyScope, PolicySetting,
};
use openclaw_runtime::{ApprovalsUpdateError, CommandPolicy, GrantSummary, PolicyValues};
use openclaw_terminal::sanitize;
use serde_json::Value;

use crate::args::approvals::{
    AllowlistAction, AllowlistPatternArgs, ApprovalsAction, ApprovalsShowArgs, ExecPolicyAction,
    ExecPolicyExplainArgs,
};
use crate::commands::node_host;
use crate::exit::ExitReason;
use crate::json_answer::write_json_answer;

/// Runs `openclaw exec-policy`.
pub(crate) async fn run(
    context: &CommandContext,
    action: &ExecPolicyAction,
) -> io::Result<ExitReason> {
    match action {
        ExecPolicyAction::Show(args) => show_policy(context, args),
        ExecPolicyAction::Explain(args) if context.runtime().runs_commands_on_node() => {
            explain_on_node(context, args).await
        }
        ExecPolicyAction::Explain(args) => explain_command(context, args),
        ExecPolicyAction::Set(args) => change::set_policy(context, args),
        ExecPolicyAction::Preset(args) => change::set_preset(context, args),
    }
}

/// Runs `openclaw approvals`.
pub(crate) fn run_approvals(
    context: &CommandContext,
    action: &ApprovalsAction,
) -> io::Result<ExitReason> {
    match action {
        ApprovalsAction::Get(args) => show_approvals(context, args),
        ApprovalsAction::List(args) => list_patterns(context, args),
        ApprovalsAction::Set(args) => change::replace_approvals(context, args),
        ApprovalsAction::Allowlist(allowlist) => match &allowlist.action {
            AllowlistAction::Add(args) => change_allowlist(context, args, |policy| {
                let is_new = policy.add_pattern(&args.pattern)?;
                Ok((usize::from(is_new), if is_new { "added" } else { "already there" }))
            }),
            AllowlistAction::Remove(args) => change_allowlist(context, args, |policy| {
                let count = policy.remove_pattern(&args.pattern)?;
                Ok((count, if count > 0 { "removed" } else { "not there" }))
            }),
        },
    }
}

fn explain_command(
    context: &CommandContext,
    args: &ExecPolicyExplainArgs,
) -> io::Result<ExitReason> {
    let runtime = context.runtime();
    let directory = std::path::absolute(&args.workspace)?;
    match runtime.explain_command(&args.agent, &args.command, &directory) {
        Ok(explanation) if args.json => {
            write_json_answer(&context.printer, &serde_json::to_value(&explanation)?)?;
        }
        Ok(explanation) => {
            context
                .printer
                .write_answer_line(format_args!("{}", explanation.to_string().trim_end()))?;
        }
        Err(error) => {
            context.printer.print_error(format_args!("failed to {error}"));
            return Ok(ExitReason::Usage);
        }
    }
    Ok(ExitReason::Ok)
}

async fn explain_on_node(
    context: &CommandContext,
    args: &ExecPolicyExplainArgs,
) -> io::Result<ExitReason> {
    match node_host::explain_command(context, &args.agent, &args.command).await {
        Ok(explanation) if args.json => write_json_answer(&context.printer, &explanation)?,
        Ok(explanation) => node_host::write_explanation(context, &explanation)?,
        Err(error) => {
            context.printer.print_error(format_args!("failed to {error}"));
            return Ok(ExitReason::Usage);
        }
    }
    Ok(ExitReason::Ok)
}

/// Says whose policy and allowlist count when commands run on a node.
fn print_node_note(context: &CommandContext) {
    if let Some(note) = context.runtime().describe_node_host() {
        context.printer.print_note(sanitize::escape_line(&note));
    }
}

/// The policy of an agent's commands, with the sandbox that this machine has for them.
fn agent_policy(context: &CommandContext, args: &ApprovalsShowArgs) -> io::Result<CommandPolicy> {
    let runtime = context.runtime();
    let policy = runtime.command_policy(&args.agent);
    match runtime.agent_sandbox(&args.agent, &std::path::absolute(".")?) {
        Ok(sandbox) => Ok(policy.with_sandbox(&sandbox)),
        Err(error) => {
            context.printer.print_warning(format_args!("no command runs: failed to {error}"));
            Ok(policy)
        }
    }
}

fn show_policy(context: &CommandContext, args: &ApprovalsShowArgs) -> io::Result<ExitReason> {
    print_node_note(context);
    let policy = agent_policy(context, args)?;
    let exists = policy.approvals_content().is_some();
    if args.json {
        let answer = ExecPolicyReport {
            config_path: context.models.app_paths().config_file().display().to_string(),
            approvals_path: policy.approvals_path().display().to_string(),
            approvals_exists: exists,
            effective_policy: report_effective_policy(&policy, &args.agent),
            presets: preset::report_presets(),
        };
        write_json_answer(&context.printer, &answer)?;
        return Ok(ExitReason::Ok);
    }
    write_policy_lines(context, &policy)?;
    preset::write_presets(context)?;
    Ok(ExitReason::Ok)
}

fn show_approvals(context: &CommandContext, args: &ApprovalsShowArgs) -> io::Result<ExitReason> {
    print_node_note(context);
    let policy = agent_policy(context, args)?;
    let file_content = policy.approvals_content();
    if args.json {
        let file =
            file_content.as_ref().and_then(|content| serde_json::from_str(&content.text).ok());
        let answer = ApprovalsReport {
            path: policy.approvals_path().display().to_string(),
            exists: file_content.is_some(),
            hash: file_content.map(|content| content.hash),
            file: file.map(redact_token),
            effective_policy: report_effective_policy(&policy, &args.agent),
        };
        write_json_answer(&context.printer, &answer)?;
        return Ok(ExitReason::Ok);
    }
    write_policy_lines(context, &policy)?;
    write_patterns(context, &policy)?;
    Ok(ExitReason::Ok)
}

fn list_patterns(context: &CommandContext, args: &ApprovalsShowArgs) -> io::Result<ExitReason> {
    print_node_note(context);
    let policy = context.runtime().command_policy(&args.agent);
    if args.json {
        let (agent, allowlist) = (args.agent.clone(), policy.allowlist_patterns());
        let answer = AllowlistReport { agent, allowlist, grants: report_grants(&policy) };
        write_json_answer(&context.printer, &answer)?;
    } else {
        write_patterns(context, &policy)?;
    }
    Ok(ExitReason::Ok)
}

fn change_allowlist(
    context: &CommandContext,
    args: &AllowlistPatternArgs,
    change: impl FnOnce(&CommandPolicy) -> Result<(usize, &'static str), ApprovalsUpdateError>,
) -> io::Result<ExitReason> {
    print_node_note(context);
    let policy = context.runtime().command_policy(&args.agent);
    let (count, outcome) = match change(&policy) {
        Ok(change) => change,
        Err(error) => {
            context.printer.print_error(format_args!("failed to {error}"));
            context.printer.print_hint(format_args!(
                "The file is {}; it was not changed.",
                policy.approvals_path().display()
            ));
            return Ok(ExitReason::Failed);
        }
    };
    if args.json {
        let answer = AllowlistChangeReport {
            path: policy.approvals_path().display().to_string(),
            agent: args.agent.clone(),
            pattern: args.pattern.clone(),
            changed: count,
        };
        write_json_answer(&context.printer, &answer)?;
    } else {
        let pattern = sanitize::escape_line(&args.pattern);
        context.printer.write_answer_line(format_args!("{outcome}: {pattern}"))?;
    }
    Ok(ExitReason::Ok)
}

fn write_policy_lines(context: &CommandContext, policy: &CommandPolicy) -> io::Result<()> {
    let summary = policy.summarize_policy();
    let path = policy.approvals_path().display();
    context.printer.write_answer_line(format_args!("approvals file: {path}"))?;
    if let Some(problem) = &summary.problem {
        context.printer.print_warning(format_args!("failed to {problem}: every command is denied"));
    }
    let place = if summary.sandboxed.is_some() { " (outside the sandbox)" } else { "" };
    let rows = [
        ("config", Some(summary.config), ""),
        ("effective", Some(summary.effective), place),
        ("effective in the sandbox", summary.sandboxed, ""),
    ];
    for (name, values, place) in rows {
        let Some(PolicyValues { security, ask, ask_fallback, .. }) = values else { continue };
        context.printer.write_answer_line(format_args!(
            "{name}: security {security}, ask {ask}, askFallback {ask_fallback}{place}"
        ))?;
    }
    Ok(())
}

fn write_patterns(context: &CommandContext, policy: &CommandPolicy) -> io::Result<()> {
    if let Err(error) = policy.read_grants() {
        context.printer.print_warning(format_args!("failed to {error}: none of them counts"));
    }
    for wide in policy.wide_patterns() {
        context.printer.print_warning(sanitize::escape_line(&policy.describe_wide_pattern(&wide)));
    }
    let (patterns, grants) = (policy.allowlist_patterns(), policy.describe_grants());
    if patterns.is_empty() && grants.is_empty() {
        let line = "no pattern: nothing is on the list of commands that run without a question";
        return context.printer.write_answer_line(format_args!("{line}"));
    }
    for pattern in patterns {
        context.printer.write_answer_line(format_args!("{}", sanitize::escape_line(&pattern)))?;
    }
    for GrantSummary { program, workspace, expires_at_ms } in grants {
        let scope = workspace.map_or_else(
            || "exactly one whole command".to_owned(),
            |workspace| format!("in the sandbox in {workspace}"),
        );
        let end = expires_at_ms.map_or_else(
            || "always".to_owned(),
            |end| format!("until {} UTC", format_utc(u64::try_from(end).unwrap_or_default())),
        );
        let line = format!("{program} ({scope}, {end})");
        context.printer.write_answer_line(format_args!("{}", sanitize::escape_line(&line)))?;
    }
    Ok(())
}

fn report_grants(policy: &CommandPolicy) -> Vec<GrantReport> {
    let grants = policy.describe_grants().into_iter();
    let report = |grant: GrantSummary| GrantReport {
        program: grant.program,
        workspace: grant.workspace,
        expires_at_ms: grant.expires_at_ms,
    };
    grants.map(report).collect()
}

fn report_effective_policy(policy: &CommandPolicy, agent: &str) -> EffectivePolicy {
    let summary = policy.summarize_policy();
    let (config, effective) = (summary.config, summary.effective);
    let setting = |requested: Option<&str>, effective: &str| PolicySetting {
        requested: requested.map(str::to_owned),
        effective: effective.to_owned(),
    };
    let scope = |label: String, values: PolicyValues| PolicyScope {
        scope_label: label,
        security: setting(Some(config.security), values.security),
        ask: setting(Some(config.ask), values.ask),
        ask_fallback: setting(None, values.ask_fallback),
    };
    let mut scopes = vec![scope(format!("agent:{agent}"), effective)];
    scopes.extend(summary.sandboxed.map(|it| scope(format!("agent:{agent}:sandbox"), it)));
    EffectivePolicy { note: summary.problem, scopes }
}

/// The file without the secret of its socket.
pub(crate) fn redact_token(mut file: Value) -> Value {
    if let Some(token) = file.pointer_mut("/socket/token") {
        *token = Value::from("(hidden)");
    }
    file
}
