//! The diagnostic log: off unless `OPENCLAW_LOG` is set.

use std::io::{self, Write};

use openclaw_terminal::sanitize;
use tracing_subscriber::filter::LevelFilter;

/// Writes to stderr, escaped: a log line may quote a server.
struct EscapingStderr;

impl Write for EscapingStderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = sanitize::escape_line(&String::from_utf8_lossy(bytes));
        io::stderr().lock().write_all(text.as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// Starts the log on stderr at the level given by `OPENCLAW_LOG`.
///
/// # Errors
/// When `level` is no level.
pub(crate) fn start_logging(level: &str) -> Result<(), String> {
    let level: LevelFilter = level.parse().map_err(|_| {
        format!("OPENCLAW_LOG is {level:?}; expected `error`, `warn`, `info`, `debug` or `trace`")
    })?;
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_ansi(false)
        .with_writer(|| EscapingStderr)
        .init();
    Ok(())
}
