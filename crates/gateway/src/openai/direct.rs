//! A request for a model without an agent.

use openclaw_core::{ChatRequest, ToolChoice, ToolSpec};
use serde_json::{Map, Value, json};

use super::chat_messages::ChatMessages;
use super::sampling::{read_sampling, read_token_limit};

/// The most tools of a client.
const MAX_TOOLS: usize = 512;

/// A request for a model.
#[derive(Debug)]
pub(crate) struct DirectRequest {
    pub(crate) request: ChatRequest,
    /// The parameters of the call, which override those of the config.
    pub(crate) params: Map<String, Value>,
}

impl DirectRequest {
    /// Reads a chat completion.
    ///
    /// # Errors
    /// What is wrong with it, as a sentence.
    pub(crate) fn parse(body: &Value) -> Result<Self, String> {
        let messages = body.get("messages").and_then(Value::as_array);
        let messages = messages.ok_or("`messages` is missing or not a list.")?;
        let ChatMessages { system_prompt, history } = ChatMessages::parse(messages)?;
        let tools = body.get("tools").and_then(Value::as_array);
        let tools = tools.into_iter().flatten().enumerate().map(|(index, tool)| {
            read_tool(tool).map_err(|what| format!("`tools[{index}]` {what}."))
        });
        let mut tools: Vec<ToolSpec> = tools.collect::<Result<_, _>>()?;
        if tools.len() > MAX_TOOLS {
            return Err(format!("`tools` has more than {MAX_TOOLS} tools."));
        }
        let tool_choice = read_tool_choice(body.get("tool_choice"), &mut tools)?;
        let one_call = body.get("parallel_tool_calls").and_then(Value::as_bool) == Some(false);
        let request = ChatRequest {
            system_prompt: system_prompt.map(Into::into),
            tools: tools.into(),
            tool_choice,
            history,
            suffix: None,
            max_output_tokens: read_token_limit(body)?,
            max_tool_calls: one_call.then_some(1),
            is_background: false,
        };
        Ok(Self { request, params: read_sampling(body)? })
    }
}

fn read_tool(tool: &Value) -> Result<ToolSpec, String> {
    if tool.get("type").and_then(Value::as_str).is_some_and(|kind| kind != "function") {
        return Err("is no function; only functions are supported".to_owned());
    }
    let function = tool.get("function").ok_or("has no `function`")?;
    let text = |key: &str| function.get(key).and_then(Value::as_str);
    let name = text("name").ok_or("has no `name`")?;
    let parameters = match function.get("parameters") {
        None | Some(Value::Null) => json!({ "type": "object", "properties": {} }),
        Some(parameters) if parameters.is_object() => parameters.clone(),
        Some(_) => return Err("has `parameters` that are no JSON Schema".to_owned()),
    };
    let description = text("description").unwrap_or_default();
    ToolSpec::new(name, description, parameters).map_err(|error| format!("is no tool: {error}"))
}

/// Reads which tool must be called. Without a tool to call none is offered.
fn read_tool_choice(
    choice: Option<&Value>,
    tools: &mut Vec<ToolSpec>,
) -> Result<ToolChoice, String> {
    let named = match choice {
        None | Some(Value::Null) => return Ok(ToolChoice::Auto),
        Some(Value::String(choice)) => match (choice.as_str(), tools.as_slice()) {
            ("auto", _) => return Ok(ToolChoice::Auto),
            ("none", _) => {
                tools.clear();
                return Ok(ToolChoice::Auto);
            }
            ("required", [only]) => return Ok(ToolChoice::Named(only.name.clone())),
            ("required", _) => {
                return Err(
                    "`tool_choice: \"required\"` is supported with one tool only; name the \
                     tool that must be called."
                        .to_owned(),
                );
            }
            _ => return Err("`tool_choice` is none of auto, none, required and a tool.".to_owned()),
        },
        Some(choice) => choice.pointer("/function/name").or_else(|| choice.get("name")),
    };
    let named = named.and_then(Value::as_str).unwrap_or_default();
    let tool = tools.iter().find(|tool| tool.name.as_str() == named);
    let tool = tool.ok_or("`tool_choice` names a tool that is not in `tools`.")?;
    Ok(ToolChoice::Named(tool.name.clone()))
}
