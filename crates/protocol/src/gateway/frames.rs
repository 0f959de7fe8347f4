//! The three kinds of frames.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::GatewayError;
use super::strict_json::StrictJson;

/// The most bytes of a request's id.
pub const MAX_ID_BYTES: usize = 256;

/// A request of a client.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RequestFrame {
    /// Chosen by the client, not empty; the response repeats it.
    pub id: String,
    /// The method.
    pub method: String,
    /// Its parameters; an empty object when the frame has none.
    pub params: Value,
}

/// Why a text is no request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FrameError {
    /// It is not a JSON object, or an object in it has a key twice.
    NotJsonObject,
    /// Its `id` is missing, not a string, empty or too long.
    InvalidId,
    /// Its `method` is missing or not a string.
    InvalidMethod,
}

/// The answer to a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(tag = "type", rename = "res", rename_all = "camelCase")]
pub struct ResponseFrame {
    /// The id of the request.
    pub id: String,
    /// Whether it succeeded.
    pub ok: bool,
    /// The result; absent after a failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<Value>,
    /// Why it failed; absent after a success.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<GatewayError>,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(tag = "type", rename = "event", rename_all = "camelCase")]
pub struct EventFrame {
    /// What happened, e.g. `tick`.
    pub event: String,
    /// Its data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<Value>,
    /// The number of the event on this connection, without gaps, from 1. The challenge has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
}

impl RequestFrame {
    /// Creates a request.
    #[must_use]
    pub fn new(id: impl Into<String>, method: impl Into<String>, params: Value) -> Self {
        Self { id: id.into(), method: method.into(), params }
    }

    /// Parses a frame of a client. Returns `None` for a frame of another or an unknown kind, which
    /// is ignored.
    ///
    /// # Errors
    /// When the text is no JSON object, and when it is a request without a usable id or method.
    pub fn parse(text: &str) -> Result<Option<Self>, FrameError> {
        let Ok(StrictJson(Value::Object(mut frame))) = serde_json::from_str(text) else {
            return Err(FrameError::NotJsonObject);
        };
        if frame.get("type").and_then(Value::as_str) != Some("req") {
            return Ok(None);
        }
        let id = match frame.remove("id") {
            Some(Value::String(id)) if !id.is_empty() && id.len() <= MAX_ID_BYTES => id,
            _ => return Err(FrameError::InvalidId),
        };
        let Some(Value::String(method)) = frame.remove("method") else {
            return Err(FrameError::InvalidMethod);
        };
        let params = match frame.remove("params") {
            None | Some(Value::Null) => Value::Object(serde_json::Map::new()),
            Some(params) => params,
        };
        Ok(Some(Self { id, method, params }))
    }

    /// Encodes the request as the text of a frame.
    #[must_use]
    pub fn to_text(&self) -> String {
        let Self { id, method, params } = self;
        serde_json::json!({ "type": "req", "id": id, "method": method, "params": params })
            .to_string()
    }
}

impl FrameError {
    /// What was expected, as a fragment that fits "a frame must {…}".
    #[must_use]
    pub const fn expected(self) -> &'static str {
        match self {
            Self::NotJsonObject => "be a JSON object without a key twice",
            Self::InvalidId => "have an `id` of 1 to 256 bytes",
            Self::InvalidMethod => "have a `method`, a string",
        }
    }
}

impl ResponseFrame {
    /// The answer to a request that succeeded.
    #[must_use]
    pub fn success(id: impl Into<String>, payload: Value) -> Self {
        Self { id: id.into(), ok: true, payload: Some(payload), error: None }
    }

    /// The answer to a request that failed.
    #[must_use]
    pub fn failure(id: impl Into<String>, error: GatewayError) -> Self {
        Self { id: id.into(), ok: false, payload: None, error: Some(error) }
    }
}

impl EventFrame {
    /// An event without a number.
    #[must_use]
    pub fn new(event: impl Into<String>, payload: Value) -> Self {
        Self { event: event.into(), payload: Some(payload), seq: None }
    }
}
