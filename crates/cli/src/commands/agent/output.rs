//! What goes to stdout: the answer, one JSON object, or a line of JSON for each thing that
//! happens. What a person is told goes to stderr in any case.

use std::io;

use openclaw_runtime::{Attempts, TurnEvent};
use serde_json::{Value, json};

use super::events::{self, Encoder};
use super::result::tool_names;
use super::talk::Talk;
use super::timings::Timings;
use crate::args::OutputFormat;
use crate::printer::Printer;
use crate::progress::Progress;

/// The version of the lines; another one when a program that reads them must be changed.
const VERSION: u32 = 1;

/// Writes what a run comes to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    pub(crate) printer: Printer,
    pub(crate) format: OutputFormat,
}

/// Shows one turn as it runs.
#[derive(Debug)]
pub(crate) struct Show {
    pub(crate) progress: Progress,
    pub(crate) timings: Timings,
    lines: Option<Lines>,
}

/// The lines of a turn.
#[derive(Debug)]
struct Lines {
    printer: Printer,
    encoder: Encoder,
    attempts: Attempts,
    told_attempts: usize,
}

impl Output {
    /// Whether people read stdout, not programs.
    pub(crate) fn is_text(self) -> bool {
        self.format == OutputFormat::Text
    }

    /// Writes the object that tells how the run ended; nothing where people read.
    pub(crate) fn result(self, mut value: Value) -> io::Result<()> {
        match self.format {
            OutputFormat::Text => Ok(()),
            OutputFormat::Json => self.printer.answer_json(&value),
            OutputFormat::StreamJson => {
                if let Some(map) = value.as_object_mut() {
                    map.insert("type".to_owned(), json!("result"));
                }
                line(self.printer, &value)
            }
        }
    }

    /// Begins to show a turn. The first line tells who answers, and where it is kept.
    pub(crate) fn show(self, talk: &Talk, session: &Value, resumes: bool) -> io::Result<Show> {
        let printer = self.printer;
        let attempts = talk.run().attempts.clone();
        let streams = self.is_text() && printer.stdout_is_terminal;
        let progress = Progress::new(printer, attempts.clone(), streams);
        let lines = match self.format {
            OutputFormat::StreamJson => {
                line(printer, &start_json(talk, session, resumes))?;
                Some(Lines { printer, encoder: Encoder::default(), attempts, told_attempts: 0 })
            }
            OutputFormat::Text | OutputFormat::Json => None,
        };
        Ok(Show { progress, timings: Timings::default(), lines })
    }
}

impl Show {
    /// Shows one event.
    ///
    /// # Errors
    /// When stdout does not take it.
    pub(crate) fn event(&mut self, event: &TurnEvent) -> io::Result<()> {
        self.timings.take(event);
        if let Some(lines) = &mut self.lines {
            lines.event(event)?;
        }
        self.progress.event(event)
    }

    /// Ends what is shown, and tells whether the answer was written to stdout as it came.
    ///
    /// # Errors
    /// When stdout does not take it.
    pub(crate) fn finish(&mut self) -> io::Result<bool> {
        if let Some(lines) = &mut self.lines {
            lines.attempts()?;
        }
        self.progress.finish()
    }
}

impl Lines {
    fn event(&mut self, event: &TurnEvent) -> io::Result<()> {
        self.attempts()?;
        match self.encoder.event(event) {
            Some(value) => line(self.printer, &value),
            None => Ok(()),
        }
    }

    /// Tells each model that was tried in vain, once.
    fn attempts(&mut self) -> io::Result<()> {
        let failed = self.attempts.failed();
        for attempt in failed.iter().skip(self.told_attempts) {
            line(self.printer, &events::attempt(attempt))?;
        }
        self.told_attempts = failed.len();
        Ok(())
    }
}

/// Who answers, and where it is kept.
fn start_json(talk: &Talk, session: &Value, resumes: bool) -> Value {
    let run = talk.run();
    let info = run.model.info();
    json!({
        "type": "start",
        "version": VERSION,
        "sessionId": session["sessionId"],
        "sessionKey": session["sessionKey"],
        "session": session,
        "resumed": resumes,
        "provider": info.reference.provider(),
        "model": info.reference.model(),
        "contextWindow": info.limits.window,
        "contextWindowSource": info.limits.window_source.label(),
        "workspace": run.workspace,
        "tools": tool_names(talk),
    })
}

fn line(printer: Printer, value: &Value) -> io::Result<()> {
    printer.answer_line(value)
}
