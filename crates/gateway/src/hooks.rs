//! Webhooks: other programs start turns with `POST` requests.
//!
//! What such a request says comes from outside, and the agent is told so. A key that the caller
//! chose makes a repeated request the same run, whatever restarts.

mod hook_call;
mod pace;
mod settings;
mod signature;
mod template;

use std::sync::Arc;

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, HeaderMap, HeaderValue, RETRY_AFTER};
use hyper::{Method, Request, StatusCode};
use openclaw_protocol::gateway::{AgentParams, GatewayErrorCode};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use self::hook_call::{HookCall, HookProblem, plan_call};
use self::template::TemplateValues;
use crate::admission::ConnectionHolder;
use crate::http::{ClientConnection, HttpResponse, json_response, not_found, wrong_method};
use crate::metrics::MetricName;
use crate::random::to_hex;
use crate::runs::StartedRun;
use crate::state::GatewayState;
use crate::stream_limits::{BodyProblem, read_whole_body};

pub(crate) use pace::HookPace;
pub use settings::HookSettings;
pub(crate) use settings::{HookSecretRules, read_hook_settings};

/// The header with the token.
const TOKEN_HEADER: &str = "x-openclaw-token";

/// The header with the signature of the body.
const SIGNATURE_HEADER: &str = "x-hub-signature-256";

/// The path of a request behind that of the webhooks; `None` when it is no request to one.
pub(crate) fn hook_path<'a>(state: &GatewayState, path: &'a str) -> Option<&'a str> {
    let settings = state.settings();
    let hooks = settings.hooks.as_ref()?;
    let rest = path.strip_prefix(hooks.path.as_str())?;
    rest.strip_prefix('/').or(rest.is_empty().then_some(""))
}

/// Answers a request to a webhook.
pub(crate) async fn answer(
    connection: ClientConnection,
    request: Request<Incoming>,
    name: String,
) -> HttpResponse {
    let state = Arc::clone(&connection.state);
    let response = match carry_out(&connection, request, &name).await {
        Ok(response) => response,
        Err(problem) => problem_response(&problem),
    };
    let outcome = response.status().as_u16().to_string();
    state.runs.metrics().add(MetricName::HookRequests, &[("status", &outcome)], 1);
    response
}

async fn carry_out(
    connection: &ClientConnection,
    request: Request<Incoming>,
    name: &str,
) -> Result<HttpResponse, HookProblem> {
    let state = &connection.state;
    let settings = state.settings();
    let Some(hooks) = settings.hooks.as_ref() else { return Ok(not_found("/hooks")) };
    if request.method() != Method::POST {
        return Ok(wrong_method("POST"));
    }
    if request.uri().query().is_some_and(has_token) {
        return Err(HookProblem::new(
            StatusCode::BAD_REQUEST,
            "A token in the address ends in logs; send it in `Authorization: Bearer` or \
             `X-OpenClaw-Token`.",
        ));
    }
    let (head, body) = request.into_parts();
    let body = read_authenticated_body(connection, hooks, &head.headers, body).await?;
    let AuthenticatedBody { body, signed_digest } = body;
    let holder = ConnectionHolder::hooks_at(connection.address);
    connection.admitted.mark_let_in(holder).map_err(|_| {
        HookProblem::new(StatusCode::SERVICE_UNAVAILABLE, "Too many connections are open.")
    })?;
    let payload: Value = serde_json::from_slice(&body).map_err(|error| {
        HookProblem::new(StatusCode::BAD_REQUEST, format!("The body is no JSON: {error}."))
    })?;
    let runtime = state.runtime();
    let values = TemplateValues { headers: &head.headers, path: name, payload: &payload };
    let signed_key = signed_digest.map(|digest| format!("signed {digest}"));
    let call = plan_call(hooks, values, signed_key, runtime.default_agent())?;
    start_run(state, call).await
}

/// A body from somebody who may call the webhooks.
struct AuthenticatedBody {
    body: Bytes,
    /// The SHA-256 of a body that only its signature authenticates. The signature covers nothing else
    /// of the request: whoever saw it can send it again with another name, so that the same body is
    /// the same request.
    signed_digest: Option<String>,
}

