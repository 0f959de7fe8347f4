//! `openclaw sessions`: works on the stored sessions.

mod delete;
mod entry;
mod export;
mod import;
mod import_folder;
mod list;
mod row;
mod show;
mod undo;

use std::io;

use openclaw_chat::{CommandContext, error_report};
use openclaw_runtime::{SessionInfo, Store, StoreError, StoreErrorKind};

pub(crate) use self::row::{SessionRow, format_token_count};
use crate::args::sessions::{SessionsAction, SessionsArgs};
use crate::exit::ExitReason;

pub(crate) fn run(context: &CommandContext, sessions: SessionsArgs) -> io::Result<ExitReason> {
    match sessions.action.unwrap_or(SessionsAction::List(sessions.list)) {
        SessionsAction::List(args) => list::run(context, &args),
        SessionsAction::Show(args) => show::run(context, &args),
        SessionsAction::Export(args) => export::run(context, &args),
        SessionsAction::Import(args) => import::run(context, &args),
        SessionsAction::Undo(args) => undo::run(context, &args),
        SessionsAction::Delete(args) => delete::run(context, &args),
    }
}

/// Opens the store; `Ok(None)` when there is no store file, and none is created.
///
/// # Errors
/// When the store cannot be opened; the error is already printed.
fn open_existing_store(context: &CommandContext) -> Result<Option<Store>, ExitReason> {
    if !context.runtime().sessions_path().exists() {
        return Ok(None);
    }
    open_store(context).map(Some).map_err(|error| report_store_error(context, &error))
}

/// Opens the store, which is created if missing, and prints its warnings.
fn open_store(context: &CommandContext) -> Result<Store, StoreError> {
    let store = context.runtime().open_sessions()?;
    context.print_warnings(store.opening_warnings());
    Ok(store)
}

/// Finds the session that `text` names, else the default one, and returns it with its store.
///
/// # Errors
/// When there is no such session or the store fails; the error is already printed.
fn find_session(
    context: &CommandContext,
    text: Option<&str>,
) -> Result<(Store, SessionInfo), ExitReason> {
    let runtime = context.runtime();
    let default_key = runtime.default_session_key(runtime.default_agent(), None);
    let default_key = default_key.map_err(|error| report_store_error(context, &error))?;
    let text = text.unwrap_or(default_key.as_str());
    let Some(store) = open_existing_store(context)? else {
        context
            .printer
            .print_error(format_args!("failed to find a session {text:?}: none is kept yet"));
        context.printer.print_hint("`openclaw agent -m TEXT` begins one.");
        return Err(ExitReason::Usage);
    };
    match store.find_session(text) {
        Ok(info) => Ok((store, info)),
        Err(error) => Err(report_store_error(context, &error)),
    }
}

/// Prints a store error and returns its exit reason.
fn report_store_error(context: &CommandContext, error: &StoreError) -> ExitReason {
    error_report::print_store_error(&context.printer, error);
    if error.kind() == StoreErrorKind::NotFound {
        context.printer.print_hint("`openclaw sessions` lists those there are.");
    }
    ExitReason::from_store_error(error.kind())
}
