//! `models.providers.<id>.models[].compat`: what a server does differently.

use schemars::JsonSchema;
use serde::Deserialize;

/// What a server does differently for a model. Settings that are left out are detected.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct CompatConfig {
    /// Whether `tools` may be sent.
    pub supports_tools: Option<bool>,
    /// Whether the content of a message must be a string and never a list of parts.
    pub requires_string_content: Option<bool>,
    /// Whether `stream_options.include_usage` may be sent.
    pub supports_usage_in_streaming: Option<bool>,
    /// Whether the role `developer` may be sent.
    pub supports_developer_role: Option<bool>,
    /// Whether `reasoning_effort` may be sent.
    pub supports_reasoning_effort: Option<bool>,
    /// How the server is told how much to think: `openai`, `openrouter`, `deepseek`, `together`,
    /// `qwen`, `qwen-chat-template` or `zai`. The level is `reasoning_effort`, or a word in
    /// `thinking`, of the model's parameters.
    pub thinking_format: Option<String>,
    /// Whether `store` may be sent.
    pub supports_store: Option<bool>,
    /// Whether `strict` may be sent with a tool.
    pub supports_strict_mode: Option<bool>,
    /// Whether `prompt_cache_key` may be sent.
    pub supports_prompt_cache_key: Option<bool>,
    /// The field that limits the answer.
    pub max_tokens_field: Option<MaxTokensField>,
    /// Whether a tool result must include the tool's name.
    pub requires_tool_result_name: Option<bool>,
    /// Whether an assistant message must follow a tool result.
    pub requires_assistant_after_tool_result: Option<bool>,
    /// Whether reasoning must be sent back as plain text.
    pub requires_thinking_as_text: Option<bool>,
    /// The keywords of JSON Schema that the server refuses in a tool's parameters.
    pub unsupported_tool_schema_keywords: Vec<String>,
}

/// The field that limits an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MaxTokensField {
    /// `max_completion_tokens`, the newer name.
    MaxCompletionTokens,
    /// `max_tokens`.
    MaxTokens,
}
