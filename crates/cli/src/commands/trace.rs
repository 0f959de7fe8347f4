//! `openclaw trace`: shows, copies and replays traced exchanges.

mod curl;
mod replay;
mod show;
mod summary;

use std::io;

use openclaw_chat::CommandContext;
use openclaw_chat::exchanges::{find_exchange, open_trace_store, print_enable_hint, table_row};
use openclaw_models::{TraceRecord, TraceStore};

use crate::args::deferred::DeferredArgs;
use crate::args::trace::{TraceAction, TraceListArgs, TraceReplayArgs};
use crate::args::{CliCommand, InferCapability, InferModelAction};
use crate::exit::ExitReason;
use crate::json_answer::write_json_answer;
use crate::table::format_table;

use summary::summarize_exchange;

/// Returns true when the command line asks for a trace, whatever the config says.
pub(crate) fn is_trace_requested(command: &CliCommand) -> bool {
    match command {
        CliCommand::Agent(DeferredArgs(args)) => args.trace,
        CliCommand::Chat(DeferredArgs(args)) => args.trace,
        CliCommand::Infer(DeferredArgs(infer)) => match &infer.capability {
            InferCapability::Model(model) => match &model.action {
                InferModelAction::Run(args) => args.trace,
            },
        },
        _ => false,
    }
}

/// Runs the commands that only read or remove trace files.
pub(crate) fn run(context: &CommandContext, action: TraceAction) -> io::Result<ExitReason> {
    let Some(store) = open_trace_store(context) else { return Ok(ExitReason::Config) };
    match action {
        TraceAction::List(args) => list_records(context, &store, &args),
        TraceAction::Show(args) => match find_exchange(context, &store, args.exchange) {
            Some(record) => show::run(context, &record, &args),
            None => Ok(ExitReason::Failed),
        },
        TraceAction::Curl(args) => match find_exchange(context, &store, args.exchange) {
            Some(record) => curl::run(context, &record),
            None => Ok(ExitReason::Failed),
        },
        TraceAction::Replay(_) => Ok(ExitReason::Usage),
        TraceAction::Clear => Ok(clear_records(context, &store)),
    }
}

/// Runs `trace replay`, which sends a request.
pub(crate) async fn replay_exchange(
    context: &CommandContext,
    args: TraceReplayArgs,
) -> io::Result<ExitReason> {
    let Some(store) = open_trace_store(context) else { return Ok(ExitReason::Config) };
    match find_exchange(context, &store, args.exchange) {
        Some(record) => replay::run(context, &record, args).await,
        None => Ok(ExitReason::Failed),
    }
}

fn list_records(
    context: &CommandContext,
    store: &TraceStore,
    args: &TraceListArgs,
) -> io::Result<ExitReason> {
    let records: Vec<TraceRecord> = store.read_records().collect();
    if args.json {
        let all: Vec<_> = records.iter().map(summarize_exchange).collect();
        write_json_answer(&context.printer, &all)?;
        return Ok(ExitReason::Ok);
    }
    if records.is_empty() {
        context.printer.print_note("no exchanges are kept");
        print_enable_hint(context);
        return Ok(ExitReason::Ok);
    }
    let head = ["#", "Age", "What", "Status", "Outcome", "Prompt", "Answer", "First", "Total"];
    let mut rows = vec![head.map(str::to_owned)];
    rows.extend(records.iter().map(table_row));
    context.printer.write_answer(&format_table(&rows))?;
    Ok(ExitReason::Ok)
}

fn clear_records(context: &CommandContext, store: &TraceStore) -> ExitReason {
    match store.remove_all() {
        Ok(count) => {
            context.printer.print_note(format_args!(
                "removed {count} exchange{} from {}",
                if count == 1 { "" } else { "s" },
                store.folder().display()
            ));
            ExitReason::Ok
        }
        Err(error) => {
            let folder = store.folder().display();
            context
                .printer
                .print_error(format_args!("failed to remove the exchanges in {folder}: {error}"));
            ExitReason::Failed
        }
    }
}
