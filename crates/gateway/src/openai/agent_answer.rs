//! The run of an agent as an answer.

use std::sync::Arc;

use hyper::StatusCode;
use openclaw_protocol::events::WireEvent;
use openclaw_protocol::gateway::{AgentParams, RunState};
use openclaw_protocol::parts::ServerState;
use tokio::sync::broadcast::error::RecvError;

use super::answer::{
    AnswerEnd, AnswerEvent, AnswerProblem, AnswerSender, ClientGone, FinishReason, RunningAnswer,
};
use super::gateway_problem;
use super::request::ChatCompletion;
use crate::random::random_uuid;
use crate::run_result::RunEnd;
use crate::runs::{LiveRun, StartedRun};
use crate::state::GatewayState;

/// Starts a run that answers a chat, in its session.
///
/// # Errors
/// When it cannot be started.
pub(crate) async fn start_agent(
    state: &Arc<GatewayState>,
    completion: &ChatCompletion,
    agent: String,
) -> Result<RunningAnswer, AnswerProblem> {
    let session = state.conversations.find_session(completion, &agent);
    let run_key = random_uuid().map_err(|error| {
        let text = format!("The system has no random numbers: {error}.");
        AnswerProblem::server(StatusCode::INTERNAL_SERVER_ERROR, text)
    })?;
    let params = AgentParams {
        message: session.message,
        idempotency_key: completion.idempotency_key.clone().unwrap_or(run_key),
        agent_id: Some(agent),
        session_key: Some(session.key.clone()),
        model: completion.backing_model.clone(),
        ..AgentParams::default()
    };
    let started = match state.runs.resolve_request(params).await {
        Ok(spec) => state.runs.start_run(spec.with_trigger("openai")).await,
        Err(error) => Err(error),
    };
    let started = started.map_err(|error| gateway_problem(&error))?;
    let id = match &started {
        StartedRun::Live(run) => run.id.clone(),
        StartedRun::Ended(run) => run.id.clone(),
    };
    let (answer, sender) = RunningAnswer::new(id, Some(session.key));
    tokio::spawn(async move {
        // A client that goes away ends its run, as one that closes a chat completion of a server.
        let _ = pass_on(started, &sender).await;
    });
    Ok(answer)
}

/// Stops a run whose client went away.
struct StopOnDrop(Option<Arc<LiveRun>>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        if let Some(run) = &self.0 {
            run.stop();
        }
    }
}

async fn pass_on(started: StartedRun, sender: &AnswerSender) -> Result<(), ClientGone> {
    let (end, sent) = match started {
        StartedRun::Live(run) => {
            let mut stopping = StopOnDrop(Some(Arc::clone(&run)));
            let followed = follow_run(&run, sender).await?;
            stopping.0 = None;
            followed
        }
        StartedRun::Ended(run) => (run.end, String::new()),
    };
    if end.status != RunState::Ok {
        return send(sender, AnswerEvent::Failed(run_problem(&end))).await;
    }
    let text = end.text.clone().unwrap_or_default();
    // What the client missed; nothing when the last message was sent whole.
    match text.trim_end().strip_prefix(sent.trim_end()) {
        Some("") => {}
        Some(rest) => send(sender, AnswerEvent::Text(rest.to_owned())).await?,
        None => send(sender, AnswerEvent::Text(format!("\n\n{text}"))).await?,
    }
    let reason = if end.summary == "length" { FinishReason::Length } else { FinishReason::Stop };
    send(sender, AnswerEvent::Finished(AnswerEnd { text, reason, usage: end.usage })).await
}

/// Passes on the events of a run; returns its end, and the text of its last message that was sent.
async fn follow_run(
    run: &LiveRun,
    sender: &AnswerSender,
) -> Result<(Arc<RunEnd>, String), ClientGone> {
    let mut events = run.subscribe();
    let mut sent = String::new();
    let ended = run.wait_for_end();
    tokio::pin!(ended);
    loop {
        let event = tokio::select! {
            biased;
            event = events.recv() => match event {
                Ok(event) => event,
                Err(RecvError::Lagged(_)) => {
                    let text = "The client reads too slowly.";
                    let problem = AnswerProblem::server(StatusCode::SERVICE_UNAVAILABLE, text);
                    send(sender, AnswerEvent::Failed(problem)).await?;
                    return Err(ClientGone);
                }
                Err(RecvError::Closed) => return Ok((ended.await, sent)),
            },
            end = &mut ended => return Ok((end, sent)),
            () = sender.closed() => return Err(ClientGone),
        };
        match event {
            WireEvent::Text { text } => {
                sent.push_str(&text);
                send(sender, AnswerEvent::Text(text)).await?;
            }
            WireEvent::Reasoning { text } => send(sender, AnswerEvent::Reasoning(text)).await?,
            // The next message begins anew; what was said before a call stands as it is.
            WireEvent::ToolStarted { .. } if !sent.is_empty() => {
                sent.clear();
                send(sender, AnswerEvent::Text("\n\n".to_owned())).await?;
            }
            WireEvent::Waiting { state, other_requests, .. } => {
                let what = describe_wait(state, other_requests);
                send(sender, AnswerEvent::Waiting(what)).await?;
            }
            WireEvent::ToolStarted { .. } => {
                send(sender, AnswerEvent::Waiting("working".to_owned())).await?;
            }
            _ => {}
        }
    }
}

/// What a server that is silent does, as a comment of a stream.
pub(crate) fn describe_wait(state: ServerState, others: Option<u32>) -> String {
    match (state, others) {
        (ServerState::Queued, Some(others)) => format!("queued behind {others}"),
        (ServerState::Queued, None) => "queued".to_owned(),
        (ServerState::Prefilling, _) => "prefill".to_owned(),
        (ServerState::Generating, _) => "generating".to_owned(),
        _ => "waiting".to_owned(),
    }
}

fn run_problem(end: &RunEnd) -> AnswerProblem {
    let status = match end.error.as_ref().map(|error| error.kind.as_str()) {
        Some("timeout") => StatusCode::GATEWAY_TIMEOUT,
        Some("cancelled" | "lost" | "in_use" | "busy") => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::BAD_GATEWAY,
    };
    let message = end.error_text().unwrap_or_else(|| "The run failed.".to_owned());
    AnswerProblem::server(status, message)
}

async fn send(sender: &AnswerSender, event: AnswerEvent) -> Result<(), ClientGone> {
    sender.send(event).await.map_err(|_| ClientGone)
}
