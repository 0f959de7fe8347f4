//! The terminal of a conversation: what is on it, what is typed, and what is asked.

mod live;

use std::io::{self, Write as _};
use std::time::Duration;

use openclaw_config::StateFile;
use openclaw_terminal::{Action, Editor, InputHistory, Key, Live, RawMode, Screen, terminal_size};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, sleep_until};

use super::ask::{Question, understood};
use super::command::candidates;
use super::input::{Input, Signals};
use super::transcript::{Kind, Transcript};
use super::view::{Manner, TurnView, said};
use crate::printer::{Printer, Sheet, Style};

/// What is before the input.
pub(super) const PROMPT: &str = "› ";

/// How long what changed may wait to be drawn.
const FRAME: Duration = Duration::from_millis(40);

/// How often the time that passes is told.
pub(super) const BEAT: Duration = Duration::from_millis(200);

/// How long after a change of size the next one is waited for.
const SETTLING: Duration = Duration::from_millis(60);

/// A terminal that a conversation has for itself, until this is dropped.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) printer: Printer,
    /// What is written by others than the desk, which only it shows.
    sheet: &'static Sheet,
    raw: RawMode,
    input: Input,
    signals: Signals,
    screen: Screen,
    pub(crate) transcript: Transcript,
    pub(crate) editor: Editor,
    history: StateFile,
    questions: UnboundedReceiver<Question>,
    /// What is asked, and what was being written meanwhile.
    question: Option<(Question, Editor)>,
    /// What is done besides turns, since when, and what is known of it.
    work: Option<(&'static str, Instant, Option<String>)>,
    /// How often Ctrl-C was pressed with no other key in between.
    interrupts: u32,
    /// The turn that runs.
    pub(crate) view: Option<TurnView>,
    pub(crate) manner: Manner,
    /// What was said to the running turn and not yet heard.
    pub(crate) queued: Vec<String>,
    /// The row above the input while nothing is done.
    pub(crate) status: String,
    /// Told until the next key.
    hint: Option<String>,
    /// The names of models, for completing.
    pub(crate) models: Vec<String>,
    /// When what changed is to be drawn.
    due: Option<Instant>,
    /// When a size that changed is to be taken.
    resizing: Option<Instant>,
}

/// What whoever has the desk is to see to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A line was entered.
    Line(String),
    /// Ctrl-C.
    Interrupt,
    /// Ctrl-D on an empty line.
    Eof,
    /// The terminal is gone, or the program is to end.
    End,
}

/// What happened.
enum Happened {
    Key(Option<Key>),
    Signal(super::input::Told),
    Question(Question),
    Settled,
    Due,
    Beat,
}

impl Desk {
    /// Takes the terminal. `sheet` is where others write.
    ///
    /// # Errors
    /// When it cannot be taken.
    pub(crate) fn open(
        manner: Manner,
        sheet: &'static Sheet,
        history: StateFile,
        questions: UnboundedReceiver<Question>,
    ) -> io::Result<Self> {
        let signals = Signals::new()?;
        let before = history.read().ok().flatten();
        let before = before.map(|text| InputHistory::parse(&text)).unwrap_or_default();
        let (columns, rows) = terminal_size();
        Ok(Self {
            printer: manner.printer,
            sheet,
            raw: RawMode::enter()?,
            input: Input::new(),
            signals,
            screen: Screen::new(columns, rows),
            transcript: Transcript::default(),
            editor: Editor::new(before),
            history,
            questions,
            question: None,
            work: None,
            interrupts: 0,
            view: None,
            manner: Manner { columns, ..manner },
            queued: Vec::new(),
            status: String::new(),
            hint: None,
            models: Vec::new(),
            due: Some(Instant::now()),
            resizing: None,
        })
    }

    /// Takes the live part away, so that what follows is written below what stays.
    ///
    /// # Errors
    /// When the terminal does not take it.
    pub(crate) fn close(mut self) -> io::Result<()> {
        self.collect();
        let above = self.transcript.take();
        let mut out = self.screen.draw(&above, &Live::default());
        out.push_str(&self.screen.leave());
        write(&out)
    }

    /// Waits for what is to be seen to, keeping the screen up to date. Nothing is lost when this
    /// is dropped.
    ///
    /// # Errors
    /// When the terminal is neither read nor written.
    pub(crate) async fn next(&mut self) -> io::Result<Event> {
        use super::input::Told;
        loop {
            if self.due.is_some_and(|due| due <= Instant::now()) {
                self.draw()?;
            }
            match self.happened().await? {
                Happened::Key(None) | Happened::Signal(Told::End) => return Ok(Event::End),
                Happened::Signal(Told::Interrupt) => return Ok(Event::Interrupt),
                Happened::Key(Some(key)) => {
                    if let Some(event) = self.key(key)? {
                        return Ok(event);
                    }
                }
                Happened::Signal(Told::Size) => self.resizing = Some(Instant::now() + SETTLING),
                Happened::Signal(Told::GoOn) => {
                    self.raw.resume()?;
                    self.resize();
                }
                Happened::Settled => self.resize(),
                Happened::Question(question) => {
                    let editor = std::mem::take(&mut self.editor);
                    self.question = Some((question, editor));
                    self.due = Some(Instant::now());
                }
                Happened::Due => {}
                Happened::Beat => self.due = Some(Instant::now()),
            }
        }
    }

    /// Notes that something changed; it is drawn soon.
    pub(crate) fn changed(&mut self) {
        self.due.get_or_insert_with(|| Instant::now() + FRAME);
    }

    /// Says something of the program's own.
    pub(crate) fn note(&mut self, style: Style, text: &str) {
        let rows = text.lines().map(|row| self.printer.paint(style, row));
        let text = rows.collect::<Vec<_>>().join("\n");
        self.transcript.put(Kind::Aside, &text);
        self.changed();
    }

