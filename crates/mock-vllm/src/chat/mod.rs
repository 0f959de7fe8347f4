//! From a request to a response: `/v1/chat/completions`, and the other APIs in their own words.

mod answer;
mod limits;
mod request;
mod usage;
mod whole;
mod wire;

use std::sync::Arc;

use bytes::Bytes;
use hyper::{Response, StatusCode};
use serde_json::Value;

use self::answer::Answer;
use self::wire::{Envelope, Events};
use crate::body::{Body, Delivery, Dropped, EventBody, EventSource};
use crate::brain::{Question, by_rules};
use crate::engine::Engine;
use crate::ids::now;
use crate::messages;
use crate::metrics::Ticket;
use crate::reply::{self, Ending, ErrorBody, Faults, HttpReply, Reply};
use crate::response::{ApiError, event_stream};
use crate::responses::{self, Echo};
use crate::template::{Rendering, render};
use crate::turn::Turn;

pub(crate) use self::answer::{Delta, Whole};
pub(crate) use self::limits::check_length;
pub(crate) use self::request::{
    ChatRequest, StreamOptions, ToolChoice, invalid_fields, missing, parse_object, raw_field,
};
pub(crate) use self::usage::Usage;

/// Whose words a request is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Api {
    Chat,
    Responses,
    Messages,
}

/// What a handler knows of the request besides its body.
pub(crate) struct Call {
    pub(crate) engine: Arc<Engine>,
    pub(crate) presence: crate::engine::Presence,
    pub(crate) content_type: Option<String>,
    pub(crate) request_id: Option<String>,
    pub(crate) body: Bytes,
}

/// Answers a request to the model.
pub(crate) async fn complete(call: Call, api: Api) -> Result<Response<Body>, Dropped> {
    let engine = Arc::clone(&call.engine);
    // A scripted response stands for whatever is in front of the server: nothing is checked.
    let is_http = |reply: &Reply| matches!(reply.answer, reply::Answer::Http(_));
    if let Some(Reply { answer: reply::Answer::Http(reply), faults }) = engine.next_reply(is_http) {
        return whole::send_http(call, &reply, &faults).await;
    }
    let prompted = match prepare(&call, api) {
        Ok(prompted) => prompted,
        Err(error) => return Ok(refuse(call, api, &error)),
    };
    if engine.seats.are_full() {
        let reply = HttpReply { status: 503, body: ErrorBody::overload(), retry_after: None };
        return whole::send_http(call, &reply, &Faults::default()).await;
    }
    let reply = match engine.next_reply(|_| true) {
        Some(reply) => reply,
        None if engine.setup.has_rules => answer_by_rules(&prompted.request).into(),
        None => {
            let error = ApiError::internal("the script has no reply for this request");
            return Ok(refuse(call, api, &error));
        }
    };
    match reply.answer {
        reply::Answer::Http(http) => whole::send_http(call, &http, &reply.faults).await,
        reply::Answer::Turn(turn) => respond(call, prompted, turn, reply.faults).await,
    }
}

/// A request that passed every check.
struct Prompted {
    api: Api,
    request: ChatRequest,
    model: String,
    prompt: Vec<u32>,
    room: u32,
    window: u32,
    /// What a response repeats; none in a chat completion.
    echo: Option<Echo>,
}

fn prepare(call: &Call, api: Api) -> Result<Prompted, ApiError> {
    let fields = parse_object(call.content_type.as_deref(), &call.body)?;
    let echo = (api == Api::Responses).then(|| Echo::new(&fields, &call.body));
    let request = match api {
        Api::Chat => ChatRequest::new(fields, &call.body)?,
        Api::Responses => responses::read(&call.engine, fields)?,
        Api::Messages => messages::read(fields)?,
    };
    let (model, window) = find_model(&call.engine, request.text("model"))?;
    match api {
        Api::Chat | Api::Messages => check_tool_flags(&call.engine, &request)?,
        Api::Responses => responses::check_memory(&request)?,
    }
    if let (Some(is_accepted), Ok(body)) =
        (&call.engine.setup.request_rule, serde_json::from_slice(&call.body))
        && !is_accepted(&body)
    {
        return Err(ApiError::bad_request("Invalid request."));
    }
    let tools = request.tools.as_deref().filter(|_| call.engine.setup.template_has_tools);
    let prompt = render_checked(&request.messages, tools, &model, |name, default| {
        request.flag(name, default)
    })?;
    let length = u32::try_from(prompt.len()).unwrap_or(u32::MAX);
    let names: &[_] = match api {
        Api::Chat => &["max_completion_tokens", "max_tokens"],
        Api::Responses => &["max_output_tokens"],
        Api::Messages => &["max_completion_tokens"],
    };
    let room = limits::answer_room(&request, length, window, names)?;
    Ok(Prompted { api, request, model, prompt, room, window, echo })
}

