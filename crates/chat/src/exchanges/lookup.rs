//! Finds a traced exchange, or prints why there is none.

use std::str::FromStr;

use openclaw_models::{TraceRecord, TraceStore};

use crate::context::CommandContext;

/// Selects an exchange. Written as `last`, `3` or `#3`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExchangeSelector {
    /// The last exchange with a model.
    Last,
    /// The exchange with this number.
    Number(u64),
}

impl FromStr for ExchangeSelector {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "last" => Ok(Self::Last),
            _ => text
                .trim_start_matches('#')
                .parse()
                .map(Self::Number)
                .map_err(|_| "expected a number of `openclaw trace list`, or `last`"),
        }
    }
}

/// Opens the trace of the config, or prints why it cannot be read.
#[must_use]
pub fn open_trace_store(context: &CommandContext) -> Option<TraceStore> {
    match context.models.trace_store() {
        Ok(store) => Some(store),
        Err(error) => {
            context.printer.print_error(format_args!("failed to {error}"));
            for cause in openclaw_runtime::error_causes(&error) {
                context.printer.print_indented(format_args!("cause: {cause}"));
            }
            None
        }
    }
}

/// Reads an exchange, or prints why there is none.
#[must_use]
pub fn find_exchange(
    context: &CommandContext,
    store: &TraceStore,
    selector: ExchangeSelector,
) -> Option<TraceRecord> {
    let record = match selector {
        ExchangeSelector::Last => store.read_last(),
        ExchangeSelector::Number(number) => store.read_record(number),
    };
    if record.is_none() {
        match selector {
            ExchangeSelector::Number(number) if !store.list_numbers().is_empty() => {
                context.printer.print_error(format_args!("there is no exchange {number}"));
                context.printer.print_hint("`openclaw trace list` shows those there are.");
            }
            _ => {
                context.printer.print_error("there is no exchange yet");
                print_enable_hint(context);
            }
        }
    }
    record
}

/// Prints how to switch the trace on.
pub fn print_enable_hint(context: &CommandContext) {
    if context.models.traces_to_disk() {
        context.printer.print_hint("The trace is on: the next exchange is kept.");
    } else {
        context.printer.print_hint(
            "Switch the trace on with `--trace` for one `agent`, `chat` or `infer model \
             run`, with OPENCLAW_TRACE=1, or for good with `openclaw config set \
             diagnostics.trace.enabled true`.",
        );
    }
}
