//! Summaries of recorded exchanges for people.

use serde_json::Value;

use super::TraceRecord;
use crate::{ServerErrorMessage, parse_error_body, parse_error_event};

/// The content of an answer, as far as it arrived.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AnswerSummary {
    /// The text.
    pub text: String,
    /// The reasoning.
    pub reasoning: String,
    /// The tool calls, in order.
    pub calls: Vec<TracedCall>,
    /// The finish reason that the server gave.
    pub finish_reason: Option<String>,
    /// The tokens of the prompt and of the answer, as counted by the server.
    pub usage: Option<(u64, u64)>,
    /// The error that the server sent instead of an answer, or in the middle of one.
    pub error: Option<ServerErrorMessage>,
}

/// A tool call in an answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TracedCall {
    /// The call's index, or its id where there is no index.
    key: String,
    /// The tool.
    pub name: String,
    /// The arguments as JSON text, unparsed.
    pub arguments: String,
}

impl TraceRecord {
    /// The request body, as JSON.
    #[must_use]
    pub fn request_json(&self) -> Option<Value> {
        serde_json::from_slice(&self.request.body.as_ref()?.to_bytes()).ok()
    }

    /// The `model` of the request.
    #[must_use]
    pub fn model_name(&self) -> Option<String> {
        self.request_json()?.get("model")?.as_str().map(str::to_owned)
    }

    /// Collects the content of the answer.
    #[must_use]
    pub fn summarize_answer(&self) -> AnswerSummary {
        let mut answer = AnswerSummary::default();
        for event in &self.events {
            if let Some(event) = event.data.as_deref().and_then(parse_event) {
                answer.add_event(&event);
            }
        }
        if let Some(body) = &self.body {
            match serde_json::from_slice(&body.to_bytes()) {
                Ok(whole) => answer.add_event(&whole),
                Err(_) if self.is_refused() => {
                    answer.error = parse_error_body(&body.to_bytes());
                }
                Err(_) => {}
            }
            if self.is_refused() {
                answer.error = parse_error_body(&body.to_bytes()).or(answer.error);
            }
        }
        answer
    }

    /// When the first event with content arrived, in milliseconds since the attempt began.
    #[must_use]
    pub fn first_token_ms(&self) -> Option<f64> {
        let says = |data: &str| {
            let mut answer = AnswerSummary::default();
            answer.add_event(&parse_event(data)?);
            let AnswerSummary { text, reasoning, calls, .. } = answer;
            (!text.is_empty() || !reasoning.is_empty() || !calls.is_empty()).then_some(())
        };
        let first = self.events.iter().find(|event| event.data.as_deref().and_then(says).is_some());
        first.map(|event| event.ms)
    }

    /// Returns whether the status is not 2xx.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.response.as_ref().is_some_and(|response| !(200..300).contains(&response.status))
    }
}

fn parse_event(data: &str) -> Option<Value> {
    serde_json::from_str(data).ok()
}

impl AnswerSummary {
    /// Adds an event, or an unstreamed answer, of either API.
    fn add_event(&mut self, event: &Value) {
        if let Some(error) = parse_error_event(event) {
            self.error = Some(error);
        }
        for choice in event.get("choices").and_then(Value::as_array).into_iter().flatten() {
            if choice.get("index").and_then(Value::as_u64).unwrap_or_default() > 0 {
                continue;
            }
            if let Some(finish) = text_field(choice, "finish_reason") {
                self.finish_reason = Some(finish.to_owned());
            }
            if let Some(piece) = choice.get("delta").or_else(|| choice.get("message")) {
                self.add_delta(piece);
            }
        }
        if let Some(kind) = text_field(event, "type") {
            self.add_responses_event(kind, event);
        } else if event.get("output").is_some() {
            self.add_whole_response(event);
        }
        self.add_usage(event);
    }

