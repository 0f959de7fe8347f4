//! Writes all output: answers to stdout, everything else to stderr.

use std::fmt::{self, Display};
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};

use crate::sanitize;

/// How much is printed on stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OutputVerbosity {
    /// Errors and questions only.
    Quiet,
    /// Progress and warnings too.
    Normal,
    /// Details too.
    Verbose,
}

/// How bad a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageLevel {
    /// Something failed.
    Error,
    /// Something is not as it should be.
    Warning,
}

/// Keeps the errors and warnings that are printed.
pub trait MessageLog: fmt::Debug + Send + Sync {
    /// Keeps one message, as it was printed, before it is escaped.
    fn record_message(&self, level: MessageLevel, text: &str);
}

/// Writes to both streams, with colour only on a terminal and without `NO_COLOR`.
#[derive(Debug, Clone)]
pub struct OutputPrinter {
    verbosity: OutputVerbosity,
    color: bool,
    /// Whether stdout is a terminal.
    pub stdout_is_terminal: bool,
    /// Whether stderr is a terminal.
    pub stderr_is_terminal: bool,
    /// Replaces both streams when set.
    output_buffer: Option<Arc<OutputBuffer>>,
    message_log: Option<Arc<dyn MessageLog>>,
}

/// Buffers output for the owner of the terminal, which draws it.
#[derive(Debug, Default)]
pub struct OutputBuffer(Mutex<String>);

impl OutputBuffer {
    /// Takes the text written since the last call.
    #[must_use]
    pub fn take_text(&self) -> String {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn write(&self, text: fmt::Arguments<'_>) {
        let mut buffer = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Writing to a string does not fail.
        let _ = fmt::Write::write_fmt(&mut *buffer, text);
    }
}

/// A text style on a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextStyle {
    /// Bold.
    Bold,
    /// Dim.
    Dim,
    /// Red, for errors.
    Red,
    /// Yellow, for warnings.
    Yellow,
    /// Green, for success.
    Green,
}

impl OutputPrinter {
    /// `plain` disables colour.
    #[must_use]
    pub fn new(verbosity: OutputVerbosity, plain: bool) -> Self {
        let stderr_is_terminal = io::stderr().is_terminal();
        Self {
            verbosity,
            color: stderr_is_terminal && !plain,
            stdout_is_terminal: io::stdout().is_terminal(),
            stderr_is_terminal,
            output_buffer: None,
            message_log: None,
        }
    }

    /// Returns a printer whose errors and warnings are also kept by `log`.
    #[must_use]
    pub fn with_message_log(&self, log: Arc<dyn MessageLog>) -> Self {
        Self { message_log: Some(log), ..self.clone() }
    }

    /// Returns a printer that writes to `buffer` in place of both streams.
    #[must_use]
    pub fn with_output_buffer(&self, buffer: Arc<OutputBuffer>) -> Self {
        Self { output_buffer: Some(buffer), ..self.clone() }
    }

    /// Writes part of an answer at once: unchanged to a pipe, escaped to a terminal.
    ///
    /// # Errors
    /// When writing to stdout fails.
    pub fn write_answer(&self, text: &str) -> io::Result<()> {
        if let Some(buffer) = &self.output_buffer {
            buffer.write(format_args!("{}", sanitize::escape_prose(text)));
            return Ok(());
        }
        let mut out = io::stdout().lock();
        if self.stdout_is_terminal {
            out.write_all(sanitize::escape_prose(text).as_bytes())?;
        } else {
            out.write_all(text.as_bytes())?;
        }
        out.flush()
    }

    /// Writes text that is already laid out and escaped.
    ///
    /// # Errors
    /// When writing to stdout fails.
    pub fn write_styled_answer(&self, text: &str) -> io::Result<()> {
        if let Some(buffer) = &self.output_buffer {
            buffer.write(format_args!("{text}"));
            return Ok(());
        }
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.flush()
    }

    /// Writes one line of an answer.
    ///
    /// # Errors
    /// When writing to stdout fails.
    pub fn write_answer_line(&self, text: impl Display) -> io::Result<()> {
        self.write_answer(&format!("{text}\n"))
    }

