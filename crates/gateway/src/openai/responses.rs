//! `/v1/responses`: the request becomes a chat, and the answer the objects and events of this API.

mod input;
mod object;
mod response_index;
mod writer;

use std::sync::Arc;

use hyper::{HeaderMap, StatusCode};
use serde_json::Value;

use self::input::{chat_from_response, output_messages};
use self::object::{ResponseHead, ResponseItem};
use self::writer::ResponseStream;
use super::agent_answer::start_agent;
use super::answer::{AnswerProblem, RunningAnswer, stream_answer};
use super::direct::DirectRequest;
use super::direct_answer::{FIRST_EVENT_LIMIT, start_model};
use super::models::{ModelTarget, find_target};
use super::request::{ChatCompletion, ChatOptions};
use super::set_session_key;
use crate::http::{HttpResponse, json_response};
use crate::runs::StartedRun;
use crate::state::GatewayState;

pub(crate) use response_index::ResponseIndex;

/// The beginning of the id of a response; the id of its run follows.
const ID_PREFIX: &str = "resp_";

/// Answers a request for a response, by an agent or by a model.
///
/// # Errors
/// When it cannot be answered.
pub(crate) async fn create_response(
    state: &Arc<GatewayState>,
    body: Value,
    headers: &HeaderMap,
) -> Result<HttpResponse, AnswerProblem> {
    let mut chat = chat_from_response(&body).map_err(AnswerProblem::invalid)?;
    let options = ChatOptions::parse(&chat, headers).map_err(AnswerProblem::invalid)?;
    let previous = body.get("previous_response_id").and_then(Value::as_str);
    let target = find_target(state, &options.model, options.agent.as_deref())?;
    let (mut answer, keep) = match target {
        ModelTarget::Agent(agent) => {
            let turn = AgentTurn { agent, previous };
            let (answer, completion) = answer_by_agent(state, &chat, headers, turn).await?;
            (answer, KeptChat::Agent(completion))
        }
        ModelTarget::Model(model) => {
            if let Some(previous) = previous {
                let earlier = state.responses.find(previous);
                let earlier = earlier.ok_or_else(|| unknown_response(previous))?;
                prepend_messages(&mut chat, &earlier);
            }
            let request = DirectRequest::parse(&chat).map_err(AnswerProblem::invalid)?;
            let answer = start_model(state, model, request).await?;
            let is_stored = body.get("store").and_then(Value::as_bool) != Some(false);
            (answer, if is_stored { KeptChat::Model(chat) } else { KeptChat::Nothing })
        }
    };
    let head = ResponseHead::new(format!("{ID_PREFIX}{}", answer.id), &body, options.created);
    let is_agent = answer.session_key.is_some();
    let session_key = answer.session_key.clone();
    let keeper =
        ResponseKeeper { state: Arc::clone(state), keep, session_key: session_key.clone() };
    if options.stream {
        if !is_agent {
            answer.await_first(FIRST_EVENT_LIMIT).await?;
        }
        let mut response = stream_answer(answer, ResponseStream::new(head, keeper));
        set_session_key(&mut response, session_key.as_deref());
        return Ok(response);
    }
    let (_reasoning, calls, end) = answer.collect().await?;
    let items = ResponseItem::list(&head, &end.text, &calls);
    keeper.remember(&head.id, &items);
    let mut response = json_response(StatusCode::OK, &head.finished_object(&items, &end));
    set_session_key(&mut response, session_key.as_deref());
    Ok(response)
}

/// The turn of an agent that a response is.
struct AgentTurn<'a> {
    agent: String,
    /// The response that it follows.
    previous: Option<&'a str>,
}

async fn answer_by_agent(
    state: &Arc<GatewayState>,
    chat: &Value,
    headers: &HeaderMap,
    turn: AgentTurn<'_>,
) -> Result<(RunningAnswer, ChatCompletion), AnswerProblem> {
    let mut completion = ChatCompletion::parse(chat, headers).map_err(AnswerProblem::invalid)?;
    if let Some(previous) = turn.previous {
        let run = previous.strip_prefix(ID_PREFIX).unwrap_or(previous);
        let found = state.runs.find_run(run).await.map_err(|_| unknown_response(previous))?;
        completion.session_key = Some(match found {
            StartedRun::Live(run) => run.session_key.clone(),
            StartedRun::Ended(run) => run.session_key,
        });
    }
    Ok((start_agent(state, &completion, turn.agent).await?, completion))
}

fn unknown_response(id: &str) -> AnswerProblem {
    let id: String = id.chars().take(100).collect();
    AnswerProblem {
        status: StatusCode::NOT_FOUND,
        code: Some("previous_response_not_found"),
        ..AnswerProblem::invalid(format!(
            "There is no response `{}` here any more; send the whole conversation as `input`.",
            id.escape_debug()
        ))
    }
}

/// What later requests may continue.
#[derive(Debug)]
enum KeptChat {
    /// The chat with an agent: its session has what was said.
    Agent(ChatCompletion),
    /// The chat with a model.
    Model(Value),
    Nothing,
}

/// Remembers a response, so that a later request continues it.
#[derive(Debug)]
struct ResponseKeeper {
    state: Arc<GatewayState>,
    keep: KeptChat,
    session_key: Option<String>,
}

impl ResponseKeeper {
    fn remember(self, id: &str, items: &[ResponseItem]) {
        match (self.keep, self.session_key) {
            (KeptChat::Agent(completion), Some(key)) => {
                let text = items.iter().find_map(|item| match item {
                    ResponseItem::Message { text, .. } => Some(text.as_str()),
                    ResponseItem::Call { .. } => None,
                });
                self.state.conversations.remember(&completion, text.unwrap_or_default(), &key);
            }
            (KeptChat::Model(mut chat), _) => {
                let Some(Value::Array(mut messages)) = chat.get_mut("messages").map(Value::take)
                else {
                    return;
                };
                // Instructions are those of each request.
                messages.retain(|message| !is_instruction(message));
                messages.extend(output_messages(items));
                self.state.responses.remember(id, messages);
            }
            _ => {}
        }
    }
}

fn is_instruction(message: &Value) -> bool {
    message.get("role").and_then(Value::as_str) == Some("system")
}

/// Puts earlier messages before those of a chat, behind its instructions.
fn prepend_messages(chat: &mut Value, earlier: &[Value]) {
    let Some(messages) = chat.get_mut("messages").and_then(Value::as_array_mut) else { return };
    let start = messages.iter().take_while(|message| is_instruction(message)).count();
    messages.splice(start..start, earlier.iter().cloned());
}
