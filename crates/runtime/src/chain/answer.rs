//! One answer, whichever models it takes.

use std::collections::VecDeque;

use futures_util::{StreamExt, stream};
use openclaw_core::{ChatEvent, ChatRequest, ChatStream, ModelError};

use super::attempts::into_model_error;
use super::walk::{Opened, Walk};
use crate::error::ConnectError;

type Item = Result<ChatEvent, ModelError>;

/// The stream of an answer. What a model said before it failed is declared void when another one
/// begins to speak; a model that failed before it said anything leaves no trace.
struct State {
    walk: Walk,
    request: ChatRequest,
    /// `None` after the end.
    reading: Option<Opened>,
    ready: VecDeque<Item>,
    is_accepted: bool,
    /// Something of the answer was shown.
    is_shown: bool,
    /// What was shown is another model's, which failed so.
    void: Option<String>,
    /// So many notices are of before and somebody else's to tell.
    noted: usize,
}

/// The beginning of an answer.
pub(super) struct Answer;

impl Answer {
    /// Asks the models until one begins to answer.
    ///
    /// # Errors
    /// When none does.
    pub(super) async fn begin(
        mut walk: Walk,
        request: ChatRequest,
    ) -> Result<ChatStream, ModelError> {
        let noted = walk.inner().connector.notices.count();
        let opened = walk.open(&request).await.map_err(into_model_error)?;
        let mut state = State {
            walk,
            request,
            reading: Some(opened),
            ready: VecDeque::new(),
            is_accepted: false,
            is_shown: false,
            void: None,
            noted,
        };
        state.tell_notices();
        Ok(Box::pin(stream::unfold(state, |mut state| async move {
            let item = state.next().await?;
            Some((item, state))
        })))
    }
}

impl State {
    async fn next(&mut self) -> Option<Item> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Some(item);
            }
            match self.reading.as_mut()?.stream.next().await {
                None => self.reading = None,
                Some(Ok(event)) => self.pass(event),
                Some(Err(error)) => self.failed(error).await,
            }
        }
    }

    fn pass(&mut self, event: ChatEvent) {
        let event = match event {
            ChatEvent::Accepted if std::mem::replace(&mut self.is_accepted, true) => {
                ChatEvent::Heartbeat
            }
            event @ (ChatEvent::TextDelta(_)
            | ChatEvent::ReasoningDelta(_)
            | ChatEvent::ToolCallDelta { .. }
            | ChatEvent::Finished { .. }) => {
                self.speaks();
                event
            }
            // What it takes back is not its own.
            ChatEvent::Restarted if self.void.is_some() => ChatEvent::Heartbeat,
            ChatEvent::Restarted => {
                self.is_shown = false;
                ChatEvent::Restarted
            }
            event => event,
        };
        if matches!(event, ChatEvent::Finished { .. }) {
            self.reading = None;
        }
        self.ready.push_back(Ok(event));
    }

    /// Notes that the model answers, and that what another one said is void.
    fn speaks(&mut self) {
        if let Some(how) = self.void.take() {
            self.ready.push_back(Ok(ChatEvent::Adapted { how }));
            self.ready.push_back(Ok(ChatEvent::Restarted));
        } else if self.is_shown {
            return;
        }
        self.is_shown = true;
        let place = self.reading.as_ref().map(|opened| opened.link.place);
        let inner = self.walk.inner();
        if let Some(circuit) = place.and_then(|place| inner.circuits.get(place)) {
            inner.connector.breakers.answered(circuit);
        }
    }

    async fn failed(&mut self, error: ModelError) {
        let Some(Opened { link, begun, .. }) = self.reading.take() else { return };
        let text = error.to_string();
        let opened = match self.walk.failed(link.place, ConnectError::Model(error), begun) {
            Ok(()) => self.walk.open(&self.request).await,
            Err(error) => Err(error),
        };
        self.tell_notices();
        match opened {
            Err(error) => self.ready.push_back(Err(into_model_error(error))),
            Ok(opened) => {
                if self.is_shown {
                    let names = [link.place, opened.link.place];
                    let [before, now] = names.map(|place| {
                        self.walk.reference(place).map(ToString::to_string).unwrap_or_default()
                    });
                    let how = format!(
                        "{before} failed in the middle of its answer (failed to {text}); {now} \
                         answers instead."
                    );
                    self.void.get_or_insert(how);
                }
                self.reading = Some(opened);
            }
        }
    }

    /// Passes on what was noted when a model was connected in the middle of a run.
    fn tell_notices(&mut self) {
        for how in self.walk.inner().connector.notices.take_after(self.noted) {
            self.ready.push_back(Ok(ChatEvent::Adapted { how }));
        }
    }
}
