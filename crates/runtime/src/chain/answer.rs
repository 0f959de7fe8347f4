//! One answer, whichever models it takes.

use std::collections::VecDeque;

use futures_util::{StreamExt, stream};
use openclaw_core::{ChatEvent, ChatRequest, ChatStream, ModelError};

use super::attempts::into_model_error;
use super::fallback_run::{ConnectedStream, FallbackRun};
use crate::error::ConnectError;

type AnswerItem = Result<ChatEvent, ModelError>;

/// The stream of an answer. What a model said before it failed is declared void when another one
/// begins to speak; a model that failed before it said anything leaves no trace.
struct AnswerStream {
    run: FallbackRun,
    request: ChatRequest,
    /// `None` after the end.
    current: Option<ConnectedStream>,
    ready: VecDeque<AnswerItem>,
    is_accepted: bool,
    /// Something of the answer was shown.
    has_emitted_content: bool,
    /// What was shown is another model's, which failed so.
    discard_reason: Option<String>,
    /// So many notices are of before and somebody else's to tell.
    notices_before: usize,
}

/// The beginning of an answer.
pub(super) struct FallbackAnswer;

impl FallbackAnswer {
    /// Asks the models until one begins to answer.
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
            // What it takes back is not its own.
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

    /// Notes that the model answers, and that what another one said is void.
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

    /// Passes on what was noted when a model was connected in the middle of a run.
    fn emit_notices(&mut self) {
        for how in self.run.shared_chain().connector.notices.take_after(self.notices_before) {
            self.ready.push_back(Ok(ChatEvent::RequestAdapted { message: how }));
        }
    }
}
