//! `openclaw sessions delete`.

use std::io::{self, IsTerminal};

use openclaw_chat::{CommandContext, format_age};
use openclaw_protocol::results::sessions::{DeleteFailure, DeleteResult};
use openclaw_runtime::encoding::encode_store_error;
use openclaw_runtime::{SessionInfo, Store};
use openclaw_terminal::{ask_for_line, sanitize};

use super::{open_existing_store, report_store_error};
use crate::args::sessions::SessionsDeleteArgs;
use crate::exit::ExitReason;
use crate::json_answer::write_json_answer;

use super::row::SessionRow;

pub(super) fn run(context: &CommandContext, args: &SessionsDeleteArgs) -> io::Result<ExitReason> {
    let store = match open_existing_store(context) {
        Ok(Some(store)) => store,
        Ok(None) => {
            context.printer.print_error("there is nothing to delete: no sessions are kept yet");
            return Ok(ExitReason::Usage);
        }
        Err(exit) => return Ok(exit),
    };
    // Finds all sessions before it deletes the first.
    let mut sessions: Vec<SessionInfo> = Vec::new();
    for text in &args.sessions {
        match store.find_session(text) {
            Ok(info) if sessions.iter().any(|other| other.id == info.id) => {}
            Ok(info) => sessions.push(info),
            Err(error) => return Ok(report_store_error(context, &error)),
        }
    }
    if !args.yes {
        match confirm_deletion(context, &store, &sessions)? {
            Some(true) => {}
            Some(false) => {
                context.printer.print_note("nothing was deleted");
                return Ok(ExitReason::Refused);
            }
            None => return Ok(ExitReason::Usage),
        }
    }
    delete_sessions(context, args, &store, &sessions)
}

fn delete_sessions(
    context: &CommandContext,
    args: &SessionsDeleteArgs,
    store: &Store,
    sessions: &[SessionInfo],
) -> io::Result<ExitReason> {
    let (mut deleted, mut failed) = (Vec::new(), Vec::new());
    let mut exit = ExitReason::Ok;
    for info in sessions {
        match context.runtime().delete_session(store, &info.id) {
            Ok(()) => {
                context
                    .printer
                    .print_note(format_args!("deleted session {} ({})", info.id, info.key));
                deleted.push(info.id.as_str().to_owned());
            }
            Err(error) => {
                let end = report_store_error(context, &error);
                exit = if exit == ExitReason::Ok { end } else { exit };
                failed.push(DeleteFailure {
                    session_id: info.id.as_str().to_owned(),
                    error: encode_store_error(&error),
                });
            }
        }
    }
    if args.json {
        write_json_answer(&context.printer, &DeleteResult { deleted, failed })?;
    }
    Ok(exit)
}

/// Asks for confirmation; `None` without a terminal, which is already reported.
fn confirm_deletion(
    context: &CommandContext,
    store: &Store,
    sessions: &[SessionInfo],
) -> io::Result<Option<bool>> {
    let printer = &context.printer;
    if !io::stdin().is_terminal() || !printer.stderr_is_terminal {
        printer.print_error("failed to ask whether to delete: there is no terminal");
        printer.print_hint("`--yes` deletes without asking.");
        return Ok(None);
    }
    for info in sessions {
        let row = SessionRow::new(context, store, info.clone());
        let title = info.title.as_deref().unwrap_or("nothing said yet");
        let (id, key, age) = (&info.id, &info.key, format_age(row.last_used_age()));
        printer.print_rendered(&sanitize::escape_line(&format!("{id}  {key}, {age}: {title}")));
    }
    let what = if sessions.len() == 1 { "this session" } else { "these sessions" };
    let question = format_args!("delete {what} for good? [y/N]");
    let line = ask_for_line(printer, question)?.unwrap_or_default();
    Ok(Some(matches!(line.trim(), "y" | "Y" | "yes")))
}
