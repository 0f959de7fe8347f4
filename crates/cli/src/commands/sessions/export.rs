//! `openclaw sessions export`.

use std::error::Error;
use std::io::{self, BufWriter, Write};

use openclaw_runtime::StoreError;

use super::{fail, find};
use crate::args::sessions::SessionsExport;
use crate::commands::Context;
use crate::exit::Exit;
use crate::printer::Printer;

pub(super) fn run(context: &Context, args: &SessionsExport) -> io::Result<Exit> {
    let printer = context.printer;
    let (store, info) = match find(context, &args.session) {
        Ok(found) => found,
        Err(exit) => return Ok(exit),
    };
    let Some(path) = &args.output else {
        let mut out = BufWriter::new(Lines { printer, rest: Vec::new() });
        return match store.export(&info.id, &mut out) {
            Ok(_) => Ok(Exit::Ok),
            Err(error) => match unwritten(&error) {
                Some(error) => Err(error),
                None => Ok(fail(context, &error)),
            },
        };
    };
    match store.export_to(&info.id, path, args.force) {
        Ok(events) => {
            let path = path.display();
            printer.note(format_args!("wrote session {} with {events} events to {path}", info.id));
            Ok(Exit::Ok)
        }
        Err(error) => {
            let exit = fail(context, &error);
            if path.exists() && !args.force {
                printer.hint("`--force` replaces the file.");
            }
            Ok(exit)
        }
    }
}

/// Why stdout did not take it; `None` when it was something else.
fn unwritten(error: &StoreError) -> Option<io::Error> {
    let cause = error.source()?.downcast_ref::<io::Error>()?;
    Some(io::Error::new(cause.kind(), cause.to_string()))
}

/// Gives whole lines to the printer, which makes them harmless where a person reads them.
struct Lines {
    printer: Printer,
    rest: Vec<u8>,
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.rest.extend_from_slice(bytes);
        if let Some(end) = self.rest.iter().rposition(|byte| *byte == b'\n') {
            let lines: Vec<u8> = self.rest.drain(..=end).collect();
            self.printer.answer(&String::from_utf8_lossy(&lines))?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
