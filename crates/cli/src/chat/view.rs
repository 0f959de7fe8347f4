//! A turn as it is shown: what of it is final, and what is still changing.

mod progress;

use std::sync::Arc;
use std::time::{Duration, Instant};

use openclaw_core::{ChatModel, ToolCallId};
use openclaw_runtime::{Attempts, ContextUse, TurnEvent};
use openclaw_terminal::{Look, MarkdownStream, clip, wrap_words};

use self::progress::{Doing, Pace};
use super::numbers;
use super::thoughts::{Reasoning, Thoughts};
use super::transcript::{Kind, Transcript, rows};
use crate::printer::{Printer, Style};
use crate::progress::{Absence, VOID, absence, describe, doing, mishap, time};
use crate::visible;

/// What turns while something is waited for.
const SPINNER: [char; 10] = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/// How a turn is shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manner {
    pub(crate) printer: Printer,
    pub(crate) reasoning: Reasoning,
    pub(crate) columns: usize,
}

/// A turn that is being shown.
#[derive(Debug)]
pub(crate) struct TurnView {
    manner: Manner,
    model: Arc<dyn ChatModel>,
    attempts: Attempts,
    told_attempts: usize,
    context: Option<ContextUse>,
    begun: Instant,
    doing: Doing,
    answer: Option<MarkdownStream>,
    /// Whether rows of the message that is being written were given out.
    is_given: bool,
    thoughts: Option<Thoughts>,
    running: Vec<Running>,
    pace: Pace,
    is_stopping: bool,
}

/// A tool at work.
#[derive(Debug)]
struct Running {
    id: ToolCallId,
    what: String,
    since: Instant,
}

impl TurnView {
    pub(crate) fn new(manner: Manner, model: Arc<dyn ChatModel>, attempts: Attempts) -> Self {
        let told_attempts = attempts.failed().len();
        Self {
            manner,
            model,
            attempts,
            told_attempts,
            context: None,
            begun: Instant::now(),
            doing: Doing::new("waiting for the model"),
            answer: None,
            is_given: false,
            thoughts: None,
            running: Vec::new(),
            pace: Pace::default(),
            is_stopping: false,
        }
    }

    /// Begins with what was known of the window.
    pub(crate) fn with_context(mut self, context: Option<ContextUse>) -> Self {
        self.context = context;
        self
    }

    /// Says what is being done before anything happens.
    pub(crate) fn doing(mut self, what: &str) -> Self {
        self.doing = Doing::new(what);
        self
    }

    /// Shows that the turn is being stopped.
    pub(crate) fn stop(&mut self) {
        self.is_stopping = true;
    }

    /// Takes another width or another way to show thoughts.
    pub(crate) fn set_manner(&mut self, manner: Manner) {
        self.manner = manner;
        if let Some(answer) = &mut self.answer {
            answer.resize(width(manner.columns));
        }
    }

    /// Whether what is still changing goes on with what the model wrote above it.
    pub(crate) fn is_amid_answer(&self) -> bool {
        self.is_given && self.answer.as_ref().is_some_and(|answer| !answer.pending().is_empty())
    }

    /// How long the model wrote.
    pub(crate) fn generating(&self) -> Duration {
        self.pace.before
    }

    /// Shows one event: what is final goes to the transcript.
    pub(crate) fn event(&mut self, event: &TurnEvent, out: &mut Transcript) {
        self.tell_attempts(out);
        match event {
            TurnEvent::ModelCallStarted { .. } => {
                self.doing = Doing::new("waiting for the model");
                self.pace.restart();
                self.is_given = false;
            }
            TurnEvent::Waiting { state, waited, ahead } => {
                let since = Instant::now().checked_sub(*waited).unwrap_or_else(Instant::now);
                let note = ahead.filter(|ahead| *ahead > 0).map(|ahead| format!("{ahead} ahead"));
                self.doing = Doing { what: doing(*state).to_owned(), since, limit: None, note };
            }
            TurnEvent::Compacting => self.doing = Doing::new("summarising the conversation"),
            TurnEvent::Text(text) => self.text(text, out),
            TurnEvent::Reasoning(text) => self.reasoning(text, out),
            TurnEvent::CallWriting { name, arguments, .. } => {
                self.pace.count(arguments);
                if let Some(name) = name {
                    self.end_thoughts(out);
                    self.go_on(&format!("writing a call of {name}"));
                }
            }
            TurnEvent::ToolStarted { call, effect } => {
                self.end_message(out);
                let what = describe(call.name.as_str(), effect);
                self.running.push(Running { id: call.id.clone(), what, since: Instant::now() });
            }
            TurnEvent::ToolOutput { text, .. } if self.manner.printer.is_verbose() => {
                let text = visible::prose(text);
                let rows: Vec<String> = rows(&text).map(|row| format!("    {row}")).collect();
                self.aside(Style::Dim, &rows.join("\n"), out);
            }
            TurnEvent::ToolFinished { id, name, is_error, summary, duration } => {
                let plain = if *is_error { "failed" } else { "done" };
                let summary = summary.as_deref().unwrap_or(plain);
                let place = self.running.iter().position(|tool| tool.id == *id);
                let running = place.map(|place| self.running.remove(place));
                let what = running.map_or_else(|| name.to_string(), |running| running.what);
                self.tool(*is_error, &what, &format!("{summary} ({})", time(*duration)), out);
                self.doing = Doing::new("waiting for the model");
            }
            TurnEvent::ModelCallFinished { usage, duration, first_token_after, .. } => {
                self.end_message(out);
                self.pace.restart();
                if let Some(first) = first_token_after {
                    self.pace.before += duration.saturating_sub(*first);
                }
                if let Some(usage) = usage {
                    let tokens = usage.input.saturating_add(usage.output);
                    let window = self.model.info().limits.window;
                    self.context = Some(ContextUse { tokens, cached: usage.cached, window });
                }
                self.doing = Doing::new("going on");
            }
            TurnEvent::Steered { text } => {
                out.part();
                out.put(Kind::User, &said(self.manner.printer, text, self.manner.columns));
            }
            TurnEvent::Restarted => self.restart(out),
            other => self.mishap(other, out),
        }
    }

