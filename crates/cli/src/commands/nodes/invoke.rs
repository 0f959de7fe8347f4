//! `openclaw nodes invoke`.

use std::io;
use std::time::Duration;

use openclaw_chat::{CommandContext, new_request_key};
use openclaw_client::{ClientError, GatewayClient};
use openclaw_protocol::gateway::{EventFrame, GatewayError, NodeInvokeParams};
use openclaw_terminal::sanitize;
use serde_json::{Value, json};

use super::{find_node, open_target};
use crate::args::nodes::NodesInvokeArgs;
use crate::commands::gateway::parse_params;
use crate::commands::gateway::target::GatewayTarget;
use crate::exit::ExitReason;
use crate::json_answer::write_json_answer;

/// How much longer than the limit of a command this program waits for it.
const ANSWER_GRACE: Duration = Duration::from_secs(8);

pub(super) async fn invoke_command(
    context: &CommandContext,
    args: NodesInvokeArgs,
) -> io::Result<ExitReason> {
    let printer = &context.printer;
    let params = match parse_params(context, &args.params) {
        Ok(params) => params,
        Err(exit) => return Ok(exit),
    };
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
    let params = NodeInvokeParams {
        node_id: node.node_id,
        command: args.command,
        params: Some(params),
        timeout_ms: Some(args.invoke_timeout),
        idempotency_key: args.idempotency_key.unwrap_or_else(new_request_key),
        session_key: None,
    };
    match call_node(&mut client, &params, |_| ()).await {
        Ok(answer) => {
            if target.json {
                write_json_answer(printer, &answer)?;
            } else {
                write_json_answer(printer, answer.get("payload").unwrap_or(&Value::Null))?;
            }
            Ok(ExitReason::Ok)
        }
        Err(error) => Ok(report_node_failure(context, &error)),
    }
}

/// Invokes a command of a node, and waits as long as the gateway does.
pub(super) async fn call_node(
    client: &mut GatewayClient,
    params: &NodeInvokeParams,
    on_event: impl FnMut(EventFrame),
) -> Result<Value, ClientError> {
    // The gateway waits for the limit of the command itself when that is longer.
    let inner = params.params.as_ref().and_then(|params| params.get("timeoutMs"));
    let limit = params.timeout_ms.max(inner.and_then(Value::as_u64)).unwrap_or(u64::MAX);
    let limit = Duration::from_millis(limit).saturating_add(ANSWER_GRACE);
    let calling = client.call_with_events("node.invoke", json!(params), on_event);
    match tokio::time::timeout(limit, calling).await {
        Ok(answer) => answer,
        Err(_) => Err(ClientError::TimedOut { address: "the gateway".to_owned(), limit }),
    }
}

/// Prints why a command of a node has no result, and whether it may have run.
pub(super) fn report_node_failure(context: &CommandContext, error: &ClientError) -> ExitReason {
    let printer = &context.printer;
    let ClientError::Refused { error: refusal, .. } = error else {
        return GatewayTarget::report_failure(context, error);
    };
    printer.print_error(sanitize::escape_line(&refusal.message));
    match refusal.reason_code() {
        Some("TIMEOUT") => ExitReason::TimedOut,
        Some("NOT_CONNECTED") => {
            printer.print_hint("`openclaw nodes status` shows which nodes are connected.");
            ExitReason::Unreachable
        }
        Some("DISCONNECTED" | "OUTCOME_UNKNOWN" | "UNAVAILABLE") => ExitReason::Failed,
        _ if is_waiting(refusal) => {
            printer.print_hint("`openclaw nodes pending` shows what waits for an approval.");
            ExitReason::Refused
        }
        _ => ExitReason::Refused,
    }
}

fn is_waiting(error: &GatewayError) -> bool {
    error.reason_code() == Some("UNKNOWN_COMMAND") && error.message.contains("waits")
}
