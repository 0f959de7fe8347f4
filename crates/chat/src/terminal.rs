//! The chat terminal: scrollback above, live region below, key input and questions.

mod live_region;
mod questions;

use std::collections::VecDeque;
use std::io::{self, Write as _};
use std::sync::Arc;
use std::time::Duration;

use openclaw_fs::StateFile;
use openclaw_terminal::{
    EditorAction, InputHistory, KeyPress, LineEditor, LiveRegion, OutputBuffer, RawMode, Screen,
    TextStyle, sanitize, terminal_size,
};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, sleep_until};

use self::questions::withdrawal;
use crate::command::completion_candidates;
use crate::input::{KeyInput, ProcessSignal, SignalReceiver};
use crate::prompter::PersonQuestion;
use crate::scrollback::{RowKind, ScrollbackBuffer};
use crate::view::{RenderOptions, TurnView, format_user_message};

/// The prompt in front of the input line.
pub(super) const INPUT_PROMPT: &str = "› ";

/// How long a redraw may be delayed, to combine several changes in one frame.
const FRAME_INTERVAL: Duration = Duration::from_millis(40);

/// How often a running clock is redrawn.
pub(super) const CLOCK_INTERVAL: Duration = Duration::from_millis(200);

/// How long to wait for further resizes before redrawing.
const RESIZE_SETTLE_TIME: Duration = Duration::from_millis(60);

/// Owns the terminal, in raw mode, until it is dropped.
#[derive(Debug)]
pub(crate) struct ChatTerminal {
    /// Output of other parts of the program, moved to the scrollback.
    output_buffer: Arc<OutputBuffer>,
    raw_mode: RawMode,
    key_input: KeyInput,
    signals: SignalReceiver,
    screen: Screen,
    pub(crate) scrollback: ScrollbackBuffer,
    pub(crate) editor: LineEditor,
    history_file: StateFile,
    questions: UnboundedReceiver<PersonQuestion>,
    /// The pending question, and the input line it replaced.
    pending_question: Option<(PersonQuestion, LineEditor)>,
    /// Work outside a turn: its label, its start and a note on its progress.
    background_work: Option<(&'static str, Instant, Option<String>)>,
    /// How often Ctrl-C was pressed in a row.
    interrupt_count: u32,
    /// The view of the running turn.
    pub(crate) turn_view: Option<TurnView>,
    pub(crate) render_options: RenderOptions,
    /// Messages sent to the running turn and not yet delivered to the model.
    pub(crate) queued_messages: Vec<String>,
    /// Lines that were entered while other work ran.
    postponed_lines: VecDeque<String>,
    /// The status row above the input while the chat is idle.
    pub(crate) status_line: String,
    /// A hint shown until the next key.
    hint_text: Option<String>,
    /// Model names, for completion.
    pub(crate) model_names: Vec<String>,
    /// When to redraw.
    redraw_at: Option<Instant>,
    /// When to handle a resize.
    resize_at: Option<Instant>,
}

/// An input event for the owner of the terminal.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum InputEvent {
    /// The user entered a line.
    Line(String),
    /// Ctrl-C.
    Interrupt,
    /// Ctrl-D on an empty line.
    Eof,
    /// End of input, or a signal to exit.
    Terminate,
}

/// What the terminal waits for.
enum TerminalEvent {
    Key(Option<KeyPress>),
    Signal(ProcessSignal),
    Question(PersonQuestion),
    QuestionWithdrawn,
    ResizeSettled,
    RedrawDue,
    ClockTick,
}

impl ChatTerminal {
    /// Opens the terminal in raw mode. Other parts of the program write to `output_buffer`.
    ///
    /// # Errors
    /// When the terminal cannot be switched to raw mode.
    pub(crate) fn open(
        render_options: RenderOptions,
        output_buffer: Arc<OutputBuffer>,
        history_file: StateFile,
        questions: UnboundedReceiver<PersonQuestion>,
    ) -> io::Result<Self> {
        let signals = SignalReceiver::new()?;
        let stored_text = history_file.read_text().ok().flatten();
        let input_history =
            stored_text.map(|text| InputHistory::from_text(&text)).unwrap_or_default();
        let (columns, rows) = terminal_size();
        Ok(Self {
            output_buffer,
            raw_mode: RawMode::enter()?,
            key_input: KeyInput::new(),
            signals,
            screen: Screen::new(columns, rows),
            scrollback: ScrollbackBuffer::default(),
            editor: LineEditor::new(input_history),
            history_file,
            questions,
            pending_question: None,
            background_work: None,
            interrupt_count: 0,
            turn_view: None,
            render_options: RenderOptions { columns, ..render_options },
            queued_messages: Vec::new(),
            postponed_lines: VecDeque::new(),
            status_line: String::new(),
            hint_text: None,
            model_names: Vec::new(),
            redraw_at: Some(Instant::now()),
            resize_at: None,
        })
    }

