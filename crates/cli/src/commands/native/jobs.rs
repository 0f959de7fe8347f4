//! `openclaw cron list`: the jobs that the original left. Nothing runs them.

use std::io;

use serde_json::{Value, json};

use super::{NativeArgs, refuse};
use crate::commands::config::ConfigCommandContext;
use crate::exit::ExitReason;
use crate::json_answer::write_json_answer;

/// The largest file of jobs, in bytes.
const MAX_FILE_BYTES: u64 = 4 << 20;

pub(super) fn list_jobs(
    context: ConfigCommandContext<'_>,
    args: &NativeArgs<'_>,
) -> io::Result<ExitReason> {
    let printer = context.printer;
    let path = context.paths.state_dir().join("cron").join("jobs.json");
    let jobs = match openclaw_fs::read_text(&path, MAX_FILE_BYTES) {
        Ok(text) => serde_json::from_str::<Value>(&text)
            .ok()
            .and_then(|content| content.get("jobs").unwrap_or(&content).as_array().cloned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Some(Vec::new()),
        Err(error) => {
            return Ok(refuse(context, &format!("failed to read {}: {error}", path.display())));
        }
    };
    let Some(jobs) = jobs else {
        return Ok(refuse(context, &format!("{} has no list of jobs", path.display())));
    };
    printer.print_note(
        "nothing runs here by schedule yet; `openclaw agent -m TEXT` in the `crontab` of the system \
         does",
    );
    if args.is_json {
        write_json_answer(printer, &json!({ "jobs": jobs }))?;
        return Ok(ExitReason::Ok);
    }
    for job in &jobs {
        let text = |key: &str| job.get(key).and_then(Value::as_str).unwrap_or("-").to_owned();
        let schedule = job.get("schedule").map(Value::to_string).unwrap_or_default();
        let line = format!("{}  {}  {schedule}", text("id"), text("name"));
        printer.write_answer_line(openclaw_terminal::sanitize::escape_line(line.trim_end()))?;
    }
    Ok(ExitReason::Ok)
}
