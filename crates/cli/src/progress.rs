//! Shows a turn while it runs.

mod words;

use std::io;
use std::time::{Duration, Instant};

use openclaw_runtime::{Attempts, TurnEvent};

use crate::printer::{Printer, Style};
use crate::visible;

pub(crate) use words::{Absence, VOID, absence, ago, describe, doing, mishap, time};

/// How long nothing may happen before the person is told what is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// Renders the events of one turn.
#[derive(Debug)]
pub(crate) struct Progress {
    printer: Printer,
    /// Whether the text of the model goes to stdout as it comes.
    streams: bool,
    attempts: Attempts,
    told_attempts: usize,
    waiting_for: Option<Wait>,
    cursor: Cursor,
    /// Whether the text of the current message went to stdout.
    streamed: bool,
}

/// What is waited for.
#[derive(Debug)]
struct Wait {
    what: String,
    since: Instant,
    /// How long at most.
    limit: Option<Duration>,
    /// What is known besides, e.g. `2 ahead`.
    note: Option<String>,
}

/// Where the terminal's cursor was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cursor {
    LineStart,
    /// Behind text that did not end its line.
    InLine,
    /// Behind a status that is to be wiped out.
    OnStatus,
}

impl Cursor {
    fn after(text: &str) -> Self {
        if text.ends_with('\n') { Self::LineStart } else { Self::InLine }
    }
}

impl Progress {
    /// `streams` is whether the model's text goes to stdout as it comes.
    pub(crate) fn new(printer: Printer, attempts: Attempts, streams: bool) -> Self {
        Self {
            printer,
            streams,
            attempts,
            told_attempts: 0,
            waiting_for: None,
            cursor: Cursor::LineStart,
            streamed: false,
        }
    }

    /// Shows one event.
    ///
    /// # Errors
    /// When stdout does not take the text.
    pub(crate) fn event(&mut self, event: &TurnEvent) -> io::Result<()> {
        self.tell_attempts();
        match event {
            TurnEvent::ModelCallStarted { .. } => {
                self.wait_for("waiting for the model".to_owned());
                self.streamed = false;
            }
            TurnEvent::Waiting { state, waited, ahead } => {
                let now = Instant::now();
                let since = now.checked_sub(*waited).unwrap_or(now);
                let note = ahead.filter(|ahead| *ahead > 0).map(|ahead| format!("{ahead} ahead"));
                let what = doing(*state).to_owned();
                self.waiting_for = Some(Wait { what, since, limit: None, note });
            }
            TurnEvent::Compacting => self.wait_for("summarising the conversation".to_owned()),
            TurnEvent::Compacted(_) => {
                self.waiting_for = None;
                self.mishap(event);
            }
            TurnEvent::ServerLost { .. }
            | TurnEvent::Retrying { .. }
            | TurnEvent::ServerBack { .. }
            | TurnEvent::Restarted => self.server(event),
            TurnEvent::Text(text) => {
                self.content();
                if self.streams {
                    self.cursor = Cursor::after(text);
                    self.streamed = true;
                    self.printer.answer(text)?;
                }
            }
            TurnEvent::Reasoning(text) => self.reasoning(text),
            TurnEvent::CallWriting { .. } => self.content(),
            TurnEvent::ToolStarted { call, effect } => {
                let what = describe(call.name.as_str(), effect);
                self.line(Style::Bold, &format!("● {what}"));
                self.wait_for(format!("running {what}"));
            }
            TurnEvent::ToolOutput { text, .. } => {
                self.content();
                if self.printer.is_verbose() {
                    self.printer.raw(&visible::prose(text));
                    self.cursor = Cursor::after(text);
                }
            }
            TurnEvent::ToolFinished { is_error, summary, duration, .. } => {
                self.waiting_for = None;
                let (mark, style) =
                    if *is_error { ("✗", Style::Yellow) } else { ("✓", Style::Green) };
                let plain = if *is_error { "failed" } else { "done" };
                let summary = summary.as_deref().unwrap_or(plain);
                self.line(style, &format!("  {mark} {summary} ({})", time(*duration)));
            }
            TurnEvent::ModelCallFinished { usage, duration, .. } => {
                self.waiting_for = None;
                if let Some(usage) = usage.filter(|_| self.printer.is_verbose()) {
                    let cached =
                        usage.cached.map_or(String::new(), |cached| format!(" ({cached} cached)"));
                    self.line(
                        Style::Dim,
                        &format!(
                            "  {} tokens in{cached}, {} out, {}",
                            usage.input,
                            usage.output,
                            time(*duration)
                        ),
                    );
                }
            }
            other => self.mishap(other),
        }
        Ok(())
    }