    /// Ends what is still changing: it is final as it is.
    pub(crate) fn finish(&mut self, out: &mut Transcript) {
        self.tell_attempts(out);
        self.end_message(out);
        for Running { what, .. } in std::mem::take(&mut self.running) {
            self.tool(true, &what, "stopped", out);
        }
    }

    /// The rows that are still changing, at most so many; the last of them is the status.
    pub(crate) fn live(&self, most: usize) -> Vec<String> {
        let Manner { printer, reasoning, columns } = self.manner;
        let dim = |text: String| printer.paint(Style::Dim, text);
        let mut shown: Vec<String> = Vec::new();
        if let Some(answer) = &self.answer {
            let pending = answer.pending();
            if !pending.is_empty() {
                shown.extend(rows(&pending));
            }
        }
        if let Some(thoughts) = &self.thoughts {
            let line = visible::line(thoughts.line());
            let row = match reasoning {
                Reasoning::Off => None,
                Reasoning::Short => Some(format!("  {}", tail(&line, columns.saturating_sub(3)))),
                Reasoning::Full => {
                    Some(visible::line(thoughts.rest())).filter(|rest| !rest.is_empty())
                }
            };
            shown.extend(row.map(dim));
        }
        for Running { what, since, .. } in &self.running {
            let row = format!("● {what} ({} s)", since.elapsed().as_secs());
            shown.push(printer.paint(Style::Bold, clip(&row, columns)));
        }
        if !shown.is_empty() {
            shown.push(String::new());
        }
        shown.push(dim(clip(&self.status(), columns)));
        shown.split_off(shown.len().saturating_sub(most.max(1)))
    }

    /// What the turn is at, since when, how fast, and how full the window is.
    fn status(&self) -> String {
        let turned = usize::try_from(self.begun.elapsed().as_millis() / 100).unwrap_or(0);
        let spinner = SPINNER.get(turned % SPINNER.len()).copied().unwrap_or('·');
        let what = match (self.is_stopping, self.running.is_empty()) {
            (true, _) => "stopping",
            (false, false) => "running",
            (false, true) => &self.doing.what,
        };
        let seconds = self.doing.since.elapsed().as_secs();
        let limit = self.doing.limit.filter(|_| *what == self.doing.what);
        let limit = limit.map_or(String::new(), |limit| format!(" of at most {}", time(limit)));
        let mut parts = vec![format!("{spinner} {what}, {seconds} s{limit}")];
        parts.extend(self.doing.note.clone());
        parts.extend(self.pace.now());
        parts.extend((!self.is_stopping).then(|| "Ctrl-C stops".to_owned()));
        parts.push(self.model.info().reference.to_string());
        if let Some(context) = self.context {
            let cached = context.cached.filter(|cached| *cached > 0);
            let cached = cached.map(|cached| format!(", {} cached", numbers::tokens(cached)));
            parts.push(numbers::context(context) + &cached.unwrap_or_default());
        }
        parts.join(" · ")
    }

    fn text(&mut self, text: &str, out: &mut Transcript) {
        self.end_thoughts(out);
        self.pace.count(text);
        self.go_on("answering");
        let look = Look { width: width(self.manner.columns), colour: self.manner.printer.color() };
        let answer = self.answer.get_or_insert_with(|| MarkdownStream::new(look));
        let whole = answer.push(text);
        if !whole.is_empty() {
            self.is_given = true;
            out.put(Kind::Answer, &whole);
        }
    }

