//! Runs one turn in the chat: shows, steers and stops it.

use std::io;

use openclaw_config::SessionConfig;
use openclaw_runtime::{
    Conversation, SteeringQueue, StoreError, TurnEvent, TurnEventReceiver, TurnOutcome, TurnReport,
    event_channel,
};
use openclaw_terminal::TextStyle;
use tokio::sync::Notify;

use crate::command::{self, ChatCommand, InputLine, help_text};
use crate::controller::{ChatController, ChatFlow};
use crate::error_report;
use crate::number_format::format_turn_summary;
use crate::options::ChatOutcome;
use crate::reasoning::ReasoningDisplay;
use crate::terminal::{ChatTerminal, InputEvent};
use crate::usage_cost::{find_price, turn_cost};
use crate::view::{RenderOptions, TurnView};

/// How the user steers and stops the running turn.
#[derive(Debug, Default)]
struct TurnControl {
    steering: SteeringQueue,
    session: SessionConfig,
    is_stopping: bool,
    /// The exit that the user asked for, taken when the turn has ended.
    exit_after_turn: Option<ChatOutcome>,
}

impl ChatController {
    /// Runs a turn on the user's message, or resumes the interrupted one without a message.
    pub(super) async fn run_turn(&mut self, message: Option<String>) -> io::Result<ChatFlow> {
        let Self { terminal, conversation, .. } = self;
        let run = conversation.agent_run();
        let view = TurnView::new(terminal.render_options.clone(), run.model.clone());
        terminal.turn_view = Some(view.with_context_use(conversation.context_use()));
        let session = self.context.models.loaded_config().config.session.clone();
        let mut control = TurnControl { session, ..TurnControl::default() };
        let report = drive_turn(terminal, conversation, message.as_deref(), &mut control).await?;
        let generation_time = self.end_view();
        self.restore_unsent_text(control.steering.take_pending());
        match report {
            Some(Ok(Some(report))) => {
                self.print_outcome(&report.outcome);
                if report.model_calls > 0 {
                    let model = self.conversation.agent_run().model.model_info().reference;
                    let price = find_price(&self.context.models, &model);
                    let line = format_turn_summary(
                        &report,
                        generation_time,
                        self.conversation.context_use(),
                        price.map(|price| turn_cost(price, &report.usage)),
                    );
                    self.terminal.print_note(TextStyle::Dim, &line);
                }
            }
            Some(Ok(None)) => self.terminal.print_note(TextStyle::Dim, "no turn was interrupted"),
            Some(Err(error)) => {
                error_report::print_store_error(&self.context.printer, &error);
                self.restore_unsent_text(message.into_iter().collect());
            }
            None => self.terminal.print_note(TextStyle::Yellow, "! the turn was dropped as it was"),
        }
        self.terminal.collect_output();
        Ok(control.exit_after_turn.map_or(ChatFlow::Continue, ChatFlow::Quit))
    }

    /// Ends the turn's view and returns how long the model generated.
    pub(super) fn end_view(&mut self) -> std::time::Duration {
        let Some(mut view) = self.terminal.turn_view.take() else {
            return std::time::Duration::ZERO;
        };
        view.finish_turn(&mut self.terminal.scrollback);
        self.terminal.queued_messages.clear();
        self.terminal.refuse_question();
        self.terminal.schedule_redraw();
        view.generation_time()
    }

    /// Puts messages that the model never received back into the input line.
    fn restore_unsent_text(&mut self, texts: Vec<String>) {
        if texts.is_empty() {
            return;
        }
        let mut texts = texts;
        let current_input = self.terminal.editor.text();
        if !current_input.is_empty() {
            texts.push(current_input.to_owned());
        }
        self.terminal.editor.set_text(texts.join("\n"));
        self.terminal.show_hint("the model did not get this");
    }

    /// Prints how a turn ended. The answer itself is already on the screen.
    fn print_outcome(&mut self, outcome: &TurnOutcome) {
        let (context, terminal) = (&self.context, &mut self.terminal);
        match outcome {
            TurnOutcome::Reply { truncated: false, .. } => {}
            TurnOutcome::Reply { .. } => context.printer.print_warning(
                "the answer was cut off by its output limit (`maxTokens` of the model, or the room \
                 left in its window)",
            ),
            TurnOutcome::Failed(error) => match error.model_error() {
                Some(error) => {
                    error_report::print_model_error(&context.printer, error);
                    context.suggest_trace(Some(error.kind()));
                }
                None => error_report::print_turn_error(&context.printer, error),
            },
            TurnOutcome::TimedOut { limit } => {
                context
                    .printer
                    .print_error(format_args!("failed to finish the turn within {limit}"));
            }
            TurnOutcome::NeedsInput { question } => context.printer.print_error(question),
            TurnOutcome::NoReply => {
                terminal.print_note(TextStyle::Dim, "the agent has nothing to say");
            }
            TurnOutcome::Cancelled => terminal.print_note(TextStyle::Yellow, "stopped"),
            _ => context.printer.print_error("failed to finish the turn"),
        }
        self.terminal.collect_output();
    }
}

