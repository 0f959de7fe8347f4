//! `openclaw models reset`.

use std::io;

use openclaw_runtime::ConnectError;
use serde_json::json;

use crate::args::ModelsReset;
use crate::commands::Context;
use crate::exit::Exit;
use crate::run::print_connect_error;

pub(crate) fn run(context: &Context, args: &ModelsReset) -> io::Result<Exit> {
    let printer = context.printer;
    let closed = match context.runtime.reset_breakers(args.name.as_deref()) {
        Ok(closed) => closed,
        Err(error) => return Ok(print_connect_error(printer, &ConnectError::Setup(error))),
    };
    context.print_notices();
    if args.json {
        printer.answer_json(&json!({"reset": closed}))?;
    } else if closed.is_empty() {
        printer.note("nothing had failed");
    } else {
        for name in closed {
            printer.answer_line(name)?;
        }
    }
    Ok(Exit::Ok)
}
