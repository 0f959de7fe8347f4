//! The one place that writes: answers to stdout, all else to stderr.

use std::fmt::{self, Display};
use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};

use crate::sanitize;

/// How much is said on stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verbosity {
    Quiet,
    Normal,
    Verbose,
}

/// Writes to both streams; colour only where a terminal shows it and `NO_COLOR` is not set.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Printer {
    verbosity: Verbosity,
    color: bool,
    /// Whether a person reads stdout as it is written.
    pub(crate) stdout_is_terminal: bool,
    /// Whether a person reads stderr as it is written.
    pub(crate) stderr_is_terminal: bool,
    /// Where all is written instead of on the streams.
    output_buffer: Option<&'static OutputBuffer>,
}

/// Keeps what is written until it is taken, for whoever draws on the terminal.
#[derive(Debug, Default)]
pub(crate) struct OutputBuffer(Mutex<String>);

impl OutputBuffer {
    /// Takes what was written since the last time.
    pub(crate) fn take_text(&self) -> String {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn write(&self, text: fmt::Arguments<'_>) {
        let mut buffer = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Writing to a string does not fail.
        let _ = fmt::Write::write_fmt(&mut *buffer, text);
    }
}

/// A way to stand out on a terminal.
#[derive(Debug, Clone, Copy)]
pub(crate) enum TextStyle {
    Bold,
    Dim,
    Red,
    Yellow,
    Green,
}

impl Printer {
    /// `plain` is whether colour is unwanted.
    pub(crate) fn new(verbosity: Verbosity, plain: bool) -> Self {
        let stderr_is_terminal = io::stderr().is_terminal();
        Self {
            verbosity,
            color: stderr_is_terminal && !plain,
            stdout_is_terminal: io::stdout().is_terminal(),
            stderr_is_terminal,
            output_buffer: None,
        }
    }

    /// Writes all to a sheet that lives as long as the program.
    pub(crate) fn with_output_buffer(self, buffer: &'static OutputBuffer) -> Self {
        Self { output_buffer: Some(buffer), ..self }
    }

    /// Writes a piece of an answer at once: to a pipe as it is, to a terminal harmlessly.
    pub(crate) fn write_answer(self, text: &str) -> io::Result<()> {
        if let Some(sheet) = self.output_buffer {
            sheet.write(format_args!("{}", sanitize::escape_prose(text)));
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

    /// Writes text that is laid out and harmless already, as it is.
    pub(crate) fn write_styled_answer(self, text: &str) -> io::Result<()> {
        if let Some(sheet) = self.output_buffer {
            sheet.write(format_args!("{text}"));
            return Ok(());
        }
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.flush()
    }

    /// Writes an answer's line.
    pub(crate) fn write_answer_line(self, text: impl Display) -> io::Result<()> {
        self.write_answer(&format!("{text}\n"))
    }

    /// Writes a JSON value as an answer, indented.
    pub(crate) fn write_answer_json(self, value: &serde_json::Value) -> io::Result<()> {
        self.write_answer(&format!("{value:#}\n"))
    }

    /// Tells whether details are wanted.
    pub(crate) fn is_verbose(self) -> bool {
        self.verbosity == Verbosity::Verbose
    }

    /// Tells whether progress is wanted.
    pub(crate) fn shows_progress(self) -> bool {
        self.verbosity > Verbosity::Quiet
    }

    /// Writes a line of progress, unless quiet.
    pub(crate) fn print_note(self, text: impl Display) {
        if self.shows_progress() {
            self.write_stderr(format_args!("{text}\n"));
        }
    }

    /// Writes a detail, if details are wanted.
    pub(crate) fn print_detail(self, text: impl Display) {
        if self.is_verbose() {
            self.write_stderr(format_args!("{text}\n"));
        }
    }

    /// Writes a piece of progress as it is, unless quiet.
    pub(crate) fn print_raw(self, text: &str) {
        if self.shows_progress() {
            self.write_stderr(format_args!("{text}"));
        }
    }

    /// Writes what went wrong; always.
    pub(crate) fn print_error(self, text: impl Display) {
        let label = self.style_text(TextStyle::Red, "error:");
        self.write_stderr(format_args!("{label} {}\n", sanitize::escape_line(&text.to_string())));
    }

    /// Writes a line that belongs to an error, set off from it; always.
    pub(crate) fn print_indented(self, text: impl Display) {
        let text = format!("  {}", sanitize::escape_line(&text.to_string()));
        self.print_rendered(&self.style_text(TextStyle::Dim, text));
    }

    /// Writes what may be wrong, unless quiet.
    pub(crate) fn print_warning(self, text: impl Display) {
        let label = self.style_text(TextStyle::Yellow, "warning:");
        self.print_note(format_args!("{label} {}", sanitize::escape_line(&text.to_string())));
    }

    /// Writes what a person could do; always, because it belongs to an error.
    pub(crate) fn print_hint(self, text: impl Display) {
        let label = self.style_text(TextStyle::Bold, "hint:");
        self.write_stderr(format_args!("{label} {}\n", sanitize::escape_line(&text.to_string())));
    }

    /// Writes a question, behind which the answer is typed; always.
    pub(crate) fn print_question(self, text: impl Display) {
        let text = self.style_text(TextStyle::Bold, text);
        self.write_stderr(format_args!("{text} "));
    }

    /// Writes text that is already laid out; always.
    pub(crate) fn print_rendered(self, text: &str) {
        self.write_stderr(format_args!("{text}\n"));
    }

    /// Tells whether stderr shows colour.
    pub(crate) fn uses_color(self) -> bool {
        self.color
    }

    /// Makes text stand out where the terminal can.
    pub(crate) fn style_text(self, style: TextStyle, text: impl Display) -> String {
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

    /// Nothing is left to tell when stderr is gone, so a failure to write there is dropped.
    fn write_stderr(self, text: fmt::Arguments<'_>) {
        if let Some(sheet) = self.output_buffer {
            return sheet.write(text);
        }
        let _ = io::stderr().lock().write_fmt(text);
    }
}
