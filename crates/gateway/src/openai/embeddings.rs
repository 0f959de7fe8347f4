//! Embeddings: the request goes to the server of a configured model.

use std::sync::Arc;

use hyper::StatusCode;
use openclaw_core::{ModelError, ModelErrorKind};
use openclaw_models::{ConnectError, SetupErrorKind};
use openclaw_runtime::error_causes;
use serde_json::Value;

use super::answer::AnswerProblem;
use super::models::{find_model, unknown_model};
use crate::http::{HttpResponse, json_response};
use crate::state::GatewayState;

/// Answers a request for embeddings.
///
/// # Errors
/// When the model is an agent or unknown, or its server has no embeddings.
pub(crate) async fn create_embeddings(
    state: &Arc<GatewayState>,
    body: Value,
) -> Result<HttpResponse, AnswerProblem> {
    let Value::Object(fields) = body else {
        return Err(AnswerProblem::invalid("The body must be a JSON object."));
    };
    let Some(model) = fields.get("model").and_then(Value::as_str) else {
        return Err(AnswerProblem::invalid(
            "`model` is missing; name a model of a provider whose server has embeddings.",
        ));
    };
    if !fields.contains_key("input") {
        return Err(AnswerProblem::invalid("`input` is missing."));
    }
    if model == "openclaw" || model.starts_with("openclaw/") {
        return Err(AnswerProblem::invalid(
            "An agent has no embeddings; name a model as `provider/model-id`, of a provider whose \
             server has `/embeddings`.",
        ));
    }
    let reference = find_model(state, model).ok_or_else(|| unknown_model(state, model))?;
    let runtime = state.runtime();
    let models = runtime.models();
    let answer = models.create_embeddings(&reference.to_string(), fields).await;
    let answer = answer.map_err(|error| {
        if !lacks_embeddings(&error) {
            return connect_problem(&error);
        }
        AnswerProblem::invalid(format!(
            "The server of `{reference}` has no `/embeddings`. A server for embeddings is often a \
             server of its own: add it under `models.providers`, and name its model."
        ))
    })?;
    Ok(json_response(StatusCode::OK, &answer))
}

/// Whether a server does not have the path.
fn lacks_embeddings(error: &ConnectError) -> bool {
    let ConnectError::Model(error) = error else { return false };
    let status = error.http_exchange().and_then(|exchange| exchange.status);
    matches!(status, Some(404 | 405 | 501)) && error.kind() != ModelErrorKind::UnknownModel
}

/// The problem of a model that could not be connected.
pub(crate) fn connect_problem(error: &ConnectError) -> AnswerProblem {
    match error {
        ConnectError::Model(error) => model_problem(error),
        ConnectError::Setup(error) => {
            let message = tell(&error.to_string(), error_causes(error), error.hints());
            match error.kind() {
                SetupErrorKind::Egress => AnswerProblem {
                    status: StatusCode::FORBIDDEN,
                    kind: "permission_error",
                    ..AnswerProblem::invalid(message)
                },
                SetupErrorKind::UnknownProvider
                | SetupErrorKind::UnknownModel
                | SetupErrorKind::InvalidReference => AnswerProblem {
                    status: StatusCode::NOT_FOUND,
                    code: Some("model_not_found"),
                    ..AnswerProblem::invalid(message)
                },
                SetupErrorKind::Unable => AnswerProblem::invalid(message),
                _ => AnswerProblem::server(StatusCode::INTERNAL_SERVER_ERROR, message),
            }
        }
    }
}

/// The problem of a call of a model that failed.
pub(crate) fn model_problem(error: &ModelError) -> AnswerProblem {
    let message = tell(&error.to_string(), error_causes(error), error.hints());
    let server = |status| AnswerProblem::server(status, message.clone());
    match error.kind() {
        ModelErrorKind::ContextOverflow { .. } => AnswerProblem {
            code: Some("context_length_exceeded"),
            ..AnswerProblem::invalid(message)
        },
        ModelErrorKind::Rejected => AnswerProblem::invalid(message),
        ModelErrorKind::UnknownModel => AnswerProblem {
            status: StatusCode::NOT_FOUND,
            code: Some("model_not_found"),
            ..AnswerProblem::invalid(message)
        },
        ModelErrorKind::RateLimited { retry_after } => AnswerProblem {
            kind: "rate_limit_error",
            retry_after,
            ..server(StatusCode::TOO_MANY_REQUESTS)
        },
        ModelErrorKind::Timeout { .. } => server(StatusCode::GATEWAY_TIMEOUT),
        ModelErrorKind::Loading | ModelErrorKind::Overloaded => {
            server(StatusCode::SERVICE_UNAVAILABLE)
        }
        _ => server(StatusCode::BAD_GATEWAY),
    }
}

fn tell(error: &str, causes: Vec<String>, hints: &[String]) -> String {
    let mut text = format!("Failed to {error}");
    for cause in causes {
        text.push_str(": ");
        text.push_str(&cause);
    }
    text.push('.');
    for hint in hints {
        text.push(' ');
        text.push_str(hint);
    }
    text
}
