//! `openclaw sessions delete`.

use std::io::{self, IsTerminal};

use openclaw_runtime::{SessionInfo, Store, StoreError};
use serde_json::{Value, json};

use super::{existing, fail};
use crate::args::sessions::SessionsDelete;
use crate::commands::Context;
use crate::exit::Exit;
use crate::progress::ago;
use crate::report;
use crate::visible;

use super::row::Row;

pub(super) fn run(context: &Context, args: &SessionsDelete) -> io::Result<Exit> {
    let store = match existing(context) {
        Ok(Some(store)) => store,
        Ok(None) => {
            context.printer.error("there is nothing to delete: no sessions are kept yet");
            return Ok(Exit::Usage);
        }
        Err(exit) => return Ok(exit),
    };
    // All are found before the first is deleted.
    let mut sessions: Vec<SessionInfo> = Vec::new();
    for text in &args.sessions {
        match store.find(text) {
            Ok(info) if sessions.iter().any(|other| other.id == info.id) => {}
            Ok(info) => sessions.push(info),
            Err(error) => return Ok(fail(context, &error)),
        }
    }
    if !args.yes {
        match ask(context, &store, &sessions)? {
            Some(true) => {}
            Some(false) => {
                context.printer.note("nothing was deleted");
                return Ok(Exit::Refused);
            }
            None => return Ok(Exit::Usage),
        }
    }
    delete(context, args, &store, &sessions)
}

fn delete(
    context: &Context,
    args: &SessionsDelete,
    store: &Store,
    sessions: &[SessionInfo],
) -> io::Result<Exit> {
    let (mut deleted, mut failed) = (Vec::new(), Vec::new());
    let mut exit = Exit::Ok;
    for info in sessions {
        match store.delete(&info.id) {
            Ok(()) => {
                context.printer.note(format_args!("deleted session {} ({})", info.id, info.key));
                deleted.push(info.id.as_str());
            }
            Err(error) => {
                let end = fail(context, &error);
                exit = if exit == Exit::Ok { end } else { exit };
                failed.push(failure(info, &error));
            }
        }
    }
    if args.json {
        context.printer.answer_json(&json!({"deleted": deleted, "failed": failed}))?;
    }
    Ok(exit)
}

fn failure(info: &SessionInfo, error: &StoreError) -> Value {
    json!({"sessionId": info.id.as_str(), "error": report::store_json(error)})
}

/// Asks a person; `None` when there is nobody to ask, which has been said.
fn ask(context: &Context, store: &Store, sessions: &[SessionInfo]) -> io::Result<Option<bool>> {
    let printer = context.printer;
    if !io::stdin().is_terminal() || !printer.stderr_is_terminal {
        printer.error("failed to ask whether to delete: there is no terminal");
        printer.hint("`--yes` deletes without asking.");
        return Ok(None);
    }
    for info in sessions {
        let row = Row::new(context, store, info.clone());
        let title = info.title.as_deref().unwrap_or("nothing said yet");
        let (id, key, age) = (&info.id, &info.key, ago(row.age()));
        printer.rendered(&visible::line(&format!("{id}  {key}, {age}: {title}")));
    }
    let what = if sessions.len() == 1 { "this session" } else { "these sessions" };
    printer.question(format_args!("delete {what} for good? [y/N]"));
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    Ok(Some(matches!(line.trim(), "y" | "Y" | "yes")))
}
