//! Notes on adaptations, as sentences for the user.

use openclaw_core::TokenCount;

use crate::capabilities::ServerFeature;
use crate::refusal::Adaptation;
use crate::truncation::PromptTruncation;

/// Describes what the server refused and how the request is adapted.
pub(super) fn describe_adaptation(adaptation: &Adaptation) -> String {
    match adaptation {
        Adaptation::UnsupportedFeature { feature, fix_hint: "", .. } => {
            describe_feature(*feature).to_owned()
        }
        Adaptation::UnsupportedFeature { feature, fix_hint, .. } => {
            format!("{} {fix_hint}", describe_feature(*feature))
        }
        Adaptation::SchemaKeywords(keywords) => {
            let names: Vec<_> = keywords.iter().map(|keyword| format!("`{keyword}`")).collect();
            format!(
                "The server refuses {} in the schemas of tools; they are left out from now on, and \
                 arguments are judged by them all the same. `compat.unsupportedToolSchemaKeywords` \
                 says so from the start.",
                names.join(", ")
            )
        }
        Adaptation::ToolSchema(name) => format!(
            "The server refuses the schema of the tool `{name}`; the tool is not offered from now \
             on. A simpler schema would change that."
        ),
    }
}

/// Describes a context window that the server reported.
pub(super) fn describe_window(window: u32, window_before: u32) -> String {
    format!(
        "The server's window is {window} tokens, not {window_before}; that is kept to from now on. \
         `contextWindow` of the model says so from the start."
    )
}

/// Describes the limit that the answer gets.
pub(super) fn describe_output_cap(prompt: TokenCount, window: u32, cap: u32) -> String {
    let (qualifier, tokens) = match prompt {
        TokenCount::Exact(tokens) => ("", tokens),
        TokenCount::Calibrated(tokens) | TokenCount::Estimate(tokens) => ("about ", tokens),
    };
    format!(
        "The prompt has {qualifier}{tokens} of the window's {window} tokens; the answer may have {cap} \
         this time. `maxTokens` of the model asks for less from the start."
    )
}

/// Describes a prompt that the server truncated.
pub(super) fn describe_truncation(
    counted_tokens: u32,
    PromptTruncation { min_tokens, context_window }: PromptTruncation,
) -> String {
    format!(
        "The server read only {counted_tokens} of at least {min_tokens} tokens and did not say so; a window of \
         {context_window} is kept to from now on. Serve the model with a larger one (`num_ctx` of Ollama, \
         `--ctx-size` of llama.cpp), or set `contextWindow` of the model."
    )
}

pub(crate) fn describe_feature(feature: ServerFeature) -> &'static str {
    match feature {
        ServerFeature::AutoToolChoice => {
            "The server takes no tools as it runs now; they are offered to the model as text from \
             now on."
        }
        ServerFeature::NamedToolChoice => {
            "The server takes no tool's name in `tool_choice`; `required` with that tool alone \
             stands for it from now on."
        }
        ServerFeature::ToolChoice => {
            "The server takes no `tool_choice`; it is left out from now on."
        }
        ServerFeature::ToolRole => {
            "The model's template takes no results of tools; tools, calls and results are written \
             as text from now on."
        }
        ServerFeature::ParallelToolCalls => {
            "The model's template takes one call a message; several calls become several messages \
             from now on."
        }
        ServerFeature::AnyCallIdFormat => {
            "The model's template wants ids of nine letters and digits for calls; such ids stand \
             for others from now on."
        }
        ServerFeature::UserAfterToolResult => {
            "The model's template takes no message of the user right after the result of a tool; a \
             short one of the model goes between from now on."
        }
        ServerFeature::SystemRole => {
            "The model's template takes no system message; its text goes in front of the first \
             message of the user from now on."
        }
        ServerFeature::ContentParts => {
            "The server wants a text in each message; an empty one is sent where there is none \
             from now on."
        }
        ServerFeature::ReasoningField => {
            "The server takes no reasoning back; it is left out from now on."
        }
        ServerFeature::StreamUsage => {
            "The server takes no `stream_options`; what it counts is not asked for from now on, \
             and tokens are estimated."
        }
        ServerFeature::TokenizeRoute => {
            "The server does not count tokens on request; they are estimated."
        }
        ServerFeature::StrictMode => {
            "The server makes no grammar of a tool's schema; `strict` is left out from now on."
        }
        ServerFeature::MaxTokensField => {
            "The server wants `max_completion_tokens` in place of `max_tokens`; it gets that from \
             now on."
        }
        ServerFeature::UnnamedToolResult => {
            "The server wants the name of the tool in each result; it is sent from now on."
        }
        ServerFeature::ToolTemplate => {
            "The model's chat template ignores tools: the prompt has as many tokens with them as \
             without. They are offered to the model as text from now on."
        }
    }
}
