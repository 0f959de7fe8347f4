//! `openclaw sessions import`.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use openclaw_chat::CommandContext;
use openclaw_config::defaults::MAIN_AGENT;
use openclaw_protocol::results::sessions::{ImportResult, LineProblem};
use openclaw_runtime::{ImportReport, SessionInfo, SessionKey};
use serde_json::Value;

use super::report_store_error;
use crate::args::sessions::SessionsImportArgs;
use crate::exit::ExitReason;
use crate::json_answer::write_json_answer;

/// The most unreadable lines that are reported one by one.
const MAX_PRINTED_LINES: usize = 5;

pub(super) fn run(context: &CommandContext, args: &SessionsImportArgs) -> io::Result<ExitReason> {
    if args.file.is_dir() {
        return super::import_folder::run(context, args);
    }
    let key = match args.session.as_deref().map(str::parse::<SessionKey>).transpose() {
        Ok(key) => key,
        Err(error) => return Ok(report_store_error(context, &error)),
    };
    let imported = super::open_store(context).and_then(|store| {
        let imported = store.import_session(
            &args.file,
            key.as_ref(),
            args.agent.as_deref().unwrap_or(MAIN_AGENT),
        )?;
        let info = store.find_session(imported.id.as_str())?;
        Ok((imported, info))
    });
    let (imported, info) = match imported {
        Ok(imported) => imported,
        Err(error) => return Ok(report_store_error(context, &error)),
    };
    let problems = imported.quarantine.as_deref().map(read_quarantine).unwrap_or_default();
    if args.json {
        write_json_answer(&context.printer, &report_import(&imported, &info, &problems))?;
    } else {
        context.printer.write_answer_line(&info.id)?;
    }
    print_import(context, &imported, &info, &problems);
    Ok(ExitReason::Ok)
}

fn print_import(
    context: &CommandContext,
    imported: &ImportReport,
    info: &SessionInfo,
    problems: &[UnreadableLine],
) {
    let printer = &context.printer;
    let ImportReport { id, events, bad_lines, quarantine } = imported;
    printer.print_note(format_args!("took in session {id} with {events} events, as {}", info.key));
    if let Some(path) = quarantine {
        let path = path.display();
        printer.print_warning(format_args!("{bad_lines} lines could not be read; {path} has them"));
        for UnreadableLine { line, reason: why } in problems.iter().take(MAX_PRINTED_LINES) {
            printer.print_note(format_args!("  line {line}: {why}"));
        }
    }
    if !info.is_current {
        printer.print_note(format_args!(
            "{} still points to another session; `openclaw agent --session-id {id}` continues \
             this one",
            info.key
        ));
    }
}

fn report_import(
    imported: &ImportReport,
    info: &SessionInfo,
    problems: &[UnreadableLine],
) -> ImportResult {
    let problems = problems
        .iter()
        .map(|problem| LineProblem { line: problem.line, reason: problem.reason.clone() });
    ImportResult {
        session_id: info.id.as_str().to_owned(),
        key: info.key.as_str().to_owned(),
        current: info.is_current,
        agent_id: info.agent.clone(),
        title: info.title.clone(),
        events: imported.events,
        turns: info.turns,
        bad_lines: imported.bad_lines,
        bad_lines_path: imported.quarantine.as_ref().map(|path| path.display().to_string()),
        problems: problems.collect(),
    }
}

/// A line of the file that could not be parsed.
#[derive(Debug, PartialEq, Eq)]
struct UnreadableLine {
    line: u64,
    reason: String,
}

/// Reads the first lines of the quarantine file that the store wrote.
fn read_quarantine(path: &Path) -> Vec<UnreadableLine> {
    let Ok(file) = File::open(path) else { return Vec::new() };
    let lines = BufReader::new(file).lines().map_while(Result::ok);
    let problems = lines.filter_map(|line| {
        let value: Value = serde_json::from_str(&line).ok()?;
        let reason = value.get("why")?.as_str()?.to_owned();
        Some(UnreadableLine { line: value.get("line")?.as_u64()?, reason })
    });
    problems.take(100).collect()
}