    fn reasoning(&mut self, text: &str, out: &mut Transcript) {
        self.pace.count(text);
        self.go_on("thinking");
        let lines = self.thoughts.get_or_insert_with(Thoughts::new).push(text);
        if self.manner.reasoning == Reasoning::Full {
            for line in lines {
                self.aside(Style::Dim, &visible::prose(&line), out);
            }
        }
    }

    /// What is thought is over once there is something else.
    fn end_thoughts(&mut self, out: &mut Transcript) {
        let Some(thoughts) = self.thoughts.take() else { return };
        match self.manner.reasoning {
            Reasoning::Off => {}
            Reasoning::Short => {
                let text = format!("thought for {}", time(thoughts.lasted()));
                self.aside(Style::Dim, &text, out);
            }
            Reasoning::Full if thoughts.rest().is_empty() => {}
            Reasoning::Full => self.aside(Style::Dim, &visible::prose(thoughts.rest()), out),
        }
    }

    fn end_message(&mut self, out: &mut Transcript) {
        self.end_thoughts(out);
        if let Some(answer) = self.answer.take() {
            let rest = answer.finish();
            if !rest.is_empty() {
                out.put(Kind::Answer, &rest);
            }
        }
    }

    /// What was shown of the message that is being written does not hold any more.
    fn restart(&mut self, out: &mut Transcript) {
        (self.answer, self.thoughts) = (None, None);
        if std::mem::take(&mut self.is_given) {
            self.aside(Style::Yellow, VOID, out);
        }
        self.doing = Doing::new("waiting for the model");
    }

    fn mishap(&mut self, event: &TurnEvent, out: &mut Transcript) {
        match event {
            TurnEvent::ServerBack { .. } | TurnEvent::Compacted(_) => {
                self.doing = Doing::new("waiting for the model");
            }
            _ => {}
        }
        if let Some(Absence { what, since, limit }) = absence(event) {
            self.doing = Doing { what: what.to_owned(), since, limit: Some(limit), note: None };
        }
        if let Some((style, text)) = mishap(event, self.manner.printer.is_verbose()) {
            self.aside(style, &visible::line(&text), out);
        }
    }

    /// Says each model that was tried in vain, once; the last one is the error, told at the end.
    fn tell_attempts(&mut self, out: &mut Transcript) {
        for attempt in self.attempts.failed().into_iter().skip(self.told_attempts) {
            self.told_attempts += 1;
            if attempt.next.is_some() {
                self.aside(Style::Yellow, &visible::line(&format!("! {attempt}")), out);
            }
        }
    }

    fn tool(&self, is_error: bool, what: &str, end: &str, out: &mut Transcript) {
        let (mark, style) = if is_error { ("✗", Style::Yellow) } else { ("✓", Style::Green) };
        let printer = self.manner.printer;
        let end = printer.paint(Style::Dim, visible::line(&format!("· {end}")));
        let mark = printer.paint(style, mark);
        out.put(Kind::Aside, &format!("{mark} {} {end}", visible::line(what)));
    }

    fn aside(&self, style: Style, text: &str, out: &mut Transcript) {
        let painted: Vec<String> =
            rows(text).map(|row| self.manner.printer.paint(style, row)).collect();
        out.put(Kind::Aside, &painted.join("\n"));
    }

    /// Something comes; since when is told anew when it is something else than before.
    fn go_on(&mut self, what: &str) {
        if self.doing.what != what {
            self.doing = Doing::new(what);
        }
    }
}

/// What the user said, as it stays: marked where it begins, and set in below.
pub(crate) fn said(printer: Printer, text: &str, columns: usize) -> String {
    let text = visible::prose(text);
    let rows = rows(&text).flat_map(|row| wrap_words(&row, columns.saturating_sub(2).max(1)));
    let rows = rows.enumerate().map(|(number, row)| {
        let mark = if number == 0 { "›" } else { " " };
        printer.paint(Style::Bold, format!("{mark} {row}"))
    });
    rows.collect::<Vec<_>>().join("\n")
}

/// The width that answers are written for.
fn width(columns: usize) -> u16 {
    u16::try_from(columns).unwrap_or(u16::MAX)
}

/// The end of a line, as much of it as there is room for.
fn tail(line: &str, cells: usize) -> String {
    let mut start = 0;
    while openclaw_terminal::width(line.get(start..).unwrap_or_default()) > cells {
        start += line.get(start..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8);
    }
    let mark = if start > 0 { "…" } else { "" };
    format!("{mark}{}", line.get(start..).unwrap_or_default())
}

#[cfg(test)]
mod tests;
