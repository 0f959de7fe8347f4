//! `openclaw config restore`.

use std::io;
use std::time::UNIX_EPOCH;

use openclaw_chat::exchanges::format_utc;
use openclaw_config::{ConfigFile, KeptVersion};
use openclaw_protocol::results::config::{KeptVersionEntry, KeptVersionList};
use openclaw_terminal::sanitize;

use super::{ConfigCommandContext, change_report};
use crate::args::config::ConfigRestoreArgs;
use crate::exit::ExitReason;
use crate::json_answer::write_json_answer;
use crate::table::format_table;

pub(super) fn run(
    context: ConfigCommandContext<'_>,
    args: &ConfigRestoreArgs,
) -> io::Result<ExitReason> {
    if args.list {
        return list_versions(context, args);
    }
    let file = ConfigFile::from_paths(context.paths);
    let outcome = if args.write.dry_run {
        file.preview_restore(context.env, args.number)
    } else {
        file.restore_version(context.env, args.number)
    };
    let done = args.number.map_or_else(
        || "Restored the newest version".to_owned(),
        |number| format!("Restored version {number}"),
    );
    change_report::report_change(context, &args.write, outcome, &done)
}

fn list_versions(
    context: ConfigCommandContext<'_>,
    args: &ConfigRestoreArgs,
) -> io::Result<ExitReason> {
    let printer = context.printer;
    let versions = match ConfigFile::from_paths(context.paths).kept_versions() {
        Ok(versions) => versions,
        Err(error) => {
            change_report::print_save_error(context, &error);
            return Ok(change_report::exit_reason(&error));
        }
    };
    let versions: Vec<KeptVersion> = versions.into_iter().rev().collect();
    if args.write.json {
        let entry = |version: &KeptVersion| KeptVersionEntry {
            number: version.number,
            path: version.path.display().to_string(),
            kept_at_ms: kept_at_ms(version),
        };
        let versions = versions.iter().map(entry).collect();
        write_json_answer(printer, &KeptVersionList { versions })?;
        return Ok(ExitReason::Ok);
    }
    if versions.is_empty() {
        return printer.write_answer_line("No version is kept yet").map(|()| ExitReason::Ok);
    }
    let head = ["VERSION", "KEPT", "", "FILE"].map(str::to_owned);
    let rows = versions.iter().enumerate().map(|(index, version)| {
        let kept = kept_at_ms(version)
            .map_or_else(|| "unknown".to_owned(), |at| format!("{} UTC", format_utc(at)));
        let mark = if index == 0 { "newest" } else { "" };
        let path = version.path.display().to_string();
        [version.number.to_string(), kept, mark.to_owned(), sanitize::escape_line(&path)]
    });
    let rows: Vec<_> = std::iter::once(head).chain(rows).collect();
    printer.write_answer(&format_table(&rows))?;
    printer.print_hint("`openclaw config restore` returns to the newest, `openclaw config restore NUMBER` to another.");
    Ok(ExitReason::Ok)
}

/// When a version was kept, in milliseconds since 1970.
fn kept_at_ms(version: &KeptVersion) -> Option<u64> {
    let since = version.kept_at?.duration_since(UNIX_EPOCH).ok()?;
    u64::try_from(since.as_millis()).ok()
}