/// Reads the body of a request from somebody who knows the token, or who signed the body.
async fn read_authenticated_body(
    connection: &ClientConnection,
    hooks: &HookSettings,
    headers: &HeaderMap,
    body: Incoming,
) -> Result<AuthenticatedBody, HookProblem> {
    let limiter = &connection.state.hook_limiter;
    let wait = limiter.remaining_delay(connection.address);
    let paced = |wait| HookProblem::too_fast("attempts with a wrong secret", wait);
    let offered = offered_token(headers);
    let is_known = offered.as_deref().is_some_and(|token| hooks.accepts_token(token));
    let signature = headers.get(SIGNATURE_HEADER).and_then(|value| value.to_str().ok());
    let signature = signature.filter(|_| !is_known && hooks.takes_signatures());
    // Wrong attempts of others at the same address keep out nobody who has an unguessable secret.
    if let Some(wait) = wait
        && !(is_known && hooks.has_unguessable_token())
        && !(signature.is_some() && hooks.signs_unguessably())
    {
        return Err(paced(wait));
    }
    if !is_known && signature.is_none() {
        let has_offered = offered.is_some() || headers.contains_key(SIGNATURE_HEADER);
        return Err(refuse_caller(connection, has_offered));
    }
    let body = read_body(body, hooks.max_body_bytes).await?;
    if !is_known && !signature.is_some_and(|signature| hooks.accepts_signature(signature, &body)) {
        return Err(wait.map_or_else(|| refuse_caller(connection, true), paced));
    }
    if wait.is_none() {
        limiter.record_success(connection.address);
    }
    let signed_digest = (!is_known).then(|| to_hex(&Sha256::digest(&body)));
    Ok(AuthenticatedBody { body, signed_digest })
}

async fn read_body(body: Incoming, limit: usize) -> Result<Bytes, HookProblem> {
    read_whole_body(body, limit).await.map_err(|problem| match problem {
        BodyProblem::TooLarge => HookProblem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("The body is larger than {limit} bytes (`hooks.maxBodyBytes`)."),
        ),
        BodyProblem::TooSlow => {
            HookProblem::new(StatusCode::REQUEST_TIMEOUT, "The body came too slowly.")
        }
        BodyProblem::CutOff => HookProblem::new(StatusCode::BAD_REQUEST, "The body was cut off."),
    })
}

async fn start_run(state: &GatewayState, call: HookCall) -> Result<HttpResponse, HookProblem> {
    if let Err(wait) = state.hook_pace.take(&call.agent) {
        return Err(HookProblem::too_fast("requests", wait));
    }
    let params = AgentParams {
        message: call.message,
        idempotency_key: call.run_key,
        agent_id: Some(call.agent),
        session_key: call.session_key,
        model: call.model,
        timeout: call.timeout_seconds,
        ..AgentParams::default()
    };
    let started = match state.runs.resolve_request(params).await {
        Ok(spec) => state.runs.start_run(spec.with_trigger("hook")).await,
        Err(error) => Err(error),
    };
    let started = started.map_err(|error| {
        let status = if error.code == GatewayErrorCode::InvalidRequest.as_str() {
            StatusCode::BAD_REQUEST
        } else if error.code == GatewayErrorCode::Conflict.as_str() {
            StatusCode::CONFLICT
        } else {
            StatusCode::SERVICE_UNAVAILABLE
        };
        HookProblem::new(status, error.message)
    })?;
    let run_id = match started {
        StartedRun::Live(run) => run.id.clone(),
        StartedRun::Ended(run) => run.id,
    };
    let mut answer = json!({ "ok": true, "runId": run_id });
    if call.is_wake
        && let Some(answer) = answer.as_object_mut()
    {
        answer.insert("mode".to_owned(), "now".into());
        answer.insert("eventOutcome".to_owned(), "queued".into());
    }
    Ok(json_response(StatusCode::OK, &answer))
}

/// Whether a query has what could be a token.
fn has_token(query: &str) -> bool {
    let names = query.split('&').filter_map(|pair| pair.split('=').next());
    names.map(str::to_ascii_lowercase).any(|name| name.contains("token") || name == "key")
}

fn offered_token(headers: &HeaderMap) -> Option<String> {
    let text = |value: &HeaderValue| value.to_str().ok().map(|text| text.trim().to_owned());
    if let Some(token) = headers.get(TOKEN_HEADER).and_then(text) {
        return Some(token);
    }
    let offered = headers.get(AUTHORIZATION).and_then(text)?;
    let (scheme, token) = offered.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}

/// Refuses a caller; one that offered a wrong secret is slowed down.
fn refuse_caller(connection: &ClientConnection, has_offered: bool) -> HookProblem {
    if has_offered {
        connection.state.hook_limiter.record_failure(connection.address);
    }
    HookProblem::new(
        StatusCode::UNAUTHORIZED,
        "The token of the webhooks (`hooks.token`) or a signature of the body is missing or wrong.",
    )
}

fn problem_response(problem: &HookProblem) -> HttpResponse {
    let body = json!({ "ok": false, "error": problem.message });
    let mut response = json_response(problem.status, &body);
    if let Some(seconds) = problem.retry_after_seconds {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}
