//! `openclaw sessions list`.

use std::io;
use std::time::Duration;

use openclaw_runtime::{SessionInfo, Store};
use serde_json::{Value, json};

use super::row::{Row, short_ids};
use super::{existing, fail};
use crate::args::sessions::SessionsList;
use crate::commands::Context;
use crate::exit::Exit;
use crate::table::table;

/// The most sessions that a terminal is shown unasked.
const ON_A_TERMINAL: usize = 30;

pub(super) fn run(context: &Context, args: &SessionsList) -> io::Result<Exit> {
    let store = match existing(context) {
        Ok(store) => store,
        Err(exit) => return Ok(exit),
    };
    let all = match store.as_ref().map(Store::sessions) {
        Some(Ok(all)) => all,
        Some(Err(error)) => return Ok(fail(context, &error)),
        None => Vec::new(),
    };
    let ids: Vec<String> =
        short_ids(&all.iter().collect::<Vec<_>>()).into_iter().map(str::to_owned).collect();
    let are_none = all.is_empty();
    let of_agent = |info: &SessionInfo| args.agent.as_ref().is_none_or(|id| *id == info.agent);
    let chosen = ids.into_iter().zip(all).filter(|(_, info)| of_agent(info));
    let rows = chosen.filter_map(|(id, info)| Some((id, Row::new(context, store.as_ref()?, info))));
    let active = args.active.map(|minutes| Duration::from_secs(minutes.saturating_mul(60)));
    let rows = rows.filter(|(_, row)| active.is_none_or(|active| row.age() <= active));
    let mut rows: Vec<(String, Row)> = rows.collect();
    let older = rows.len().saturating_sub(most(context, args));
    rows.truncate(rows.len().saturating_sub(older));
    if args.json {
        let sessions: Vec<Value> = rows.iter().map(|(_, row)| row.to_json()).collect();
        context.printer.answer_json(&json!({
            "path": context.runtime.sessions_path(),
            "count": sessions.len(),
            "activeMinutes": args.active,
            "sessions": sessions,
        }))?;
        return Ok(Exit::Ok);
    }
    if rows.is_empty() {
        context.printer.note(if are_none { "no sessions are kept yet" } else { "no such session" });
        if are_none {
            context.printer.hint("`openclaw agent -m TEXT` begins one.");
        }
        return Ok(Exit::Ok);
    }
    let head = ["Key", "Id", "Used", "Turns", "Tokens", "Context", "Model", "State", "Begins with"];
    let mut cells = vec![head.map(str::to_owned)];
    cells.extend(rows.iter().map(|(id, row)| row.cells(id)));
    context.printer.answer(&table(&cells))?;
    if older > 0 {
        context.printer.note(format_args!("{older} more, used before these; `--limit N` shows N"));
    }
    if rows.iter().any(|(_, row)| row.is_interrupted()) {
        context.printer.note(
            "an interrupted turn is finished by `openclaw agent --resume --session KEY` (or \
             `--session-id ID`)",
        );
    }
    Ok(Exit::Ok)
}

/// How many sessions are listed at most. Whoever looks at a terminal wants to see the newest.
fn most(context: &Context, args: &SessionsList) -> usize {
    match args.limit {
        Some(limit) => usize::try_from(limit).unwrap_or(usize::MAX),
        None if args.json || !context.printer.stdout_is_terminal => usize::MAX,
        None => ON_A_TERMINAL,
    }
}
