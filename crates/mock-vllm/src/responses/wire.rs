//! The bytes of an answer: the object that describes all of it, and its items.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::chat::{Usage, Whole};
use crate::ids::Ids;
use crate::python;
use crate::response::quoted;
use crate::turn::Finish;

/// What an answer repeats of its request, as JSON.
#[derive(Debug)]
pub(crate) struct Echo {
    pub(crate) id: Option<String>,
    /// The most tokens asked for.
    pub(crate) most: Option<u32>,
    head: [String; 2],
    parallel: bool,
    sampling: [String; 4],
    tools: String,
    tool_choice: String,
    user: String,
}

/// What every event and every body of one answer say.
#[derive(Debug)]
pub(crate) struct Envelope {
    pub(crate) id: String,
    pub(crate) created: u64,
    pub(crate) model: String,
    pub(crate) usage: Usage,
    pub(crate) echo: Echo,
    pub(crate) max_output_tokens: u32,
    pub(crate) ids: Arc<Ids>,
}

/// How far an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    InProgress,
    Ended(Finish),
}

impl Echo {
    /// Reads a body whose fields are these.
    pub(crate) fn new(fields: &Map<String, Value>, body: &Bytes) -> Self {
        let raw: BTreeMap<String, &RawValue> = serde_json::from_slice(body).unwrap_or_default();
        let json = |name: &str| raw.get(name).map_or_else(null, |raw| compact(raw.get()));
        let float = |name: &str, default: f64| {
            python::float(fields.get(name).and_then(Value::as_f64).unwrap_or(default))
        };
        let has_tools =
            fields.get("tools").and_then(Value::as_array).is_some_and(|t| !t.is_empty());
        let tool_choice = match fields.get("tool_choice") {
            Some(Value::Object(choice)) => {
                let name = choice.get("name").and_then(Value::as_str).unwrap_or_default();
                format!("{{\"name\":{},\"type\":\"function\"}}", quoted(name))
            }
            None | Some(Value::Null) if has_tools => quoted("auto"),
            Some(Value::String(choice)) if has_tools => quoted(choice),
            _ => quoted("none"),
        };
        let tools: Vec<BTreeMap<String, &RawValue>> = raw
            .get("tools")
            .and_then(|raw| serde_json::from_str(raw.get()).ok())
            .unwrap_or_default();
        let most = fields.get("max_output_tokens").and_then(Value::as_u64);
        Self {
            id: fields.get("request_id").and_then(Value::as_str).map(str::to_owned),
            most: most.and_then(|most| u32::try_from(most).ok()),
            head: [json("instructions"), json("metadata")],
            parallel: fields.get("parallel_tool_calls").and_then(Value::as_bool).unwrap_or(true),
            sampling: [
                float("temperature", 1.0),
                float("top_p", 1.0),
                float("presence_penalty", 0.0),
                float("frequency_penalty", 0.0),
            ],
            tools: tools.iter().map(tool).collect::<Vec<_>>().join(","),
            tool_choice,
            user: json("user"),
        }
    }
}

fn tool(tool: &BTreeMap<String, &RawValue>) -> String {
    let field = |name: &str| tool.get(name).map_or_else(null, |raw| compact(raw.get()));
    format!(
        "{{\"name\":{},\"parameters\":{},\"strict\":{},\"type\":\"function\",\"allowed_callers\":null,\
         \"async\":null,\"defer_loading\":null,\"description\":{},\"output_schema\":null}}",
        field("name"),
        field("parameters"),
        field("strict"),
        field("description")
    )
}

impl Envelope {
    /// The answer as a whole, with these items.
    pub(crate) fn object(&self, items: &[String], status: Status) -> String {
        let Echo { head: [instructions, metadata], sampling, tools, tool_choice, user, .. } =
            &self.echo;
        let [temperature, top_p, presence, frequency] = sampling;
        let (status, details) = match status {
            Status::InProgress => ("in_progress", null()),
            Status::Ended(Finish::Length) => {
                ("incomplete", "{\"reason\":\"max_output_tokens\"}".to_owned())
            }
            Status::Ended(_) => ("completed", null()),
        };
        let usage = if status == "in_progress" { null() } else { self.usage.responses() };
        format!(
            "{{\"id\":{},\"created_at\":{},\"incomplete_details\":{details},\"instructions\":{instructions},\
             \"metadata\":{metadata},\"model\":{},\"object\":\"response\",\"output\":[{}],\
             \"parallel_tool_calls\":{},\"temperature\":{temperature},\"tool_choice\":{tool_choice},\
             \"tools\":[{tools}],\"top_p\":{top_p},\"background\":false,\"max_output_tokens\":{},\
             \"max_tool_calls\":null,\"previous_response_id\":null,\"prompt\":null,\"reasoning\":null,\
             \"service_tier\":\"auto\",\"status\":\"{status}\",\"text\":null,\"top_logprobs\":null,\
             \"truncation\":\"disabled\",\"usage\":{usage},\"user\":{user},\
             \"presence_penalty\":{presence},\"frequency_penalty\":{frequency},\
             \"kv_transfer_params\":null,\"ec_transfer_params\":null,\"input_messages\":null,\
             \"output_messages\":null}}",
            quoted(&self.id),
            self.created,
            quoted(&self.model),
            items.join(","),
            self.echo.parallel,
            self.max_output_tokens,
        )
    }

