//! One call of the model: from the request to a whole message.

use futures_util::StreamExt;
use openclaw_core::{
    AssistantMessage, ChatEvent, ChatRequest, ModelError, ModelErrorKind, Outcome, ToolChoice,
};
use tokio::time::Instant;

use crate::turn::Turn;
use crate::{TurnError, TurnErrorKind, TurnEvent};

impl Turn<'_> {
    /// Asks the model and forwards its stream. The message is not in the history yet.
    pub(crate) async fn ask(&mut self) -> Result<(AssistantMessage, Outcome), TurnError> {
        let limit = self.agent.limits.model_calls;
        if self.tally.model_calls >= limit {
            return Err(TurnError::limit(TurnErrorKind::ModelCallLimit, limit));
        }
        self.tally.model_calls += 1;
        let number = self.tally.model_calls;
        self.events.send(TurnEvent::ModelCallStarted { number }).await;

        let started = Instant::now();
        let mut first_token_after = None;
        let mut text_came = false;
        let mut stream = self.agent.model.chat(self.request()).await.map_err(TurnError::model)?;
        let (message, outcome, usage) = loop {
            let event = stream.next().await.unwrap_or_else(|| Err(cut_off()));
            let event = match event.map_err(TurnError::model)? {
                ChatEvent::Finished { message, outcome, usage } => break (message, outcome, usage),
                ChatEvent::Accepted => TurnEvent::Accepted,
                ChatEvent::TextDelta(text) => TurnEvent::Text(text),
                ChatEvent::ReasoningDelta(text) => TurnEvent::Reasoning(text),
                ChatEvent::ToolCallDelta { index, name, arguments, .. } => {
                    TurnEvent::CallWriting { index, name, arguments }
                }
                ChatEvent::Waiting { state, waited, ahead } => {
                    TurnEvent::Waiting { state, waited, ahead }
                }
                ChatEvent::Adapted { how } => TurnEvent::Adapted { how },
                ChatEvent::ServerLost { reason } => TurnEvent::ServerLost { reason },
                ChatEvent::ServerBack { after } => TurnEvent::ServerBack { after },
                ChatEvent::Restarted | ChatEvent::Resplit => {
                    text_came = false;
                    TurnEvent::Restarted
                }
                _ => TurnEvent::Heartbeat,
            };
            if is_content(&event) {
                first_token_after.get_or_insert_with(|| started.elapsed());
                self.tally.content();
            }
            text_came |= matches!(event, TurnEvent::Text(_));
            self.events.send(event).await;
        };
        // The connection is not held while tools run.
        drop(stream);

        let duration = started.elapsed();
        if let Some(usage) = usage {
            self.tally.count(usage);
        }
        if !text_came && !message.text.is_empty() {
            // A model that does not stream is shown all the same.
            first_token_after.get_or_insert(duration);
            self.tally.content();
            self.events.send(TurnEvent::Text(message.text.clone())).await;
        }
        let finished =
            TurnEvent::ModelCallFinished { number, usage, outcome, duration, first_token_after };
        self.events.send(finished).await;
        Ok((message, outcome))
    }

    fn request(&self) -> ChatRequest {
        ChatRequest {
            system: self.agent.system.clone(),
            tools: self.agent.toolbox.specs().clone(),
            tool_choice: ToolChoice::Auto,
            history: self.history.clone(),
            max_output_tokens: self.agent.limits.max_output_tokens,
        }
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
