//! Shows the progress of a running turn.

mod event_text;

use std::io;
use std::time::{Duration, Instant};

use openclaw_core::ModelAttempt;
use openclaw_runtime::TurnEvent;

use openclaw_terminal::{OutputPrinter, TextStyle, sanitize};

pub(crate) use event_text::{
    ANSWER_RESET_NOTICE, ServerWait, activity_text, describe_call, notice_line, server_wait,
};
pub use event_text::{format_age, format_duration};

/// How long nothing may happen before the wait status is shown.
const STATUS_DELAY: Duration = Duration::from_secs(2);

/// Renders the events of one turn as progress lines.
#[derive(Debug)]
pub struct TurnProgress {
    printer: OutputPrinter,
    /// Whether the model's text is streamed to stdout.
    streams_text: bool,
    wait: Option<WaitStatus>,
    cursor: CursorPosition,
    /// Whether text of the current message was streamed to stdout.
    has_streamed_text: bool,
}

/// What the turn waits for.
#[derive(Debug)]
struct WaitStatus {
    label: String,
    since: Instant,
    /// The longest it may take.
    limit: Option<Duration>,
    /// A detail, such as `2 ahead`.
    note: Option<String>,
}

/// The position of the terminal's cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CursorPosition {
    LineStart,
    /// After text without a line end.
    InLine,
    /// After a status that must be erased.
    OnStatus,
}

impl CursorPosition {
    fn after_text(text: &str) -> Self {
        if text.ends_with('\n') { Self::LineStart } else { Self::InLine }
    }
}

impl TurnProgress {
    /// `streams_text` streams the model's text to stdout.
    #[must_use]
    pub fn new(printer: &OutputPrinter, streams_text: bool) -> Self {
        Self {
            printer: printer.clone(),
            streams_text,
            wait: None,
            cursor: CursorPosition::LineStart,
            has_streamed_text: false,
        }
    }

    /// Shows which models failed while one was connected.
    pub fn show_attempts(&mut self, attempts: &[ModelAttempt]) {
        for line in attempts.iter().filter_map(event_text::attempt_line) {
            self.print_line(TextStyle::Yellow, &line);
        }
    }

    /// Shows one event.
    ///
    /// # Errors
    /// When writing to stdout fails.
    pub fn show_event(&mut self, event: &TurnEvent) -> io::Result<()> {
        match event {
            TurnEvent::ModelCallStarted { .. } => {
                self.start_wait("waiting for the model".to_owned());
                self.has_streamed_text = false;
            }
            TurnEvent::WaitingForServer { activity, idle_for, other_requests } => {
                let now = Instant::now();
                let since = now.checked_sub(*idle_for).unwrap_or(now);
                let note =
                    other_requests.filter(|ahead| *ahead > 0).map(|ahead| format!("{ahead} ahead"));
                let label = activity_text(*activity).to_owned();
                self.wait = Some(WaitStatus { label, since, limit: None, note });
            }
            TurnEvent::CompactionStarted => {
                self.start_wait("summarising the conversation".to_owned());
            }
            TurnEvent::CompactionFinished(_) => {
                self.wait = None;
                self.show_notice(event);
            }
            TurnEvent::ServerDisconnected { .. }
            | TurnEvent::Retrying { .. }
            | TurnEvent::ServerReconnected { .. }
            | TurnEvent::MessageReset => self.show_server_event(event),
            TurnEvent::TextDelta(text) => {
                self.end_wait();
                if self.streams_text {
                    self.cursor = CursorPosition::after_text(text);
                    self.has_streamed_text = true;
                    self.printer.write_answer(text)?;
                }
            }
            TurnEvent::ReasoningDelta(text) => self.show_reasoning(text),
            TurnEvent::ToolCallDelta { .. } => self.end_wait(),
            TurnEvent::ToolStarted { call, effect } => {
                let call_text = describe_call(call.name.as_str(), effect);
                self.print_line(TextStyle::Bold, &format!("● {call_text}"));
                self.start_wait(format!("running {call_text}"));
            }
            TurnEvent::ToolOutputDelta { text, .. } => self.show_tool_output(text),
            TurnEvent::FileChanged { change, .. } => self.show_tool_output(&change.diff),
            TurnEvent::ToolFinished { is_error, summary, duration, .. } => {
                self.wait = None;
                let (mark, style) =
                    if *is_error { ("✗", TextStyle::Yellow) } else { ("✓", TextStyle::Green) };
                let plain = if *is_error { "failed" } else { "done" };
                let summary = summary.as_deref().unwrap_or(plain);
                self.print_line(
                    style,
                    &format!("  {mark} {summary} ({})", format_duration(*duration)),
                );
            }
            TurnEvent::ModelCallFinished { usage, duration, .. } => {
                self.wait = None;
                if let Some(usage) = usage.filter(|_| self.printer.is_verbose()) {
                    let cached = usage
                        .cached_tokens
                        .map_or(String::new(), |cached| format!(" ({cached} cached)"));
                    self.print_line(
                        TextStyle::Dim,
                        &format!(
                            "  {} tokens in{cached}, {} out, {}",
                            usage.input_tokens,
                            usage.output_tokens,
                            format_duration(*duration)
                        ),
                    );
                }
            }
            other => self.show_notice(other),
        }
        Ok(())
    }

