//! Asks the person at the terminal before a conversation goes to a hosted server.

use std::io::IsTerminal;
use std::sync::Arc;

use futures_util::FutureExt;
use openclaw_runtime::{Consent, Runtime};
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::printer::Printer;
use crate::visible;

/// The runtime of a command that sends a conversation: it asks where there is a terminal, and with
/// `strict` it uses no fallback.
pub(crate) fn runtime(runtime: Runtime, printer: Printer, strict: bool) -> Runtime {
    let runtime = if strict { runtime.strict() } else { runtime };
    if std::io::stdin().is_terminal() && printer.stderr_is_terminal {
        runtime.with_consent(consent(printer))
    } else {
        runtime
    }
}

fn consent(printer: Printer) -> Consent {
    Arc::new(move |question: String| {
        async move {
            printer.question(format_args!("{} [y/N]", visible::line(&question)));
            let mut line = String::new();
            let read = BufReader::new(tokio::io::stdin()).read_line(&mut line).await;
            read.is_ok() && matches!(line.trim(), "y" | "Y" | "yes")
        }
        .boxed()
    })
}
