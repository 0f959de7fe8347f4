//! `system.run`: under which decision a command runs, and how it ends.

use std::time::Duration;

use openclaw_process::{CommandEnd, command_control};
use openclaw_protocol::gateway::{
    NodeDecision, NodeError, NodeErrorCode, NodeInvokeRequest, SystemRunParams, SystemRunResult,
};
use openclaw_tools::{HostCommandEnd, HostCommandError};
use serde_json::{Value, json};

use crate::commands::NodeCore;
use crate::output::{LinkMessage, LinkSender, RunOutput};
use crate::plans::{JudgedWish, to_node_error};
use crate::report::InvocationStage;
use crate::runs::RunGuard;

/// The exit code of a shell for a program that it does not find.
const NOT_FOUND: i32 = 127;

/// The exit code of a shell for what it may not execute.
const NOT_EXECUTABLE: i32 = 126;

/// Whether a command may run, and which approval it uses up.
///
/// # Errors
/// When it may not.
pub(crate) fn check_decision(
    params: &SystemRunParams,
    judged: &JudgedWish,
) -> Result<Option<String>, NodeError> {
    let shown = params.system_run_plan.as_ref();
    let hash = judged.plan.plan_hash.as_deref();
    let is_shown = shown.is_some_and(|plan| plan.plan_hash.as_deref() == hash);
    let reason = || judged.reason.clone().unwrap_or_default();
    if judged.decision == NodeDecision::Deny {
        let message = format!("this node does not run the command: {}", reason());
        return Err(NodeError::new(NodeErrorCode::SystemRunDenied, message));
    }
    if shown.is_some() && !is_shown {
        return Err(NodeError::new(
            NodeErrorCode::ApprovalRequestMismatch,
            "the command, its directory or a file of it is not what was prepared; prepare it again",
        ));
    }
    if judged.decision == NodeDecision::Allow {
        return Ok(None);
    }
    match (&params.run_id, params.approved) {
        (Some(run_id), Some(true)) if is_shown && !run_id.is_empty() => Ok(Some(run_id.clone())),
        _ => Err(NodeError::new(
            NodeErrorCode::ApprovalRequired,
            format!("this node runs the command only after a person approved it: {}", reason()),
        )),
    }
}

/// Tells the gateway that a command was refused.
pub(crate) fn report_denial(link: &LinkSender, params: &SystemRunParams, error: &NodeError) {
    let payload = json!({
        "sessionKey": params.session_key,
        "runId": params.run_id,
        "host": "node",
        "reason": error.code,
    });
    let event = json!({ "event": "exec.denied", "payloadJSON": payload.to_string() });
    // The answer says the same to a gateway that is busy.
    let _ = link.try_send(LinkMessage { method: "node.event", params: event });
}

/// Runs a command that is recorded as begun.
///
/// # Errors
/// When it cannot be started, and when it is stopped.
pub(crate) async fn run_judged(
    core: &NodeCore,
    request: &NodeInvokeRequest,
    params: &SystemRunParams,
    judged: &JudgedWish,
    duty: &RunGuard,
) -> Result<Value, NodeError> {
    let limits = [params.timeout_ms, request.timeout_ms];
    let limit = limits.into_iter().flatten().filter(|limit| *limit > 0).min();
    let (control, mut handle) = command_control();
    let mut output = RunOutput::new(duty.link.clone(), &request.id, &core.node_id);
    let ended = {
        let mut sink = |stream, text: &str| output.push_output(stream, text);
        let limit = limit.map(Duration::from_millis);
        let running = judged.command.run(limit, &mut handle, &mut sink);
        let mut running = std::pin::pin!(running);
        let (mut is_started, mut is_stopped) = (false, false);
        loop {
            tokio::select! {
                ended = &mut running => break ended,
                () = control.wait_until_started(), if !is_started => {
                    is_started = true;
                    core.report_stage(request, InvocationStage::Started);
                }
                () = duty.run.wait_until_stopped(), if !is_stopped => {
                    is_stopped = true;
                    control.stop();
                }
            }
        }
    };
    core.report_stage(request, InvocationStage::Ended);
    let ended = match ended {
        Ok(ended) => ended,
        Err(error @ HostCommandError::NotFound { .. }) => return Ok(as_shell(NOT_FOUND, &error)),
        Err(error @ HostCommandError::NotExecutable { .. }) => {
            return Ok(as_shell(NOT_EXECUTABLE, &error));
        }
        Err(error) => return Err(to_node_error(&error)),
    };
    if ended.end == CommandEnd::Stopped {
        return Err(NodeError::new(NodeErrorCode::Cancelled, "the command was ended"));
    }
    Ok(json!(to_result(&ended, output)))
}

/// The result that a shell gives for a program that it cannot run.
fn as_shell(exit_code: i32, error: &HostCommandError) -> Value {
    json!(SystemRunResult {
        exit_code: Some(exit_code),
        error: Some(format!("failed to {error}")),
        ..SystemRunResult::default()
    })
}

fn to_result(ended: &HostCommandEnd, output: RunOutput) -> SystemRunResult {
    let (stdout, stderr) = output.into_streams();
    let (exit_code, error) = match ended.end {
        CommandEnd::Exited(code) => (Some(code), None),
        CommandEnd::Signalled(signal) => (None, Some(format!("ended by signal {signal}"))),
        CommandEnd::Stopped => (None, Some("ended".to_owned())),
        CommandEnd::TimedOut(limit) => (
            None,
            Some(format!("it ran for the {:.1} s it may and was ended", limit.as_secs_f64())),
        ),
    };
    let mut error_text = stderr.to_text();
    for note in &ended.notes {
        let separator = if error_text.is_empty() || error_text.ends_with('\n') { "" } else { "\n" };
        error_text = format!("{error_text}{separator}{note}\n");
    }
    SystemRunResult {
        exit_code,
        timed_out: matches!(ended.end, CommandEnd::TimedOut(_)),
        success: exit_code == Some(0) && ended.is_contained,
        truncated: stdout.dropped_bytes + stderr.dropped_bytes > 0,
        stdout: stdout.to_text(),
        stderr: error_text,
        error,
    }
}
