//! Where diagnostic events go: to stderr with `OPENCLAW_LOG`, and to the log in the state folder.

use std::fmt::{self, Write as _};
use std::io::{self, Write};
use std::sync::Arc;

use openclaw_models::ModelRegistry;
use openclaw_terminal::{OutputPrinter, sanitize};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::args::CliCommand;
use crate::args::deferred::DeferredArgs;
use crate::program_log::ProgramLog;

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

/// Writes the events of this program to the log in the state folder.
struct FileLayer(Arc<ProgramLog>);

impl<S: Subscriber> Layer<S> for FileLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        let Some(module) = metadata.target().strip_prefix("openclaw_") else { return };
        let mut text = EventText::default();
        event.record(&mut text);
        let level = metadata.level().as_str().to_ascii_lowercase();
        self.0.append_record(&level, &module.replace("::", "/"), &text.0);
    }
}

/// The message of an event, followed by its fields.
#[derive(Default)]
struct EventText(String);

impl Visit for EventText {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a string cannot fail.
        let _ = match field.name() {
            "message" => write!(self.0, "{value:?}"),
            name => write!(self.0, " {name}={value:?}"),
        };
    }
}

/// Parses the level of `OPENCLAW_LOG`.
///
/// # Errors
/// When `level` is no level.
pub(crate) fn parse_level(level: &str) -> Result<LevelFilter, String> {
    level.parse().map_err(|_| {
        format!("OPENCLAW_LOG is {level:?}; expected `error`, `warn`, `info`, `debug` or `trace`")
    })
}

/// Starts to write events: to stderr from one level on, to a log from another. To be called once.
fn start_logging(stderr: Option<LevelFilter>, file: Option<(Arc<ProgramLog>, LevelFilter)>) {
    if stderr.is_none() && file.is_none() {
        return;
    }
    let stderr = stderr.map(|level| {
        let layer = tracing_subscriber::fmt::layer().with_ansi(false);
        layer.with_writer(|| EscapingStderr).with_filter(level)
    });
    let file = file.map(|(log, level)| FileLayer(log).with_filter(level));
    // A subscriber of the program that embeds this one stays.
    let _ = tracing_subscriber::registry().with(stderr).with(file).try_init();
}

/// The name of a command that agents run in, as the log has it; `None` for any other.
pub(crate) fn logged_command(command: &CliCommand) -> Option<&'static str> {
    Some(match command {
        CliCommand::Agent(_) => "agent",
        CliCommand::Chat(_) => "chat",
        CliCommand::Infer(_) => "infer",
        CliCommand::Gateway(DeferredArgs(args)) if args.runs_agents() => "gateway",
        CliCommand::Node(DeferredArgs(args)) if args.runs_commands() => "node",
        _ => return None,
    })
}

/// Starts to log, and returns the printer whose errors and warnings are logged. What a gateway does
/// is logged too.
pub(crate) fn start_program_log(
    printer: &OutputPrinter,
    models: &ModelRegistry,
    command: Option<&'static str>,
    stderr_level: Option<LevelFilter>,
) -> OutputPrinter {
    let Some(command) = command else {
        start_logging(stderr_level, None);
        return printer.clone();
    };
    let program_log = Arc::new(ProgramLog::new(models, command));
    let level = if command == "gateway" { LevelFilter::INFO } else { LevelFilter::WARN };
    start_logging(stderr_level, Some((Arc::clone(&program_log), level)));
    printer.with_message_log(program_log)
}
