//! What is learnt, in sentences for a person.

use openclaw_core::TokenCount;

use crate::knowledge::Lack;
use crate::refusal::Lesson;
use crate::truncation::Cut;

/// What a refusal taught and what is done about it.
pub(super) fn lesson(lesson: &Lesson) -> String {
    match lesson {
        Lesson::Lack { lack, mend: "", .. } => lacks(*lack).to_owned(),
        Lesson::Lack { lack, mend, .. } => format!("{} {mend}", lacks(*lack)),
        Lesson::Keywords(keywords) => {
            let names: Vec<_> = keywords.iter().map(|keyword| format!("`{keyword}`")).collect();
            format!(
                "The server refuses {} in the schemas of tools; they are left out from now on, and \
                 arguments are judged by them all the same. `compat.unsupportedToolSchemaKeywords` \
                 says so from the start.",
                names.join(", ")
            )
        }
        Lesson::Tool(name) => format!(
            "The server refuses the schema of the tool `{name}`; the tool is not offered from now \
             on. A simpler schema would change that."
        ),
    }
}

/// The window that the server named.
pub(super) fn window(window: u32, before: u32) -> String {
    format!(
        "The server's window is {window} tokens, not {before}; that is kept to from now on. \
         `contextWindow` of the model says so from the start."
    )
}

/// The room that is left for an answer.
pub(super) fn room(prompt: TokenCount, window: u32, cap: u32) -> String {
    let (about, tokens) = match prompt {
        TokenCount::Exact(tokens) => ("", tokens),
        TokenCount::Calibrated(tokens) | TokenCount::Estimate(tokens) => ("about ", tokens),
    };
    format!(
        "The prompt has {about}{tokens} of the window's {window} tokens; the answer may have {cap} \
         this time. `maxTokens` of the model asks for less from the start."
    )
}

/// A prompt of which the server read a part.
pub(super) fn cut(read: u32, Cut { least, window }: Cut) -> String {
    format!(
        "The server read only {read} of at least {least} tokens and did not say so; a window of \
         {window} is kept to from now on. Serve the model with a larger one (`num_ctx` of Ollama, \
         `--ctx-size` of llama.cpp), or set `contextWindow` of the model."
    )
}

fn lacks(lack: Lack) -> &'static str {
    match lack {
        Lack::AutoToolChoice => {
            "The server takes no tools as it runs now; they are offered to the model as text from \
             now on."
        }
        Lack::NamedToolChoice => {
            "The server takes no tool's name in `tool_choice`; `required` with that tool alone \
             stands for it from now on."
        }
        Lack::ToolChoice => "The server takes no `tool_choice`; it is left out from now on.",
        Lack::ToolRole => {
            "The model's template takes no results of tools; tools, calls and results are written \
             as text from now on."
        }
        Lack::ParallelCalls => {
            "The model's template takes one call a message; several calls become several messages \
             from now on."
        }
        Lack::LongCallIds => {
            "The model's template wants ids of nine letters and digits for calls; such ids stand \
             for others from now on."
        }
        Lack::UserAfterResult => {
            "The model's template takes no message of the user right after the result of a tool; a \
             short one of the model goes between from now on."
        }
        Lack::SystemRole => {
            "The model's template takes no system message; its text goes in front of the first \
             message of the user from now on."
        }
        Lack::ContentParts => {
            "The server wants a text in each message; an empty one is sent where there is none \
             from now on."
        }
        Lack::ReasoningField => "The server takes no reasoning back; it is left out from now on.",
        Lack::StreamUsage => {
            "The server takes no `stream_options`; what it counts is not asked for from now on, \
             and tokens are estimated."
        }
        Lack::Tokenize => "The server does not count tokens on request; they are estimated.",
        Lack::Strict => {
            "The server makes no grammar of a tool's schema; `strict` is left out from now on."
        }
        Lack::MaxTokens => {
            "The server wants `max_completion_tokens` in place of `max_tokens`; it gets that from \
             now on."
        }
    }
}