fn answer_by_rules(request: &ChatRequest) -> Turn {
    let tools: Vec<_> = match &request.choice {
        ToolChoice::None => Vec::new(),
        ToolChoice::Named(name) => vec![name.as_str()],
        ToolChoice::Auto | ToolChoice::Required => request.tool_names().collect(),
    };
    let is_forced = request.choice.is_forced();
    let goes_on = request.flag("continue_final_message", false);
    by_rules(&Question { messages: &request.messages, tools: &tools, is_forced, goes_on })
}

/// The id and the window of the model asked for; the first one if none is named.
pub(crate) fn find_model(engine: &Engine, asked: Option<&str>) -> Result<(String, u32), ApiError> {
    let models = &engine.setup.models;
    let found = models.iter().find(|model| asked.is_none_or(|id| model.id == id));
    let Some(model) = found else {
        let aliases: Vec<_> = models.iter().map(|model| model.id.as_str()).collect();
        let (asked, aliases) = (asked.unwrap_or_default(), aliases.join(", "));
        return Err(ApiError {
            status: StatusCode::NOT_FOUND,
            message: format!("The model `{asked}` does not exist. Valid aliases: {aliases}."),
            kind: "NotFoundError",
            param: Some("model".to_owned()),
        });
    };
    let parent = || models.iter().find(|other| Some(&other.id) == model.parent.as_ref());
    let window = model.max_model_len.or_else(|| parent()?.max_model_len).unwrap_or(u32::MAX);
    Ok((model.id.clone(), window))
}

fn check_tool_flags(engine: &Engine, request: &ChatRequest) -> Result<(), ApiError> {
    let what = match &request.choice {
        _ if engine.setup.auto_tool_choice => return Ok(()),
        ToolChoice::None => return Ok(()),
        ToolChoice::Auto => {
            return Err(ApiError::bad_request(
                "\"auto\" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set",
            ));
        }
        ToolChoice::Required => "tool_choice=\"required\"".to_owned(),
        ToolChoice::Named(name) => format!("tool_choice=function \"{name}\""),
    };
    Err(ApiError::bad_request(format!("{what} requires --tool-call-parser to be set")))
}

/// Renders a conversation after the checks that stand before the template.
pub(crate) fn render_checked(
    messages: &[Value],
    tools: Option<&str>,
    model: &str,
    flag: impl Fn(&str, bool) -> bool,
) -> Result<Vec<u32>, ApiError> {
    const BOTH: &str =
        "Cannot set both `continue_final_message` and `add_generation_prompt` to True.";
    const CLASH: &str = "continue_final_message and add_generation_prompt are not compatible. Use \
        continue_final_message when you want the model to continue the final message, and \
        add_generation_prompt when you want to add a header that will prompt it to start a new \
        assistant message instead.";
    let continue_final_message = flag("continue_final_message", false);
    if continue_final_message && flag("add_generation_prompt", false) {
        return Err(ApiError::bad_request(BOTH));
    }
    if messages.is_empty() {
        let message =
            "Cannot apply chat template to an empty conversation. Provide at least one message.";
        return Err(ApiError::bad_request(message));
    }
    let parts = messages.iter().filter_map(|message| message.get("content")?.as_array()).flatten();
    let mut kinds = parts.filter_map(|part| part.get("type")?.as_str());
    if kinds.any(|kind| matches!(kind, "image_url" | "input_audio" | "audio_url" | "video_url")) {
        return Err(ApiError::bad_request(format!("{model} is not a multimodal model")));
    }
    let add_generation_prompt = flag("add_generation_prompt", true);
    if continue_final_message && add_generation_prompt {
        return Err(ApiError::bad_request(CLASH));
    }
    Ok(render(Rendering { messages, tools, add_generation_prompt, continue_final_message }))
}

