//! One call of the model: from the request to a whole message.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use openclaw_core::{
    AssistantMessage, ChatEvent, ChatRequest, MessageRef, ModelError, ModelErrorKind, Outcome,
    ToolChoice,
};
use tokio::time::Instant;

use crate::repetition::{Found, Part, Watch};
use crate::turn::Turn;
use crate::{AskedAgain, TurnError, TurnErrorKind, TurnEvent};

/// What a model that only reasoned is told, at the end of the next request and never again.
const ANSWER_NOW: &str = "You have thought about this and then said nothing. Answer now, without thinking it through \
     again, or make the call that is needed.";

/// What a model answered.
pub(crate) enum Answer {
    /// A whole message.
    Whole(AssistantMessage, Outcome),
    /// A message without end.
    Repeating(Repeating),
}

/// A message that was ended because the model repeated itself.
pub(crate) struct Repeating {
    pub(crate) part: Part,
    /// What was repeated, cut.
    pub(crate) sample: String,
    /// The visible text up to and with its first copy.
    pub(crate) said: String,
}

/// What is heard of a message before it is whole.
struct Heard {
    started: Instant,
    first_token_after: Option<Duration>,
    text: String,
    watch: Watch,
}

impl Turn<'_> {
    /// Asks the model and forwards its stream. The message is not in the history yet.
    pub(crate) async fn ask(&mut self) -> Result<Answer, TurnError> {
        let limit = self.agent.limits.model_calls;
        if self.tally.model_calls >= limit {
            return Err(TurnError::limit(TurnErrorKind::ModelCallLimit, limit));
        }
        self.tally.model_calls += 1;
        let number = self.tally.model_calls;
        self.events.send(TurnEvent::ModelCallStarted { number }).await;

        let mut heard = Heard::from_now();
        let request = self.request();
        let mut stream = self.agent.model.chat(request.clone()).await.map_err(TurnError::model)?;
        let (message, outcome, usage) = loop {
            let event = stream.next().await.unwrap_or_else(|| Err(cut_off()));
            let event = match event.map_err(TurnError::model)? {
                ChatEvent::Finished { message, outcome, usage } => break (message, outcome, usage),
                event => shown(event),
            };
            if is_content(&event) {
                self.tally.content();
            }
            let found = heard.take(&event);
            self.events.send(event).await;
            if let Some((part, found)) = found {
                // Closes the connection, so that the server stops generating.
                drop(stream);
                return Ok(Answer::Repeating(heard.repeating(part, found)));
            }
        };
        // The connection is not held while tools run.
        drop(stream);

        let duration = heard.started.elapsed();
        if let Some(usage) = usage {
            self.tally.count(usage);
        }
        self.measure(usage);
        if heard.text.is_empty() && !message.text.is_empty() {
            // A model that does not stream is shown all the same.
            heard.first_token_after.get_or_insert(duration);
            self.tally.content();
            self.events.send(TurnEvent::Text(message.text.clone())).await;
        }
        let first_token_after = heard.first_token_after;
        let finished =
            TurnEvent::ModelCallFinished { number, usage, outcome, duration, first_token_after };
        self.events.send(finished).await;
        if let Some(usage) = usage {
            let (cacheable, miss) = self.agent.prefixes.note(&request, usage);
            self.tally.cacheable = self.tally.cacheable.saturating_add(cacheable);
            if let Some(miss) = miss {
                self.events.send(TurnEvent::CacheMissed(miss)).await;
            }
        }
        Ok(Answer::Whole(message, outcome))
    }

    fn request(&mut self) -> ChatRequest {
        ChatRequest {
            system: self.agent.system.clone(),
            tools: self.agent.toolbox.specs().clone(),
            tool_choice: self.force.take().map_or(ToolChoice::Auto, ToolChoice::Named),
            history: self.history.clone(),
            tail: self.tail(),
            max_output_tokens: self.agent.limits.max_output_tokens,
        }
    }

    /// What this request alone is told. After a result the time is left out: it would be a message
    /// of its own, which models answer.
    fn tail(&self) -> Option<Arc<str>> {
        let is_asked = matches!(self.history.messages().last(), Some(MessageRef::User(_)));
        let now = is_asked.then(|| self.agent.tail()).flatten();
        let nudge = (self.asked_again.last() == Some(&AskedAgain::ReasoningOnly))
            .then(|| ANSWER_NOW.to_owned());
        let lines: Vec<String> = now.into_iter().chain(nudge).collect();
        (!lines.is_empty()).then(|| lines.join("\n\n").into())
    }
}

impl Heard {
    fn from_now() -> Self {
        let started = Instant::now();
        Self { started, first_token_after: None, text: String::new(), watch: Watch::new() }
    }

    /// Takes an event and tells when the message has become a repetition.
    fn take(&mut self, event: &TurnEvent) -> Option<(Part, Found)> {
        let (part, text) = match event {
            TurnEvent::Text(text) => (Part::Text, text),
            TurnEvent::Reasoning(text) => (Part::Reasoning, text),
            TurnEvent::CallWriting { arguments, .. } => (Part::Arguments, arguments),
            TurnEvent::Restarted => {
                self.text.clear();
                self.watch = Watch::new();
                return None;
            }
            _ => return None,
        };
        let started = self.started;
        self.first_token_after.get_or_insert_with(|| started.elapsed());
        // Of a piece in which a repetition is found, the rest is left out.
        let found = self.watch.take(part, text);
        if part == Part::Text {
            let taken = found.map_or(text.len(), |found| text.len() - found.left.min(text.len()));
            self.text.push_str(text.get(..text.ceil_char_boundary(taken)).unwrap_or_default());
        }
        found.map(|found| (part, found))
    }

    fn repeating(self, part: Part, found: Found) -> Repeating {
        let sample = self.watch.sample(found.period);
        let mut said = self.text;
        if part == Part::Text {
            let kept = said.len().saturating_sub(found.copies);
            said.truncate(said.floor_char_boundary(kept));
        }
        Repeating { part, sample, said }
    }
}

/// What is shown of a model's event that is not its last.
pub(crate) fn shown(event: ChatEvent) -> TurnEvent {
    match event {
        ChatEvent::Accepted => TurnEvent::Accepted,
        ChatEvent::TextDelta(text) => TurnEvent::Text(text),
        ChatEvent::ReasoningDelta(text) => TurnEvent::Reasoning(text),
        ChatEvent::ToolCallDelta { index, name, arguments, .. } => {
            TurnEvent::CallWriting { index, name, arguments }
        }
        ChatEvent::Rescued { index, how } => TurnEvent::CallRescued { index, how },
        ChatEvent::Waiting { state, waited, ahead } => TurnEvent::Waiting { state, waited, ahead },
        ChatEvent::Adapted { how } => TurnEvent::Adapted { how },
        ChatEvent::ServerLost { reason, limit } => TurnEvent::ServerLost { reason, limit },
        ChatEvent::Retrying { reason, attempt, after, waited, limit } => {
            TurnEvent::Retrying { reason, attempt, after, waited, limit }
        }
        ChatEvent::ServerBack { after } => TurnEvent::ServerBack { after },
        ChatEvent::Restarted | ChatEvent::Resplit => TurnEvent::Restarted,
        _ => TurnEvent::Heartbeat,
    }
}

fn is_content(event: &TurnEvent) -> bool {
    matches!(event, TurnEvent::Text(_) | TurnEvent::Reasoning(_) | TurnEvent::CallWriting { .. })
}

fn cut_off() -> ModelError {
    ModelError::new(
        ModelErrorKind::Interrupted,
        "read the whole answer: the stream ended before the message did",
    )
}
