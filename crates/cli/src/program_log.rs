//! The log in the state folder: a JSON object a line, without secrets.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use openclaw_chat::exchanges::format_utc;
use openclaw_fs::RotatingLog;
use openclaw_models::ModelRegistry;
use openclaw_terminal::{MessageLevel, MessageLog};
use serde::{Deserialize, Serialize};

/// The size at which a new file begins: 4 MiB.
const MAX_LOG_BYTES: u64 = 4 << 20;

/// The most characters of a message that are kept.
const MAX_MESSAGE_CHARS: usize = 4000;

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LogRecord {
    /// When it was written, in UTC: `2026-11-30T08:55:00.123Z`.
    pub(crate) time: String,
    /// `error`, `warn`, `info`, `debug` or `trace`.
    pub(crate) level: String,
    /// The command or the part of the program that it comes from.
    pub(crate) subsystem: String,
    /// The process that wrote it.
    pub(crate) pid: u32,
    /// What happened.
    pub(crate) message: String,
}

/// Writes the log. A line that cannot be written is left out: no run fails because of its log.
#[derive(Debug)]
pub(crate) struct ProgramLog {
    file: RotatingLog,
    models: ModelRegistry,
    /// The command that is run.
    command: &'static str,
    has_failed: AtomicBool,
}

impl ProgramLog {
    /// The log of a command.
    pub(crate) fn new(models: &ModelRegistry, command: &'static str) -> Self {
        let file = log_file(models);
        Self { file, models: models.clone(), command, has_failed: AtomicBool::new(false) }
    }

    /// Appends a line.
    pub(crate) fn append_record(&self, level: &str, subsystem: &str, message: &str) {
        // What cannot be written once, as on a full disk, is not tried with every line.
        if self.has_failed.load(Ordering::Relaxed) {
            return;
        }
        let message = self.models.redact_keys(message);
        let record = LogRecord {
            time: format_time(SystemTime::now()),
            level: level.to_owned(),
            subsystem: subsystem.to_owned(),
            pid: std::process::id(),
            message: message.chars().take(MAX_MESSAGE_CHARS).collect(),
        };
        let Ok(line) = serde_json::to_string(&record) else { return };
        if self.file.append_line(&line).is_err() {
            self.has_failed.store(true, Ordering::Relaxed);
        }
    }
}

impl MessageLog for ProgramLog {
    fn record_message(&self, level: MessageLevel, text: &str) {
        let level = match level {
            MessageLevel::Error => "error",
            MessageLevel::Warning => "warn",
        };
        self.append_record(level, self.command, text);
    }
}

/// The log in the state folder.
pub(crate) fn log_file(models: &ModelRegistry) -> RotatingLog {
    RotatingLog::new(models.app_paths().log_file(), MAX_LOG_BYTES)
}

/// Formats a time as JSON programs expect it.
fn format_time(time: SystemTime) -> String {
    let ms = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let ms = u64::try_from(ms).unwrap_or(u64::MAX);
    format!("{}.{:03}Z", format_utc(ms).replace(' ', "T"), ms % 1000)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn times_are_in_utc_with_their_milliseconds() {
        let time = UNIX_EPOCH + Duration::from_millis(1_795_241_164_195);
        assert_eq!(format_time(time), "2026-11-21T06:06:04.195Z");
    }
}
