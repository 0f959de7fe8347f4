//! One model call: from the request to the complete message.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use openclaw_core::{
    AnswerOutcome, AssistantMessage, ChatEvent, ChatRequest, ChatStream, MessageRef, ModelError,
    ModelErrorKind, ToolChoice,
};
use tokio::time::Instant;

use crate::repetition::{DetectedRepetition, OutputPart, RepetitionDetector, RepetitionLimit};
use crate::turn::ActiveTurn;
use crate::{RepromptReason, TurnError, TurnErrorKind, TurnEvent};

/// The suffix of the request after a message with only reasoning; never recorded.
const ANSWER_NOW_PROMPT: &str = "You have thought about this and then said nothing. Answer now, without thinking it through \
     again, or make the call that is needed.";

/// Stands in a result in place of an image.
const IMAGES_LEFT_OUT: &str = "[the image is left out: this model takes no images]";

/// How a model call ended.
pub(crate) enum ModelCallOutcome {
    /// With a complete message.
    Complete(AssistantMessage, AnswerOutcome),
    /// With a message that was cut because it repeated itself endlessly.
    Repetitive(RepetitiveAnswer),
}

/// A message that was cut because the model repeated itself.
pub(crate) struct RepetitiveAnswer {
    pub(crate) part: OutputPart,
    /// An excerpt of the repeated text.
    pub(crate) sample: String,
    /// The visible text, including the first copy of what repeats.
    pub(crate) text: String,
}

/// A message while it is streamed.
struct StreamedMessage {
    started: Instant,
    first_token_after: Option<Duration>,
    text: String,
    detector: Option<RepetitionDetector>,
    repetition_limit: Option<RepetitionLimit>,
}

