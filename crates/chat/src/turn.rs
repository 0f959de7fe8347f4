//! Runs one turn in the chat: shows, steers and stops it.

use std::io;

use openclaw_config::SessionConfig;
use openclaw_runtime::TurnEvent;
use openclaw_terminal::{OutputPrinter, TextStyle, sanitize};
use tokio::sync::Notify;

use crate::command::{self, ChatCommand, InputLine, help_text};
use crate::controller::{ChatController, ChatFlow};
use crate::conversation::{
    ChatConversation, ConversationUpdate, EndKind, TurnEnd, TurnRequest, UpdateReceiver, WorkError,
    update_channel,
};
use crate::error_report;
use crate::gateway_run::RunSteering;
use crate::number_format::format_turn_summary;
use crate::options::ChatOutcome;
use crate::reasoning::ReasoningDisplay;
use crate::startup::show_answer;
use crate::terminal::{ChatTerminal, InputEvent};
use crate::view::{RenderOptions, TurnView};

/// How the user steers and stops the running turn.
#[derive(Debug, Default)]
struct TurnControl {
    steering: RunSteering,
    session: SessionConfig,
    is_stopping: bool,
    /// Whether the turn goes on when the chat ends.
    outlives_chat: bool,
    /// The exit that the user asked for, taken when the turn has ended.
    exit_after_turn: Option<ChatOutcome>,
}

/// What became of a turn.
enum DrivenTurn {
    Ended(Result<Option<TurnEnd>, WorkError>),
    /// The chat went away before its end.
    Left,
}

/// What to do after an input event.
#[derive(PartialEq, Eq)]
enum TurnFlow {
    Continue,
    /// The chat waits no longer for the end of the turn.
    Leave,
}