    fn add_delta(&mut self, piece: &Value) {
        self.text.push_str(text_field(piece, "content").unwrap_or_default());
        let reasoning =
            text_field(piece, "reasoning").or_else(|| text_field(piece, "reasoning_content"));
        self.reasoning.push_str(reasoning.unwrap_or_default());
        let calls = piece.get("tool_calls").and_then(Value::as_array);
        for (n, call) in calls.into_iter().flatten().enumerate() {
            let index = call.get("index").and_then(Value::as_u64);
            let key = index.map_or_else(|| n.to_string(), |index| index.to_string());
            let Some(function) = call.get("function") else { continue };
            let call = self.call_entry(&key);
            call.name.push_str(text_field(function, "name").unwrap_or_default());
            call.arguments.push_str(text_field(function, "arguments").unwrap_or_default());
        }
    }

    /// Adds an event of the Responses API.
    fn add_responses_event(&mut self, kind: &str, event: &Value) {
        let delta = text_field(event, "delta").unwrap_or_default();
        match kind {
            "response.output_text.delta" | "response.refusal.delta" => self.text.push_str(delta),
            "response.reasoning_text.delta" | "response.reasoning_summary_text.delta" => {
                self.reasoning.push_str(delta);
            }
            "response.output_item.added" => {
                let item = event
                    .get("item")
                    .filter(|item| text_field(item, "type") == Some("function_call"));
                if let Some(item) = item {
                    let name = text_field(item, "name").unwrap_or_default();
                    self.call_entry(&call_key(event)).name.push_str(name);
                }
            }
            "response.function_call_arguments.delta" => {
                self.call_entry(&call_key(event)).arguments.push_str(delta);
            }
            "response.completed" | "response.incomplete" | "response.failed" => {
                if let Some(response) = event.get("response") {
                    self.finish_reason = text_field(response, "status").map(str::to_owned);
                    self.error = parse_error_event(response).or(self.error.take());
                    self.add_usage(response);
                }
            }
            _ => {}
        }
    }

    fn add_whole_response(&mut self, response: &Value) {
        self.finish_reason = text_field(response, "status").map(str::to_owned);
        let items = response.get("output").and_then(Value::as_array);
        for (n, item) in items.into_iter().flatten().enumerate() {
            let parts = item.get("content").and_then(Value::as_array).into_iter().flatten();
            let item_text: String = parts.filter_map(|part| text_field(part, "text")).collect();
            match text_field(item, "type") {
                Some("message") => self.text.push_str(&item_text),
                Some("reasoning") => self.reasoning.push_str(&item_text),
                Some("function_call") => {
                    let call = self.call_entry(&n.to_string());
                    call.name.push_str(text_field(item, "name").unwrap_or_default());
                    call.arguments.push_str(text_field(item, "arguments").unwrap_or_default());
                }
                _ => {}
            }
        }
    }

    fn add_usage(&mut self, event: &Value) {
        let Some(usage) = event.get("usage") else { return };
        let count = |new: &str, old: &str| {
            usage.get(new).or_else(|| usage.get(old)).and_then(Value::as_u64)
        };
        let input = count("prompt_tokens", "input_tokens");
        let output = count("completion_tokens", "output_tokens");
        self.usage = input.map(|input| (input, output.unwrap_or_default())).or(self.usage);
    }

    fn call_entry(&mut self, key: &str) -> &mut TracedCall {
        let known = self.calls.iter().position(|call| call.key == key);
        let place = known.unwrap_or(self.calls.len());
        if known.is_none() {
            self.calls.push(TracedCall { key: key.to_owned(), ..TracedCall::default() });
        }
        #[expect(clippy::indexing_slicing, reason = "the place was just found or filled")]
        &mut self.calls[place]
    }
}

fn text_field<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key)?.as_str()
}

/// The key that the deltas of a Responses tool call share.
fn call_key(event: &Value) -> String {
    event.get("output_index").map(ToString::to_string).unwrap_or_default()
}

#[cfg(test)]
mod tests;
