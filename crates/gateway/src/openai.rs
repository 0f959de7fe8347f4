//! The agents as models of the OpenAI API.

mod conversations;
mod request;
mod stream;

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE};
use hyper::{Method, Request, StatusCode};
use openclaw_protocol::gateway::{AgentParams, GatewayError, GatewayErrorCode, RunState};
use openclaw_protocol::parts::TokenCounts;
use serde_json::{Value, json};

use self::request::{ChatCompletion, ModelTarget};
use crate::http::{ClientConnection, HttpResponse, json_response, not_found, wrong_method};
use crate::random::random_uuid;
use crate::run_result::RunEnd;
use crate::runs::{LiveRun, StartedRun};
use crate::state::GatewayState;

pub(crate) use conversations::ConversationIndex;

/// Answers a request below `/v1/`.
pub(crate) async fn answer(
    connection: ClientConnection,
    request: Request<Incoming>,
) -> HttpResponse {
    let state = Arc::clone(&connection.state);
    let path = request.uri().path().to_owned();
    if !state.settings.serves_openai_api {
        return openai_error(
            StatusCode::NOT_FOUND,
            "not_found",
            "The OpenAI API is off; `openclaw config set \
             gateway.http.endpoints.chatCompletions.enabled true` turns it on at the next start.",
        );
    }
    if let Err(error) = connection.authorize(&request) {
        return refuse_client(&error);
    }
    let model = path.strip_prefix("/v1/models/").map(str::to_owned);
    match (request.method(), path.as_str(), model) {
        (&Method::GET, "/v1/models", _) => list_models(&state),
        (&Method::GET, _, Some(model)) => describe_model(&state, &model),
        (_, "/v1/models", _) | (_, _, Some(_)) => wrong_method("GET"),
        (&Method::POST, "/v1/chat/completions", _) => complete_chat(state, request).await,
        (_, "/v1/chat/completions", _) => wrong_method("POST"),
        (_, path, _) => not_found(path),
    }
}

/// An error in the form of the OpenAI API.
pub(crate) fn openai_error(status: StatusCode, kind: &str, message: &str) -> HttpResponse {
    json_response(status, &error_object(kind, message))
}

pub(crate) fn error_object(kind: &str, message: &str) -> Value {
    json!({ "error": { "message": message, "type": kind, "param": null, "code": null } })
}

fn refuse_client(error: &GatewayError) -> HttpResponse {
    let status = match error.retry_after_ms {
        Some(_) => StatusCode::TOO_MANY_REQUESTS,
        None => StatusCode::UNAUTHORIZED,
    };
    let mut response = openai_error(status, "unauthorized", &error.message);
    response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

fn agent_models(state: &GatewayState) -> Vec<String> {
    let config = &state.runtime.models().loaded_config().config;
    let fixed = ["openclaw".to_owned(), "openclaw/default".to_owned()];
    let agents = config.agent_ids().into_iter().map(|id| format!("openclaw/{id}"));
    fixed.into_iter().chain(agents).collect()
}

fn model_object(id: &str) -> Value {
    json!({ "id": id, "object": "model", "created": 0, "owned_by": "openclaw" })
}

fn list_models(state: &GatewayState) -> HttpResponse {
    let models: Vec<Value> = agent_models(state).iter().map(|id| model_object(id)).collect();
    json_response(StatusCode::OK, &json!({ "object": "list", "data": models }))
}

fn describe_model(state: &GatewayState, id: &str) -> HttpResponse {
    let id = id.replace("%2F", "/").replace("%2f", "/");
    if agent_models(state).contains(&id) {
        return json_response(StatusCode::OK, &model_object(&id));
    }
    unknown_model(&id)
}

fn unknown_model(id: &str) -> HttpResponse {
    let id: String = id.chars().take(200).collect();
    openai_error(
        StatusCode::NOT_FOUND,
        "invalid_request_error",
        &format!("There is no model `{id}`. Use `openclaw` or `openclaw/<agentId>`."),
    )
}

async fn complete_chat(state: Arc<GatewayState>, request: Request<Incoming>) -> HttpResponse {
    let (head, body) = request.into_parts();
    let max_bytes = state.settings.max_body_bytes;
    let body: Bytes = match Limited::new(body, max_bytes).collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => {
            return openai_error(
                StatusCode::PAYLOAD_TOO_LARGE,
                "invalid_request_error",
                &format!(
                    "The request is larger than {max_bytes} bytes \
                     (`gateway.http.endpoints.chatCompletions.maxBodyBytes`), or was cut off."
                ),
            );
        }
    };
    let completion = match ChatCompletion::parse(&body, &head.headers) {
        Ok(completion) => completion,
        Err(problem) => {
            return openai_error(StatusCode::BAD_REQUEST, "invalid_request_error", &problem);
        }
    };
    let agent = match completion.target() {
        ModelTarget::DefaultAgent => state.runtime.default_agent().to_owned(),
        ModelTarget::Agent(agent) if state.runtime.check_agent(&agent).is_ok() => agent,
        _ => return unknown_model(&completion.model),
    };
    let session = state.conversations.find_session(&completion, &agent);
    let Ok(run_key) = random_uuid() else {
        return openai_error(
            StatusCode::INTERNAL_SERVER_ERROR,
            "server_error",
            "The system has no random numbers.",
        );
    };
    let params = AgentParams {
        message: session.message,
        idempotency_key: completion.idempotency_key.clone().unwrap_or(run_key),
        agent_id: Some(agent),
        session_key: Some(session.key.clone()),
        model: completion.backing_model.clone(),
        ..AgentParams::default()
    };
    let started = match state.runs.resolve_request(params).await {
        Ok(spec) => state.runs.start_run(spec).await,
        Err(error) => Err(error),
    };
    let started = match started {
        Ok(started) => started,
        Err(error) => return gateway_error_response(&error),
    };
    if completion.stream {
        return stream::stream_answer(state, completion, session.key, started);
    }
    let (id, end) = match started {
        StartedRun::Live(run) => {
            // A client that goes away while it waits ends its run.
            let mut stopping = StopOnDrop::new(Arc::clone(&run));
            let end = run.wait_for_end().await;
            stopping.disarm();
            (run.id.clone(), end)
        }
        StartedRun::Ended(run) => (run.id, run.end),
    };
    match (end.status, &end.text) {
        (RunState::Ok, text) => {
            let text = text.as_deref().unwrap_or_default();
            state.conversations.remember(&completion, text, &session.key);
            let body = completion_object(&completion, &id, text, &end);
            let mut response = json_response(StatusCode::OK, &body);
            if let Ok(key) = HeaderValue::from_str(&session.key) {
                response.headers_mut().insert("x-openclaw-session-key", key);
            }
            response
        }
        _ => run_error_response(&end),
    }
}

