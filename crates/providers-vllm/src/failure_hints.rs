//! Hints for errors that are specific to vLLM.

use openclaw_core::{ModelError, ModelErrorKind};

/// A part of vLLM's message, and how to fix the cause.
const ERROR_HINTS: &[(&str, &str)] = &[
    (
        "--enable-auto-tool-choice",
        "Start vLLM with `--enable-auto-tool-choice --tool-call-parser NAME` (`hermes`, \
         `llama3_json`, `mistral`, … by model family), or set `compat.supportsTools: false` for \
         this model.",
    ),
    (
        "--tool-call-parser",
        "Start vLLM with `--tool-call-parser NAME` (`hermes`, `llama3_json`, `mistral`, … by model \
         family), or set `compat.supportsTools: false` for this model.",
    ),
    (
        "System role not supported",
        "The model's chat template has no system role. Serve it with `--chat-template FILE` that \
         has one.",
    ),
    (
        "chat template",
        "The model has no chat template. Serve it with `--chat-template FILE`, or serve an \
         instruction-tuned model.",
    ),
    (
        "Invalid grammar specification",
        "The server could not turn a tool's schema into a grammar; try `compat.supportsTools: \
         false` to see whether the tools are the cause.",
    ),
    (
        "EngineCore",
        "The engine behind the server died; its own log has the cause. Restart vLLM, then send \
         the message again.",
    ),
];

/// Adds a hint to an error with one of vLLM's messages.
pub(crate) fn add_hint(error: ModelError) -> ModelError {
    if let ModelErrorKind::ContextOverflow { .. } = error.kind() {
        return error.with_hint(
            "Shorten the message, let `openclaw agent` read the text from a file of the \
                 workspace, or start vLLM with a larger `--max-model-len`.",
        );
    }
    let server_error = error.http_exchange().and_then(|exchange| exchange.server_error.as_ref());
    let advice = server_error.and_then(|server| {
        ERROR_HINTS
            .iter()
            .find(|(part, _)| server.message.contains(part))
            .map(|(_, advice)| *advice)
    });
    match advice {
        Some(advice) => error.with_hint(advice),
        None => error,
    }
}
