//! `--wait`: shows a server or a session that is waited for before there is a turn.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use openclaw_config::Period;
use openclaw_runtime::{Awaited, Limit, Missing, Runtime, Wait};

use crate::commands::Context;
use crate::printer::{Printer, Style};
use crate::progress::time;
use crate::visible;

/// The runtime of a command that waits for a server so long, or not at all.
pub(crate) fn runtime(context: &Context, wait: Option<Period>) -> Runtime {
    let runtime = context.runtime.clone();
    match wait {
        Some(Period(duration)) => runtime.with_wait(shown(context.printer, duration)),
        None => runtime,
    }
}

/// A wait of so long that is shown on stderr.
pub(crate) fn shown(printer: Printer, duration: Duration) -> Wait {
    let has_told = AtomicBool::new(false);
    let tell = move |awaited: Option<Awaited<'_>>| {
        if let Some(awaited) = awaited {
            show(printer, awaited, duration, has_told.swap(true, Ordering::Relaxed));
            return;
        }
        // What is waited for next is told anew.
        has_told.store(false, Ordering::Relaxed);
        if printer.stderr_is_terminal {
            printer.raw("\r\x1b[2K");
        }
    };
    let limit = Limit { duration, source: "--wait".into() };
    Wait { limit, tell: Arc::new(tell) }
}

/// Says once what is waited for; on a terminal a line below it counts.
fn show(printer: Printer, awaited: Awaited<'_>, limit: Duration, has_told: bool) {
    let Awaited { missing, waited } = awaited;
    let what = match missing {
        Missing::Server(_) => "server",
        Missing::Session(_) => "session",
    };
    if !has_told {
        let problem = visible::line(&format!("failed to {missing}"));
        printer.note(format_args!("waiting for the {what}, at most {}: {problem}", time(limit)));
    }
    if printer.stderr_is_terminal {
        let text = format!("waiting for the {what}, {} s", waited.as_secs());
        printer.raw(&format!("\r\x1b[2K{}", printer.paint(Style::Dim, text)));
    }
}