    /// Shows that a server disconnected or reconnected.
    fn show_server_event(&mut self, event: &TurnEvent) {
        match event {
            TurnEvent::ServerDisconnected { .. } | TurnEvent::Retrying { .. } => {
                self.show_notice(event);
                self.wait = server_wait(event).map(|ServerWait { label, since, limit }| {
                    WaitStatus { label: label.to_owned(), since, limit: Some(limit), note: None }
                });
            }
            TurnEvent::ServerReconnected { .. } => {
                self.show_notice(event);
                self.start_wait("waiting for the model".to_owned());
            }
            // The notice is printed only where text was streamed.
            _ if self.streams_text => {
                self.print_line(TextStyle::Yellow, ANSWER_RESET_NOTICE);
                self.has_streamed_text = false;
            }
            _ => {}
        }
    }

    fn show_notice(&mut self, event: &TurnEvent) {
        if let Some((style, text)) = notice_line(event, self.printer.is_verbose()) {
            self.print_line(style, &text);
        }
    }

    /// Shows the wait status once the wait is long enough; called every second on a terminal.
    pub fn refresh_status(&mut self) {
        let Some(WaitStatus { label, since, limit, note }) = &self.wait else { return };
        let waited = since.elapsed();
        if waited < STATUS_DELAY
            || !self.printer.stderr_is_terminal
            || self.cursor == CursorPosition::InLine
        {
            return;
        }
        let note = note.as_ref().map_or(String::new(), |note| format!(", {note}"));
        let limit =
            limit.map_or(String::new(), |limit| format!(" of at most {}", format_duration(limit)));
        let text = format!("{label}, {}{limit}{note}", format_duration(waited));
        let text = self.printer.style_text(TextStyle::Dim, sanitize::escape_line(&text));
        self.printer.print_raw(&format!("\r\x1b[2K{text}"));
        self.cursor = CursorPosition::OnStatus;
    }

    /// Ends the last line on the terminal. Returns true when the last message was streamed to
    /// stdout.
    ///
    /// # Errors
    /// When writing to stdout fails.
    pub fn finish_output(&mut self) -> io::Result<bool> {
        self.clear_status();
        if self.cursor == CursorPosition::InLine && self.streams_text {
            self.printer.write_answer("\n")?;
        }
        self.cursor = CursorPosition::LineStart;
        Ok(self.has_streamed_text)
    }

    /// Streams no further text: what was streamed is not the whole, and the answer is printed at the
    /// end.
    ///
    /// # Errors
    /// When writing to stdout fails.
    pub fn stop_streaming(&mut self) -> io::Result<()> {
        self.finish_output()?;
        (self.streams_text, self.has_streamed_text) = (false, false);
        Ok(())
    }

    fn start_wait(&mut self, label: String) {
        self.wait = Some(WaitStatus { label, since: Instant::now(), limit: None, note: None });
    }

    fn end_wait(&mut self) {
        self.clear_status();
        self.wait = None;
    }

    /// Shows what a tool writes or changes, if everything is shown.
    fn show_tool_output(&mut self, text: &str) {
        self.end_wait();
        if self.printer.is_verbose() && !text.is_empty() {
            self.printer.print_raw(&sanitize::escape_prose(text));
            self.cursor = CursorPosition::after_text(text);
        }
    }

    fn show_reasoning(&mut self, text: &str) {
        self.end_wait();
        if self.printer.is_verbose() {
            self.printer
                .print_raw(&self.printer.style_text(TextStyle::Dim, sanitize::escape_prose(text)));
            self.cursor = CursorPosition::after_text(text);
        }
    }

    fn print_line(&mut self, style: TextStyle, text: &str) {
        self.clear_status();
        if self.cursor == CursorPosition::InLine {
            self.printer.print_raw("\n");
            self.cursor = CursorPosition::LineStart;
        }
        self.printer.print_styled_note(style, text);
    }

    fn clear_status(&mut self) {
        if self.cursor == CursorPosition::OnStatus {
            self.printer.print_raw("\r\x1b[2K");
            self.cursor = CursorPosition::LineStart;
        }
    }
}
