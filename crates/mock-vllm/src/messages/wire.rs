//! The bytes of an answer: its blocks, what it cost, and how it ended.

use std::sync::Arc;

use hyper::Response;

use crate::body::Body;
use crate::chat::{Usage, Whole};
use crate::ids::Ids;
use crate::response::{ApiError, json, quoted};
use crate::turn::Finish;

/// What every event and every body of one answer say.
#[derive(Debug)]
pub(crate) struct Envelope {
    pub(crate) id: String,
    pub(crate) model: String,
    pub(crate) usage: Usage,
    /// The stop string that ended it.
    pub(crate) stop: Option<String>,
    pub(crate) ids: Arc<Ids>,
}

/// What an answer has of calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Calls {
    None,
    /// The last one may be cut.
    Some,
    Whole,
}

impl Envelope {
    /// The body of an answer that is not streamed.
    pub(crate) fn whole(&self, whole: Whole) -> String {
        let calls = if whole.calls.is_empty() { Calls::None } else { Calls::Whole };
        let thought = whole.reasoning.filter(|text| !text.is_empty()).map(|text| {
            let (text, signature) = (quoted(&text), self.signature());
            format!("{{\"type\":\"thinking\",\"thinking\":{text},\"signature\":\"{signature}\"}}")
        });
        let text = whole.content.filter(|text| !text.is_empty());
        let mut blocks: Vec<String> =
            thought.into_iter().chain(text.map(|text| text_block(&text))).collect();
        for call in whole.calls {
            let (id, name) = (quoted(&self.call_id(call.id)), quoted(&call.name));
            let input = compact(&call.arguments.concat());
            blocks.push(format!(
                "{{\"type\":\"tool_use\",\"id\":{id},\"name\":{name},\"input\":{input}}}"
            ));
        }
        if blocks.is_empty() {
            blocks.push(text_block(""));
        }
        let (id, model, usage) = (quoted(&self.id), quoted(&self.model), self.spent());
        let (reason, stop) = self.reason(whole.finish, calls);
        let stop =
            stop.map_or_else(String::new, |stop| format!(",\"stop_sequence\":{}", quoted(stop)));
        format!(
            "{{\"id\":{id},\"type\":\"message\",\"role\":\"assistant\",\"content\":[{}],\
             \"model\":{model},\"stop_reason\":\"{reason}\"{stop},\"usage\":{usage}}}",
            blocks.join(",")
        )
    }

    /// Why an answer ended, and the stop string that ended it.
    pub(super) fn reason(&self, finish: Finish, calls: Calls) -> (&'static str, Option<&str>) {
        match (finish, calls, self.stop.as_deref()) {
            (Finish::Length, ..) => ("max_tokens", None),
            (_, Calls::Whole, _) => ("tool_use", None),
            (_, _, Some(stop)) => ("stop_sequence", Some(stop)),
            (Finish::ToolCalls, ..) | (_, Calls::Some, _) => ("tool_use", None),
            _ => ("end_turn", None),
        }
    }

    /// The `usage` at the end of an answer.
    pub(super) fn spent(&self) -> String {
        let Usage { prompt, completion, cached, created, .. } = self.usage;
        let input = prompt.saturating_sub(cached).saturating_sub(created);
        format!(
            "{{\"input_tokens\":{input},\"output_tokens\":{completion},\
             \"cache_creation_input_tokens\":{created},\"cache_read_input_tokens\":{cached}}}"
        )
    }

    pub(super) fn call_id(&self, given: Option<String>) -> String {
        given.unwrap_or_else(|| format!("chatcmpl-tool-{}", self.ids.next()))
    }

    pub(super) fn signature(&self) -> String {
        [self.ids.next(), self.ids.next()].concat()
    }
}

/// A refusal in the words of this API; those of the layer in front of it are as ever.
pub(crate) fn refusal(error: &ApiError) -> Response<Body> {
    if error.kind == "Bad Request" {
        return error.response();
    }
    let (kind, message) = (quoted(error.kind), quoted(&error.message));
    let body =
        format!("{{\"type\":\"error\",\"error\":{{\"type\":{kind},\"message\":{message}}}}}");
    json(error.status, body.into())
}

fn text_block(text: &str) -> String {
    format!("{{\"type\":\"text\",\"text\":{}}}", quoted(text))
}

/// Arguments as the body has them. Those that are no object are the client's to find.
fn compact(arguments: &str) -> String {
    serde_json::from_str::<serde_json::Value>(arguments).unwrap_or_default().to_string()
}