/// Runs a turn while the terminal keeps reading input. `None` when the turn was dropped.
async fn drive_turn(
    terminal: &mut ChatTerminal,
    conversation: &mut Conversation,
    message: Option<&str>,
    control: &mut TurnControl,
) -> io::Result<Option<Result<Option<TurnReport>, StoreError>>> {
    let (sender, mut events) = event_channel();
    let (steering, stop) = (control.steering.clone(), &Notify::new());
    let report = {
        let mut work = Box::pin(async {
            let cancelled = stop.notified();
            match message {
                Some(message) => conversation
                    .run_turn(message, Some(&steering), sender, cancelled)
                    .await
                    .map(Some),
                None => conversation.resume_turn(Some(&steering), sender, cancelled).await,
            }
        });
        let mut is_open = true;
        loop {
            tokio::select! {
                event = events.recv(), if is_open => match event {
                    Some(event) => show_event(terminal, &event),
                    None => is_open = false,
                },
                event = terminal.next() => {
                    let was_stopping = control.is_stopping;
                    let is_second = handle_event(terminal, event?, control);
                    if control.is_stopping && !was_stopping {
                        stop.notify_one();
                    }
                    if is_second {
                        break None;
                    }
                }
                report = &mut work => break Some(report),
            }
        }
    };
    show_remaining_events(terminal, &mut events).await;
    Ok(report)
}

/// Shows the events still in the channel, after its sender is gone.
pub(super) async fn show_remaining_events(
    terminal: &mut ChatTerminal,
    events: &mut TurnEventReceiver,
) {
    while let Some(event) = events.recv().await {
        show_event(terminal, &event);
    }
}

pub(super) fn show_event(terminal: &mut ChatTerminal, event: &TurnEvent) {
    if let TurnEvent::SteeringApplied { text } = event
        && let Some(position) = terminal.queued_messages.iter().position(|queued| queued == text)
    {
        terminal.queued_messages.remove(position);
    }
    if let Some(view) = &mut terminal.turn_view {
        view.show_event(event, &mut terminal.scrollback);
    }
    terminal.schedule_redraw();
}

/// Handles an input event during a turn; returns true when the turn is to be dropped.
fn handle_event(terminal: &mut ChatTerminal, event: InputEvent, control: &mut TurnControl) -> bool {
    match event {
        InputEvent::Line(line) => {
            handle_line_during_turn(terminal, line, control);
            false
        }
        InputEvent::Eof => {
            terminal.show_hint("Ctrl-C stops the turn; /quit ends the chat");
            false
        }
        InputEvent::Interrupt => {
            terminal.refuse_question();
            let is_second = std::mem::replace(&mut control.is_stopping, true);
            show_stopping(terminal);
            is_second
        }
        InputEvent::Terminate => {
            terminal.refuse_question();
            let is_second = control.exit_after_turn.replace(ChatOutcome::Interrupted).is_some();
            control.is_stopping = true;
            show_stopping(terminal);
            is_second
        }
    }
}

fn show_stopping(terminal: &mut ChatTerminal) {
    if let Some(view) = &mut terminal.turn_view {
        view.mark_stopping();
    }
    terminal.schedule_redraw();
}

/// Handles a line entered while a turn runs.
fn handle_line_during_turn(terminal: &mut ChatTerminal, line: String, control: &mut TurnControl) {
    match command::parse_line(&line, &control.session) {
        InputLine::Empty => {}
        InputLine::Message(text) => {
            terminal.remember_line(&line);
            control.steering.push_message(text.clone());
            terminal.queued_messages.push(text);
            terminal.schedule_redraw();
        }
        InputLine::Command(ChatCommand::Help) => {
            let text = help_text();
            terminal.print_note(TextStyle::Dim, &text);
        }
        InputLine::Command(ChatCommand::Reasoning(Some(reasoning))) => {
            set_reasoning(terminal, reasoning);
        }
        InputLine::Command(ChatCommand::Quit) => {
            control.exit_after_turn = Some(ChatOutcome::Quit);
            control.is_stopping = true;
            show_stopping(terminal);
        }
        InputLine::Command(_) => {
            terminal.editor.set_text(line);
            terminal.show_hint("when the turn is over; Ctrl-C stops it");
        }
        InputLine::Invalid(message) => {
            terminal.editor.set_text(line);
            terminal.show_hint(message);
        }
    }
}

pub(super) fn set_reasoning(terminal: &mut ChatTerminal, reasoning: ReasoningDisplay) {
    terminal.set_render_options(RenderOptions { reasoning, ..terminal.render_options.clone() });
    terminal.show_hint(format!("reasoning is shown: {}", reasoning.name()));
}
