//! The words in which servers refuse.

use crate::knowledge::Lack;

/// One wording.
pub(super) struct Wording {
    /// Each of these stands in the text, which is in lower case; of alternatives, between bars,
    /// one does.
    marks: &'static [&'static str],
    /// What may be meant, likeliest first: the first one that the request held is.
    pub(super) lacks: &'static [Lack],
    /// Whether no doubt is left.
    pub(super) is_certain: bool,
    /// What makes the server take it; empty when nothing is known to.
    pub(super) mend: &'static str,
}

impl Wording {
    pub(super) fn fits(&self, text: &str) -> bool {
        self.marks.iter().all(|mark| mark.split('|').any(|mark| text.contains(mark)))
    }
}

/// A field that is not known, or a value that is not.
const UNKNOWN: &str = "extra inputs|extra fields|extra_forbidden|unknown|unrecognized|unrecognised|\
                       unexpected|unsupported|not supported|not permitted|not allowed|additional \
                       properties|no such field|does not support|invalid";

const PARSER: &str = "`--enable-auto-tool-choice --tool-call-parser NAME` (`hermes`, `llama3_json`, `mistral`, … by \
     model family) makes vLLM take them.";
const JINJA: &str = "`--jinja` makes llama.cpp take them.";
const USAGE: &str = "`compat.supportsUsageInStreaming: false` of the model says so from the start.";
const STRICT: &str = "`compat.supportsStrictMode: false` of the model says so from the start.";
const NEWER: &str = "`compat.maxTokensField: \"max_completion_tokens\"` of the model says so from \
                     the start.";
const BRIDGE: &str =
    "`compat.requiresAssistantAfterToolResult: true` of the model says so from the start.";
const TEMPLATE: &str = "`--chat-template FILE` with a template that has it would change that.";

/// The wordings that are known, the plainest first.
pub(super) const WORDINGS: &[Wording] = &[
    sure(&["--tool-call-parser|--enable-auto-tool-choice"], &[Lack::AutoToolChoice], PARSER),
    sure(&["tool", "--jinja"], &[Lack::AutoToolChoice], JINJA),
    sure(
        &["not support tools|not support tool use|not support tool call|not support function \
             call|support tool use|tools are not supported|tools is not supported|tool calling is \
             not supported|function calling is not supported|tool use is not supported"],
        &[Lack::AutoToolChoice],
        "",
    ),
    // LM Studio.
    sure(&["tool_choice", "supported string values|'object'"], &[Lack::NamedToolChoice], ""),
    sure(&["tool_choice", "valid string|must be a string"], &[Lack::NamedToolChoice], ""),
    sure(&["tool_choice", UNKNOWN], &[Lack::ToolChoice], ""),
    sure(&["single tool-call"], &[Lack::ParallelCalls], TEMPLATE),
    sure(&["tool call id", "length 9"], &[Lack::LongCallIds], ""),
    // Of templates: what they are given, they judge by the role alone.
    sure(
        &["system role not supported|system role is not supported|system messages are not \
             supported|system message is not supported|system prompt is not supported"],
        &[Lack::SystemRole],
        TEMPLATE,
    ),
    // Of servers with Mistral's own rules.
    sure(
        &["role 'user' after role 'tool'|role user after role tool|user message after a tool"],
        &[Lack::UserAfterResult],
        BRIDGE,
    ),
    sure(&["tool", "role", UNKNOWN], &[Lack::ToolRole], TEMPLATE),
    sure(&["system", "role", UNKNOWN], &[Lack::SystemRole], TEMPLATE),
    doubtful(
        &["roles must alternate"],
        &[Lack::UserAfterResult, Lack::ToolRole, Lack::SystemRole],
        TEMPLATE,
    ),
    doubtful(
        &[
            "only user and assistant roles|only user, assistant|unknown role|unexpected role|unsupported role|invalid role",
        ],
        &[Lack::ToolRole, Lack::SystemRole],
        TEMPLATE,
    ),
    doubtful(
        &[
            "can only concatenate str|content must be a string|content should be a string|content field is required|'content' is required|content: field required",
        ],
        &[Lack::ContentParts],
        TEMPLATE,
    ),
    doubtful(
        &["content", "valid string|must be string|a string, got|expected a string"],
        &[Lack::ContentParts],
        TEMPLATE,
    ),
    sure(&["stream_options|include_usage", UNKNOWN], &[Lack::StreamUsage], USAGE),
    sure(&["max_tokens", "max_completion_tokens", "instead"], &[Lack::MaxTokens], NEWER),
    doubtful(&["reasoning", UNKNOWN], &[Lack::ReasoningField], ""),
    doubtful(&["strict", UNKNOWN], &[Lack::Strict], STRICT),
    // The grammar is made of the schema only where `strict` asks for it.
    doubtful(&["grammar|schema"], &[Lack::Strict], STRICT),
    doubtful(&["tools", UNKNOWN], &[Lack::AutoToolChoice], ""),
];

const fn sure(
    marks: &'static [&'static str],
    lacks: &'static [Lack],
    mend: &'static str,
) -> Wording {
    Wording { marks, lacks, is_certain: true, mend }
}

const fn doubtful(
    marks: &'static [&'static str],
    lacks: &'static [Lack],
    mend: &'static str,
) -> Wording {
    Wording { marks, lacks, is_certain: false, mend }
}
