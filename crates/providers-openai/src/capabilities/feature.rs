//! The things that some servers do not do.

/// What a server was found not to do for one model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ServerFeature {
    /// Tools that the model may call: `tools` without a choice. They are offered in text.
    AutoToolChoice,
    /// `tool_choice` with a function's name. `required` with that one tool stands for it.
    NamedToolChoice,
    /// `tool_choice` in any form. It is left out.
    ToolChoice,
    /// The role `tool`, or calls in the history. Both become text, and so do the tools.
    ToolRole,
    /// Several calls in one message of the history. Each gets a message of its own.
    ParallelToolCalls,
    /// Ids of calls other than of nine letters and digits. Such ids stand for them.
    AnyCallIdFormat,
    /// The user speaking right after the result of a call. A message of the model goes between.
    UserAfterToolResult,
    /// The role `system`. Its text goes in front of the first message of the user.
    SystemRole,
    /// Content that is not a string: lists of parts, or none beside calls. Lists are never sent;
    /// where there is none, an empty string is.
    ContentParts,
    /// Reasoning that is sent back in a field of its own. It is left out.
    ReasoningField,
    /// `stream_options`. It is left out; the server then counts no tokens.
    StreamUsage,
    /// The route `/tokenize`. It is not asked.
    TokenizeRoute,
    /// `strict` on a function. It is left out.
    StrictMode,
    /// `max_tokens`. `max_completion_tokens` stands for it.
    MaxTokensField,
}

impl ServerFeature {
    /// Each of them.
    pub const ALL: [Self; 14] = [
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
        }
    }

    /// The lack of a name; `None` for a name of none.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|feature| feature.name() == name)
    }
}
