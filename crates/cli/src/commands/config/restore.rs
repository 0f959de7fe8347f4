//! `openclaw config restore`.

use std::io;

use openclaw_config::{ConfigFile, KeptVersion};
use openclaw_protocol::results::config::{KeptVersionEntry, KeptVersionList};

use super::{ConfigCommandContext, change_report};
use crate::args::config::ConfigRestoreArgs;
use crate::exit::ExitReason;
use crate::json_answer::write_json_answer;

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
    if args.write.json {
        let entry = |KeptVersion { number, path }: &KeptVersion| KeptVersionEntry {
            number: *number,
            path: path.display().to_string(),
        };
        let versions = versions.iter().map(entry).collect();
        write_json_answer(printer, &KeptVersionList { versions })?;
        return Ok(ExitReason::Ok);
    }
    if versions.is_empty() {
        printer.write_answer_line("No version is kept yet")?;
    }
    for KeptVersion { number, path } in &versions {
        printer.write_answer_line(format_args!("{number}  {}", path.display()))?;
    }
    Ok(ExitReason::Ok)
}
