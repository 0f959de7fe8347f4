//! `openclaw nodes run`.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal as _};

use openclaw_chat::{CommandContext, new_request_key};
use openclaw_client::GatewayClient;
use openclaw_protocol::gateway::{
    EventFrame, NodeDecision, NodeEntry, NodeInvokeParams, SystemRunParams, SystemRunPrepareParams,
    SystemRunPrepareResult, SystemRunResult,
};
use openclaw_terminal::{OutputPrinter, ask_for_line, sanitize};
use serde_json::{Value, json};

use super::invoke::{call_node, report_node_failure};
use super::{find_node, open_target};
use crate::args::nodes::NodesRunArgs;
use crate::commands::gateway::target::GatewayTarget;
use crate::exit::ExitReason;
use crate::json_answer::write_json_answer;
use crate::node_client::record_approval;

/// The exit code of a command that a signal ended.
const SIGNALLED: u8 = 128;

pub(super) async fn run_program(
    context: &CommandContext,
    args: NodesRunArgs,
) -> io::Result<ExitReason> {
    if let Some(option) = args.command.first().filter(|word| word.starts_with('-')) {
        let option = sanitize::escape_line(option);
        context
            .printer
            .print_error(format_args!("there is no option `{option}` before the program"));
        context.printer.print_hint("`openclaw nodes run --help` lists the options.");
        return Ok(ExitReason::Usage);
    }
    let Some(env) = parse_environment(&args.env) else {
        context.printer.print_error("`--env` must be NAME=VALUE");
        return Ok(ExitReason::Usage);
    };
    let env = Some(env).filter(|variables| !variables.is_empty());
    let target = match open_target(context, args.target) {
        Ok(target) => target,
        Err(exit) => return Ok(exit),
    };
    let node = match find_node(context, &target, args.node.as_deref()).await {
        Ok(node) => node,
        Err(exit) => return Ok(exit),
    };
    let mut client = match target.connect().await {
        Ok(client) => client,
        Err(error) => return Ok(GatewayTarget::report_failure(context, &error)),
    };
    let run = ProgramRun {
        context,
        node: &node,
        json: target.json,
        invoke_timeout: args.invoke_timeout,
        command_timeout: args.command_timeout,
        params: SystemRunPrepareParams {
            command: args.command,
            cwd: args.cwd,
            env,
            ..SystemRunPrepareParams::default()
        },
    };
    let prepared = match run.prepare(&mut client).await {
        Ok(prepared) => prepared,
        Err(exit) => return Ok(exit),
    };
    let approval = match prepared.decision {
        NodeDecision::Allow => None,
        NodeDecision::Deny => {
            let reason = prepared.reason.as_deref().unwrap_or("its policy denies it");
            let reason = sanitize::escape_line(reason);
            context.printer.print_error(format_args!("the node does not run it: {reason}"));
            context.printer.print_hint("The policy of a node is changed on its own machine.");
            return Ok(ExitReason::Refused);
        }
        NodeDecision::Ask => {
            if let Some(exit) = run.ask(&prepared)? {
                return Ok(exit);
            }
            let plan = json!(prepared.plan);
            match record_approval(&mut client, &node.node_id, &plan).await {
                Ok(id) => Some(id),
                Err(error) => return Ok(report_node_failure(context, &error)),
            }
        }
    };
    run.execute(&mut client, &prepared, approval).await
}

/// A program that is to run on a node.
struct ProgramRun<'a> {
    context: &'a CommandContext,
    node: &'a NodeEntry,
    json: bool,
    invoke_timeout: u64,
    command_timeout: u64,
    params: SystemRunPrepareParams,
}

