//! `openclaw trace`: what was said to and by the model servers.

mod curl;
mod facts;
mod replay;
mod show;

use std::io;

use openclaw_runtime::{Record, TraceStore};

use crate::args::trace::{TraceAction, TraceList, TraceReplay, Which};
use crate::args::{Capability, Command, InferModelAction};
use crate::commands::Context;
use crate::exit::Exit;
use crate::report;
use crate::table::table;

use facts::{facts_json, row};

/// Tells whether a command is to be traced whatever the config says.
pub(crate) fn is_asked_for(command: &Command) -> bool {
    match command {
        Command::Agent(args) => args.trace,
        Command::Chat(args) => args.trace,
        Command::Infer(infer) => match &infer.capability {
            Capability::Model(model) => match &model.action {
                InferModelAction::Run(args) => args.trace,
            },
        },
        _ => false,
    }
}

/// Runs the commands that only read or remove files.
pub(crate) fn run(context: &Context, action: TraceAction) -> io::Result<Exit> {
    let Some(store) = store(context) else { return Ok(Exit::Config) };
    match action {
        TraceAction::List(args) => list(context, &store, &args),
        TraceAction::Show(args) => match find(context, &store, args.which) {
            Some(record) => show::run(context, &record, &args),
            None => Ok(Exit::Failed),
        },
        TraceAction::Curl(args) => match find(context, &store, args.which) {
            Some(record) => curl::run(context, &record),
            None => Ok(Exit::Failed),
        },
        TraceAction::Replay(_) => Ok(Exit::Usage),
        TraceAction::Clear => Ok(clear(context, &store)),
    }
}

/// Runs the command that sends something.
pub(crate) async fn replay(context: &Context, args: TraceReplay) -> io::Result<Exit> {
    let Some(store) = store(context) else { return Ok(Exit::Config) };
    match find(context, &store, args.which) {
        Some(record) => replay::run(context, &record, args).await,
        None => Ok(Exit::Failed),
    }
}

fn store(context: &Context) -> Option<TraceStore> {
    match context.runtime.trace_store() {
        Ok(store) => Some(store),
        Err(error) => {
            context.printer.error(format_args!("failed to {error}"));
            for cause in report::causes(&error) {
                context.printer.aside(format_args!("cause: {cause}"));
            }
            None
        }
    }
}

/// Reads an exchange, or says why there is none.
fn find(context: &Context, store: &TraceStore, which: Which) -> Option<Record> {
    let record = match which {
        Which::Last => store.last(),
        Which::Number(number) => store.read(number),
    };
    if record.is_none() {
        match which {
            Which::Number(number) if !store.numbers().is_empty() => {
                context.printer.error(format_args!("there is no exchange {number}"));
                context.printer.hint("`openclaw trace list` shows those there are.");
            }
            _ => {
                context.printer.error("there is no exchange yet");
                say_how(context);
            }
        }
    }
    record
}

fn say_how(context: &Context) {
    if context.runtime.traces_to_disk() {
        context.printer.hint("The trace is on: the next exchange is kept.");
    } else {
        context.printer.hint(
            "Switch the trace on with `--trace` for one `agent`, `chat` or `infer model \
             run`, with OPENCLAW_TRACE=1, or for good with `openclaw config set \
             diagnostics.trace.enabled true`.",
        );
    }
}

fn list(context: &Context, store: &TraceStore, args: &TraceList) -> io::Result<Exit> {
    let records: Vec<Record> = store.records().collect();
    if args.json {
        let all: Vec<_> = records.iter().map(facts_json).collect();
        context.printer.answer_json(&all.into())?;
        return Ok(Exit::Ok);
    }
    if records.is_empty() {
        context.printer.note("no exchanges are kept");
        say_how(context);
        return Ok(Exit::Ok);
    }
    let head = ["#", "Age", "What", "Status", "Outcome", "Prompt", "Answer", "First", "Total"];
    let mut rows = vec![head.map(str::to_owned)];
    rows.extend(records.iter().map(row));
    context.printer.answer(&table(&rows))?;
    Ok(Exit::Ok)
}

fn clear(context: &Context, store: &TraceStore) -> Exit {
    match store.clear() {
        Ok(count) => {
            context.printer.note(format_args!(
                "removed {count} exchange{} from {}",
                if count == 1 { "" } else { "s" },
                store.folder().display()
            ));
            Exit::Ok
        }
        Err(error) => {
            let folder = store.folder().display();
            context
                .printer
                .error(format_args!("failed to remove the exchanges in {folder}: {error}"));
            Exit::Failed
        }
    }
}
