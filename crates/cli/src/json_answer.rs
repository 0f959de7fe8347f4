//! Writes JSON answers. The fields are in alphabetical order, whatever their order in the structs.

use std::io;

use openclaw_terminal::OutputPrinter;
use serde::Serialize;

/// Writes a JSON value to stdout, indented.
pub(crate) fn write_json_answer(printer: &OutputPrinter, value: &impl Serialize) -> io::Result<()> {
    let value = serde_json::to_value(value).map_err(io::Error::other)?;
    printer.write_answer_line(format_args!("{value:#}"))
}

/// Writes a JSON value to stdout, on one line.
pub(crate) fn write_json_line(printer: &OutputPrinter, value: &impl Serialize) -> io::Result<()> {
    let value = serde_json::to_value(value).map_err(io::Error::other)?;
    printer.write_answer_line(value)
}
