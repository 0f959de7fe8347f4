//! Room for the answer, and the sampling parameters that vLLM refuses.

use serde_json::Value;

use super::request::ChatRequest;
use crate::python;
use crate::response::ApiError;

/// Checks what depends on the window and returns the most tokens the answer may have. The fields
/// called `names`, the first one first, set it.
pub(crate) fn answer_room(
    request: &ChatRequest,
    prompt: u32,
    window: u32,
    names: &[&'static str],
) -> Result<u32, ApiError> {
    check_length(prompt, window)?;
    let mut room = i64::from(window - prompt);
    let asked = names.iter().find_map(|name| Some((*name, integer(request, name)?)));
    if let Some((name, asked)) = asked {
        if asked > i64::from(window) {
            let message = format!(
                "{name}={asked} cannot be greater than max_model_len={window}. Please request fewer output tokens."
            );
            return Err(ApiError::parameter(&message, name, Some(&asked.to_string())));
        }
        room = room.min(asked);
    }
    if room < 1 {
        let message = format!("max_tokens must be at least 1, got {room}.");
        return Err(ApiError::parameter(&message, "max_tokens", Some(&room.to_string())));
    }
    check_sampling(request, room)?;
    Ok(u32::try_from(room).unwrap_or(window))
}

/// Refuses a prompt that is longer than the window.
pub(crate) fn check_length(prompt: u32, window: u32) -> Result<(), ApiError> {
    if prompt > window {
        let least = window.saturating_add(1);
        let message = format!(
            "This model's maximum context length is {window} tokens. However, your prompt contains at \
             least {least} input tokens, which exceeds this limit even without any output tokens. \
             Please reduce the length of the input prompt."
        );
        return Err(ApiError::parameter(&message, "input_tokens", Some(&least.to_string())));
    }
    Ok(())
}

fn check_sampling(request: &ChatRequest, room: i64) -> Result<(), ApiError> {
    let refuse = |name: &str, rule: &str, value: f64| {
        let shown = python::float(value);
        Err(ApiError::parameter(
            &format!("{name} must be {rule}, got {shown}."),
            name,
            Some(&shown),
        ))
    };
    let float = |name: &str| number(request, name);
    for name in ["presence_penalty", "frequency_penalty"] {
        if let Some(value) = float(name).filter(|value| !(-2.0..=2.0).contains(value)) {
            return refuse(name, "in [-2, 2]", value);
        }
    }
    if let Some(value) = float("temperature").filter(|value| *value < 0.0) {
        return refuse("temperature", "non-negative", value);
    }
    if let Some(value) = float("top_p").filter(|value| *value <= 0.0 || *value > 1.0) {
        return refuse("top_p", "in (0, 1]", value);
    }
    if let Some(least) = integer(request, "min_tokens").filter(|least| *least > room) {
        return Err(ApiError::bad_request(format!(
            "min_tokens must be less than or equal to max_tokens={room}, got {least}."
        )));
    }
    if let Some(many) = integer(request, "top_logprobs").filter(|many| *many > 20) {
        let message =
            format!("Requested sample logprobs of {many}, which is greater than max allowed: 20");
        return Err(ApiError::parameter(&message, "logprobs", Some(&many.to_string())));
    }
    Ok(())
}

/// A number that may have come as a string.
fn number(request: &ChatRequest, name: &str) -> Option<f64> {
    match request.fields.get(name)? {
        Value::String(text) => text.trim().parse().ok(),
        value => value.as_f64(),
    }
}

fn integer(request: &ChatRequest, name: &str) -> Option<i64> {
    match request.fields.get(name)? {
        Value::String(text) => text.trim().parse().ok(),
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a float cast saturates, and is whole here"
        )]
        value => value.as_i64().or_else(|| value.as_f64().map(|value| value as i64)),
    }
}
