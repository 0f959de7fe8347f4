//! The call of a model without an agent, as an answer.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use hyper::StatusCode;
use openclaw_core::{
    AnswerOutcome, AssistantMessage, ChatEvent, ChatModel as _, ChatRequest, ModelRef, TokenUsage,
};
use openclaw_models::FallbackChain;
use tokio::time::Instant;

use super::agent_answer::describe_wait;
use super::answer::{
    AnswerEnd, AnswerEvent, AnswerProblem, AnswerSender, ClientCall, ClientGone, FinishReason,
    RunningAnswer,
};
use super::direct::DirectRequest;
use super::embeddings::{connect_problem, model_problem};
use crate::metrics::{CallLabels, CallObserver, EndedCall, MetricName};
use crate::random::random_uuid;
use crate::state::GatewayState;

/// How long a stream waits for its first event before its head is sent.
pub(crate) const FIRST_EVENT_LIMIT: Duration = Duration::from_secs(2);

/// Calls a model.
///
/// # Errors
/// When it cannot be connected.
pub(crate) async fn start_model(
    state: &Arc<GatewayState>,
    model: ModelRef,
    request: DirectRequest,
) -> Result<RunningAnswer, AnswerProblem> {
    let id = random_uuid().map_err(|error| {
        let text = format!("The system has no random numbers: {error}.");
        AnswerProblem::server(StatusCode::INTERNAL_SERVER_ERROR, text)
    })?;
    let models = state.runtime().models().clone().with_request_params(request.params);
    let connected = models.connect_model(Some(&model.to_string())).await;
    let chain = connected.map_err(|error| connect_problem(&error))?.model;
    let labels = CallLabels { agent: String::new(), model, trigger: "openai" };
    let observer = CallObserver::new(Arc::clone(state.runs.metrics()), labels);
    let (answer, sender) = RunningAnswer::new(id, None);
    let call = DirectCall {
        sender,
        observer,
        sent: String::new(),
        current: String::new(),
        was_reset: false,
    };
    tokio::spawn(async move {
        let gone = call.sender.clone();
        tokio::select! {
            // Dropping the stream closes the connection, and the server stops.
            () = gone.closed() => {}
            _ = call.run(chain, request.request) => {}
        }
    });
    Ok(answer)
}

/// A call of a model.
struct DirectCall {
    sender: AnswerSender,
    observer: CallObserver,
    /// The text that the client has.
    sent: String,
    /// The text of the answer as it stands: what was sent may have been discarded.
    current: String,
    was_reset: bool,
}

impl DirectCall {
    async fn run(mut self, chain: FallbackChain, request: ChatRequest) -> Result<(), ClientGone> {
        let started = Instant::now();
        let mut first_token = None;
        let mut stream = match chain.stream_chat(request).await {
            Ok(stream) => stream,
            Err(error) => return self.fail(started, model_problem(&error)).await,
        };
        while let Some(event) = stream.next().await {
            match event {
                Ok(ChatEvent::Finished { message, outcome, usage }) => {
                    self.observer.record_end(EndedCall {
                        duration: started.elapsed(),
                        first_token,
                        usage: usage.map(Into::into),
                        outcome: "ok",
                    });
                    return self.finish(message, outcome, usage).await;
                }
                Ok(event) => {
                    if is_content(&event) {
                        self.observer.record_content();
                        first_token.get_or_insert_with(|| started.elapsed());
                    }
                    self.pass_on(event).await?;
                }
                Err(error) => return self.fail(started, model_problem(&error)).await,
            }
        }
        let text = "The model ended without an answer.";
        self.fail(started, AnswerProblem::server(StatusCode::BAD_GATEWAY, text)).await
    }

    async fn pass_on(&mut self, event: ChatEvent) -> Result<(), ClientGone> {
        match event {
            ChatEvent::RequestAccepted => self.observer.record_acceptance(),
            ChatEvent::TextDelta(text) => {
                self.current.push_str(&text);
                if !self.was_reset {
                    return self.send_text(text).await;
                }
                // The same text is written again; what the client has is not repeated.
                let rest = self.current.strip_prefix(self.sent.as_str()).map(str::to_owned);
                if let Some(rest) = rest.filter(|rest| !rest.is_empty()) {
                    return self.send_text(rest).await;
                }
            }
            ChatEvent::ReasoningDelta(text) => {
                return self.send(AnswerEvent::Reasoning(text)).await;
            }
            ChatEvent::AnswerReset | ChatEvent::ReasoningReclassified => {
                self.current.clear();
                self.was_reset = true;
            }
            ChatEvent::WaitingForServer { activity, other_requests, .. } => {
                let what = describe_wait(activity.into(), other_requests);
                return self.send(AnswerEvent::Waiting(what)).await;
            }
            ChatEvent::ModelAttemptFailed(attempt) => {
                let model = attempt.reference.to_string();
                let labels = [("model", model.as_str()), ("kind", &attempt.kind)];
                self.observer.count(MetricName::ModelFailovers, &labels);
            }
            ChatEvent::Retrying { .. } => {
                self.observer.record_retry("busy");
                return self.send(AnswerEvent::Waiting("the server is busy".to_owned())).await;
            }
            ChatEvent::ServerDisconnected { .. } => {
                self.observer.record_retry("disconnected");
                return self.send(AnswerEvent::Waiting("the server is away".to_owned())).await;
            }
            ChatEvent::RequestAdapted { .. } => self.observer.record_retry("adapted"),
            _ => {}
        }
        Ok(())
    }

    async fn finish(
        &mut self,
        message: AssistantMessage,
        outcome: AnswerOutcome,
        usage: Option<TokenUsage>,
    ) -> Result<(), ClientGone> {
        match message.text.trim().strip_prefix(self.sent.trim()) {
            Some("") => {}
            Some(rest) => {
                let rest = rest.to_owned();
                self.send_text(rest).await?;
            }
            None if self.was_reset => {
                let text = "The answer began anew after the client had a part of it; ask again.";
                let problem = AnswerProblem::server(StatusCode::BAD_GATEWAY, text);
                return self.send(AnswerEvent::Failed(problem)).await;
            }
            // What was sent stands as it is.
            None => {}
        }
        for call in &message.calls {
            self.send(AnswerEvent::Call(ClientCall::from_emitted(call))).await?;
        }
        let reason = match outcome {
            AnswerOutcome::ToolCalls => FinishReason::ToolCalls,
            AnswerOutcome::Truncated | AnswerOutcome::ReasoningTruncated => FinishReason::Length,
            AnswerOutcome::Refused => FinishReason::ContentFilter,
            _ => FinishReason::Stop,
        };
        let usage = usage.map(Into::into);
        self.send(AnswerEvent::Finished(AnswerEnd { text: message.text, reason, usage })).await
    }

    async fn fail(&mut self, started: Instant, problem: AnswerProblem) -> Result<(), ClientGone> {
        self.observer.record_end(EndedCall {
            duration: started.elapsed(),
            first_token: None,
            usage: None,
            outcome: "error",
        });
        self.send(AnswerEvent::Failed(problem)).await
    }

    async fn send_text(&mut self, text: String) -> Result<(), ClientGone> {
        self.sent.push_str(&text);
        self.send(AnswerEvent::Text(text)).await
    }

    async fn send(&self, event: AnswerEvent) -> Result<(), ClientGone> {
        self.sender.send(event).await.map_err(|_| ClientGone)
    }
}

fn is_content(event: &ChatEvent) -> bool {
    matches!(
        event,
        ChatEvent::TextDelta(_) | ChatEvent::ReasoningDelta(_) | ChatEvent::ToolCallDelta { .. }
    )
}
