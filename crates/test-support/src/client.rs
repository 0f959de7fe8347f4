//! A client for a server on loopback, and an answer read to its end.

use std::time::Duration;

use futures_util::StreamExt;
use openclaw_core::{
    AnswerOutcome, AssistantMessage, ChatEvent, ChatStream, EmittedToolCall, LimitSource,
    ModelCapabilities, ModelError, ModelInfo, ModelLimits, ModelRef, TokenUsage,
};
use openclaw_transport::{Client, ClientOptions, Endpoint, RetryPolicy};

/// Two attempts with next to no delay, no timeouts, no key.
#[must_use]
pub fn options(base_url: &str) -> ClientOptions {
    let delay = Duration::from_millis(1);
    ClientOptions::new(Endpoint::parse(base_url).unwrap())
        .with_retry(RetryPolicy {
            max_attempts: 2,
            base_delay: delay,
            max_delay: delay,
            max_retry_after: None,
        })
        .with_user_agent("test/1")
}

/// A client with [`options`].
#[must_use]
pub fn client(base_url: &str) -> Client {
    Client::new(options(base_url)).unwrap()
}

/// What is known of a model of the provider `lab`, which takes tools; `window` is in tokens.
#[must_use]
pub fn info(model: &str, window: u32) -> ModelInfo {
    ModelInfo {
        reference: ModelRef::new("lab", model).unwrap(),
        limits: ModelLimits {
            context_window: window,
            context_window_source: LimitSource::Server,
            max_output_tokens: None,
        },
        capabilities: ModelCapabilities {
            tools: true,
            tools_as_text: false,
            images: false,
            reasoning: false,
        },
    }
}

/// How a stream ended.
pub type End = Result<(AssistantMessage, AnswerOutcome, Option<TokenUsage>), ModelError>;

/// Reads a stream, and asserts that it ends once and that its deltas make up its message. Returns
/// the events and the end.
pub async fn read(mut stream: ChatStream) -> (Vec<ChatEvent>, End) {
    let all = async {
        let mut items = Vec::new();
        while let Some(item) = stream.next().await {
            items.push(item);
        }
        items
    };
    let patience = Duration::from_secs(20);
    let mut items = tokio::time::timeout(patience, all).await.expect("the stream never ends");
    let end = match items.pop().expect("the stream is empty") {
        Ok(ChatEvent::Finished { message, outcome, usage }) => Ok((message, outcome, usage)),
        Ok(other) => panic!("not an end: {other:?}"),
        Err(error) => Err(error),
    };
    let pieces: Vec<ChatEvent> =
        items.into_iter().map(|item| item.expect("a second end")).collect();
    assert_eq!(pieces.first(), Some(&ChatEvent::RequestAccepted));
    if let Ok((message, ..)) = &end {
        assert_pieces(&pieces, message);
    }
    (pieces, end)
}

/// Asserts that the deltas make up the message, except for repaired arguments.
fn assert_pieces(pieces: &[ChatEvent], message: &AssistantMessage) {
    let (mut text, mut thought) = (String::new(), String::new());
    let mut rescued = Vec::new();
    let mut arguments = vec![String::new(); message.calls.len()];
    for piece in pieces {
        match piece {
            ChatEvent::TextDelta(piece) => text.push_str(piece),
            ChatEvent::ReasoningDelta(piece) => thought.push_str(piece),
            ChatEvent::ToolCallDelta { index, arguments: piece, .. } => {
                arguments[*index as usize].push_str(piece);
            }
            ChatEvent::ReasoningReclassified => {
                text.clear();
                thought.clear();
            }
            ChatEvent::ToolCallRepaired { index, repairs: how } => {
                assert!(!how.is_empty());
                rescued.push(*index as usize);
            }
            ChatEvent::RequestAccepted
            | ChatEvent::Heartbeat
            | ChatEvent::KeepAlive
            | ChatEvent::RequestAdapted { .. } => {}
            other => panic!("an end before the end: {other:?}"),
        }
    }
    assert_eq!(text, message.text);
    assert_eq!(thought, message.reasoning.as_ref().map_or("", |thought| thought.text.as_str()));
    for (at, (written, call)) in arguments.iter().zip(&message.calls).enumerate() {
        match call {
            EmittedToolCall::Valid(_) if rescued.contains(&at) => {}
            EmittedToolCall::Valid(call) => {
                let parsed = openclaw_core::ToolArguments::parse_json(written);
                assert_eq!(parsed.as_ref(), Ok(&call.arguments));
            }
            EmittedToolCall::Invalid(call) => assert_eq!(written, &call.raw_arguments),
        }
    }
}
