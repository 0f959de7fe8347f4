//! `--wait`: waits for a server or a session before the turn begins, and shows the wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use openclaw_models::{TimeLimit, WaitPolicy, WaitProgress};
use openclaw_terminal::{OutputPrinter, TextStyle, sanitize};

use crate::progress::format_duration;

/// Returns a wait policy that shows its progress on stderr. `duration` is the longest wait.
#[must_use]
pub fn terminal_wait_policy(printer: &OutputPrinter, duration: Duration) -> WaitPolicy {
    let printer = printer.clone();
    let was_announced = AtomicBool::new(false);
    let on_progress = move |progress: Option<WaitProgress<'_>>| {
        if let Some(awaited) = progress {
            print_wait_progress(
                &printer,
                awaited,
                duration,
                was_announced.swap(true, Ordering::Relaxed),
            );
            return;
        }
        // The next wait is announced again.
        was_announced.store(false, Ordering::Relaxed);
        if printer.stderr_is_terminal {
            printer.print_raw("\r\x1b[2K");
        }
    };
    let limit = TimeLimit { duration, source: "--wait".into() };
    WaitPolicy { limit, on_progress: Arc::new(on_progress) }
}

/// Announces the wait once; on a terminal, a counter follows on the line below.
fn print_wait_progress(
    printer: &OutputPrinter,
    progress: WaitProgress<'_>,
    limit: Duration,
    was_announced: bool,
) {
    let WaitProgress { target, problem, waited } = progress;
    if !was_announced {
        let problem = sanitize::escape_line(&format!("failed to {problem}"));
        printer.print_note(format_args!(
            "waiting for the {target}, at most {}: {problem}",
            format_duration(limit)
        ));
    }
    if printer.stderr_is_terminal {
        let text = format!("waiting for the {target}, {} s", waited.as_secs());
        let text = sanitize::escape_line(&text);
        printer.print_raw(&format!("\r\x1b[2K{}", printer.style_text(TextStyle::Dim, text)));
    }
}
