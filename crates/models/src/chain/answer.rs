//! The stream of one answer across fallbacks.

use std::collections::VecDeque;

use futures_util::{StreamExt, stream};
use openclaw_core::{ChatEvent, ChatRequest, ChatStream, ModelError};

use super::attempts::into_model_error;
use super::candidates::ChainCandidate;
use super::fallback_run::{ConnectedStream, FallbackRun};
use crate::error::ConnectError;

type AnswerItem = Result<ChatEvent, ModelError>;

/// The stream of an answer. The partial answer of a failed model is discarded when another model
/// starts to answer.
struct AnswerStream {
    run: FallbackRun,
    request: ChatRequest,
    phase: AnswerPhase,
    ready: VecDeque<AnswerItem>,
    is_accepted: bool,
    /// Whether a part of the answer was emitted.
    has_emitted_content: bool,
    /// The model that failed after a part of its answer was emitted, and its error.
    interrupted: Option<(usize, String)>,
    /// The message for the reset that is due: the emitted part is from a model that failed.
    discard_reason: Option<String>,
}

/// The state of the stream.
enum AnswerPhase {
    /// A model is selected.
    Selecting,
    /// This model is connected and asked.
    Opening(ChainCandidate),
    /// Its answer is read.
    Reading(Box<ConnectedStream>),
    Ended,
}

/// Asks the models until one answers. Each failure is sent as an event, as soon as another model is
/// tried.
pub(super) fn stream_answer(run: FallbackRun, request: ChatRequest) -> ChatStream {
    // Boxed, because the stream moves its state at each event.
    let state = Box::new(AnswerStream {
        run,
        request,
        phase: AnswerPhase::Selecting,
        ready: VecDeque::new(),
        is_accepted: false,
        has_emitted_content: false,
        interrupted: None,
        discard_reason: None,
    });
    Box::pin(stream::unfold(state, |mut state| async move {
        let item = state.next_item().await?;
        Some((item, state))
    }))
}

impl AnswerStream {
    async fn next_item(&mut self) -> Option<AnswerItem> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Some(item);
            }
            let stepped = match std::mem::replace(&mut self.phase, AnswerPhase::Ended) {
                AnswerPhase::Ended => return None,
                AnswerPhase::Selecting => self.run.next_candidate().await.map(AnswerPhase::Opening),
                AnswerPhase::Opening(candidate) => {
                    let opened = self.run.open_candidate(candidate, &self.request).await;
                    opened.map(|opened| self.begin_reading(opened))
                }
                AnswerPhase::Reading(mut opened) => match opened.stream.next().await {
                    None => Ok(AnswerPhase::Ended),
                    Some(Ok(event)) if self.continues_answer(&event) => {
                        self.phase = AnswerPhase::Reading(opened);
                        return Some(Ok(event));
                    }
                    Some(Ok(event)) => Ok(self.forward_event(event, opened)),
                    Some(Err(error)) => self.handle_failure(error, &opened),
                },
            };
            self.ready.extend(self.run.take_report().take_events().map(Ok));
            match stepped {
                Ok(phase) => self.phase = phase,
                Err(error) => self.ready.push_back(Err(into_model_error(error))),
            }
        }
    }

    /// Begins to read an answer, or continues with the next model when there is none.
    fn begin_reading(&mut self, opened: Option<ConnectedStream>) -> AnswerPhase {
        let Some(opened) = opened else { return AnswerPhase::Selecting };
        if let Some((place, problem)) = self.interrupted.take() {
            let name = |place| self.run.model_ref(place).map(ToString::to_string);
            let [before, now] =
                [place, opened.connected.place].map(|place| name(place).unwrap_or_default());
            self.discard_reason.get_or_insert(format!(
                "{before} failed in the middle of its answer (failed to {problem}); {now} answers \
                 instead."
            ));
        }
        AnswerPhase::Reading(Box::new(opened))
    }

    /// Whether an event is a further delta of an answer that is emitted already: nothing changes
    /// with it.
    fn continues_answer(&self, event: &ChatEvent) -> bool {
        self.has_emitted_content
            && self.discard_reason.is_none()
            && matches!(
                event,
                ChatEvent::TextDelta(_)
                    | ChatEvent::ReasoningDelta(_)
                    | ChatEvent::ToolCallDelta { .. }
            )
    }

    fn forward_event(&mut self, event: ChatEvent, opened: Box<ConnectedStream>) -> AnswerPhase {
        let event = match event {
            ChatEvent::RequestAccepted if std::mem::replace(&mut self.is_accepted, true) => {
                ChatEvent::Heartbeat
            }
            event @ (ChatEvent::TextDelta(_)
            | ChatEvent::ReasoningDelta(_)
            | ChatEvent::ToolCallDelta { .. }
            | ChatEvent::Finished { .. }) => {
                self.mark_answering(&opened);
                event
            }
            // The model resets its own attempt, of which nothing was emitted yet.
            ChatEvent::AnswerReset if self.discard_reason.is_some() => ChatEvent::Heartbeat,
            ChatEvent::AnswerReset => {
                self.has_emitted_content = false;
                ChatEvent::AnswerReset
            }
            event => event,
        };
        let is_end = matches!(event, ChatEvent::Finished { .. });
        self.ready.push_back(Ok(event));
        if is_end { AnswerPhase::Ended } else { AnswerPhase::Reading(opened) }
    }

    /// Records that the model answers, and emits the reset of a failed model's partial answer.
    fn mark_answering(&mut self, opened: &ConnectedStream) {
        if let Some(how) = self.discard_reason.take() {
            self.ready.push_back(Ok(ChatEvent::RequestAdapted { message: how }));
            self.ready.push_back(Ok(ChatEvent::AnswerReset));
        } else if self.has_emitted_content {
            return;
        }
        self.has_emitted_content = true;
        let inner = self.run.shared_chain();
        if let Some(circuit) = inner.breaker_keys.get(opened.connected.place) {
            inner.connector.breakers.record_success(circuit);
        }
    }

    /// Continues with the next model, or returns the error when no other may be asked.
    fn handle_failure(
        &mut self,
        error: ModelError,
        opened: &ConnectedStream,
    ) -> Result<AnswerPhase, ConnectError> {
        let (place, problem) = (opened.connected.place, error.to_string());
        self.run.record_failure(place, ConnectError::Model(error), opened.started_at)?;
        if self.has_emitted_content {
            self.interrupted = Some((place, problem));
        }
        Ok(AnswerPhase::Selecting)
    }
}
