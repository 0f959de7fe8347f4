//! Asks the person at the terminal before a conversation goes to a hosted server.

use std::io::IsTerminal;
use std::sync::Arc;

use futures_util::FutureExt;
use openclaw_chat::ask_at_terminal;
use openclaw_models::{EgressConsent, ModelRegistry};
use openclaw_terminal::{OutputPrinter, sanitize};

/// Prepares the runtime of a command that sends a conversation: it asks for egress consent on a
/// terminal, and `strict` removes the fallbacks.
pub(crate) fn restrict_models(
    models: ModelRegistry,
    printer: &OutputPrinter,
    strict: bool,
) -> ModelRegistry {
    let models = if strict { models.without_fallbacks() } else { models };
    if std::io::stdin().is_terminal() && printer.stderr_is_terminal {
        models.with_consent(terminal_consent(printer))
    } else {
        models
    }
}

fn terminal_consent(printer: &OutputPrinter) -> EgressConsent {
    let printer = printer.clone();
    Arc::new(move |question: String| {
        let printer = printer.clone();
        async move {
            let question = format!("{} [y/N]", sanitize::escape_line(&question));
            let line = ask_at_terminal(&printer, question).await.unwrap_or_default();
            matches!(line.trim(), "y" | "Y" | "yes")
        }
        .boxed()
    })
}
