//! Prints the recovery report of a session.

use openclaw_runtime::{InterruptedCall, RecoveryReport};
use openclaw_terminal::OutputPrinter;

/// Prints the whole report but the interrupted turn, which each command handles differently.
pub fn print_recovery_report(printer: &OutputPrinter, report: &RecoveryReport) {
    for damage in &report.damage {
        printer.print_warning(damage);
    }
    if let Some(backup) = &report.backup {
        printer.print_note(format_args!("  the damaged file is kept as {}", backup.display()));
    }
    for InterruptedCall { call, may_have_run } in &report.interrupted_calls {
        let (name, arguments) = (call.name.as_str(), call.arguments.to_json());
        if *may_have_run {
            printer.print_warning(format_args!(
                "`{name}` was interrupted and may have run; it is not run again by itself, and the \
                 model knows: {arguments}"
            ));
        } else {
            printer
                .print_detail(format_args!("`{name}` was interrupted before it ran: {arguments}"));
        }
    }
}

/// Prints the recovery report of a session, and how to resume the interrupted turn.
pub(crate) fn print_recovery_notice(
    printer: &OutputPrinter,
    report: &RecoveryReport,
    resume_hint: &str,
) {
    print_recovery_report(printer, report);
    if report.has_interrupted_turn {
        printer.print_warning("the last turn of this session was interrupted");
        printer.print_note(format_args!("  {resume_hint} resumes it; a new message abandons it"));
    } else if report.has_unanswered_turn {
        printer.print_note("your last message has no answer yet");
        printer.print_note(format_args!(
            "  {resume_hint} tries again; a new message continues without an answer"
        ));
    }
}