impl ChatController {
    /// Runs a turn, or follows one that runs already.
    pub(super) async fn run_turn(&mut self, request: TurnRequest) -> io::Result<ChatFlow> {
        let Self { terminal, conversation, .. } = self;
        let facts = conversation.facts();
        let view = TurnView::new(terminal.render_options.clone(), facts.model);
        terminal.turn_view = Some(view.with_context_use(facts.context_use));
        let session = self.context.models.loaded_config().config.session.clone();
        let outlives_chat = conversation.gateway().is_some();
        let mut control = TurnControl { session, outlives_chat, ..TurnControl::default() };
        let (driven, is_incomplete) =
            drive_turn(terminal, conversation, &request, &mut control).await?;
        if matches!(driven, DrivenTurn::Left)
            && outlives_chat
            && let Some(view) = &mut self.terminal.turn_view
        {
            view.leave_turn(&mut self.terminal.scrollback);
        }
        let generation_time = self.end_view();
        self.restore_unsent_text(control.steering.queue().take_pending());
        match driven {
            DrivenTurn::Ended(Ok(Some(end))) => {
                if is_incomplete && let EndKind::Reply { text, .. } = end.kind() {
                    show_answer(&mut self.terminal, text);
                }
                self.print_outcome(&end);
                if end.model_calls > 0 {
                    let context_use = self.conversation.facts().context_use;
                    let line = format_turn_summary(&end, generation_time, context_use);
                    self.terminal.print_note(TextStyle::Dim, &line);
                }
            }
            DrivenTurn::Ended(Ok(None)) => {
                self.terminal.print_note(TextStyle::Dim, "no turn was interrupted");
            }
            DrivenTurn::Ended(Err(error)) => {
                error.print(&self.context);
                if matches!(error, WorkError::Store(_) | WorkError::Gateway(_)) {
                    self.restore_unsent_text(request.into_message().into_iter().collect());
                }
            }
            DrivenTurn::Left if outlives_chat => self.has_left_turn = true,
            DrivenTurn::Left => {
                self.terminal.print_note(TextStyle::Yellow, "! the turn was dropped as it was");
            }
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
    fn print_outcome(&mut self, end: &TurnEnd) {
        let (context, terminal) = (&self.context, &mut self.terminal);
        let printer = &context.printer;
        match end.kind() {
            EndKind::Reply { is_truncated: false, .. } => {}
            EndKind::Reply { .. } => printer.print_warning(
                "the answer was cut off by its output limit (`maxTokens` of the model, or the room \
                 left in its window)",
            ),
            EndKind::Failed(error) => match error.model_error() {
                Some(error) => {
                    error_report::print_model_error(printer, error);
                    context.suggest_trace(Some(error.kind()));
                }
                None => error_report::print_turn_error(printer, error),
            },
            EndKind::Reported(report) => error_report::print_error_report(printer, &report),
            EndKind::Silent => terminal.print_note(TextStyle::Dim, "the agent has nothing to say"),
            EndKind::Stopped => terminal.print_note(TextStyle::Yellow, "stopped"),
        }
        print_ended_commands(printer, end);
        self.terminal.collect_output();
    }
}

/// Names the commands in the background that ended with a turn.
pub(crate) fn print_ended_commands(printer: &OutputPrinter, end: &TurnEnd) {
    for command in &end.ended_commands {
        let command = sanitize::escape_line(command);
        printer.print_warning(format_args!(
            "a command in the background ended with the turn: {command}"
        ));
    }
}

/// Runs a turn while the terminal keeps reading input. Returns with it whether what was shown of its
/// answer is not the whole.
async fn drive_turn(
    terminal: &mut ChatTerminal,
    conversation: &mut ChatConversation,
    request: &TurnRequest,
    control: &mut TurnControl,
) -> io::Result<(DrivenTurn, bool)> {
    let (sender, mut updates) = update_channel();
    let (steering, stop) = (control.steering.clone(), &Notify::new());
    let mut is_incomplete = false;
    let driven = {
        let cancelled = stop.notified();
        let mut work = Box::pin(conversation.run_turn(request, &steering, sender, cancelled));
        let mut is_open = true;
        loop {
            tokio::select! {
                update = updates.recv(), if is_open => match update {
                    Some(update) => is_incomplete |= show_update(terminal, update),
                    None => is_open = false,
                },
                event = terminal.next() => {
                    let was_stopping = control.is_stopping;
                    let flow = handle_event(terminal, event?, control);
                    if control.is_stopping && !was_stopping {
                        stop.notify_one();
                    }
                    if flow == TurnFlow::Leave {
                        break DrivenTurn::Left;
                    }
                }
                end = &mut work => break DrivenTurn::Ended(end),
            }
        }
    };
    is_incomplete |= show_remaining_updates(terminal, &mut updates).await;
    Ok((driven, is_incomplete))
}

/// Shows what is still in the channel, after its sender is gone; returns whether it is incomplete.
pub(super) async fn show_remaining_updates(
    terminal: &mut ChatTerminal,
    updates: &mut UpdateReceiver,
) -> bool {
    let mut is_incomplete = false;
    while let Some(update) = updates.recv().await {
        is_incomplete |= show_update(terminal, update);
    }
    is_incomplete
}

/// Shows something that happened; returns true when it is that something is missing.
pub(super) fn show_update(terminal: &mut ChatTerminal, update: ConversationUpdate) -> bool {
    let event = match update {
        ConversationUpdate::Event(event) => event,
        ConversationUpdate::Model(model) => {
            if let Some(view) = &mut terminal.turn_view {
                view.set_model(model);
            }
            return false;
        }
        ConversationUpdate::Incomplete => return true,
    };
    if let TurnEvent::SteeringApplied { text } = event.as_ref()
        && let Some(position) = terminal.queued_messages.iter().position(|queued| queued == text)
    {
        terminal.queued_messages.remove(position);
    }
    if let Some(view) = &mut terminal.turn_view {
        view.show_event(&event, &mut terminal.scrollback);
    }
    terminal.schedule_redraw();
    false
}

/// Handles an input event during a turn.
fn handle_event(
    terminal: &mut ChatTerminal,
    event: InputEvent,
    control: &mut TurnControl,
) -> TurnFlow {
    match event {
        InputEvent::Line(line) => return handle_line_during_turn(terminal, line, control),
        InputEvent::Eof => {
            terminal.show_hint("Ctrl-C stops the turn; /quit ends the chat");
        }
        InputEvent::Interrupt => {
            terminal.refuse_question();
            let is_second = std::mem::replace(&mut control.is_stopping, true);
            show_stopping(terminal);
            if is_second {
                return TurnFlow::Leave;
            }
        }
        InputEvent::Terminate => {
            let is_second = control.exit_after_turn.replace(ChatOutcome::Interrupted).is_some();
            if is_second || control.outlives_chat {
                return TurnFlow::Leave;
            }
            terminal.refuse_question();
            control.is_stopping = true;
            show_stopping(terminal);
        }
    }
    TurnFlow::Continue
}

fn show_stopping(terminal: &mut ChatTerminal) {
    if let Some(view) = &mut terminal.turn_view {
        view.mark_stopping();
    }
    terminal.schedule_redraw();
}

/// Handles a line entered while a turn runs.
fn handle_line_during_turn(
    terminal: &mut ChatTerminal,
    line: String,
    control: &mut TurnControl,
) -> TurnFlow {
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
            if control.outlives_chat {
                return TurnFlow::Leave;
            }
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
    TurnFlow::Continue
}

pub(super) fn set_reasoning(terminal: &mut ChatTerminal, reasoning: ReasoningDisplay) {
    terminal.set_render_options(RenderOptions { reasoning, ..terminal.render_options.clone() });
    terminal.show_hint(format!("reasoning is shown: {}", reasoning.name()));
}