async fn respond(
    call: Call,
    prompted: Prompted,
    turn: Turn,
    faults: Faults,
) -> Result<Response<Body>, Dropped> {
    let Call { engine, mut presence, request_id, .. } = call;
    if let Some(Ending::NoResponse) = faults.ending_at(0) {
        presence.is_served();
        return Err(Dropped);
    }
    let Prompted { api, request, model, prompt, room, window, echo } = prompted;
    let given = turn.usage;
    let answer = Answer::new(turn, &request, room);
    let found = engine.admit(&model, request.text("cache_salt").unwrap_or_default(), &prompt);
    let has_parser = engine.setup.reasoning_parser || answer.reasoned || given.reasoning.is_some();
    let usage = Usage {
        prompt: given.prompt.unwrap_or(u32::try_from(prompt.len()).unwrap_or(u32::MAX)),
        completion: answer.completion_tokens,
        cached: given.cached.unwrap_or(found.cached_tokens),
        created: given.created.unwrap_or(found.created_tokens),
        reasoning: has_parser.then_some(given.reasoning.unwrap_or_default()),
    };
    let ticket = Ticket::new(Arc::clone(&engine.seats));
    let parallel = request.flag("parallel_tool_calls", true);
    let finish = answer.finish;
    if let Some(echo) = echo {
        let left = window.saturating_sub(usage.prompt);
        let envelope = responses::Envelope {
            id: echo.id.clone().unwrap_or_else(|| format!("resp_{}", engine.ids.next())),
            created: now(),
            model,
            usage,
            max_output_tokens: echo.most.map_or(left, |most| most.min(left)),
            echo,
            ids: Arc::clone(&engine.ids),
        };
        let delivery = Delivery { engine, faults, ticket, presence };
        if request.stream.is_some() {
            let deltas = answer.into_deltas(parallel);
            return Ok(streamed(responses::Events::new(envelope, deltas, finish), delivery));
        }
        let body = |whole| envelope.whole(whole);
        return whole::send((usage, &body), answer, parallel, delivery).await;
    }
    let id = request_id.or_else(|| request.text("request_id").map(str::to_owned));
    let id = format!("chatcmpl-{}", id.unwrap_or_else(|| engine.ids.next()));
    if api == Api::Messages {
        let (stop, ids) = (answer.stop_reason.clone(), Arc::clone(&engine.ids));
        let envelope = messages::Envelope { id, model, usage, stop, ids };
        let delivery = Delivery { engine, faults, ticket, presence };
        if request.stream.is_some() {
            let deltas = answer.into_deltas(parallel);
            return Ok(streamed(messages::Events::new(envelope, deltas, finish), delivery));
        }
        let body = |whole| envelope.whole(whole);
        return whole::send((usage, &body), answer, parallel, delivery).await;
    }
    let envelope = Envelope {
        id,
        created: now(),
        model,
        role: role(&request),
        stop_reason: answer.stop_reason.clone(),
        usage,
        ids: Arc::clone(&engine.ids),
    };
    let delivery = Delivery { engine, faults, ticket, presence };
    match request.stream {
        None => {
            let body = |whole| wire::whole_body(&envelope, whole);
            whole::send((usage, &body), answer, parallel, delivery).await
        }
        Some(options) => {
            let deltas = answer.into_deltas(parallel);
            let empty = match request.choice {
                ToolChoice::None if has_parser => "{\"reasoning\":\"\"}",
                ToolChoice::None => "{\"content\":\"\"}",
                _ => "{}",
            };
            let events = Events::new(envelope, deltas, finish, options, empty);
            Ok(streamed(events, delivery))
        }
    }
}

fn streamed(events: impl EventSource + 'static, delivery: Delivery) -> Response<Body> {
    event_stream(Body::events(EventBody::new(Box::new(events), delivery)))
}

fn refuse(mut call: Call, api: Api, error: &ApiError) -> Response<Body> {
    call.presence.is_served();
    if api == Api::Messages { messages::refusal(error) } else { error.response() }
}

/// Who speaks: without a generation prompt, whoever spoke last.
fn role(request: &ChatRequest) -> String {
    let last = request.messages.last().and_then(|message| message.get("role")?.as_str());
    let is_asked = request.flag("add_generation_prompt", true);
    last.filter(|_| !is_asked).unwrap_or("assistant").to_owned()
}
