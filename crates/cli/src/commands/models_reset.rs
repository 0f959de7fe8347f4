//! `openclaw models reset`.

use std::io;

use openclaw_chat::CommandContext;
use openclaw_models::ConnectError;
use openclaw_protocol::results::models::BreakerReset;

use crate::args::ModelsResetArgs;
use crate::exit::ExitReason;
use crate::failure::print_connect_error;
use crate::json_answer::write_json_answer;

pub(crate) fn run(context: &CommandContext, args: &ModelsResetArgs) -> io::Result<ExitReason> {
    let printer = &context.printer;
    let reset = match context.models.reset_breakers(args.name.as_deref()) {
        Ok(closed) => closed,
        Err(error) => return Ok(print_connect_error(printer, &ConnectError::Setup(error))),
    };
    context.print_warnings(&reset.warnings);
    let reset_names = reset.names;
    if args.json {
        write_json_answer(printer, &BreakerReset { reset: reset_names })?;
    } else if reset_names.is_empty() {
        printer.print_note("nothing had failed");
    } else {
        for name in reset_names {
            printer.write_answer_line(name)?;
        }
    }
    Ok(ExitReason::Ok)
}
