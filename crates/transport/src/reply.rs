//! A complete response that was not streamed.

use bytes::Bytes;
use serde::de::DeserializeOwned;

use crate::framing::{ContentKind, is_markup};
use crate::{HttpExchange, TransportError, TransportErrorKind};

/// A complete response with a status of 2xx.
#[derive(Debug, Clone)]
pub struct ApiResponse {
    /// The status.
    pub status: u16,
    /// The `Content-Type` header.
    pub content_type: Option<String>,
    /// The `x-request-id` or `request-id` header.
    pub request_id: Option<String>,
    /// The body: at most 16 MiB, often empty for a health check.
    pub body: Bytes,
    exchange: HttpExchange,
}

impl ApiResponse {
    /// Makes a response; fails for a web page, which an API would not send.
    pub(crate) fn new(exchange: HttpExchange, body: Bytes) -> Result<Self, TransportError> {
        let content = ContentKind::from_content_type(exchange.content_type.as_deref());
        if !body.is_empty() && (content == ContentKind::Other || is_markup(&body)) {
            return Err(TransportError::new(TransportErrorKind::NotAnApi, exchange));
        }
        Ok(Self {
            status: exchange.status.unwrap_or_default(),
            content_type: exchange.content_type.clone(),
            request_id: exchange.request_id.clone(),
            body,
            exchange,
        })
    }

    /// Reads the body as JSON.
    ///
    /// # Errors
    /// `InvalidBody` when it is not the JSON that is expected; `NotAnApi` when it does not
    /// claim to be JSON either.
    pub fn parse_json<T: DeserializeOwned>(&self) -> Result<T, TransportError> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let kind = match ContentKind::from_content_type(self.content_type.as_deref()) {
                ContentKind::Json => TransportErrorKind::InvalidBody,
                _ => TransportErrorKind::NotAnApi,
            };
            TransportError::new(kind, self.exchange.clone()).with_source(error)
        })
    }
}
