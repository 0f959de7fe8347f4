//! `openclaw sessions list`.

use std::io;
use std::time::Duration;

use openclaw_chat::{CommandContext, matches_search};
use openclaw_protocol::results::sessions::SessionList;
use openclaw_runtime::{SessionInfo, Store, session_folder};

use super::row::{SessionRow, shorten_ids};
use super::{open_existing_store, report_store_error};
use crate::args::sessions::SessionsListArgs;
use crate::exit::ExitReason;
use crate::json_answer::write_json_answer;
use crate::table::format_table;

/// The default limit on a terminal.
const TERMINAL_LIMIT: usize = 30;

pub(super) fn run(context: &CommandContext, args: &SessionsListArgs) -> io::Result<ExitReason> {
    let store = match open_existing_store(context) {
        Ok(store) => store,
        Err(exit) => return Ok(exit),
    };
    let all = match store.as_ref().map(Store::list_sessions) {
        Some(Ok(all)) => all,
        Some(Err(error)) => return Ok(report_store_error(context, &error)),
        None => Vec::new(),
    };
    let ids: Vec<String> =
        shorten_ids(&all.iter().collect::<Vec<_>>()).into_iter().map(str::to_owned).collect();
    let is_store_empty = all.is_empty();
    let is_of_agent = |info: &SessionInfo| args.agent.as_ref().is_none_or(|id| *id == info.agent);
    let is_found =
        |info: &SessionInfo| args.search.as_ref().is_none_or(|text| matches_search(info, text));
    let folder = context.models.app_paths().project_dir();
    let is_here = |info: &SessionInfo| !args.here || session_folder(&info.key).as_deref() == folder;
    let chosen = ids
        .into_iter()
        .zip(all)
        .filter(|(_, info)| is_of_agent(info) && is_here(info) && is_found(info));
    let rows =
        chosen.filter_map(|(id, info)| Some((id, SessionRow::new(context, store.as_ref()?, info))));
    let active = args.active.map(|minutes| Duration::from_secs(minutes.saturating_mul(60)));
    let rows = rows.filter(|(_, row)| active.is_none_or(|active| row.last_used_age() <= active));
    let mut rows: Vec<(String, SessionRow)> = rows.collect();
    let older = rows.len().saturating_sub(session_limit(context, args));
    rows.truncate(rows.len().saturating_sub(older));
    if args.json {
        let sessions: Vec<_> = rows.iter().map(|(_, row)| row.to_report()).collect();
        write_json_answer(
            &context.printer,
            &SessionList {
                path: context.runtime().sessions_path().display().to_string(),
                count: sessions.len(),
                active_minutes: args.active,
                sessions,
            },
        )?;
        return Ok(ExitReason::Ok);
    }
    if rows.is_empty() {
        context.printer.print_note(if is_store_empty {
            "no sessions are kept yet"
        } else {
            "no such session"
        });
        if is_store_empty {
            context.printer.print_hint("`openclaw agent -m TEXT` begins one.");
        }
        return Ok(ExitReason::Ok);
    }
    let head = ["Key", "Id", "Used", "Turns", "Tokens", "Context", "Model", "State", "Begins with"];
    let mut cells = vec![head.map(str::to_owned)];
    cells.extend(rows.iter().map(|(id, row)| row.table_cells(id)));
    context.printer.write_answer(&format_table(&cells))?;
    if older > 0 {
        context
            .printer
            .print_note(format_args!("{older} more, used before these; `--limit N` shows N"));
    }
    if rows.iter().any(|(_, row)| row.is_interrupted()) {
        context.printer.print_note(
            "an interrupted turn is finished by `openclaw agent --resume --session KEY` (or \
             `--session-id ID`)",
        );
    }
    Ok(ExitReason::Ok)
}

/// The most sessions to list. A terminal shows the newest only.
fn session_limit(context: &CommandContext, args: &SessionsListArgs) -> usize {
    match args.limit {
        Some(limit) => usize::try_from(limit).unwrap_or(usize::MAX),
        None if args.json || !context.printer.stdout_is_terminal => usize::MAX,
        None => TERMINAL_LIMIT,
    }
}
