//! The paths the server knows, the key in front of them, and the small answers.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use hyper::body::{Body as _, Incoming};
use hyper::header::AUTHORIZATION;
use hyper::http::request::Parts;
use hyper::{Method, Request, Response, StatusCode};
use serde_json::Value;
use tokio::sync::watch;

use crate::body::{Body, Dropped};
use crate::chat::{self, Api, Call, find_model, parse_object, raw_field, render_checked};
use crate::engine::{Engine, Presence};
use crate::ids::VERSION;
use crate::response::{
    ApiError, empty, json, method_not_allowed, not_found, quoted, typed, unauthorized,
};
use crate::{Seen, messages, responses, tokenizer};

/// Answers one request.
pub(crate) async fn handle(
    engine: Arc<Engine>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Dropped> {
    let (parts, incoming) = request.into_parts();
    let left = Arc::new(watch::Sender::new(false));
    let mut presence = Presence::new(Arc::clone(&engine), Arc::clone(&left));
    let Some(body) = collect(incoming).await else { return Err(Dropped) };
    if engine.setup.records {
        engine.record(seen(&parts, body.clone(), left));
    }
    let is_api = parts.uri.path().starts_with("/v1");
    let is_open = !is_api || has_key(&engine, &parts);
    let route = Route::find(parts.uri.path()).filter(|_| is_api || engine.setup.root_routes);
    let response = match (is_open, route) {
        (false, _) => unauthorized(),
        (true, None) => not_found(),
        (true, Some(route)) if !route.takes(&parts.method) => method_not_allowed(route.method()),
        (true, Some(route @ (Route::Chat | Route::Responses | Route::Messages))) => {
            let header = |name: &str| {
                parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
            };
            let (content_type, request_id) = (header("content-type"), header("x-request-id"));
            let api = match route {
                Route::Responses => Api::Responses,
                Route::Messages => Api::Messages,
                _ => Api::Chat,
            };
            let call = Call { engine, presence, content_type, request_id, body };
            return chat::complete(call, api).await;
        }
        (true, Some(route)) => route.answer(&engine, &parts, &body),
    };
    presence.is_served();
    Ok(response)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Route {
    Health,
    Ping,
    Version,
    Load,
    Metrics,
    Models,
    Chat,
    Responses,
    KeptResponse,
    Messages,
    CountTokens,
    Tokenize,
    Detokenize,
}

impl Route {
    fn find(path: &str) -> Option<Self> {
        Some(match path {
            "/health" => Self::Health,
            "/ping" => Self::Ping,
            "/version" => Self::Version,
            "/load" => Self::Load,
            "/metrics" => Self::Metrics,
            "/v1/models" => Self::Models,
            "/v1/chat/completions" => Self::Chat,
            "/v1/responses" => Self::Responses,
            path if path.starts_with("/v1/responses/") => Self::KeptResponse,
            "/v1/messages" => Self::Messages,
            "/v1/messages/count_tokens" => Self::CountTokens,
            "/tokenize" => Self::Tokenize,
            "/detokenize" => Self::Detokenize,
            _ => return None,
        })
    }

    fn method(self) -> &'static str {
        match self {
            Self::Chat
            | Self::Responses
            | Self::Messages
            | Self::CountTokens
            | Self::Tokenize
            | Self::Detokenize => "POST",
            _ => "GET",
        }
    }

    fn takes(self, method: &Method) -> bool {
        method.as_str() == self.method() || (self == Self::Ping && method == Method::POST)
    }

    fn answer(self, engine: &Engine, parts: &Parts, body: &Bytes) -> Response<Body> {
        let ok = |body: String| json(StatusCode::OK, body.into());
        let content_type = parts.headers.get("content-type").and_then(|value| value.to_str().ok());
        let done = match self {
            Self::Version => return ok(format!("{{\"version\":\"{VERSION}\"}}")),
            Self::Load => {
                return ok(format!("{{\"server_load\":{}}}", engine.seats.stats.in_flight()));
            }
            Self::Models => return ok(models(engine)),
            Self::Metrics => {
                let first = engine.setup.models.first().map_or("", |model| &model.id);
                let text = engine.seats.stats.render(first);
                return typed(
                    StatusCode::OK,
                    "text/plain; version=1.0.0; charset=utf-8",
                    text.into(),
                );
            }
            Self::Tokenize => tokenize(engine, content_type, body),
            Self::Detokenize => detokenize(engine, content_type, body),
            Self::KeptResponse => {
                let id = parts.uri.path().rsplit('/').next().unwrap_or_default();
                Err(responses::not_kept(id))
            }
            Self::CountTokens => {
                let counted = messages::count(engine, content_type, body);
                return counted.map_or_else(|error| messages::refusal(&error), ok);
            }
            Self::Health | Self::Ping | Self::Chat | Self::Responses | Self::Messages => {
                return empty();
            }
        };
        done.map_or_else(|error| error.response(), ok)
    }
}

fn has_key(engine: &Engine, parts: &Parts) -> bool {
    let Some(key) = &engine.setup.api_key else { return true };
    let given = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let given = given.and_then(|value| value.split_once(' '));
    parts.method == Method::OPTIONS
        || given
            .is_some_and(|(scheme, token)| scheme.eq_ignore_ascii_case("bearer") && token == key)
}

/// The body; `None` if the client broke off.
async fn collect(mut incoming: Incoming) -> Option<Bytes> {
    let mut all = BytesMut::new();
    while let Some(frame) = poll_fn(|context| Pin::new(&mut incoming).poll_frame(context)).await {
        if let Ok(data) = frame.ok()?.into_data() {
            if incoming.is_end_stream() && all.is_empty() {
                return Some(data);
            }
            all.extend_from_slice(&data);
        }
    }
    Some(all.freeze())
}

fn seen(parts: &Parts, body: Bytes, left: Arc<watch::Sender<bool>>) -> Seen {
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in &parts.headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        headers
            .entry(name.as_str().to_owned())
            .and_modify(|all| {
                all.push_str(", ");
                all.push_str(&value);
            })
            .or_insert_with(|| value.into_owned());
    }
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    Seen { method: parts.method.to_string(), path: path.to_owned(), headers, body, left }
}

