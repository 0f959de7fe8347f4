//! The diagnostic log: off unless `OPENCLAW_LOG` is set.

use tracing_subscriber::filter::LevelFilter;

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
        .with_writer(std::io::stderr)
        .init();
    Ok(())
}
