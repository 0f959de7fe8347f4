//! The OpenAI API: the agents as models, and the configured models themselves.

mod agent_answer;
mod answer;
mod chat;
mod chat_messages;
mod completion;
mod conversations;
mod direct;
mod direct_answer;
mod embeddings;
mod models;
mod request;
mod responses;
mod sampling;

use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use hyper::{Method, Request, StatusCode};
use openclaw_protocol::gateway::{GatewayError, GatewayErrorCode};
use serde_json::{Value, json};

use self::answer::AnswerProblem;
use crate::http::{ClientConnection, HttpResponse, json_response, not_found, wrong_method};
use crate::state::GatewayState;
use crate::stream_limits::{BodyProblem, read_whole_body};

pub(crate) use conversations::ConversationIndex;
pub(crate) use responses::ResponseIndex;

/// Answers a request below `/v1/`.
pub(crate) async fn answer(
    connection: ClientConnection,
    request: Request<Incoming>,
) -> HttpResponse {
    let state = Arc::clone(&connection.state);
    let path = request.uri().path().to_owned();
    if !state.settings().serves_openai_api {
        return problem_response(&AnswerProblem {
            status: StatusCode::NOT_FOUND,
            kind: "not_found",
            ..AnswerProblem::invalid(
                "The OpenAI API is off; `openclaw config set \
                 gateway.http.endpoints.chatCompletions.enabled true` turns it on.",
            )
        });
    }
    if let Err(error) = connection.authorize(&request) {
        return refuse_client(&error);
    }
    let model = path.strip_prefix("/v1/models/").map(str::to_owned);
    match (request.method(), path.as_str(), model) {
        (&Method::GET, "/v1/models", _) => models::list_models(&state),
        (&Method::GET, _, Some(model)) => models::describe_model(&state, &model),
        (_, "/v1/models", _) | (_, _, Some(_)) => wrong_method("GET"),
        (&Method::POST, "/v1/chat/completions" | "/v1/responses" | "/v1/embeddings", _) => {
            let (head, body) = request.into_parts();
            let body = match read_body(&state, body).await {
                Ok(body) => body,
                Err(problem) => return problem_response(&problem),
            };
            let answered = answer_post(&state, &path, &head.headers, body).await;
            answered.unwrap_or_else(|problem| problem_response(&problem))
        }
        (_, "/v1/chat/completions" | "/v1/responses" | "/v1/embeddings", _) => wrong_method("POST"),
        (_, path, _) => not_found(path),
    }
}

async fn answer_post(
    state: &Arc<GatewayState>,
    path: &str,
    headers: &HeaderMap,
    body: Value,
) -> Result<HttpResponse, AnswerProblem> {
    match path {
        "/v1/embeddings" => embeddings::create_embeddings(state, body).await,
        "/v1/responses" => responses::create_response(state, body, headers).await,
        _ => chat::complete_chat(state, body, headers).await,
    }
}

async fn read_body(state: &GatewayState, body: Incoming) -> Result<Value, AnswerProblem> {
    let max_bytes = state.settings().max_body_bytes;
    let read = read_whole_body(body, max_bytes).await;
    let body = read.map_err(|problem| {
        let (status, text) = match problem {
            BodyProblem::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                format!(
                    "The request is larger than {max_bytes} bytes \
                     (`gateway.http.endpoints.chatCompletions.maxBodyBytes`)."
                ),
            ),
            BodyProblem::TooSlow => {
                (StatusCode::REQUEST_TIMEOUT, "The request came too slowly.".to_owned())
            }
            BodyProblem::CutOff => (StatusCode::BAD_REQUEST, "The request was cut off.".to_owned()),
        };
        AnswerProblem { status, ..AnswerProblem::invalid(text) }
    })?;
    let body: Value = serde_json::from_slice(&body)
        .map_err(|error| AnswerProblem::invalid(format!("The body is no JSON: {error}.")))?;
    if body.is_object() {
        return Ok(body);
    }
    Err(AnswerProblem::invalid("The body must be a JSON object."))
}

/// The answer to a request that cannot be carried out.
pub(crate) fn problem_response(problem: &AnswerProblem) -> HttpResponse {
    let mut response = json_response(problem.status, &problem.to_object());
    if let Some(wait) = problem.retry_after {
        let seconds = HeaderValue::from(wait.as_secs().max(1));
        response.headers_mut().insert(RETRY_AFTER, seconds);
    }
    response
}

/// The answer to a client that is not let in.
pub(crate) fn refuse_client(error: &GatewayError) -> HttpResponse {
    let status = match error.retry_after_ms {
        Some(_) => StatusCode::TOO_MANY_REQUESTS,
        None => StatusCode::UNAUTHORIZED,
    };
    let problem = AnswerProblem {
        status,
        kind: "unauthorized",
        retry_after: error.retry_after_ms.map(Duration::from_millis),
        ..AnswerProblem::invalid(error.message.clone())
    };
    let mut response = problem_response(&problem);
    response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

/// The problem of a run that could not be started.
fn gateway_problem(error: &GatewayError) -> AnswerProblem {
    let status = if error.code == GatewayErrorCode::InvalidRequest.as_str() {
        StatusCode::BAD_REQUEST
    } else if error.code == GatewayErrorCode::Conflict.as_str() {
        StatusCode::CONFLICT
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    AnswerProblem { status, ..AnswerProblem::invalid(error.message.clone()) }
}

/// A value of a header that is not empty.
fn header_text(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?.trim();
    (!value.is_empty()).then(|| value.to_owned())
}

/// Adds the key of the session that an answer belongs to.
fn set_session_key(response: &mut HttpResponse, key: Option<&str>) {
    if let Some(key) = key.and_then(|key| HeaderValue::from_str(key).ok()) {
        response.headers_mut().insert("x-openclaw-session-key", key);
    }
}

/// The content type of a stream of events.
fn set_event_stream(response: &mut HttpResponse) {
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(hyper::header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    // Proxies must not hold the pieces back.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
}

/// An error in the form of the OpenAI API.
fn error_object(kind: &str, message: &str, code: Option<&str>) -> Value {
    json!({ "error": { "message": message, "type": kind, "param": null, "code": code } })
}
