//! `openclaw sessions`: the conversations that are kept.

mod delete;
mod entry;
mod export;
mod import;
mod list;
mod row;
mod show;

use std::io;

use openclaw_runtime::{SessionInfo, Store, StoreError, StoreErrorKind};

use crate::args::sessions::{Sessions, SessionsAction};
use crate::commands::Context;
use crate::exit::Exit;
use crate::report;

pub(crate) fn run(context: &Context, sessions: Sessions) -> io::Result<Exit> {
    let end = match sessions.action.unwrap_or(SessionsAction::List(sessions.list)) {
        SessionsAction::List(args) => list::run(context, &args),
        SessionsAction::Show(args) => show::run(context, &args),
        SessionsAction::Export(args) => export::run(context, &args),
        SessionsAction::Import(args) => import::run(context, &args),
        SessionsAction::Delete(args) => delete::run(context, &args),
    };
    context.print_notices();
    end
}

/// Opens the store when there is one; `Ok(None)` when no session was ever kept, and nothing is made
/// then.
///
/// # Errors
/// When it cannot be used, which has been said.
fn existing(context: &Context) -> Result<Option<Store>, Exit> {
    if !context.runtime.sessions_path().exists() {
        return Ok(None);
    }
    context.runtime.sessions().map(Some).map_err(|error| fail(context, &error))
}

/// The session that a text means, and the store it is in.
///
/// # Errors
/// When there is none or the store cannot be used, which has been said.
fn find(context: &Context, text: &str) -> Result<(Store, SessionInfo), Exit> {
    let Some(store) = existing(context)? else {
        context.printer.error(format_args!("failed to find a session {text:?}: none is kept yet"));
        context.printer.hint("`openclaw agent -m TEXT` begins one.");
        return Err(Exit::Usage);
    };
    match store.find(text) {
        Ok(info) => Ok((store, info)),
        Err(error) => Err(fail(context, &error)),
    }
}

/// Says why the store does not serve.
fn fail(context: &Context, error: &StoreError) -> Exit {
    report::print_store(context.printer, error);
    if error.kind() == StoreErrorKind::NotFound {
        context.printer.hint("`openclaw sessions` lists those there are.");
    }
    Exit::of_store_error(error.kind())
}
