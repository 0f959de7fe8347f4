//! The chat's main loop: reads lines, and runs turns and commands.

use std::future::Future;
use std::io;
use std::ops::ControlFlow;
use std::pin::pin;

use openclaw_terminal::TextStyle;

use crate::command::{self, ChatCommand, InputLine};
use crate::context::CommandContext;
use crate::conversation::{ChatConversation, TurnRequest, WorkError};
use crate::number_format;
use crate::options::ChatOutcome;
use crate::terminal::{ChatTerminal, InputEvent};

/// Runs the chat: owns the conversation and the terminal.
#[derive(Debug)]
pub(crate) struct ChatController {
    /// Its printer writes to the chat terminal.
    pub(super) context: CommandContext,
    pub(super) terminal: ChatTerminal,
    pub(super) conversation: ChatConversation,
    /// The models that `/model` listed last, so that a number can select one.
    pub(super) listed_models: Vec<String>,
    /// Whether a turn of the gateway goes on without the chat.
    pub(super) has_left_turn: bool,
}

/// What the main loop does next.
#[derive(Debug)]
pub(super) enum ChatFlow {
    /// Reads the next line.
    Continue,
    /// Quits the chat.
    Quit(ChatOutcome),
}

/// How interactive work ended.
#[derive(Debug)]
pub(super) enum WorkOutcome<T> {
    /// The work finished.
    Done(T),
    /// The user stopped it; the future was dropped.
    Stopped,
    /// The program must exit; the future was dropped.
    Terminated,
}

impl ChatController {
    pub(super) fn new(
        context: CommandContext,
        terminal: ChatTerminal,
        conversation: ChatConversation,
    ) -> Self {
        let mut controller = Self {
            context,
            terminal,
            conversation,
            listed_models: Vec::new(),
            has_left_turn: false,
        };
        controller.terminal.model_names = controller.collect_model_names();
        controller
    }

    /// Shows the turn that goes on already, sends the first message, then reads and handles lines until the chat ends.
    pub(super) async fn run(&mut self, first_message: Option<String>) -> io::Result<ChatOutcome> {
        if let Some(run) = self.conversation.take_live_run() {
            if let Some(message) = &run.message {
                self.terminal.print_user_message(message);
            }
            if let ChatFlow::Quit(exit) = self.run_turn(TurnRequest::Follow(run)).await? {
                return Ok(exit);
            }
        }
        if let Some(message) = first_message {
            self.terminal.print_user_message(&message);
            if let ChatFlow::Quit(exit) = self.run_turn(TurnRequest::Message(message)).await? {
                return Ok(exit);
            }
        }
        loop {
            self.refresh_status();
            let flow = match self.terminal.next().await? {
                InputEvent::Line(line) => self.handle_line(line).await?,
                InputEvent::Eof => ChatFlow::Quit(ChatOutcome::Quit),
                InputEvent::Terminate => ChatFlow::Quit(ChatOutcome::Interrupted),
                InputEvent::Interrupt if !self.terminal.editor.text().is_empty() => {
                    self.terminal.editor.set_text("");
                    ChatFlow::Continue
                }
                InputEvent::Interrupt if self.terminal.is_second_interrupt() => {
                    ChatFlow::Quit(ChatOutcome::Quit)
                }
                InputEvent::Interrupt => {
                    self.terminal.show_hint("Ctrl-C again to quit");
                    ChatFlow::Continue
                }
            };
            if let ChatFlow::Quit(exit) = flow {
                return Ok(exit);
            }
        }
    }

    /// Restores the terminal and prints how to resume the chat.
    pub(super) fn close(self) -> io::Result<()> {
        let printer = self.terminal.render_options.printer.clone();
        let facts = self.conversation.facts();
        let has_messages = match &self.conversation {
            ChatConversation::Local(conversation) => !conversation.history().is_empty(),
            ChatConversation::Gateway(_) => facts.messages > 0 || facts.context_use.is_some(),
        };
        let command = self.conversation.chat_command();
        self.terminal.close()?;
        let key = &facts.session_key;
        if self.has_left_turn {
            let line = format!("the turn goes on in the gateway; `{command}` shows it");
            printer.print_styled_note(TextStyle::Dim, line);
        } else if has_messages {
            let line = format!("session {key} is kept; `{command}` continues it");
            printer.print_styled_note(TextStyle::Dim, line);
        }
        Ok(())
    }

