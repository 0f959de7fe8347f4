//! The wordings of refusals.

use crate::capabilities::ServerFeature;

/// One wording.
pub(super) struct RefusalPattern {
    /// Texts that must all occur in the error, in lower case; alternatives are separated by bars.
    markers: &'static [&'static str],
    /// The features that may be meant, likeliest first; the first one that the request used counts.
    pub(super) features: &'static [ServerFeature],
    /// Whether the wording is unambiguous.
    pub(super) is_certain: bool,
    /// How to make the server support it; empty when no way is known.
    pub(super) fix_hint: &'static str,
}

impl RefusalPattern {
    pub(super) fn matches_text(&self, text: &str) -> bool {
        self.markers.iter().all(|marker| marker.split('|').any(|mark| text.contains(mark)))
    }
}

/// Wordings for an unknown field or value.
const UNKNOWN_FIELD: &str = "extra inputs|extra fields|extra_forbidden|unknown|unrecognized|unrecognised|\
                       unexpected|unsupported|not supported|not permitted|not allowed|additional \
                       properties|no such field|does not support|invalid";

const PARSER_HINT: &str = "`--enable-auto-tool-choice --tool-call-parser NAME` (`hermes`, `llama3_json`, `mistral`, … by \
     model family) makes vLLM take them.";
const JINJA_HINT: &str = "`--jinja` makes llama.cpp take them.";
const USAGE_HINT: &str =
    "`compat.supportsUsageInStreaming: false` of the model says so from the start.";
const STRICT_HINT: &str = "`compat.supportsStrictMode: false` of the model says so from the start.";
const MAX_TOKENS_HINT: &str = "`compat.maxTokensField: \"max_completion_tokens\"` of the model says so from \
                     the start.";
const ASSISTANT_BRIDGE_HINT: &str =
    "`compat.requiresAssistantAfterToolResult: true` of the model says so from the start.";
const TEMPLATE_HINT: &str = "`--chat-template FILE` with a template that has it would change that.";

/// The known wordings, the clearest first.
pub(super) const REFUSAL_PATTERNS: &[RefusalPattern] = &[
    certain_pattern(
        &["--tool-call-parser|--enable-auto-tool-choice"],
        &[ServerFeature::AutoToolChoice],
        PARSER_HINT,
    ),
    certain_pattern(&["tool", "--jinja"], &[ServerFeature::AutoToolChoice], JINJA_HINT),
    certain_pattern(
        &["not support tools|not support tool use|not support tool call|not support function \
             call|support tool use|tools are not supported|tools is not supported|tool calling is \
             not supported|function calling is not supported|tool use is not supported|function \
             calling is not enabled|tool calling is not enabled|tool use is not enabled|not support \
             function|n't support tool|n't support function"],
        &[ServerFeature::AutoToolChoice],
        "",
    ),
    // llama.cpp cannot read what the model's template makes of tools.
    certain_pattern(
        &["unable to generate parser for this template|automatic parser generation failed"],
        &[ServerFeature::AutoToolChoice],
        "",
    ),
    // LM Studio.
    certain_pattern(
        &["tool_choice", "supported string values|'object'"],
        &[ServerFeature::NamedToolChoice],
        "",
    ),
    certain_pattern(
        &["tool_choice", "valid string|must be a string"],
        &[ServerFeature::NamedToolChoice],
        "",
    ),
    certain_pattern(&["tool_choice", UNKNOWN_FIELD], &[ServerFeature::ToolChoice], ""),
    certain_pattern(&["single tool-call"], &[ServerFeature::ParallelToolCalls], TEMPLATE_HINT),
    certain_pattern(&["tool call id", "length 9"], &[ServerFeature::AnyCallIdFormat], ""),
    // Chat templates, which judge a message by its role alone.
    certain_pattern(
        &["system role not supported|system role is not supported|system messages are not \
             supported|system message is not supported|system prompt is not supported"],
        &[ServerFeature::SystemRole],
        TEMPLATE_HINT,
    ),
    // Servers with Mistral's own rules.
    certain_pattern(
        &["role 'user' after role 'tool'|role user after role tool|user message after a tool"],
        &[ServerFeature::UserAfterToolResult],
        ASSISTANT_BRIDGE_HINT,
    ),
    certain_pattern(&["tool", "role", UNKNOWN_FIELD], &[ServerFeature::ToolRole], TEMPLATE_HINT),
    certain_pattern(
        &["system", "role", UNKNOWN_FIELD],
        &[ServerFeature::SystemRole],
        TEMPLATE_HINT,
    ),
    uncertain_pattern(
        &["roles must alternate"],
        &[ServerFeature::UserAfterToolResult, ServerFeature::ToolRole, ServerFeature::SystemRole],
        TEMPLATE_HINT,
    ),
    uncertain_pattern(
        &[
            "only user and assistant roles|only user, assistant|unknown role|unexpected role|unsupported role|invalid role",
        ],
        &[ServerFeature::ToolRole, ServerFeature::SystemRole],
        TEMPLATE_HINT,
    ),
    uncertain_pattern(
        &[
            "can only concatenate str|content must be a string|content should be a string|content field is required|'content' is required|content: field required",
        ],
        &[ServerFeature::ContentParts],
        TEMPLATE_HINT,
    ),
    uncertain_pattern(
        &["content", "valid string|must be string|a string, got|expected a string"],
        &[ServerFeature::ContentParts],
        TEMPLATE_HINT,
    ),
    certain_pattern(
        &["stream_options|include_usage", UNKNOWN_FIELD],
        &[ServerFeature::StreamUsage],
        USAGE_HINT,
    ),
    certain_pattern(
        &["max_tokens", "max_completion_tokens", "instead"],
        &[ServerFeature::MaxTokensField],
        MAX_TOKENS_HINT,
    ),
    uncertain_pattern(
        &["name", "tool", "field required|is required|missing|must have|must include|must be set"],
        &[ServerFeature::UnnamedToolResult],
        "`compat.requiresToolResultName: true` of the model says so from the start.",
    ),
    uncertain_pattern(&["reasoning", UNKNOWN_FIELD], &[ServerFeature::ReasoningField], ""),
    uncertain_pattern(&["strict", UNKNOWN_FIELD], &[ServerFeature::StrictMode], STRICT_HINT),
    // vLLM makes a grammar of the schema for `strict` only, llama.cpp for all tools.
    uncertain_pattern(&["grammar|schema"], &[ServerFeature::StrictMode], STRICT_HINT),
    uncertain_pattern(&["parse grammar|compile grammar"], &[ServerFeature::AutoToolChoice], ""),
    uncertain_pattern(&["tools", UNKNOWN_FIELD], &[ServerFeature::AutoToolChoice], ""),
];

const fn certain_pattern(
    markers: &'static [&'static str],
    features: &'static [ServerFeature],
    fix_hint: &'static str,
) -> RefusalPattern {
    RefusalPattern { markers, features, is_certain: true, fix_hint }
}

const fn uncertain_pattern(
    markers: &'static [&'static str],
    features: &'static [ServerFeature],
    fix_hint: &'static str,
) -> RefusalPattern {
    RefusalPattern { markers, features, is_certain: false, fix_hint }
}