/// Stops a run whose client went away.
struct StopOnDrop(Option<Arc<LiveRun>>);

impl StopOnDrop {
    fn new(run: Arc<LiveRun>) -> Self {
        Self(Some(run))
    }

    /// The run has ended.
    fn disarm(&mut self) {
        self.0 = None;
    }
}

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        if let Some(run) = &self.0 {
            run.stop();
        }
    }
}

fn gateway_error_response(error: &GatewayError) -> HttpResponse {
    let status = if error.code == GatewayErrorCode::InvalidRequest.as_str() {
        StatusCode::BAD_REQUEST
    } else if error.code == GatewayErrorCode::Conflict.as_str() {
        StatusCode::CONFLICT
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    openai_error(status, "invalid_request_error", &error.message)
}

/// What is told of a run that failed.
pub(crate) fn run_problem(end: &RunEnd) -> String {
    end.error_text().unwrap_or_else(|| "The run failed.".to_owned())
}

fn run_error_response(end: &RunEnd) -> HttpResponse {
    let status = match end.error.as_ref().map(|error| error.kind.as_str()) {
        Some("timeout") => StatusCode::GATEWAY_TIMEOUT,
        Some("cancelled" | "lost" | "in_use" | "busy") => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::BAD_GATEWAY,
    };
    openai_error(status, "server_error", &run_problem(end))
}

/// The tokens of a run in the names of the API.
pub(crate) fn usage_object(usage: Option<&TokenCounts>) -> Value {
    let Some(usage) = usage else { return Value::Null };
    json!({
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.total,
        "prompt_tokens_details": { "cached_tokens": usage.cache_read.unwrap_or_default() },
    })
}

pub(crate) fn finish_reason(end: &RunEnd) -> &'static str {
    if end.summary == "length" { "length" } else { "stop" }
}

fn completion_object(completion: &ChatCompletion, id: &str, text: &str, end: &RunEnd) -> Value {
    json!({
        "id": format!("chatcmpl-{id}"),
        "object": "chat.completion",
        "created": completion.created,
        "model": completion.model,
        "choices": [{
            "index": 0,
            "message": { "role": "assistant", "content": text },
            "finish_reason": finish_reason(end),
        }],
        "usage": usage_object(end.usage.as_ref()),
    })
}

/// The content type of a stream of events.
pub(crate) fn set_event_stream(response: &mut HttpResponse) {
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(hyper::header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    // Proxies must not hold the pieces back.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
}
