//! The stream of one answer across fallbacks.

use std::collections::VecDeque;

use futures_util::{StreamExt, stream};
use openclaw_core::{ChatEvent, ChatRequest, ChatStream, ModelError};

use super::attempts::into_model_error;
use super::fallback_run::{ConnectedStream, FallbackRun};
use crate::error::ConnectError;

type AnswerItem = Result<ChatEvent, ModelError>;

/// The stream of an answer. The partial answer of a failed model is discarded when another model
/// starts to answer. A model that failed before it sent anything leaves no event.
struct AnswerStream {
    run: FallbackRun,
    request: ChatRequest,
    /// `None` after the end of the stream.
    current: Option<ConnectedStream>,
    ready: VecDeque<AnswerItem>,
    is_accepted: bool,
    /// Whether a part of the answer was emitted.
    has_emitted_content: bool,
    /// The message for the reset that is due: the emitted part is from a model that failed.
    discard_reason: Option<String>,
    /// The number of notices logged before this request; they are not emitted as its events.
    notices_before: usize,
}

/// Opens answer streams.
pub(super) struct FallbackAnswer;

impl FallbackAnswer {
    /// Asks the models until one starts to answer.
    ///
    /// # Errors
    /// When none does.
    pub(super) async fn open_stream(
        mut walk: FallbackRun,
        request: ChatRequest,
    ) -> Result<ChatStream, ModelError> {
        let noted = walk.shared_chain().connector.notices.pending_count();
        let opened = walk.open_next(&request).await.map_err(into_model_error)?;
        let mut state = AnswerStream {
            run: walk,
            request,
            current: Some(opened),
            ready: VecDeque::new(),
            is_accepted: false,
            has_emitted_content: false,
            discard_reason: None,
            notices_before: noted,
        };
        state.emit_notices();
        Ok(Box::pin(stream::unfold(state, |mut state| async move {
            let item = state.next_item().await?;
            Some((item, state))
        })))
    }
}

impl AnswerStream {
    async fn next_item(&mut self) -> Option<AnswerItem> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Some(item);
            }
            match self.current.as_mut()?.stream.next().await {
                None => self.current = None,
                Some(Ok(event)) => self.forward_event(event),
                Some(Err(error)) => self.handle_failure(error).await,
            }
        }
    }

    fn forward_event(&mut self, event: ChatEvent) {
        let event = match event {
            ChatEvent::RequestAccepted if std::mem::replace(&mut self.is_accepted, true) => {
                ChatEvent::Heartbeat
            }
            event @ (ChatEvent::TextDelta(_)
            | ChatEvent::ReasoningDelta(_)
            | ChatEvent::ToolCallDelta { .. }
            | ChatEvent::Finished { .. }) => {
                self.mark_answering();
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
        if matches!(event, ChatEvent::Finished { .. }) {
            self.current = None;
        }
        self.ready.push_back(Ok(event));
    }

    /// Records that the model answers, and emits the reset of a failed model's partial answer.
    fn mark_answering(&mut self) {
        if let Some(how) = self.discard_reason.take() {
            self.ready.push_back(Ok(ChatEvent::RequestAdapted { message: how }));
            self.ready.push_back(Ok(ChatEvent::AnswerReset));
        } else if self.has_emitted_content {
            return;
        }
        self.has_emitted_content = true;
        let place = self.current.as_ref().map(|opened| opened.connected.place);
        let inner = self.run.shared_chain();
        if let Some(circuit) = place.and_then(|place| inner.breaker_keys.get(place)) {
            inner.connector.breakers.record_success(circuit);
        }
    }

    async fn handle_failure(&mut self, error: ModelError) {
        let Some(ConnectedStream { connected: link, started_at: begun, .. }) = self.current.take()
        else {
            return;
        };
        let text = error.to_string();
        let opened = match self.run.record_failure(link.place, ConnectError::Model(error), begun) {
            Ok(()) => self.run.open_next(&self.request).await,
            Err(error) => Err(error),
        };
        self.emit_notices();
        match opened {
            Err(error) => self.ready.push_back(Err(into_model_error(error))),
            Ok(opened) => {
                if self.has_emitted_content {
                    let names = [link.place, opened.connected.place];
                    let [before, now] = names.map(|place| {
                        self.run.model_ref(place).map(ToString::to_string).unwrap_or_default()
                    });
                    let how = format!(
                        "{before} failed in the middle of its answer (failed to {text}); {now} \
                         answers instead."
                    );
                    self.discard_reason.get_or_insert(how);
                }
                self.current = Some(opened);
            }
        }
    }

    /// Emits the notices that were logged since the request began.
    fn emit_notices(&mut self) {
        for how in self.run.shared_chain().connector.notices.take_after(self.notices_before) {
            self.ready.push_back(Ok(ChatEvent::RequestAdapted { message: how }));
        }
    }
}