impl ActiveTurn<'_> {
    /// Calls the model and forwards its stream. The message is not in the history yet.
    pub(crate) async fn call_model(&mut self) -> Result<ModelCallOutcome, TurnError> {
        let limit = self.agent.limits.max_model_calls;
        if self.stats.model_calls >= limit {
            return Err(TurnError::limit_reached(TurnErrorKind::ModelCallLimit, limit));
        }
        self.stats.model_calls += 1;
        let number = self.stats.model_calls;
        self.events.send_event(TurnEvent::ModelCallStarted { number }).await;

        let mut heard = StreamedMessage::start_now(self.agent.limits.repetition);
        let mut request = self.build_request();
        let mut stream = self.open_stream(&mut request).await?;
        let (message, outcome, usage) = loop {
            let event = stream.next().await.unwrap_or_else(|| Err(cut_off_error()));
            let event = match event {
                // A model that combines several refuses in its stream.
                Err(error)
                    if heard.first_token_after.is_none() && is_image_refusal(&request, &error) =>
                {
                    self.leave_images_out(&mut request, &error).await;
                    stream = self.open_stream(&mut request).await?;
                    continue;
                }
                event => event,
            };
            let event = match event.map_err(TurnError::from_model)? {
                ChatEvent::Finished { message, outcome, usage } => break (message, outcome, usage),
                event => turn_event_from(event),
            };
            if is_content_event(&event) {
                self.stats.mark_first_token();
            }
            let found = heard.observe_event(&event);
            self.events.send_event(event).await;
            if let Some((part, found)) = found {
                // Closes the connection, so that the server stops generating.
                drop(stream);
                return Ok(ModelCallOutcome::Repetitive(heard.into_repetitive_answer(part, found)));
            }
        };
        // Frees the connection while tools run.
        drop(stream);

        let duration = heard.started.elapsed();
        if let Some(usage) = usage {
            self.stats.record_usage(usage);
        }
        self.update_output_budget(usage);
        if heard.text.is_empty() && !message.text.is_empty() {
            // A model that does not stream gets one delta with its complete text.
            heard.first_token_after.get_or_insert(duration);
            self.stats.mark_first_token();
            self.events.send_event(TurnEvent::TextDelta(message.text.clone())).await;
        }
        let first_token_after = heard.first_token_after;
        let finished =
            TurnEvent::ModelCallFinished { number, usage, outcome, duration, first_token_after };
        self.events.send_event(finished).await;
        if let Some(usage) = usage {
            let (cacheable, miss) = self.agent.prompt_cache.record_request(&request, usage);
            self.stats.cacheable_tokens = self.stats.cacheable_tokens.saturating_add(cacheable);
            if let Some(miss) = miss {
                self.events.send_event(TurnEvent::PromptCacheMiss(miss)).await;
            }
        }
        Ok(ModelCallOutcome::Complete(message, outcome))
    }

    /// Sends a request. If it is refused and has images, it is sent again without them: few servers
    /// tell in words that can be recognised that they take none.
    async fn open_stream(&self, request: &mut ChatRequest) -> Result<ChatStream, TurnError> {
        match self.agent.model.stream_chat(request.clone()).await {
            Err(error) if is_image_refusal(request, &error) => {
                self.leave_images_out(request, &error).await;
                let stream = self.agent.model.stream_chat(request.clone()).await;
                stream.map_err(TurnError::from_model)
            }
            stream => stream.map_err(TurnError::from_model),
        }
    }

    /// Takes the images out of a request that was refused, and tells so in the server's words.
    async fn leave_images_out(&self, request: &mut ChatRequest, error: &ModelError) {
        self.agent.mark_images_refused();
        request.history = request.history.without_images(IMAGES_LEFT_OUT);
        let message = format!("the images are left out, because the server refused: {error}");
        self.events.send_event(TurnEvent::RequestAdapted { message }).await;
    }

    fn build_request(&mut self) -> ChatRequest {
        ChatRequest {
            system_prompt: self.agent.system_prompt.clone(),
            tools: self.agent.tools.tool_specs().clone(),
            tool_choice: self.forced_tool.take().map_or(ToolChoice::Auto, ToolChoice::Named),
            history: if self.agent.takes_images() {
                self.history.clone()
            } else {
                self.history.without_images(IMAGES_LEFT_OUT)
            },
            suffix: self.build_suffix(),
            max_output_tokens: self.agent.limits.max_output_tokens,
            // One more than may run, which is refused by name and ends the turn.
            max_tool_calls: Some(
                self.agent
                    .limits
                    .max_tool_calls
                    .saturating_sub(self.stats.tool_calls)
                    .saturating_add(1),
            ),
            is_background: false,
        }
    }

    /// The suffix of this request. After a tool result it has no time of day: the suffix would then
    /// be a user message of its own, which models answer.
    fn build_suffix(&self) -> Option<Arc<str>> {
        let is_asked = matches!(self.history.messages().last(), Some(MessageRef::User(_)));
        let now = is_asked.then(|| self.agent.render_suffix()).flatten();
        let nudge = (self.reprompts.last() == Some(&RepromptReason::ReasoningOnly))
            .then(|| ANSWER_NOW_PROMPT.to_owned());
        let lines: Vec<String> = now.into_iter().chain(nudge).collect();
        (!lines.is_empty()).then(|| lines.join("\n\n").into())
    }
}

impl StreamedMessage {
    fn start_now(repetition_limit: Option<RepetitionLimit>) -> Self {
        let started = Instant::now();
        Self {
            started,
            first_token_after: None,
            text: String::new(),
            detector: repetition_limit.map(RepetitionDetector::new),
            repetition_limit,
        }
    }