    /// Clears the live region, so that later output follows the scrollback.
    ///
    /// # Errors
    /// When writing to the terminal fails.
    pub(crate) fn close(mut self) -> io::Result<()> {
        self.collect_output();
        let final_rows = self.scrollback.take_rows();
        let mut out = self.screen.draw_update(&final_rows, &LiveRegion::default());
        out.push_str(&self.screen.clear_live_region());
        write_stdout(&out)
    }

    /// Waits for the next input event and keeps the screen up to date. Cancel safe.
    ///
    /// # Errors
    /// When reading from or writing to the terminal fails.
    pub(crate) async fn next(&mut self) -> io::Result<InputEvent> {
        let is_idle = self.background_work.is_none() && self.turn_view.is_none();
        if is_idle && let Some(line) = self.postponed_lines.pop_front() {
            self.hint_text = None;
            return Ok(InputEvent::Line(line));
        }
        loop {
            if self.redraw_at.is_some_and(|redraw_at| redraw_at <= Instant::now()) {
                self.draw_screen()?;
            }
            match self.next_terminal_event().await? {
                TerminalEvent::Key(None) | TerminalEvent::Signal(ProcessSignal::Terminate) => {
                    return Ok(InputEvent::Terminate);
                }
                TerminalEvent::Signal(ProcessSignal::Interrupt) => {
                    return Ok(InputEvent::Interrupt);
                }
                TerminalEvent::Key(Some(key)) => {
                    if let Some(event) = self.handle_key(key)? {
                        return Ok(event);
                    }
                }
                TerminalEvent::Signal(ProcessSignal::Resize) => {
                    self.resize_at = Some(Instant::now() + RESIZE_SETTLE_TIME);
                }
                TerminalEvent::Signal(ProcessSignal::Continue) => {
                    self.raw_mode.resume()?;
                    self.resize_screen();
                    // Other programs wrote meanwhile.
                    self.screen.mark_stale();
                }
                TerminalEvent::ResizeSettled => self.resize_screen(),
                TerminalEvent::Question(question) => self.show_question(question)?,
                TerminalEvent::QuestionWithdrawn => self.withdraw_question(),
                TerminalEvent::RedrawDue => {}
                TerminalEvent::ClockTick => self.redraw_at = Some(Instant::now()),
            }
        }
    }

    /// Schedules a redraw of the live region.
    pub(crate) fn schedule_redraw(&mut self) {
        self.redraw_at.get_or_insert_with(|| Instant::now() + FRAME_INTERVAL);
    }

    /// Prints a notice of the program to the scrollback, escaped.
    pub(crate) fn print_note(&mut self, style: TextStyle, text: &str) {
        let text = sanitize::escape_line(text);
        let rows = text.lines().map(|row| self.render_options.printer.style_text(style, row));
        let text = rows.collect::<Vec<_>>().join("\n");
        self.scrollback.push_rows(RowKind::Notice, &text);
        self.schedule_redraw();
    }

    /// Prints a message of the user to the scrollback.
    pub(crate) fn print_user_message(&mut self, text: &str) {
        self.scrollback.request_gap();
        self.scrollback.push_rows(
            RowKind::User,
            &format_user_message(&self.render_options.printer, text, self.render_options.columns),
        );
        self.schedule_redraw();
    }

    /// Gives a line out again once nothing runs.
    pub(crate) fn postpone_line(&mut self, line: String) {
        self.postponed_lines.push_back(line);
    }

    /// Shows a hint until the next key.
    pub(crate) fn show_hint(&mut self, text: impl Into<String>) {
        self.hint_text = Some(text.into());
        self.schedule_redraw();
    }

    /// Adds a line to the history, in memory and on disk.
    pub(crate) fn remember_line(&mut self, line: &str) {
        self.editor.add_to_history(line);
        let update_result = self.history_file.update_text(|text| {
            let text = text.ok().flatten().unwrap_or_default();
            let mut history = InputHistory::from_text(&text);
            history.add_entry(line).then(|| history.to_text())
        });
        // A history file that cannot be written is no error: the line stays in memory.
        drop(update_result);
    }

    /// Moves the output of other parts of the program to the scrollback.
    pub(crate) fn collect_output(&mut self) {
        let written = self.output_buffer.take_text();
        if !written.is_empty() {
            self.scrollback.push_rows(RowKind::Notice, &written);
            self.schedule_redraw();
        }
    }

