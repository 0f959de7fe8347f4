//! Features that some servers lack.

/// A feature that a server may lack for one model, and what a request does without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ServerFeature {
    /// `tools` without `tool_choice`. The tools are described in the prompt instead.
    AutoToolChoice,
    /// `tool_choice` with a function's name. `required` with that one tool replaces it.
    NamedToolChoice,
    /// `tool_choice` in any form. It is left out.
    ToolChoice,
    /// The role `tool`, or tool calls in the history. Both are sent as text, and so are the tools.
    ToolRole,
    /// Several tool calls in one message of the history. Each gets its own message.
    ParallelToolCalls,
    /// Call ids in any format. They are replaced by ids of nine letters and digits.
    AnyCallIdFormat,
    /// A user message right after a tool result. An assistant message is put between.
    UserAfterToolResult,
    /// The role `system`. Its text is put before the first user message.
    SystemRole,
    /// Content that is not a string: lists of parts, or none beside tool calls. Lists are never
    /// sent; missing content is sent as an empty string.
    ContentParts,
    /// Reasoning sent back in a field of its own. It is left out.
    ReasoningField,
    /// `stream_options`. It is left out; the server then reports no token usage.
    StreamUsage,
    /// The route `/tokenize`. It is not called.
    TokenizeRoute,
    /// `strict` on a function. It is left out.
    StrictMode,
    /// `max_tokens`. `max_completion_tokens` replaces it.
    MaxTokensField,
    /// Tool results without the tool's name. Each is sent with it.
    UnnamedToolResult,
    /// A chat template that shows tools to the model. They are described in the prompt instead.
    ToolTemplate,
}

impl ServerFeature {
    /// All features.
    pub const ALL: [Self; 16] = [
        Self::AutoToolChoice,
        Self::NamedToolChoice,
        Self::ToolChoice,
        Self::ToolRole,
        Self::ParallelToolCalls,
        Self::AnyCallIdFormat,
        Self::UserAfterToolResult,
        Self::SystemRole,
        Self::ContentParts,
        Self::ReasoningField,
        Self::StreamUsage,
        Self::TokenizeRoute,
        Self::StrictMode,
        Self::MaxTokensField,
        Self::UnnamedToolResult,
        Self::ToolTemplate,
    ];

    /// The name used in files and JSON, e.g. `auto-tool-choice`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AutoToolChoice => "auto-tool-choice",
            Self::NamedToolChoice => "named-tool-choice",
            Self::ToolChoice => "tool-choice",
            Self::ToolRole => "tool-role",
            Self::ParallelToolCalls => "parallel-calls",
            Self::AnyCallIdFormat => "long-call-ids",
            Self::UserAfterToolResult => "user-after-result",
            Self::SystemRole => "system-role",
            Self::ContentParts => "content-parts",
            Self::ReasoningField => "reasoning-field",
            Self::StreamUsage => "stream-usage",
            Self::TokenizeRoute => "tokenize",
            Self::StrictMode => "strict",
            Self::MaxTokensField => "max-tokens",
            Self::UnnamedToolResult => "unnamed-results",
            Self::ToolTemplate => "tool-template",
        }
    }

    /// Returns the feature with this name; `None` for an unknown name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|feature| feature.name() == name)
    }
}
