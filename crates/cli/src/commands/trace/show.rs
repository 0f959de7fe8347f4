//! `openclaw trace show`.

use std::io;

use openclaw_chat::CommandContext;
use openclaw_chat::exchanges::{ExchangeDetail, describe_exchange};
use openclaw_models::TraceRecord;

use crate::args::trace::TraceShowArgs;
use crate::exit::ExitReason;
use crate::json_answer::write_json_answer;

pub(super) fn run(
    context: &CommandContext,
    record: &TraceRecord,
    args: &TraceShowArgs,
) -> io::Result<ExitReason> {
    if args.json {
        let value = serde_json::to_value(record).map_err(io::Error::other)?;
        write_json_answer(&context.printer, &value)?;
        return Ok(ExitReason::Ok);
    }
    let detail = ExchangeDetail { events: args.events, full: args.full };
    let text = describe_exchange(record, detail);
    // A key spread over several deltas becomes whole only here, so it is redacted here too.
    context.printer.write_answer(&context.models.redact_keys(&text))?;
    Ok(ExitReason::Ok)
}
