//! What is told of commands that run on a node, where `tools.exec.host` is `"node"`.

use std::io;

use openclaw_chat::CommandContext;
use openclaw_protocol::gateway::NodeDecision;
use openclaw_protocol::results::exec_policy::{NodeAnswer, NodeCommandExplanation};
use openclaw_terminal::sanitize;
use serde_json::Value;

/// What is decided about a command of an agent on the node.
///
/// # Errors
/// When the text is not a command.
pub(crate) async fn explain_command(
    context: &CommandContext,
    agent: &str,
    command: &str,
) -> Result<NodeCommandExplanation, String> {
    let explained = context.runtime().explain_on_node(agent, command).await;
    explained.map_err(|error| error.to_string())
}

/// Writes what is decided about a command on the node.
pub(crate) fn write_explanation(
    context: &CommandContext,
    explanation: &NodeCommandExplanation,
) -> io::Result<()> {
    write_lines(context, &explanation_lines(explanation))
}

/// The sandbox and the policy of the node, in lines; what the node did not say is said, too.
pub(crate) async fn node_lines(context: &CommandContext, agent: &str) -> Vec<String> {
    match context.runtime().inspect_node(agent).await {
        Ok(answer) => answer_lines(&answer),
        Err(problem) => vec![
            format!("the node was not asked: {problem}"),
            "`openclaw sandbox explain` on that machine shows its sandbox".to_owned(),
        ],
    }
}

/// The node's sandbox as JSON; what the node did not say is `problem`.
pub(crate) async fn node_json(context: &CommandContext, agent: &str) -> Value {
    match context.runtime().inspect_node(agent).await {
        Ok(answer) => serde_json::json!({
            "nodeId": answer.node_id,
            "name": answer.name,
            "sandbox": answer.sandbox,
        }),
        Err(problem) => serde_json::json!({ "problem": problem }),
    }
}

fn answer_lines(answer: &NodeAnswer) -> Vec<String> {
    let mut lines = vec![format!("node: {}", describe_node(answer))];
    lines.extend(answer.directory.iter().map(|path| format!("folder on the node: {path}")));
    lines.extend(sandbox_lines(answer));
    lines
}

fn explanation_lines(explanation: &NodeCommandExplanation) -> Vec<String> {
    let NodeCommandExplanation { decision, reasons, security, ask, outcomes, node, problem } =
        explanation;
    let here = format!("the policy here: security {security}, ask {ask}");
    let mut lines = Vec::new();
    match (node, problem) {
        (_, Some(problem)) => {
            lines.push("the node decides".to_owned());
            lines.push(format!("  it was not asked: {problem}"));
            lines.push(here);
            for (name, outcome) in [
                ("allows", &outcomes.node_allows),
                ("asks about", &outcomes.node_asks),
                ("denies", &outcomes.node_denies),
            ] {
                let what = match outcome.as_str() {
                    "allow" => "it runs",
                    "ask" => "a person is asked here",
                    _ => "it is denied",
                };
                lines.push(format!("  when the node {name} the command: {what}"));
            }
        }
        (node, None) => {
            lines.push(decision.clone());
            lines.extend(reasons.iter().map(|reason| format!("  because {reason}")));
            lines.push(here);
            if let Some(answer) = node {
                let own = match answer.decision {
                    NodeDecision::Allow => "allow",
                    NodeDecision::Ask => "ask",
                    NodeDecision::Deny => "deny",
                };
                lines.push(format!("the policy of the node: {own}"));
                lines.extend(answer_lines(answer));
            }
        }
    }
    lines
}

fn describe_node(answer: &NodeAnswer) -> String {
    if answer.name == answer.node_id {
        answer.name.clone()
    } else {
        format!("{} ({})", answer.name, answer.node_id)
    }
}

fn sandbox_lines(answer: &NodeAnswer) -> Vec<String> {
    if answer.sandbox.is_empty() {
        return vec!["sandbox on the node: none".to_owned()];
    }
    let lines = answer.sandbox.iter().map(|line| format!("  {line}"));
    std::iter::once("sandbox on the node:".to_owned()).chain(lines).collect()
}

/// Writes lines, of which the node's cannot look like others.
pub(crate) fn write_lines(context: &CommandContext, lines: &[String]) -> io::Result<()> {
    for line in lines {
        let line = sanitize::escape_line(line).replace('\n', "\\n");
        context.printer.write_answer_line(line)?;
    }
    Ok(())
}