    /// Tells of a server's coming and going.
    fn server(&mut self, event: &TurnEvent) {
        match event {
            TurnEvent::ServerLost { .. } | TurnEvent::Retrying { .. } => {
                self.mishap(event);
                self.waiting_for = absence(event).map(|Absence { what, since, limit }| Wait {
                    what: what.to_owned(),
                    since,
                    limit: Some(limit),
                    note: None,
                });
            }
            TurnEvent::ServerBack { .. } => {
                self.mishap(event);
                self.wait_for("waiting for the model".to_owned());
            }
            // Where nothing was shown, nothing is void.
            _ if self.streams => {
                self.line(Style::Yellow, VOID);
                self.streamed = false;
            }
            _ => {}
        }
    }

    fn mishap(&mut self, event: &TurnEvent) {
        if let Some((style, text)) = mishap(event, self.printer.is_verbose()) {
            self.line(style, &text);
        }
    }

    /// Says what is waited for, once it has lasted; called every second on a terminal.
    pub(crate) fn tick(&mut self) {
        let Some(Wait { what, since, limit, note }) = &self.waiting_for else { return };
        let waited = since.elapsed();
        if waited < PATIENCE || !self.printer.stderr_is_terminal || self.cursor == Cursor::InLine {
            return;
        }
        let note = note.as_ref().map_or(String::new(), |note| format!(", {note}"));
        let limit = limit.map_or(String::new(), |limit| format!(" of at most {}", time(limit)));
        let text = format!("\r\x1b[2K{what}, {}{limit}{note}", time(waited));
        self.printer.raw(&self.printer.paint(Style::Dim, text));
        self.cursor = Cursor::OnStatus;
    }

    /// Ends the last line on the terminal. Tells whether the last message's text was written to
    /// stdout as it came.
    ///
    /// # Errors
    /// When stdout does not take it.
    pub(crate) fn finish(&mut self) -> io::Result<bool> {
        self.tell_attempts();
        self.clear_status();
        if self.cursor == Cursor::InLine && self.streams {
            self.printer.answer("\n")?;
        }
        self.cursor = Cursor::LineStart;
        Ok(self.streamed)
    }

    fn wait_for(&mut self, what: String) {
        self.waiting_for = Some(Wait { what, since: Instant::now(), limit: None, note: None });
    }

    fn content(&mut self) {
        self.clear_status();
        self.waiting_for = None;
    }

    fn reasoning(&mut self, text: &str) {
        self.content();
        if self.printer.is_verbose() {
            self.printer.raw(&self.printer.paint(Style::Dim, visible::prose(text)));
            self.cursor = Cursor::after(text);
        }
    }

    fn line(&mut self, style: Style, text: &str) {
        self.clear_status();
        if self.cursor == Cursor::InLine {
            self.printer.raw("\n");
            self.cursor = Cursor::LineStart;
        }
        self.printer.note(self.printer.paint(style, visible::line(text)));
    }

    fn clear_status(&mut self) {
        if self.cursor == Cursor::OnStatus {
            self.printer.raw("\r\x1b[2K");
            self.cursor = Cursor::LineStart;
        }
    }

    /// Says each model that was tried in vain, once.
    fn tell_attempts(&mut self) {
        for attempt in self.attempts.failed().into_iter().skip(self.told_attempts) {
            self.told_attempts += 1;
            // The last one is the error, which is told at the end.
            if attempt.next.is_some() {
                self.line(Style::Yellow, &format!("! {attempt}"));
            }
        }
    }
}