    /// Works on the conversation while the terminal shows a label and reads input. A failure is
    /// printed; the flow is what the chat does next when there is no result.
    pub(super) async fn run_work<T>(
        &mut self,
        label: &'static str,
        work: impl AsyncFnOnce(&mut ChatConversation) -> Result<T, WorkError>,
    ) -> io::Result<ControlFlow<ChatFlow, T>> {
        self.terminal.start_work(label);
        let work = Box::pin(work(&mut self.conversation));
        let outcome = run_interactively(&mut self.terminal, work, || None).await?;
        self.terminal.end_work();
        Ok(ControlFlow::Break(match outcome {
            WorkOutcome::Done(Ok(result)) => return Ok(ControlFlow::Continue(result)),
            WorkOutcome::Done(Err(error)) => {
                error.print(&self.context);
                ChatFlow::Continue
            }
            WorkOutcome::Stopped => {
                self.terminal.print_note(TextStyle::Yellow, "stopped");
                ChatFlow::Continue
            }
            WorkOutcome::Terminated => ChatFlow::Quit(ChatOutcome::Interrupted),
        }))
    }

    /// Updates the status line.
    pub(super) fn refresh_status(&mut self) {
        self.terminal.collect_output();
        let facts = self.conversation.facts();
        let mut parts = vec![facts.model.reference.clone()];
        parts.extend(facts.context_use.map(number_format::format_context_use));
        if facts.has_interrupted_turn {
            parts.push("Enter takes the interrupted turn up".to_owned());
        } else if facts.has_unanswered_turn {
            parts.push("Enter takes the last turn up again".to_owned());
        }
        self.terminal.status_line = parts.join(" · ");
        self.terminal.schedule_redraw();
    }

    async fn handle_line(&mut self, line: String) -> io::Result<ChatFlow> {
        if !line.trim().is_empty() {
            self.terminal.remember_line(&line);
        }
        let session = &self.context.models.loaded_config().config.session;
        match command::parse_line(&line, session) {
            InputLine::Message(message) => {
                self.terminal.print_user_message(&message);
                self.run_turn(TurnRequest::Message(message)).await
            }
            InputLine::Command(command) => {
                self.terminal.print_user_message(line.trim());
                self.run_command(command).await
            }
            InputLine::Invalid(message) => {
                self.terminal.print_user_message(line.trim());
                self.terminal.print_note(TextStyle::Yellow, &format!("! {message}"));
                Ok(ChatFlow::Continue)
            }
            InputLine::Empty if self.conversation.facts().can_resume() => {
                self.run_command(ChatCommand::Resume(None)).await
            }
            InputLine::Empty => Ok(ChatFlow::Continue),
        }
    }
}

/// Runs `work` while the terminal keeps reading input. `note` gives the status text meanwhile.
pub(super) async fn run_interactively<T>(
    terminal: &mut ChatTerminal,
    work: impl Future<Output = T>,
    status_note: impl Fn() -> Option<String>,
) -> io::Result<WorkOutcome<T>> {
    let mut work = pin!(work);
    loop {
        terminal.set_work_note(status_note());
        tokio::select! {
            output = &mut work => return Ok(WorkOutcome::Done(output)),
            () = tokio::time::sleep(crate::terminal::CLOCK_INTERVAL) => {}
            event = terminal.next() => match event? {
                InputEvent::Interrupt | InputEvent::Eof => {
                    terminal.refuse_question();
                    return Ok(WorkOutcome::Stopped);
                }
                InputEvent::Terminate => return Ok(WorkOutcome::Terminated),
                InputEvent::Line(line) => {
                    terminal.postpone_line(line);
                    terminal.show_hint("in a moment");
                }
            },
        }
    }
}
