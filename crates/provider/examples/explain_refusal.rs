//! Explains the refusal of a server: `cargo run --example explain_refusal -- "prompt is too long"`.

use std::io::{self, Write as _};

use openclaw_core::ServerErrorMessage;
use openclaw_provider::recognise_overflow;

fn main() -> io::Result<()> {
    let default = "This model's maximum context length is 4096 tokens. However, your prompt \
                   contains 5000 input tokens.";
    let message = std::env::args().nth(1).unwrap_or_else(|| default.to_owned());
    let refusal = ServerErrorMessage { message, ..ServerErrorMessage::default() };
    let mut out = io::stdout();
    match recognise_overflow(&refusal) {
        None => writeln!(out, "not about the context window"),
        Some(report) => {
            let describe = |tokens: Option<u32>| {
                tokens.map_or_else(|| "not told".to_owned(), |tokens| format!("{tokens} tokens"))
            };
            writeln!(out, "context window: {}", describe(report.context_window))?;
            writeln!(out, "prompt: {}", describe(report.prompt_tokens))
        }
    }
}
