//! `openclaw logs`: shows the log in the state folder.

mod log_tail;

use std::io;
use std::time::Duration;

use openclaw_chat::{CommandContext, wait_for_interrupt};
use openclaw_terminal::TextStyle;
use serde_json::{Value, json};

use self::log_tail::{LogTail, read_last_lines};
use crate::args::logs::LogsArgs;
use crate::exit::ExitReason;
use crate::json_answer::write_json_line;
use crate::program_log::{LogRecord, log_file};

pub(crate) async fn run(context: &CommandContext, args: &LogsArgs) -> io::Result<ExitReason> {
    let log = log_file(&context.models);
    let printer = &context.printer;
    let tail = LogTail::open_at_end(log.path());
    let lines = match read_last_lines(&log, tail.position(), args.max_bytes) {
        Ok(lines) => lines,
        Err(error) => {
            let path = log.path().display();
            printer.print_error(format_args!("failed to read {path}: {error}"));
            return Ok(ExitReason::Failed);
        }
    };
    if args.json {
        let file = log.path().display().to_string();
        write_json_line(printer, &json!({ "type": "meta", "file": file }))?;
    } else if lines.is_empty() {
        let path = log.path().display();
        printer.print_note(format_args!("nothing is logged yet in {path}"));
    }
    let skipped = lines.len().saturating_sub(args.limit);
    for line in lines.iter().skip(skipped) {
        write_line(context, args, line)?;
    }
    if args.follow {
        tokio::select! {
            biased;
            () = wait_for_interrupt() => {}
            ended = follow_log(context, args, tail) => return ended.map(|()| ExitReason::Ok),
        }
    }
    Ok(ExitReason::Ok)
}

/// Prints new lines for ever.
async fn follow_log(
    context: &CommandContext,
    args: &LogsArgs,
    mut tail: LogTail,
) -> io::Result<()> {
    let mut clock = tokio::time::interval(Duration::from_millis(args.interval));
    loop {
        clock.tick().await;
        for line in tail.read_new_lines()? {
            write_line(context, args, &line)?;
        }
    }
}

fn write_line(context: &CommandContext, args: &LogsArgs, line: &str) -> io::Result<()> {
    let printer = &context.printer;
    let record: Option<LogRecord> = serde_json::from_str(line).ok();
    if args.json {
        let mut value = match &record {
            Some(record) => serde_json::to_value(record).map_err(io::Error::other)?,
            None => json!({ "raw": line }),
        };
        if let Value::Object(fields) = &mut value {
            let kind = if record.is_some() { "log" } else { "raw" };
            fields.insert("type".to_owned(), kind.into());
        }
        return write_json_line(printer, &value);
    }
    let Some(LogRecord { time, level, subsystem, message, .. }) = record else {
        return printer.write_answer_line(openclaw_terminal::sanitize::escape_line(line));
    };
    let text = format!("{time} {level:<5} {subsystem}: {message}");
    let text = openclaw_terminal::sanitize::escape_line(&text);
    let style = match level.as_str() {
        "error" => Some(TextStyle::Red),
        "warn" => Some(TextStyle::Yellow),
        "debug" | "trace" => Some(TextStyle::Dim),
        _ => None,
    };
    let style = style.filter(|_| printer.stdout_is_terminal && !args.plain);
    let text = match style {
        Some(style) => printer.style_text(style, text),
        None => text,
    };
    printer.write_styled_answer(&format!("{text}\n"))
}