fn models(engine: &Engine) -> String {
    let cards = engine.setup.models.iter().map(|model| {
        let (id, root, created) = (quoted(&model.id), quoted(&model.root), engine.started);
        let parent = model.parent.as_deref().map_or_else(|| "null".to_owned(), quoted);
        let window = model.max_model_len.map_or_else(|| "null".to_owned(), |tokens| tokens.to_string());
        let permission = engine.ids.next();
        format!(
            "{{\"id\":{id},\"object\":\"model\",\"created\":{created},\"owned_by\":\"vllm\",\"root\":{root},\
             \"parent\":{parent},\"max_model_len\":{window},\"permission\":[{{\"id\":\"modelperm-{permission}\",\
             \"object\":\"model_permission\",\"created\":{created},\"allow_create_engine\":false,\
             \"allow_sampling\":true,\"allow_logprobs\":true,\"allow_search_indices\":false,\
             \"allow_view\":true,\"allow_fine_tuning\":false,\"organization\":\"*\",\"group\":null,\
             \"is_blocking\":false}}]}}"
        )
    });
    format!("{{\"object\":\"list\",\"data\":[{}]}}", cards.collect::<Vec<_>>().join(","))
}

fn tokenize(engine: &Engine, content_type: Option<&str>, body: &Bytes) -> Result<String, ApiError> {
    let fields = parse_object(content_type, body)?;
    let flag = |name: &str, default| fields.get(name).and_then(Value::as_bool).unwrap_or(default);
    let (model, window) = find_model(engine, fields.get("model").and_then(Value::as_str))?;
    let ids = match (fields.get("messages").and_then(Value::as_array), fields.get("prompt")) {
        (Some(messages), _) => {
            let tools = fields
                .get("tools")
                .filter(|tools| tools.is_array() && engine.setup.template_has_tools);
            let tools = tools.and_then(|_| raw_field(body, "tools"));
            render_checked(messages, tools.as_deref(), &model, flag)?
        }
        (None, Some(Value::String(prompt))) => {
            let mut ids = Vec::new();
            tokenizer::encode_into(&mut ids, prompt);
            ids
        }
        (None, _) => return Err(chat::missing("messages", fields.len())),
    };
    let (count, texts) =
        (ids.len(), ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(","));
    let mut json = format!(
        "{{\"count\":{count},\"max_model_len\":{window},\"tokens\":[{texts}],\"token_strs\":"
    );
    if flag("return_token_strs", false) {
        for (index, &id) in ids.iter().enumerate() {
            let open = if index == 0 { '[' } else { ',' };
            // Writing to a String cannot fail.
            let _ = write!(json, "{open}{}", quoted(&tokenizer::spelling(id)));
        }
        json.push_str(if ids.is_empty() { "[]}" } else { "]}" });
    } else {
        json.push_str("null}");
    }
    Ok(json)
}

fn detokenize(
    engine: &Engine,
    content_type: Option<&str>,
    body: &Bytes,
) -> Result<String, ApiError> {
    let fields = parse_object(content_type, body)?;
    find_model(engine, fields.get("model").and_then(Value::as_str))?;
    let Some(tokens) = fields.get("tokens").and_then(Value::as_array) else {
        return Err(chat::missing("tokens", fields.len()));
    };
    let ids = tokens.iter().map(|token| token.as_u64().and_then(|id| u32::try_from(id).ok()));
    let text: String = ids.map(|id| tokenizer::decode(id.unwrap_or_default())).collect();
    Ok(format!("{{\"prompt\":{}}}", quoted(&text)))
}