    /// Returns true with `--verbose`.
    #[must_use]
    pub fn is_verbose(&self) -> bool {
        self.verbosity == OutputVerbosity::Verbose
    }

    /// Returns true unless `--quiet`.
    #[must_use]
    pub fn shows_progress(&self) -> bool {
        self.verbosity > OutputVerbosity::Quiet
    }

    /// Prints a line of progress, escaped, unless quiet.
    pub fn print_note(&self, text: impl Display) {
        if self.shows_progress() {
            self.write_stderr(format_args!("{}\n", sanitize::escape_line(&text.to_string())));
        }
    }

    /// Prints a line of progress in a style, escaped, unless quiet.
    pub fn print_styled_note(&self, style: TextStyle, text: impl Display) {
        if self.shows_progress() {
            self.print_rendered(&self.style_text(style, sanitize::escape_line(&text.to_string())));
        }
    }

    /// Prints a detail, escaped, with `--verbose` only.
    pub fn print_detail(&self, text: impl Display) {
        if self.is_verbose() {
            self.write_stderr(format_args!("{}\n", sanitize::escape_line(&text.to_string())));
        }
    }

    /// Prints part of a progress line unchanged, unless quiet. The caller has escaped it.
    pub fn print_raw(&self, text: &str) {
        if self.shows_progress() {
            self.write_stderr(format_args!("{text}"));
        }
    }

    /// Prints an error, even when quiet.
    pub fn print_error(&self, text: impl Display) {
        let text = text.to_string();
        self.record_message(MessageLevel::Error, &text);
        let label = self.style_text(TextStyle::Red, "error:");
        self.write_stderr(format_args!("{label} {}\n", sanitize::escape_line(&text)));
    }

    /// Prints an indented line that belongs to an error, even when quiet.
    pub fn print_indented(&self, text: impl Display) {
        let text = text.to_string();
        self.record_message(MessageLevel::Error, &text);
        let text = format!("  {}", sanitize::escape_line(&text));
        self.print_rendered(&self.style_text(TextStyle::Dim, text));
    }

    /// Prints a warning, unless quiet.
    pub fn print_warning(&self, text: impl Display) {
        let text = text.to_string();
        self.record_message(MessageLevel::Warning, &text);
        if self.shows_progress() {
            let label = self.style_text(TextStyle::Yellow, "warning:");
            let text = sanitize::escape_line(&text);
            self.write_stderr(format_args!("{label} {text}\n"));
        }
    }

    fn record_message(&self, level: MessageLevel, text: &str) {
        if let Some(log) = &self.message_log {
            log.record_message(level, text);
        }
    }

    /// Prints a hint, even when quiet, because it belongs to an error.
    pub fn print_hint(&self, text: impl Display) {
        let label = self.style_text(TextStyle::Bold, "hint:");
        self.write_stderr(format_args!("{label} {}\n", sanitize::escape_line(&text.to_string())));
    }

    /// Prints a question, escaped and without a line end, even when quiet.
    pub fn print_question(&self, text: impl Display) {
        let text = self.style_text(TextStyle::Bold, sanitize::escape_line(&text.to_string()));
        self.write_stderr(format_args!("{text} "));
    }

    /// Prints text that is already laid out and escaped, even when quiet.
    pub fn print_rendered(&self, text: &str) {
        self.write_stderr(format_args!("{text}\n"));
    }

    /// Returns true when stderr shows colour.
    #[must_use]
    pub fn uses_color(&self) -> bool {
        self.color
    }

    /// Applies a style where the terminal shows colour.
    #[must_use]
    pub fn style_text(&self, style: TextStyle, text: impl Display) -> String {
        if !self.color {
            return text.to_string();
        }
        let code = match style {
            TextStyle::Bold => 1,
            TextStyle::Dim => 2,
            TextStyle::Red => 31,
            TextStyle::Green => 32,
            TextStyle::Yellow => 33,
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }

    /// Ignores a failed write: without stderr there is nowhere to report it.
    fn write_stderr(&self, text: fmt::Arguments<'_>) {
        if let Some(buffer) = &self.output_buffer {
            return buffer.write(text);
        }
        let _ = io::stderr().lock().write_fmt(text);
    }
}
