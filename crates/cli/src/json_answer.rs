//! Writes JSON answers.

use std::io;

use openclaw_terminal::Printer;
use serde_json::Value;

/// Writes a JSON value to stdout, indented.
pub(crate) fn write_json_answer(printer: Printer, value: &Value) -> io::Result<()> {
    printer.write_answer_line(format_args!("{value:#}"))
}
