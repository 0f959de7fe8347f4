//! The things that some servers do not do.

/// What a server was found not to do for one model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Lack {
    /// Tools that the model may call: `tools` without a choice. They are offered in text.
    AutoToolChoice,
    /// `tool_choice` with a function's name. `required` with that one tool stands for it.
    NamedToolChoice,
    /// `tool_choice` in any form. It is left out.
    ToolChoice,
    /// The role `tool`, or calls in the history. Both become text, and so do the tools.
    ToolRole,
    /// Several calls in one message of the history. Each gets a message of its own.
    ParallelCalls,
    /// Ids of calls other than of nine letters and digits. Such ids stand for them.
    LongCallIds,
    /// The user speaking right after the result of a call. A message of the model goes between.
    UserAfterResult,
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
    Tokenize,
    /// `strict` on a function. It is left out.
    Strict,
    /// `max_tokens`. `max_completion_tokens` stands for it.
    MaxTokens,
}

impl Lack {
    /// Each of them.
    pub const ALL: [Self; 14] = [
        Self::AutoToolChoice,
        Self::NamedToolChoice,
        Self::ToolChoice,
        Self::ToolRole,
        Self::ParallelCalls,
        Self::LongCallIds,
        Self::UserAfterResult,
        Self::SystemRole,
        Self::ContentParts,
        Self::ReasoningField,
        Self::StreamUsage,
        Self::Tokenize,
        Self::Strict,
        Self::MaxTokens,
    ];

    /// The name used in files and JSON, e.g. `auto-tool-choice`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AutoToolChoice => "auto-tool-choice",
            Self::NamedToolChoice => "named-tool-choice",
            Self::ToolChoice => "tool-choice",
            Self::ToolRole => "tool-role",
            Self::ParallelCalls => "parallel-calls",
            Self::LongCallIds => "long-call-ids",
            Self::UserAfterResult => "user-after-result",
            Self::SystemRole => "system-role",
            Self::ContentParts => "content-parts",
            Self::ReasoningField => "reasoning-field",
            Self::StreamUsage => "stream-usage",
            Self::Tokenize => "tokenize",
            Self::Strict => "strict",
            Self::MaxTokens => "max-tokens",
        }
    }

    /// The lack of a name; `None` for a name of none.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lack| lack.name() == name)
    }
}
