//! Continues an answer that was cut off.
//!
//! vLLM accepts an unfinished assistant message as the last one (`continue_final_message`, or a
//! last item whose status is `incomplete`) and generates from its end on. That is safe for plain
//! text alone: a reasoning or tool parser would see the rest without its beginning.

use bytes::Bytes;
use openclaw_core::{AssistantMessage, ChatRequest};
use openclaw_providers_openai::{ChatApi, OpenAiModel};
use openclaw_transport::Client;

use crate::tokenize;

/// The request that continues an answer.
pub(crate) struct ContinuationRequest {
    pub(crate) body: Bytes,
    /// The tokens of the answer so far.
    pub(crate) prior_tokens: u32,
}

/// Makes the request that continues the answer `text`; `cap` limits the whole answer in tokens.
/// `None` when the conversation cannot end in an answer.
///
/// White space at the end of `text` is left out: chat templates trim it, and a model begins a word
/// with its blank. [`strip_repeated_whitespace`] removes what the continuation then repeats.
pub(crate) async fn build_continuation(
    model: &OpenAiModel,
    control_client: &Client,
    request: &ChatRequest,
    cap: Option<u32>,
    text: &str,
) -> Option<ContinuationRequest> {
    let text = text.trim_end();
    let estimate = || u32::try_from(text.len() / 3 + 1).unwrap_or(u32::MAX);
    let prior_tokens =
        tokenize::count_text(control_client, model, text).await.unwrap_or_else(estimate);
    let cap = cap.map(|cap| cap.saturating_sub(prior_tokens).max(1));
    let mut request = request.clone();
    let so_far = AssistantMessage { text: text.to_owned(), ..AssistantMessage::default() };
    request.history.push_assistant_message(so_far).ok()?;
    let body = model.request_body(&request, cap);
    let body = match model.chat_api() {
        ChatApi::Responses => with_incomplete_status(&body)?,
        _ => with_continue_flag(&body)?,
    };
    Some(ContinuationRequest { body, prior_tokens })
}

/// Marks the last message of a request body as one to continue.
fn with_continue_flag(body: &[u8]) -> Option<Bytes> {
    let fields: &[u8] = br#","continue_final_message":true,"add_generation_prompt":false}"#;
    Some(Bytes::from([body.strip_suffix(b"}")?, fields].concat()))
}

/// Marks the last item of a request body as incomplete.
fn with_incomplete_status(body: &[u8]) -> Option<Bytes> {
    const COMPLETED_STATUS: &[u8] = br#""status":"completed""#;
    // Inside a text the quotes would be escaped, so the last match is the last item's status.
    let at = body.windows(COMPLETED_STATUS.len()).rposition(|window| window == COMPLETED_STATUS)?;
    let (before, after) = (body.get(..at)?, body.get(at + COMPLETED_STATUS.len()..)?);
    Some(Bytes::from([before, br#""status":"incomplete""#, after].concat()))
}

/// Removes from the beginning of `more` the white space that ended the text before it.
/// `trailing_whitespace` is what is still to be matched.
pub(crate) fn strip_repeated_whitespace<'a>(
    trailing_whitespace: &mut String,
    more: &'a str,
) -> &'a str {
    let mut met = 0;
    for (blank, next) in trailing_whitespace.chars().zip(more.chars()) {
        if blank != next {
            trailing_whitespace.clear();
            break;
        }
        met += next.len_utf8();
    }
    trailing_whitespace.drain(..met.min(trailing_whitespace.len()));
    more.get(met..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_come_behind_all_others() {
        let body =
            with_continue_flag(br#"{"model":"m","messages":[{"role":"assistant"}]}"#).unwrap();
        let value: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(value["continue_final_message"], true);
        assert_eq!(value["add_generation_prompt"], false);
        assert_eq!(value["model"], "m");
    }

    #[test]
    fn the_last_item_is_not_finished() {
        let item = |status: &str| {
            let text = r#"{\"status\":\"completed\"}"#;
            format!(r#"{{"type":"message","status":"{status}","content":[{{"text":"{text}"}}]}}"#)
        };
        let body = |last| format!(r#"{{"input":[{},{}]}}"#, item("completed"), item(last));
        assert_eq!(
            with_incomplete_status(body("completed").as_bytes()).unwrap(),
            body("incomplete")
        );
        assert_eq!(with_incomplete_status(b"{}"), None);
    }

    #[test]
    fn blanks_are_not_said_twice() {
        for (blanks, pieces, expected) in [
            (" ", &[" world"][..], "world"),
            (" ", &["world"], "world"),
            ("\n\n", &["\n", "\n", "next"], "next"),
            ("\n\n", &["\n", "next"], "next"),
            ("\n\n", &["\n", "next", "\n"], "next\n"),
            ("\n", &[" x"], " x"),
            ("", &[" x"], " x"),
            (" ", &["  x"], " x"),
        ] {
            let mut left = blanks.to_owned();
            let joined: String =
                pieces.iter().map(|piece| strip_repeated_whitespace(&mut left, piece)).collect();
            assert_eq!(joined, expected, "{blanks:?} {pieces:?}");
        }
    }
}
