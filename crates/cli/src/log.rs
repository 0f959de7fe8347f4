//! The log of what the parts do, for finding faults: off unless `OPENCLAW_LOG` asks for it.

use tracing_subscriber::filter::LevelFilter;

/// Starts the log on stderr at the level that `OPENCLAW_LOG` names.
///
/// # Errors
/// When the text names no level.
pub(crate) fn start_logging(level: &str) -> Result<(), String> {
    let level: LevelFilter = level.parse().map_err(|_| {
        format!("OPENCLAW_LOG is {level:?}; expected `error`, `warn`, `info`, `debug` or `trace`")
    })?;
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_ansi(false)
        .with_writer(std::io::stderr)
        .init();
    Ok(())
}
