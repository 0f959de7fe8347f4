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
    let tell = move |awaited: Option<Awaited<'_>>| match awaited {
        Some(awaited) => show(printer, awaited, duration, has_told.swap(true, Ordering::Relaxed)),
        None if printer.stderr_is_terminal => printer.raw("\r\x1b[2K"),
        None => {}
    };
    let limit = Limit { duration, source: "--wait".into() };
    Wait { limit, tell: Arc::new(tell) }
}

/// On a terminal one line that counts; elsewhere one that is written once.
fn show(printer: Printer, awaited: Awaited<'_>, limit: Duration, has_told: bool) {
    let Awaited { missing, waited } = awaited;
    let problem = visible::line(&format!("failed to {missing}"));
    let what = match missing {
        Missing::Server(_) => "server",
        Missing::Session(_) => "session",
    };
    if printer.stderr_is_terminal {
        let seconds = waited.as_secs();
        let text = format!("\r\x1b[2Kwaiting for the {what}, {seconds} s: {problem}");
        printer.raw(&printer.paint(Style::Dim, text));
    } else if !has_told {
        printer.note(format_args!("waiting for the {what}, at most {}: {problem}", time(limit)));
    }
}
