//! `openclaw sandbox`: what commands of the model may do, and what enforces it.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use openclaw_chat::CommandContext;
use openclaw_runtime::AgentSandbox;
use openclaw_terminal::sanitize;
use serde_json::{Map, Value, json};

use crate::args::sandbox::{SandboxAction, SandboxExplainArgs};
use crate::commands::node_host;
use crate::exit::ExitReason;
use crate::failure::print_agent_error;
use crate::json_answer::write_json_answer;

/// The most entries of one folder that are listed by name.
const MAX_LISTED_ENTRIES: usize = 12;

/// Runs `openclaw sandbox`.
pub(crate) async fn run(
    context: &CommandContext,
    action: &SandboxAction,
) -> io::Result<ExitReason> {
    let SandboxAction::Explain(args) = action;
    let workspace = std::path::absolute(&args.workspace)?;
    if context.runtime().runs_commands_on_node() {
        return explain_on_node(context, args, &workspace).await;
    }
    let sandbox = match context.runtime().agent_sandbox(&args.agent, &workspace) {
        Ok(sandbox) => sandbox,
        Err(error) => return Ok(print_agent_error(&context.printer, &error.into())),
    };
    if args.json {
        write_json_answer(&context.printer, &sandbox_json(context, args, &workspace, &sandbox)?)?;
        return Ok(ExitReason::Ok);
    }
    for line in sandbox_lines(args, &workspace, &sandbox) {
        context.printer.write_answer_line(format_args!("{}", sanitize::escape_line(&line)))?;
    }
    if let Some(command) = &args.command {
        match context.runtime().explain_command(&args.agent, command, &workspace) {
            Ok(explanation) => {
                let text = explanation.to_string();
                context.printer.write_answer_line(format_args!("\n{}", text.trim_end()))?;
            }
            Err(error) => return Ok(report_no_command(context, &error.to_string())),
        }
    }
    Ok(ExitReason::Ok)
}

/// Explains commands that run on a node. The sandbox is that of the node; file tools stay here.
async fn explain_on_node(
    context: &CommandContext,
    args: &SandboxExplainArgs,
    workspace: &Path,
) -> io::Result<ExitReason> {
    let explanation = match &args.command {
        Some(command) => match node_host::explain_command(context, &args.agent, command).await {
            Ok(explanation) => Some(explanation),
            Err(error) => return Ok(report_no_command(context, &error)),
        },
        None => None,
    };
    if args.json {
        let answer = json!({
            "agent": args.agent,
            "workspace": workspace,
            "sandboxed": false,
            "onNode": true,
            "node": node_host::node_json(context, &args.agent).await,
            "command": explanation,
        });
        write_json_answer(&context.printer, &answer)?;
        return Ok(ExitReason::Ok);
    }
    let host = context.runtime().describe_node_host().unwrap_or_default();
    let mut lines = vec![format!("agent {}: {host}", args.agent)];
    let workspace = workspace.display();
    lines.push(format!("workspace: {workspace} (the file tools; no command runs on this machine)"));
    // The explanation of a command has the lines of the node, too.
    if explanation.is_none() {
        lines.extend(node_host::node_lines(context, &args.agent).await);
    }
    node_host::write_lines(context, &lines)?;
    if let Some(explanation) = &explanation {
        context.printer.write_answer_line("")?;
        node_host::write_explanation(context, explanation)?;
    }
    Ok(ExitReason::Ok)
}

fn report_no_command(context: &CommandContext, error: &str) -> ExitReason {
    context.printer.print_error(format_args!("failed to {error}"));
    ExitReason::Usage
}

/// The lines of the levels, for the doctor as well.
pub(crate) fn level_lines(sandbox: &AgentSandbox) -> Vec<String> {
    sandbox.levels.iter().map(|(name, level)| format!("{name}: {level}")).collect()
}

fn sandbox_lines(
    args: &SandboxExplainArgs,
    workspace: &Path,
    sandbox: &AgentSandbox,
) -> Vec<String> {
    let place = match &sandbox.policy {
        Some(_) => "in a sandbox",
        None => "without a sandbox",
    };
    let mut lines = vec![
        format!("agent {}: commands run {place}", args.agent),
        format!("workspace: {}", workspace.display()),
    ];
    if let Some(policy) = &sandbox.policy {
        lines.push(format!("profile: {}", policy.profile.name()));
    }
    lines.extend(level_lines(sandbox));
    let trees = sandbox.allowed_trees();
    for (label, paths) in [
        ("writable", &trees.writable),
        ("no new entries directly in", &trees.without_creation),
        ("devices", &trees.devices),
        ("readable", &trees.readable),
    ] {
        if !paths.is_empty() {
            lines.push(format!("{label}: {}", list_paths(paths)));
        }
    }
    lines
}

/// The paths in order; many of one folder as their number, because all of them would be a page. The
/// JSON has each.
fn list_paths(paths: &[PathBuf]) -> String {
    let mut folders: BTreeMap<&Path, Vec<&Path>> = BTreeMap::new();
    for path in paths {
        folders.entry(path.parent().unwrap_or(path)).or_default().push(path);
    }
    let texts = folders.into_iter().map(|(folder, mut entries)| {
        if entries.len() > MAX_LISTED_ENTRIES {
            return format!("{} entries of {}", entries.len(), folder.display());
        }
        entries.sort_unstable();
        entries.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
    });
    texts.collect::<Vec<_>>().join(", ")
}

fn sandbox_json(
    context: &CommandContext,
    args: &SandboxExplainArgs,
    workspace: &Path,
    sandbox: &AgentSandbox,
) -> io::Result<Value> {
    let levels: Map<String, Value> = sandbox
        .levels
        .iter()
        .map(|(name, level)| {
            let level = json!({"enforced": level.is_enforced(), "detail": level.to_string()});
            (name.to_owned(), level)
        })
        .collect();
    let trees = sandbox.allowed_trees();
    let mut answer = json!({
        "agent": args.agent,
        "workspace": workspace,
        "sandboxed": sandbox.policy.is_some(),
        "onNode": false,
        "profile": sandbox.policy.as_ref().map(|policy| policy.profile.name()),
        "levels": levels,
        "writable": trees.writable,
        "noNewEntriesIn": trees.without_creation,
        "devices": trees.devices,
        "readable": trees.readable,
    });
    if let (Some(command), Some(fields)) = (&args.command, answer.as_object_mut()) {
        let explanation = match context.runtime().explain_command(&args.agent, command, workspace) {
            Ok(explanation) => serde_json::to_value(&explanation)?,
            Err(error) => json!({"error": format!("failed to {error}")}),
        };
        fields.insert("command".to_owned(), explanation);
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{MAX_LISTED_ENTRIES, list_paths};

    #[test]
    fn many_entries_of_a_folder_are_a_number_and_few_are_listed_in_order() {
        let many = (0..=MAX_LISTED_ENTRIES).map(|n| PathBuf::from(format!("/etc/{n}")));
        let few = ["/srv/b", "/srv/a"].map(PathBuf::from);
        let paths: Vec<PathBuf> = many.chain(few).collect();
        assert_eq!(list_paths(&paths), "13 entries of /etc, /srv/a, /srv/b");
    }
}