    /// The body of an answer that is not streamed.
    pub(crate) fn whole(&self, whole: Whole) -> String {
        let mut items = Vec::new();
        if let Some(text) = whole.reasoning.filter(|text| !text.is_empty()) {
            items.push(reasoning(&self.item_id("rs"), Some(&text), "null"));
        }
        if let Some(text) = whole.content.filter(|text| !text.is_empty()) {
            items.push(message(&self.item_id("msg"), Some(&text), "completed"));
        }
        for call in whole.calls {
            let call_id = self.call_id(call.id);
            let arguments = call.arguments.concat();
            let (id, names) = (self.item_id("fc"), (call_id.as_str(), call.name.as_str()));
            items.push(function_call(&id, names, &arguments, "completed"));
        }
        self.object(&items, Status::Ended(whole.finish))
    }

    /// A new id for an item of a kind.
    pub(crate) fn item_id(&self, kind: &str) -> String {
        format!("{kind}_{}", self.ids.next())
    }

    pub(crate) fn call_id(&self, given: Option<String>) -> String {
        given.unwrap_or_else(|| format!("chatcmpl-tool-{}", self.ids.next()))
    }
}

/// A message, or the beginning of one.
pub(crate) fn message(id: &str, text: Option<&str>, status: &str) -> String {
    let content = text.filter(|text| !text.is_empty()).map(|text| output_text(text, "null"));
    let content = content.unwrap_or_default();
    format!(
        "{{\"id\":\"{id}\",\"content\":[{content}],\"role\":\"assistant\",\"status\":\"{status}\",\
         \"type\":\"message\",\"phase\":null}}"
    )
}

/// A text of a message.
pub(crate) fn output_text(text: &str, logprobs: &str) -> String {
    let text = quoted(text);
    format!(
        "{{\"annotations\":[],\"text\":{text},\"type\":\"output_text\",\"logprobs\":{logprobs}}}"
    )
}

/// Reasoning, or the beginning of it.
pub(crate) fn reasoning(id: &str, text: Option<&str>, status: &str) -> String {
    let content = text.map_or_else(null, |text| format!("[{}]", reasoning_text(text)));
    format!(
        "{{\"id\":\"{id}\",\"summary\":[],\"type\":\"reasoning\",\"content\":{content},\
         \"encrypted_content\":null,\"status\":{status}}}"
    )
}

/// A text of reasoning.
pub(crate) fn reasoning_text(text: &str) -> String {
    format!("{{\"text\":{},\"type\":\"reasoning_text\"}}", quoted(text))
}

/// A call, or the beginning of one.
pub(crate) fn function_call(
    id: &str,
    (call_id, name): (&str, &str),
    arguments: &str,
    status: &str,
) -> String {
    format!(
        "{{\"arguments\":{},\"call_id\":{},\"name\":{},\"type\":\"function_call\",\"id\":\"{id}\",\
         \"async\":null,\"caller\":null,\"namespace\":null,\"status\":\"{status}\"}}",
        quoted(arguments),
        quoted(call_id),
        quoted(name)
    )
}

fn null() -> String {
    "null".to_owned()
}

/// JSON without the white space between its tokens.
fn compact(json: &str) -> String {
    let (mut in_string, mut escaped) = (false, false);
    let mut keep = |char: char| {
        if in_string {
            in_string = escaped || char != '"';
            escaped = !escaped && char == '\\';
            return true;
        }
        in_string = char == '"';
        !char.is_ascii_whitespace()
    };
    json.chars().filter(|char| keep(*char)).collect()
}

#[cfg(test)]
mod tests {
    use super::compact;

    #[test]
    fn only_white_space_between_tokens_is_dropped() {
        let json = " { \"a b\" : [ 1 , \"c \\\" d\" , \"e\\\\\" , true ]\n}";
        assert_eq!(compact(json), "{\"a b\":[1,\"c \\\" d\",\"e\\\\\",true]}");
    }
}
