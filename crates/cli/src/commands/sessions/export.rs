//! `openclaw sessions export`.

use std::error::Error;
use std::io::{self, BufWriter, Write};

use openclaw_chat::CommandContext;
use openclaw_runtime::StoreError;
use openclaw_terminal::OutputPrinter;

use super::{find_session, report_store_error};
use crate::args::sessions::SessionsExportArgs;
use crate::exit::ExitReason;

pub(super) fn run(context: &CommandContext, args: &SessionsExportArgs) -> io::Result<ExitReason> {
    let printer = &context.printer;
    let (store, info) = match find_session(context, args.session.as_deref()) {
        Ok(found) => found,
        Err(exit) => return Ok(exit),
    };
    let Some(path) = &args.output else {
        let mut out = BufWriter::new(PrinterLineWriter { printer, partial_line: Vec::new() });
        return match store.export_session(&info.id, &mut out) {
            Ok(_) => Ok(ExitReason::Ok),
            Err(error) => match stdout_error(&error) {
                Some(error) => Err(error),
                None => Ok(report_store_error(context, &error)),
            },
        };
    };
    match store.export_to_file(&info.id, path, args.force) {
        Ok(events) => {
            let path = path.display();
            printer.print_note(format_args!(
                "wrote session {} with {events} events to {path}",
                info.id
            ));
            Ok(ExitReason::Ok)
        }
        Err(error) => {
            let exit = report_store_error(context, &error);
            if path.exists() && !args.force {
                printer.print_hint("`--force` replaces the file.");
            }
            Ok(exit)
        }
    }
}

/// Returns the stdout error behind a store error; `None` for any other cause.
fn stdout_error(error: &StoreError) -> Option<io::Error> {
    let cause = error.source()?.downcast_ref::<io::Error>()?;
    Some(io::Error::new(cause.kind(), cause.to_string()))
}

/// Writes whole lines through the printer, which escapes control characters on a terminal.
struct PrinterLineWriter<'p> {
    printer: &'p OutputPrinter,
    partial_line: Vec<u8>,
}

impl Write for PrinterLineWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.partial_line.extend_from_slice(bytes);
        if let Some(end) = self.partial_line.iter().rposition(|byte| *byte == b'\n') {
            let lines: Vec<u8> = self.partial_line.drain(..=end).collect();
            self.printer.write_answer(&String::from_utf8_lossy(&lines))?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
