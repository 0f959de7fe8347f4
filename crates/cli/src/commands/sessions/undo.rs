//! `openclaw sessions undo --files`.

use std::io;

use openclaw_chat::CommandContext;
use openclaw_chat::file_changes::{describe_undo, print_undo_error};
use openclaw_protocol::results::sessions::{UndoConflictReport, UndoResult};
use openclaw_runtime::{UndoError, UndoReport};

use super::{find_session, report_store_error};
use crate::args::sessions::SessionsUndoArgs;
use crate::exit::ExitReason;
use crate::json_answer::write_json_answer;

pub(super) fn run(context: &CommandContext, args: &SessionsUndoArgs) -> io::Result<ExitReason> {
    let (store, info) = match find_session(context, args.session.as_deref()) {
        Ok(found) => found,
        Err(exit) => return Ok(exit),
    };
    // A turn that runs elsewhere would change files meanwhile.
    if let Err(error) = store.check_available(&info.id) {
        return Ok(report_store_error(context, &error));
    }
    let printer = &context.printer;
    let mut result = UndoResult {
        session_id: info.id.as_str().to_owned(),
        undone: false,
        restored: Vec::new(),
        removed: Vec::new(),
        commands: 0,
        conflicts: Vec::new(),
    };
    let exit = match context.runtime().undo_session_files(&info.id) {
        Ok(Some(report)) => {
            let text = describe_undo(&report);
            text.lines().for_each(|line| printer.print_note(line));
            let UndoReport { restored, removed, commands } = report;
            result = UndoResult { undone: true, restored, removed, commands, ..result };
            ExitReason::Ok
        }
        Ok(None) => {
            printer.print_note("no file change of this session is left to undo");
            ExitReason::Ok
        }
        Err(error) => {
            print_undo_error(printer, &error);
            if let UndoError::Conflicts(conflicts) = error {
                let conflicts = conflicts.into_iter();
                result.conflicts = conflicts
                    .map(|conflict| UndoConflictReport {
                        path: conflict.path,
                        problem: conflict.problem,
                    })
                    .collect();
            }
            ExitReason::Failed
        }
    };
    if args.json {
        write_json_answer(printer, &result)?;
    }
    Ok(exit)
}
