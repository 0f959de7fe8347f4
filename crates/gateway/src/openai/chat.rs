//! `/v1/chat/completions`.

use std::sync::Arc;

use hyper::{HeaderMap, StatusCode};
use serde_json::Value;

use super::agent_answer::start_agent;
use super::answer::{AnswerProblem, stream_answer};
use super::completion::{CompletionHead, CompletionStream, completion_object};
use super::direct::DirectRequest;
use super::direct_answer::{FIRST_EVENT_LIMIT, start_model};
use super::models::{ModelTarget, find_target};
use super::request::{ChatCompletion, ChatOptions};
use super::set_session_key;
use crate::http::{HttpResponse, json_response};
use crate::state::GatewayState;

/// Answers a chat, by an agent or by a model.
///
/// # Errors
/// When it cannot be answered.
pub(crate) async fn complete_chat(
    state: &Arc<GatewayState>,
    body: Value,
    headers: &HeaderMap,
) -> Result<HttpResponse, AnswerProblem> {
    let options = ChatOptions::parse(&body, headers).map_err(AnswerProblem::invalid)?;
    let target = find_target(state, &options.model, options.agent.as_deref())?;
    let (mut answer, chat) = match target {
        ModelTarget::Agent(agent) => {
            let chat = ChatCompletion::parse(&body, headers).map_err(AnswerProblem::invalid)?;
            (start_agent(state, &chat, agent).await?, Some(chat))
        }
        ModelTarget::Model(model) => {
            let request = DirectRequest::parse(&body).map_err(AnswerProblem::invalid)?;
            (start_model(state, model, request).await?, None)
        }
    };
    let head = CompletionHead {
        id: format!("chatcmpl-{}", answer.id),
        model: options.model.clone(),
        created: options.created,
        include_usage: options.include_usage,
    };
    let session_key = answer.session_key.clone();
    if options.stream {
        if chat.is_none() {
            answer.await_first(FIRST_EVENT_LIMIT).await?;
        }
        let writer = CompletionStream::new(Arc::clone(state), head, chat, session_key.clone());
        let mut response = stream_answer(answer, writer);
        set_session_key(&mut response, session_key.as_deref());
        return Ok(response);
    }
    let (reasoning, calls, end) = answer.collect().await?;
    if let (Some(chat), Some(key)) = (&chat, &session_key) {
        state.conversations.remember(chat, &end.text, key);
    }
    let object = completion_object(&head, &reasoning, &calls, &end);
    let mut response = json_response(StatusCode::OK, &object);
    set_session_key(&mut response, session_key.as_deref());
    Ok(response)
}