    /// Shows what the user said, for good.
    pub(crate) fn say(&mut self, text: &str) {
        self.transcript.part();
        self.transcript.put(Kind::User, &said(self.printer, text, self.manner.columns));
        self.changed();
    }

    /// Tells something that is gone with the next key.
    pub(crate) fn hint(&mut self, text: impl Into<String>) {
        self.hint = Some(text.into());
        self.changed();
    }

    /// Keeps a line for the next time, and for the next run.
    pub(crate) fn remember(&mut self, line: &str) {
        self.editor.remember(line);
        let kept = self.history.update(|text| {
            let text = text.ok().flatten().unwrap_or_default();
            let mut history = InputHistory::parse(&text);
            history.add(line).then(|| history.to_text())
        });
        // What cannot be kept is at hand until the end.
        drop(kept);
    }

    /// Takes what others wrote to the transcript.
    pub(crate) fn collect(&mut self) {
        let written = self.sheet.take();
        if !written.is_empty() {
            self.transcript.put(Kind::Aside, &written);
            self.changed();
        }
    }

    /// Answers the question that waits, if any, by no.
    pub(crate) fn refuse(&mut self) {
        if let Some((question, editor)) = self.question.take() {
            self.editor = editor;
            self.answered(question, false);
        }
    }

    /// Shows that something is done.
    pub(crate) fn begin_work(&mut self, what: &'static str) {
        self.work = Some((what, Instant::now(), None));
        self.due = Some(Instant::now());
    }

    /// Tells what is known of it.
    pub(crate) fn note_work(&mut self, note: Option<String>) {
        if let Some((_, _, known)) = &mut self.work {
            *known = note;
            self.due.get_or_insert_with(|| Instant::now() + FRAME);
        }
    }

    pub(crate) fn end_work(&mut self) {
        self.work = None;
        self.changed();
    }

    /// Whether Ctrl-C was pressed before, with no other key in between.
    pub(crate) fn is_second_interrupt(&self) -> bool {
        self.interrupts > 1
    }

    /// Shows thoughts otherwise, or takes another width.
    pub(crate) fn set_manner(&mut self, manner: Manner) {
        self.manner = manner;
        if let Some(view) = &mut self.view {
            view.set_manner(manner);
        }
    }

    async fn happened(&mut self) -> io::Result<Happened> {
        let due = self.due.unwrap_or_else(Instant::now);
        let settled = self.resizing.unwrap_or_else(Instant::now);
        let is_free = self.question.is_none();
        Ok(tokio::select! {
            biased;
            told = self.signals.next() => Happened::Signal(told),
            key = self.input.key() => Happened::Key(key?),
            Some(question) = self.questions.recv(), if is_free => Happened::Question(question),
            () = sleep_until(settled), if self.resizing.is_some() => Happened::Settled,
            () = sleep_until(due), if self.due.is_some() => Happened::Due,
            () = tokio::time::sleep(BEAT), if self.view.is_some() => Happened::Beat,
        })
    }

    fn key(&mut self, key: Key) -> io::Result<Option<Event>> {
        self.hint = None;
        self.due = Some(Instant::now());
        let is_idle = self.view.is_none() && self.editor.text().is_empty();
        let counts = key == Key::Ctrl('c') && is_idle;
        self.interrupts = if counts { self.interrupts + 1 } else { 0 };
        if self.question.as_ref().is_some_and(|(question, _)| question.is_over()) {
            self.refuse();
        }
        let is_asked = self.question.is_some();
        match self.editor.press(key) {
            Action::Submit(line) if is_asked => self.answer(&line),
            Action::Submit(line) => return Ok(Some(Event::Line(line))),
            Action::Interrupt => return Ok(Some(Event::Interrupt)),
            Action::Eof if is_asked => self.refuse(),
            Action::Eof => return Ok(Some(Event::Eof)),
            Action::Complete if !is_asked => self.complete(),
            Action::Redraw => self.screen.forget(),
            Action::Suspend => self.suspend()?,
            _ => {}
        }
        Ok(None)
    }

    fn complete(&mut self) {
        let (replaced, found) = candidates(self.editor.before_cursor(), &self.models);
        if !self.editor.complete(replaced, &found) && found.len() > 1 {
            self.hint(found.join("  "));
        }
    }

    fn answer(&mut self, line: &str) {
        match (understood(line), self.question.take()) {
            (Some(yes), Some((question, editor))) => {
                self.editor = editor;
                self.answered(question, yes);
            }
            (_, question) => {
                self.question = question;
                self.hint("`y` or `n`, and Enter");
            }
        }
    }

    fn answered(&mut self, question: Question, yes: bool) {
        let about = question.about.clone().unwrap_or_else(|| question.text.clone());
        let answer = if yes { "yes" } else { "no" };
        self.note(Style::Dim, &format!("? {about} – {answer}"));
        question.answer(yes);
    }

    /// Stops the program; going on, it is told so by a signal and takes the terminal back.
    fn suspend(&mut self) -> io::Result<()> {
        write(&self.screen.leave())?;
        self.raw.suspend();
        openclaw_terminal::stop_process()
    }

    fn resize(&mut self) {
        self.resizing = None;
        let (columns, rows) = terminal_size();
        self.screen.resize(columns, rows);
        self.set_manner(Manner { columns, ..self.manner });
        self.due = Some(Instant::now());
    }

    fn draw(&mut self) -> io::Result<()> {
        self.collect();
        self.due = None;
        let above = self.transcript.take();
        let live = self.live();
        write(&self.screen.draw(&above, &live))
    }
}

fn write(text: &str) -> io::Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}
