//! Shows a turn while it runs.

use std::io;
use std::time::{Duration, Instant};

use openclaw_core::{Effect, Waiting};
use openclaw_runtime::{
    AskedAgain, Attempts, BrokenCallStep, CacheMiss, Changed, Compaction, TurnEvent,
};

use crate::printer::{Printer, Style};
use crate::visible;

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
                self.waiting_for = Some(Wait { what: doing(*state).to_owned(), since, note });
            }
            TurnEvent::Compacting => self.wait_for("summarising the conversation".to_owned()),
            TurnEvent::Compacted(Compaction { by, before, after, duration, .. }) => {
                self.waiting_for = None;
                let (by, time) = (by.name(), time(*duration));
                let text =
                    format!("↧ {before} tokens of conversation are {after} now ({by}, {time})");
                self.line(Style::Dim, &text);
            }
            TurnEvent::Adapted { how } => self.line(Style::Yellow, &format!("! {how}")),
            TurnEvent::ServerLost { .. } | TurnEvent::ServerBack { .. } | TurnEvent::Restarted => {
                self.server(event);
            }
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

    /// Tells what went wrong with what the model wrote, and what is done about it.
    fn mishap(&mut self, event: &TurnEvent) {
        let text = match event {
            TurnEvent::CallRescued { how, .. } if self.printer.is_verbose() => {
                return self.line(Style::Dim, &format!("  a call was mended: {}", how.join(", ")));
            }
            TurnEvent::CacheMissed(miss) if self.printer.is_verbose() => {
                return self.line(Style::Dim, &format!("  {}", missed(miss)));
            }
            TurnEvent::CallBroken { name, problem, step } => {
                let next = match step {
                    BrokenCallStep::AskAgain => "; the model is asked again",
                    BrokenCallStep::Force => "; the server is asked to force a valid call",
                    _ => "",
                };
                format!("✗ {name}: {}{next}", problem.trim_end_matches('.'))
            }
            TurnEvent::ToolRefused { name, reason, .. } => format!("✗ {name}: {reason}"),
            TurnEvent::CallRepeated { name, times, .. } => {
                format!("! {name}: the same call with the same result, {times} times in a row")
            }
            TurnEvent::OutputCut { bytes, left_out, kept, .. } => {
                let kept =
                    kept.as_ref().map_or(String::new(), |kept| format!("; the whole is {kept}"));
                let shown = bytes - left_out;
                let text = format!("  the model is shown {shown} of {bytes} bytes{kept}");
                return self.line(Style::Dim, &text);
            }
            TurnEvent::AskedAgain { why: AskedAgain::ReasoningOnly } => {
                "! the model only reasoned; it is told to answer now".to_owned()
            }
            TurnEvent::AskedAgain { .. } => {
                "! the model said nothing; it is asked once more".to_owned()
            }
            TurnEvent::Repetition { .. } => "! the model repeats itself and is stopped".to_owned(),
            _ => return,
        };
        self.line(Style::Yellow, &text);
    }

    /// Tells of a server's coming and going.
    fn server(&mut self, event: &TurnEvent) {
        match event {
            TurnEvent::ServerLost { reason } => {
                self.line(Style::Yellow, &format!("! the server is lost: failed to {reason}"));
                self.wait_for("waiting for the server to come back".to_owned());
            }
            TurnEvent::ServerBack { after } => {
                self.line(Style::Green, &format!("✓ the server is back after {}", time(*after)));
                self.wait_for("waiting for the model".to_owned());
            }
            // Where nothing was shown, nothing is void.
            _ if self.streams => {
                self.line(Style::Yellow, "↻ the answer begins anew; what is above of it is void");
                self.streamed = false;
            }
            _ => {}
        }
    }

    /// Says what is waited for, once it has lasted; called every second on a terminal.
    pub(crate) fn tick(&mut self) {
        let Some(Wait { what, since, note }) = &self.waiting_for else { return };
        let waited = since.elapsed();
        if waited < PATIENCE || !self.printer.stderr_is_terminal || self.cursor == Cursor::InLine {
            return;
        }
        let note = note.as_ref().map_or(String::new(), |note| format!(", {note}"));
        let text = format!("\r\x1b[2K{what}, {}{note}", time(waited));
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
        self.waiting_for = Some(Wait { what, since: Instant::now(), note: None });
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

/// Says what kept a prompt from the prefix cache.
fn missed(CacheMiss { cached, cacheable, changed }: &CacheMiss) -> String {
    let why = match changed {
        None => "nothing changed, so the server let go of the rest".to_owned(),
        Some(Changed::Tools) => "the tools changed since, for a forced call".to_owned(),
        Some(Changed::Message(number)) => format!("message {number} changed since"),
        Some(_) => "it changed since".to_owned(),
    };
    format!("only {cached} of the {cacheable} tokens of the request before were cached: {why}")
}

/// Says what a silent server seems to be doing.
fn doing(state: Waiting) -> &'static str {
    match state {
        Waiting::Queued => "queued by the server",
        Waiting::Prefilling => "prefilling",
        Waiting::Generating => "generating, nothing to show yet",
        Waiting::Stalled => "the server is idle and the model silent",
        _ => "waiting for the model",
    }
}

/// Says what a call does in a few words.
fn describe(tool: &str, effect: &Effect) -> String {
    match effect {
        Effect::Read { path } | Effect::Write { path } => format!("{tool} {}", one_line(path)),
        Effect::Exec { command, directory } if directory == "." => {
            format!("{tool} {}", one_line(command))
        }
        Effect::Exec { command, directory } => {
            format!("{tool} {} (in {})", one_line(command), one_line(directory))
        }
        _ => tool.to_owned(),
    }
}

fn one_line(text: &str) -> String {
    let line = visible::line(&text.replace('\n', " "));
    match line.char_indices().nth(100) {
        Some((end, _)) => format!("{}…", line.split_at(end).0),
        None => line,
    }
}

/// Writes a duration in the unit a person would use: `12 ms`, `1.4 s`, `3 min 20 s`.
pub(crate) fn time(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0 => format!("{} ms", duration.as_millis()),
        1..=59 => format!("{:.1} s", duration.as_secs_f64()),
        _ => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

/// Writes how long ago something was, in one unit: `now`, `5 min ago`, `3 h ago`, `2 days ago`.
pub(crate) fn ago(age: Duration) -> String {
    let minutes = age.as_secs() / 60;
    match minutes {
        0 => "now".to_owned(),
        1..=59 => format!("{minutes} min ago"),
        60..=2879 => format!("{} h ago", minutes / 60),
        _ => format!("{} days ago", minutes / 1440),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_in_the_unit_a_person_would_use() {
        assert_eq!(time(Duration::from_micros(12_400)), "12 ms");
        assert_eq!(time(Duration::from_millis(1440)), "1.4 s");
        assert_eq!(time(Duration::from_secs(200)), "3 min 20 s");
    }

    #[test]
    fn ages_are_written_in_one_unit() {
        let ages = [59, 60, 3599, 3600, 172_799, 172_800].map(|s| ago(Duration::from_secs(s)));
        let expected = ["now", "1 min ago", "59 min ago", "1 h ago", "47 h ago", "2 days ago"];
        assert_eq!(ages, expected);
    }

    #[test]
    fn a_long_command_takes_one_line() {
        let text = one_line(&format!("a\nb{}", "x".repeat(200)));
        assert!(text.starts_with("a bx") && text.ends_with('…') && text.chars().count() == 101);
    }
}