impl ProgramRun<'_> {
    /// Has the node say what it would run.
    async fn prepare(
        &self,
        client: &mut GatewayClient,
    ) -> Result<SystemRunPrepareResult, ExitReason> {
        let params = self.to_invoke("system.run.prepare", json!(self.params));
        let answer = call_node(client, &params, |_| ()).await;
        let answer = answer.map_err(|error| report_node_failure(self.context, &error))?;
        let result = answer.get("payload").cloned().unwrap_or_default();
        serde_json::from_value(result).map_err(|error| {
            self.context
                .printer
                .print_error(format_args!("failed to read the node's plan: {error}"));
            ExitReason::Failed
        })
    }

    /// Asks whether the command may run; returns why it does not.
    fn ask(&self, prepared: &SystemRunPrepareResult) -> io::Result<Option<ExitReason>> {
        let printer = &self.context.printer;
        if !io::stdin().is_terminal() || !printer.stderr_is_terminal {
            printer.print_error(
                "the node runs it only after an approval, and there is no terminal to ask on",
            );
            return Ok(Some(ExitReason::NeedsInput));
        }
        let plan = &prepared.plan;
        let directory = plan.cwd.as_deref().unwrap_or("the node's own");
        let name = self.node.display_name.as_deref().unwrap_or(&self.node.node_id);
        let mut lines = vec![format!("node: {name}"), format!("directory: {directory}")];
        lines.extend(plan.command_text.lines().map(|line| format!("command: {line}")));
        let variables = self.params.env.iter().flatten();
        lines.extend(variables.map(|(name, value)| format!("variable: {name}={value}")));
        lines.extend(prepared.reason.iter().map(|reason| format!("reason: {reason}")));
        for line in lines {
            // A line of the command cannot look like another line of the question.
            printer.print_rendered(&sanitize::escape_line(&line).replace('\n', "\\n"));
        }
        let line = ask_for_line(printer, "run this on the node? [y/N]")?.unwrap_or_default();
        if matches!(line.trim(), "y" | "Y" | "yes") {
            return Ok(None);
        }
        printer.print_note("nothing was run");
        Ok(Some(ExitReason::Refused))
    }

    async fn execute(
        &self,
        client: &mut GatewayClient,
        prepared: &SystemRunPrepareResult,
        approval: Option<String>,
    ) -> io::Result<ExitReason> {
        let params = SystemRunParams {
            command: self.params.command.clone(),
            cwd: self.params.cwd.clone(),
            env: self.params.env.clone(),
            timeout_ms: Some(self.command_timeout),
            approved: approval.as_ref().map(|_| true),
            run_id: approval,
            system_run_plan: Some(prepared.plan.clone()),
            ..SystemRunParams::default()
        };
        let params = self.to_invoke("system.run", json!(params));
        let printer = &self.context.printer;
        let mut shown = 0;
        let is_shown = !self.json && io::stdout().is_terminal();
        let on_event = |event: EventFrame| {
            if is_shown {
                shown += show_output(printer, &event, &params.idempotency_key);
            }
        };
        let answer = match call_node(client, &params, on_event).await {
            Ok(answer) => answer,
            Err(error) => return Ok(report_node_failure(self.context, &error)),
        };
        let payload = answer.get("payload").cloned().unwrap_or_default();
        let result: SystemRunResult = match serde_json::from_value(payload) {
            Ok(result) => result,
            Err(error) => {
                printer.print_error(format_args!("failed to read what the node answered: {error}"));
                return Ok(ExitReason::Failed);
            }
        };
        if self.json {
            write_json_answer(printer, &answer)?;
        } else {
            self.write_result(&result, shown)?;
        }
        Ok(exit_of(&result))
    }

    /// Writes the output that was not shown while the program ran.
    fn write_result(&self, result: &SystemRunResult, shown: usize) -> io::Result<()> {
        let printer = &self.context.printer;
        if shown == 0 {
            let is_terminal = io::stdout().is_terminal();
            let to_terminal = |text: &str| {
                if is_terminal { sanitize::escape_prose(text) } else { text.to_owned() }
            };
            printer.write_answer(&to_terminal(&result.stdout))?;
            if !result.stderr.is_empty() {
                printer.print_raw(&sanitize::escape_prose(&result.stderr));
            }
        }
        if result.truncated {
            printer.print_note("the node left out a part of the output");
        }
        if result.timed_out {
            let limit = self.command_timeout;
            printer.print_error(format_args!(
                "the program was ended after {limit} ms; `--command-timeout` gives it more time"
            ));
        } else if let Some(error) = &result.error {
            printer.print_error(sanitize::escape_line(error));
        }
        Ok(())
    }

    fn to_invoke(&self, command: &str, params: Value) -> NodeInvokeParams {
        NodeInvokeParams {
            node_id: self.node.node_id.clone(),
            command: command.to_owned(),
            params: Some(params),
            timeout_ms: Some(self.invoke_timeout),
            idempotency_key: new_request_key(),
            session_key: None,
        }
    }
}

/// Shows output of the program while it runs; returns how many bytes of it.
fn show_output(printer: &OutputPrinter, event: &EventFrame, key: &str) -> usize {
    let Some(payload) = event.payload.as_ref().filter(|_| event.event == "node.invoke.progress")
    else {
        return 0;
    };
    if payload.get("idempotencyKey").and_then(Value::as_str) != Some(key) {
        return 0;
    }
    let chunk = payload.get("chunk").and_then(Value::as_str).unwrap_or_default();
    // Output that nobody reads any more does not end the program.
    let _ = printer.write_answer(&sanitize::escape_prose(chunk));
    chunk.len()
}

fn exit_of(result: &SystemRunResult) -> ExitReason {
    match result.exit_code {
        _ if result.timed_out => ExitReason::TimedOut,
        Some(0) => ExitReason::Ok,
        Some(code) => ExitReason::Program(u8::try_from(code).unwrap_or(1)),
        None => ExitReason::Program(SIGNALLED),
    }
}

/// The variables of `NAME=VALUE` pairs; `None` when one is no such pair.
fn parse_environment(pairs: &[String]) -> Option<BTreeMap<String, String>> {
    let mut variables = BTreeMap::new();
    for pair in pairs {
        let (name, value) = pair.split_once('=').filter(|(name, _)| !name.is_empty())?;
        variables.insert(name.to_owned(), value.to_owned());
    }
    Some(variables)
}
