//! `openclaw sessions import`.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use openclaw_runtime::{Imported, SessionInfo, SessionKey};
use serde_json::{Value, json};

use super::fail;
use crate::args::sessions::SessionsImport;
use crate::commands::Context;
use crate::exit::Exit;

/// So many lines that could not be read are told of one by one.
const TOLD: usize = 5;

pub(super) fn run(context: &Context, args: &SessionsImport) -> io::Result<Exit> {
    let key = match args.session.as_deref().map(str::parse::<SessionKey>).transpose() {
        Ok(key) => key,
        Err(error) => return Ok(fail(context, &error)),
    };
    let imported = context.runtime.sessions().and_then(|store| {
        let imported = store.import(&args.file, key.as_ref(), &args.agent)?;
        let info = store.find(imported.id.as_str())?;
        Ok((imported, info))
    });
    let (imported, info) = match imported {
        Ok(imported) => imported,
        Err(error) => return Ok(fail(context, &error)),
    };
    let problems = imported.quarantine.as_deref().map(problems).unwrap_or_default();
    if args.json {
        context.printer.answer_json(&to_json(&imported, &info, &problems))?;
    } else {
        context.printer.answer_line(&info.id)?;
    }
    tell(context, &imported, &info, &problems);
    Ok(Exit::Ok)
}

fn tell(context: &Context, imported: &Imported, info: &SessionInfo, problems: &[Problem]) {
    let printer = context.printer;
    let Imported { id, events, bad_lines, quarantine } = imported;
    printer.note(format_args!("took in session {id} with {events} events, as {}", info.key));
    if let Some(path) = quarantine {
        let path = path.display();
        printer.warning(format_args!("{bad_lines} lines could not be read; {path} has them"));
        for Problem { line, why } in problems.iter().take(TOLD) {
            printer.note(format_args!("  line {line}: {why}"));
        }
    }
    if !info.current {
        printer.note(format_args!(
            "{} leads to another session still; `openclaw agent --session-id {id}` goes on with \
             this one",
            info.key
        ));
    }
}

fn to_json(imported: &Imported, info: &SessionInfo, problems: &[Problem]) -> Value {
    let problems = problems.iter().map(|problem| json!({"line": problem.line, "why": problem.why}));
    json!({
        "sessionId": info.id.as_str(),
        "key": info.key.as_str(),
        "current": info.current,
        "agentId": info.agent,
        "title": info.title,
        "events": imported.events,
        "turns": info.turns,
        "badLines": imported.bad_lines,
        "badLinesPath": imported.quarantine,
        "problems": problems.collect::<Vec<_>>(),
    })
}

/// A line of the file that could not be read.
#[derive(Debug, PartialEq, Eq)]
struct Problem {
    line: u64,
    why: String,
}

/// The first of those that the store put apart.
fn problems(path: &Path) -> Vec<Problem> {
    let Ok(file) = File::open(path) else { return Vec::new() };
    let lines = BufReader::new(file).lines().map_while(Result::ok);
    let problems = lines.filter_map(|line| {
        let value: Value = serde_json::from_str(&line).ok()?;
        let why = value.get("why")?.as_str()?.to_owned();
        Some(Problem { line: value.get("line")?.as_u64()?, why })
    });
    problems.take(100).collect()
}
