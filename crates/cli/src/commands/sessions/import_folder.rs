//! `openclaw sessions import` of a folder.

use std::io;

use openclaw_chat::CommandContext;
use openclaw_runtime::{FolderImport, Store, find_transcript_folders};
use openclaw_terminal::sanitize;
use serde_json::{Value, json};

use super::report_store_error;
use crate::args::sessions::SessionsImportArgs;
use crate::exit::ExitReason;
use crate::json_answer::write_json_answer;

/// Imports the transcripts of a folder, and of the agents in it.
pub(super) fn run(context: &CommandContext, args: &SessionsImportArgs) -> io::Result<ExitReason> {
    let printer = &context.printer;
    if args.session.is_some() {
        printer
            .print_error("`--session` is for one file: in a folder each session keeps its own key");
        return Ok(ExitReason::Usage);
    }
    let folders = find_transcript_folders(&args.file);
    if folders.is_empty() {
        let path = args.file.display();
        printer.print_error(format_args!("failed to find transcripts: {path} has no `*.jsonl`"));
        printer.print_hint(
            "They are in `~/.openclaw/agents/ID/sessions`; name that folder or one above it.",
        );
        return Ok(ExitReason::Usage);
    }
    let store = match super::open_store(context) {
        Ok(store) => store,
        Err(error) => return Ok(report_store_error(context, &error)),
    };
    let imports: Vec<FolderImport> = folders
        .iter()
        .flat_map(|folder| store.import_folder(folder, args.agent.as_deref()))
        .collect();
    let failed = imports.iter().filter(|import| import.result.is_err()).count();
    if args.json {
        let files: Vec<Value> = imports.iter().map(|import| import_json(&store, import)).collect();
        write_json_answer(printer, &json!({ "files": files }))?;
    } else {
        print_imports(context, &store, &imports)?;
    }
    Ok(if failed > 0 { ExitReason::Failed } else { ExitReason::Ok })
}

fn print_imports(
    context: &CommandContext,
    store: &Store,
    imports: &[FolderImport],
) -> io::Result<()> {
    let printer = &context.printer;
    let (mut imported, mut known) = (0, 0);
    for FolderImport { path, result, .. } in imports {
        match result {
            Ok(Some(report)) => {
                imported += 1;
                let info = store.find_session(report.id.as_str()).ok();
                let key = info.as_ref().map_or("", |info| info.key.as_str());
                let title =
                    info.as_ref().and_then(|info| info.title.as_deref()).unwrap_or_default();
                let line = sanitize::escape_line(&format!("{}  {key}  {title}", report.id));
                printer.write_answer_line(line.trim_end())?;
                if let Some(quarantine) = &report.quarantine {
                    let (lines, place) = (report.bad_lines, quarantine.display());
                    printer.print_warning(format_args!(
                        "{lines} lines of {} could not be read; {place} has them",
                        path.display()
                    ));
                }
            }
            Ok(None) => known += 1,
            Err(error) => {
                printer.print_warning(format_args!("{}: failed to {error}", path.display()));
            }
        }
    }
    let before = if known == 0 { String::new() } else { format!(", {known} were there before") };
    printer.print_note(format_args!("{imported} sessions were imported{before}"));
    Ok(())
}

fn import_json(store: &Store, import: &FolderImport) -> Value {
    match &import.result {
        Ok(Some(report)) => {
            let info = store.find_session(report.id.as_str()).ok();
            json!({
                "file": import.path,
                "state": "imported",
                "sessionId": report.id.as_str(),
                "key": info.as_ref().map(|info| info.key.as_str()),
                "title": info.as_ref().and_then(|info| info.title.as_deref()),
                "turns": info.as_ref().map(|info| info.turns),
                "badLines": report.bad_lines,
            })
        }
        Ok(None) => json!({ "file": import.path, "state": "present" }),
        Err(error) => {
            json!({ "file": import.path, "state": "failed", "error": format!("failed to {error}") })
        }
    }
}
