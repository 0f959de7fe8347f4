//! Prints how a session was found.

use openclaw_protocol::results::agent::{OpenedSession, UnfinishedCall};
use openclaw_runtime::{InterruptedCall, RecoveryReport};
use openclaw_terminal::{OutputPrinter, sanitize};

use crate::conversation::{ChatConversation, ConversationFacts};

/// Prints the whole report but the interrupted turn, which each command handles differently.
pub fn print_recovery_report(printer: &OutputPrinter, report: &RecoveryReport) {
    for damage in &report.damage {
        printer.print_warning(damage);
    }
    if let Some(backup) = &report.backup {
        printer.print_note(format_args!("  the damaged file is kept as {}", backup.display()));
    }
    for InterruptedCall { call, may_have_run } in &report.interrupted_calls {
        print_interrupted_call(
            printer,
            call.name.as_str(),
            &call.arguments.to_json(),
            *may_have_run,
        );
    }
}

/// Prints the same of a session that was opened elsewhere.
pub fn print_opened_session(printer: &OutputPrinter, session: &OpenedSession) {
    for note in &session.notes {
        printer.print_warning(sanitize::escape_line(note));
    }
    if let Some(backup) = &session.backup {
        let backup = sanitize::escape_line(backup);
        printer.print_note(format_args!("  the damaged file is kept as {backup}"));
    }
    for UnfinishedCall { name, arguments, may_have_run, .. } in &session.unfinished_calls {
        print_interrupted_call(printer, name, &arguments.to_string(), *may_have_run);
    }
}

fn print_interrupted_call(
    printer: &OutputPrinter,
    name: &str,
    arguments: &str,
    may_have_run: bool,
) {
    let (name, arguments) = (sanitize::escape_line(name), sanitize::escape_line(arguments));
    if may_have_run {
        printer.print_warning(format_args!(
            "`{name}` was interrupted and may have run; it is not run again by itself, and the \
             model knows: {arguments}"
        ));
    } else {
        printer.print_detail(format_args!("`{name}` was interrupted before it ran: {arguments}"));
    }
}

/// Prints how the session of a conversation was found, and how to resume the interrupted turn.
pub(crate) fn print_recovery_notice(
    printer: &OutputPrinter,
    conversation: &ChatConversation,
    resume_hint: &str,
) {
    if let Some(session) = conversation.opened_session() {
        print_opened_session(printer, &session);
    }
    let ConversationFacts { has_interrupted_turn, has_unanswered_turn, .. } = conversation.facts();
    if has_interrupted_turn {
        printer.print_warning("the last turn of this session was interrupted");
        printer.print_note(format_args!("  {resume_hint} resumes it; a new message abandons it"));
    } else if has_unanswered_turn {
        printer.print_note("your last message has no answer yet");
        printer.print_note(format_args!(
            "  {resume_hint} tries again; a new message continues without an answer"
        ));
    }
}