    /// Shows a label and a clock while work outside a turn runs.
    pub(crate) fn start_work(&mut self, label: &'static str) {
        self.background_work = Some((label, Instant::now(), None));
        self.redraw_at = Some(Instant::now());
    }

    /// Sets the progress note of the running work.
    pub(crate) fn set_work_note(&mut self, note: Option<String>) {
        if let Some((_, _, work_note)) = &mut self.background_work {
            *work_note = note;
            self.redraw_at.get_or_insert_with(|| Instant::now() + FRAME_INTERVAL);
        }
    }

    pub(crate) fn end_work(&mut self) {
        self.background_work = None;
        self.schedule_redraw();
    }

    /// Returns true when Ctrl-C was pressed twice in a row.
    pub(crate) fn is_second_interrupt(&self) -> bool {
        self.interrupt_count > 1
    }

    /// Applies another reasoning display or terminal width.
    pub(crate) fn set_render_options(&mut self, render_options: RenderOptions) {
        if let Some(view) = &mut self.turn_view {
            view.set_render_options(render_options.clone());
        }
        self.render_options = render_options;
    }

    async fn next_terminal_event(&mut self) -> io::Result<TerminalEvent> {
        let redraw_at = self.redraw_at.unwrap_or_else(Instant::now);
        let resize_at = self.resize_at.unwrap_or_else(Instant::now);
        let accepts_question = self.pending_question.is_none();
        Ok(tokio::select! {
            biased;
            signal = self.signals.next() => TerminalEvent::Signal(signal),
            () = withdrawal(&mut self.pending_question) => TerminalEvent::QuestionWithdrawn,
            key = self.key_input.next_key() => TerminalEvent::Key(key?),
            Some(question) = self.questions.recv(), if accepts_question => TerminalEvent::Question(question),
            () = sleep_until(resize_at), if self.resize_at.is_some() => TerminalEvent::ResizeSettled,
            () = sleep_until(redraw_at), if self.redraw_at.is_some() => TerminalEvent::RedrawDue,
            () = tokio::time::sleep(CLOCK_INTERVAL), if self.turn_view.is_some() => TerminalEvent::ClockTick,
        })
    }

    fn handle_key(&mut self, key: KeyPress) -> io::Result<Option<InputEvent>> {
        self.hint_text = None;
        self.redraw_at = Some(Instant::now());
        let is_idle = self.turn_view.is_none() && self.editor.text().is_empty();
        let is_idle_interrupt = key == KeyPress::Ctrl('c') && is_idle;
        self.interrupt_count = if is_idle_interrupt { self.interrupt_count + 1 } else { 0 };
        let is_asked = self.pending_question.is_some();
        match self.editor.press_key(key) {
            EditorAction::Submit(line) if is_asked => self.answer_question(&line),
            EditorAction::Submit(line) => return Ok(Some(InputEvent::Line(line))),
            EditorAction::Interrupt => return Ok(Some(InputEvent::Interrupt)),
            EditorAction::Eof if is_asked => self.refuse_question(),
            EditorAction::Eof => return Ok(Some(InputEvent::Eof)),
            EditorAction::Complete if !is_asked => self.complete_input(),
            EditorAction::RedrawScreen => self.screen.mark_stale(),
            EditorAction::Suspend => self.suspend_process()?,
            _ => {}
        }
        Ok(None)
    }

    fn complete_input(&mut self) {
        let (replaced_bytes, candidates) =
            completion_candidates(self.editor.before_cursor(), &self.model_names);
        if !self.editor.complete_word(replaced_bytes, &candidates) && candidates.len() > 1 {
            self.show_hint(candidates.join("  "));
        }
    }

    /// Suspends the process. SIGCONT takes the terminal back afterwards.
    fn suspend_process(&mut self) -> io::Result<()> {
        write_stdout(&self.screen.clear_live_region())?;
        self.raw_mode.suspend();
        openclaw_terminal::stop_process()
    }

    fn resize_screen(&mut self) {
        self.resize_at = None;
        let (columns, rows) = terminal_size();
        self.screen.resize(columns, rows);
        self.set_render_options(RenderOptions { columns, ..self.render_options.clone() });
        self.redraw_at = Some(Instant::now());
    }

    fn draw_screen(&mut self) -> io::Result<()> {
        if self.resize_at.is_some() {
            // What is drawn meanwhile is drawn for the size that the terminal has by now.
            let (columns, rows) = terminal_size();
            self.screen.resize(columns, rows);
        }
        self.collect_output();
        self.redraw_at = None;
        let final_rows = self.scrollback.take_rows();
        let live_region = self.live_region();
        write_stdout(&self.screen.draw_update(&final_rows, &live_region))
    }
}

fn write_stdout(text: &str) -> io::Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}