    /// Records an event, and returns a repetition when one is detected.
    fn observe_event(&mut self, event: &TurnEvent) -> Option<(OutputPart, DetectedRepetition)> {
        let (part, text) = match event {
            TurnEvent::TextDelta(text) => (OutputPart::Text, text),
            TurnEvent::ReasoningDelta(text) => (OutputPart::Reasoning, text),
            TurnEvent::ToolCallDelta { arguments, .. } => (OutputPart::Arguments, arguments),
            TurnEvent::MessageReset => {
                self.text.clear();
                self.detector = self.repetition_limit.map(RepetitionDetector::new);
                return None;
            }
            _ => return None,
        };
        let started = self.started;
        self.first_token_after.get_or_insert_with(|| started.elapsed());
        // The rest of a delta in which a repetition is detected is left out.
        let found = self.detector.as_mut().and_then(|detector| detector.observe_text(part, text));
        if part == OutputPart::Text {
            let taken =
                found.map_or(text.len(), |found| text.len() - found.unread_bytes.min(text.len()));
            self.text.push_str(text.get(..text.ceil_char_boundary(taken)).unwrap_or_default());
        }
        found.map(|found| (part, found))
    }

    fn into_repetitive_answer(
        self,
        part: OutputPart,
        found: DetectedRepetition,
    ) -> RepetitiveAnswer {
        let sample = self.detector.map(|detector| detector.repeated_sample(found.period));
        let mut said = self.text;
        if part == OutputPart::Text {
            let kept = said.len().saturating_sub(found.copied_bytes);
            said.truncate(said.floor_char_boundary(kept));
        }
        RepetitiveAnswer { part, sample: sample.unwrap_or_default(), text: said }
    }
}

/// Converts a model's event, other than the last one, to an event of the turn.
pub(crate) fn turn_event_from(event: ChatEvent) -> TurnEvent {
    match event {
        ChatEvent::RequestAccepted => TurnEvent::RequestAccepted,
        ChatEvent::TextDelta(text) => TurnEvent::TextDelta(text),
        ChatEvent::ReasoningDelta(text) => TurnEvent::ReasoningDelta(text),
        ChatEvent::ToolCallDelta { index, name, arguments, .. } => {
            TurnEvent::ToolCallDelta { index, name, arguments }
        }
        ChatEvent::ToolCallRepaired { index, repairs: how } => TurnEvent::ToolCallRepaired {
            index,
            repairs: how.into_iter().map(Into::into).collect(),
        },
        ChatEvent::WaitingForServer {
            activity: state,
            idle_for: waited,
            other_requests: ahead,
        } => {
            TurnEvent::WaitingForServer { activity: state, idle_for: waited, other_requests: ahead }
        }
        ChatEvent::ModelAttemptFailed(attempt) => TurnEvent::ModelAttemptFailed(attempt),
        ChatEvent::Warning { message } => TurnEvent::Warning { message },
        ChatEvent::RequestAdapted { message: how } => TurnEvent::RequestAdapted { message: how },
        ChatEvent::ServerDisconnected { reason, max_wait: limit } => {
            TurnEvent::ServerDisconnected { reason, max_wait: limit }
        }
        ChatEvent::Retrying { reason, attempt, delay: after, elapsed: waited, max_wait: limit } => {
            TurnEvent::Retrying { reason, attempt, delay: after, elapsed: waited, max_wait: limit }
        }
        ChatEvent::ServerReconnected { downtime: after } => {
            TurnEvent::ServerReconnected { downtime: after }
        }
        ChatEvent::AnswerReset | ChatEvent::ReasoningReclassified => TurnEvent::MessageReset,
        _ => TurnEvent::Heartbeat,
    }
}

fn is_content_event(event: &TurnEvent) -> bool {
    matches!(
        event,
        TurnEvent::TextDelta(_) | TurnEvent::ReasoningDelta(_) | TurnEvent::ToolCallDelta { .. }
    )
}

/// Whether a refusal may be about the images of a request.
fn is_image_refusal(request: &ChatRequest, error: &ModelError) -> bool {
    error.kind() == ModelErrorKind::Rejected && request.history.has_images()
}

fn cut_off_error() -> ModelError {
    ModelError::new(
        ModelErrorKind::Interrupted,
        "read the whole answer: the stream ended before the message did",
    )
}
