//! Conversations to send, and the model to send them to.

use openclaw_core::{
    ChatRequest, EmittedToolCall, History, ModelInfo, ModelLimits, ToolCall, ToolOutput, ToolSpec,
};
use openclaw_providers_anthropic::{MessagesModel, with_api_headers};
use openclaw_test_support::client::{info, options};
use openclaw_transport::Client;
use serde_json::json;

/// A question without tools.
pub(crate) fn question(text: &str) -> ChatRequest {
    let mut history = History::new();
    history.push_user_message(text);
    ChatRequest::new(history)
}

/// A client with a key and the headers of the API.
pub(crate) fn keyed(base_url: &str, key: &str) -> Client {
    let options = options(base_url).with_bearer(Some(key.into()));
    Client::new(with_api_headers(options)).unwrap()
}

/// The model `tiny` of a server, with the most tokens that an answer may have.
pub(crate) fn model(client: Client, window: u32, output: Option<u32>) -> MessagesModel {
    let info = info("tiny", window);
    MessagesModel::new(
        client,
        ModelInfo { limits: ModelLimits { max_output_tokens: output, ..info.limits }, ..info },
    )
}

/// A tool whose only call is a short one.
pub(crate) fn clock() -> ToolSpec {
    let zone = json!({"type": "string", "enum": ["utc"]});
    let schema = json!({
        "type": "object", "properties": {"zone": zone}, "required": ["zone"],
        "additionalProperties": false,
    });
    ToolSpec::new("now", "Tells the time.", schema).unwrap()
}

/// The usable calls of a message.
pub(crate) fn ready(calls: &[EmittedToolCall]) -> Vec<ToolCall> {
    let ready = calls.iter().filter_map(|call| match call {
        EmittedToolCall::Valid(call) => Some(call.clone()),
        EmittedToolCall::Invalid(_) => None,
    });
    ready.collect()
}

/// Answers every open call.
pub(crate) fn answer_all(history: &mut History, output: &str) {
    let open: Vec<_> = history.open_calls().map(|call| call.id.clone()).collect();
    for id in open {
        history.resolve_call(&id, ToolOutput::from_text(output)).unwrap();
    }
}
