//! Responses as uvicorn sends them, and the shapes of errors.

use bytes::Bytes;
use hyper::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, RETRY_AFTER, SERVER, VARY};
use hyper::{Response, StatusCode};

use crate::body::Body;
use crate::reply::{ErrorBody, HttpReply};

/// A refusal by the server's own checks.
#[derive(Debug)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    pub(crate) message: String,
    pub(crate) kind: &'static str,
    pub(crate) param: Option<String>,
}

impl ApiError {
    /// A request that was understood and refused.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        let (status, kind) = (StatusCode::BAD_REQUEST, "BadRequestError");
        Self { status, message: message.into(), kind, param: None }
    }

    /// The same with the parameter at fault, which the message names too.
    pub(crate) fn parameter(message: &str, name: &str, value: Option<&str>) -> Self {
        let value = value.map_or_else(String::new, |value| format!(", value={value}"));
        let message = format!("{message} (parameter={name}{value})");
        Self { param: Some(name.to_owned()), ..Self::bad_request(message) }
    }

    pub(crate) fn internal(message: impl Into<String>) -> Self {
        let (status, kind) = (StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError");
        Self { status, message: message.into(), kind, param: None }
    }

    pub(crate) fn response(&self) -> Response<Body> {
        json(self.status, error_object(self).into())
    }
}

/// `{"error":{…}}` without spaces, as a JSON response writes it.
fn error_object(error: &ApiError) -> String {
    let message = quoted(&error.message);
    let param = error.param.as_deref().map_or_else(|| "null".to_owned(), quoted);
    let (kind, code) = (quoted(error.kind), error.status.as_u16());
    format!(
        "{{\"error\":{{\"message\":{message},\"type\":{kind},\"param\":{param},\"code\":{code}}}}}"
    )
}

/// `{"error": {…}}` with spaces, as a stream carries it.
pub(crate) fn error_event(message: &str) -> String {
    let message = quoted(message);
    format!(
        "{{\"error\": {{\"message\": {message}, \"type\": \"InternalServerError\", \
         \"param\": null, \"code\": 500}}}}"
    )
}

/// A JSON string.
pub(crate) fn quoted(text: &str) -> String {
    // Writing a string to a String cannot fail.
    serde_json::to_string(text).unwrap_or_default()
}

/// A JSON response.
pub(crate) fn json(status: StatusCode, body: Bytes) -> Response<Body> {
    typed(status, "application/json", body)
}

/// A response with a known body. The order of the headers is the server's.
pub(crate) fn typed(status: StatusCode, content_type: &str, body: Bytes) -> Response<Body> {
    let mut response = bare(status, body.len());
    if let Ok(value) = HeaderValue::from_str(content_type) {
        response.headers_mut().insert(CONTENT_TYPE, value);
    }
    vary(&mut response);
    *response.body_mut() = Body::whole(body);
    response
}

/// 200 with no body and no content type.
pub(crate) fn empty() -> Response<Body> {
    let mut response = bare(StatusCode::OK, 0);
    vary(&mut response);
    response
}

/// A stream of events.
pub(crate) fn event_stream(body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(SERVER, HeaderValue::from_static("uvicorn"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    vary(&mut response);
    response
}

/// The refusal of a key. It comes from outside the layer that adds `vary`.
pub(crate) fn unauthorized() -> Response<Body> {
    let body = Bytes::from_static(b"{\"error\":\"Unauthorized\"}");
    let mut response = json(StatusCode::UNAUTHORIZED, body);
    response.headers_mut().remove(VARY);
    response
}

pub(crate) fn not_found() -> Response<Body> {
    json(StatusCode::NOT_FOUND, Bytes::from_static(b"{\"detail\":\"Not Found\"}"))
}

pub(crate) fn method_not_allowed(allowed: &'static str) -> Response<Body> {
    let body = Bytes::from_static(b"{\"detail\":\"Method Not Allowed\"}");
    let mut response = Response::new(Body::whole(body.clone()));
    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    let headers = response.headers_mut();
    headers.insert(SERVER, HeaderValue::from_static("uvicorn"));
    headers.insert(ALLOW, HeaderValue::from_static(allowed));
    headers.insert(CONTENT_LENGTH, body.len().into());
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    vary(&mut response);
    response
}

/// A scripted response.
pub(crate) fn scripted(reply: &HttpReply) -> Response<Body> {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let (content_type, body) = reply.body.render(status.as_u16());
    let mut response = typed(status, content_type, body.into());
    if let Some(seconds) = reply.retry_after {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    response
}

fn bare(status: StatusCode, length: usize) -> Response<Body> {
    let mut response = Response::new(Body::whole(Bytes::new()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(SERVER, HeaderValue::from_static("uvicorn"));
    headers.insert(CONTENT_LENGTH, length.into());
    response
}

fn vary(response: &mut Response<Body>) {
    response.headers_mut().insert(VARY, HeaderValue::from_static("Origin"));
}

impl ErrorBody {
    /// The content type and the bytes.
    fn render(&self, code: u16) -> (&str, String) {
        let body = match self {
            Self::Error { message, kind } => {
                let (message, kind) = (quoted(message), quoted(kind));
                format!(
                    "{{\"error\":{{\"message\":{message},\"type\":{kind},\"param\":null,\"code\":{code}}}}}"
                )
            }
            Self::Text(text) => format!("{{\"error\":{}}}", quoted(text)),
            Self::Legacy { message, kind } => {
                let (message, kind) = (quoted(message), quoted(kind));
                format!(
                    "{{\"object\":\"error\",\"message\":{message},\"type\":{kind},\"param\":null,\"code\":{code}}}"
                )
            }
            Self::Detail(text) => format!("{{\"detail\":{}}}", quoted(text)),
            Self::Raw { content_type, body } => return (content_type, body.clone()),
        };
        ("application/json", body)
    }
}
