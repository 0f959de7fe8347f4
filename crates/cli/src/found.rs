//! What a session was like when it was taken up, as far as its owner should know.

use openclaw_runtime::{Found, Unfinished};

use crate::printer::Printer;

/// Tells of everything but the last turn, with which each command does something else.
pub(crate) fn tell(printer: Printer, found: &Found) {
    for note in &found.notes {
        printer.warning(note);
    }
    if let Some(backup) = &found.backup {
        printer.note(format_args!("  as it was it is kept as {}", backup.display()));
    }
    for Unfinished { call, may_have_run } in &found.unfinished {
        let (name, arguments) = (call.name.as_str(), call.arguments.to_json());
        if *may_have_run {
            printer.warning(format_args!(
                "`{name}` was interrupted and may have run; it is not run again by itself, and the \
                 model knows: {arguments}"
            ));
        } else {
            printer.detail(format_args!("`{name}` was interrupted before it ran: {arguments}"));
        }
    }
}
