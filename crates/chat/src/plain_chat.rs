//! A chat without a terminal: each line of stdin is a message, answers go to stdout.

mod commands;
mod question;
mod session_commands;

use std::io;
use std::pin::pin;
use std::time::Duration;

use openclaw_terminal::{OutputPrinter, sanitize};
use tokio::sync::Notify;

use self::question::PlainInput;
use crate::command::{self, ChatCommand, InputLine};
use crate::context::CommandContext;
use crate::conversation::{
    ChatConversation, ConversationUpdate, EndKind, TurnEnd, TurnRequest, UpdateReceiver, WorkError,
    update_channel,
};
use crate::error_report;
use crate::file_changes::{UndoScope, UndoneTurn};
use crate::gateway_run::RunSteering;
use crate::interrupt::InterruptSignals;
use crate::options::{ChatOptions, ChatOutcome};
use crate::progress::TurnProgress;
use crate::prompter::ChatPrompter;
use crate::recovery_notice::print_recovery_notice;
use crate::setup::open_conversation;
use crate::startup::greeting_line;
use crate::terminal::INPUT_PROMPT;
use crate::turn::print_ended_commands;

/// A chat over stdin and stdout.
struct PlainChat<'a> {
    context: &'a CommandContext,
    input: PlainInput,
    interrupts: InterruptSignals,
    /// The models that were listed last.
    listed_models: Vec<String>,
}

pub(super) async fn run(
    context: &CommandContext,
    chat_options: &ChatOptions,
) -> io::Result<ChatOutcome> {
    let printer = &context.printer;
    let (prompter, questions) = ChatPrompter::new();
    // Only a person is asked to approve: piped lines are messages, never answers.
    let is_person = io::IsTerminal::is_terminal(&io::stdin());
    let active_prompter = is_person.then_some(&prompter);
    let mut chat = PlainChat {
        context,
        input: PlainInput::new(questions),
        interrupts: InterruptSignals::new(),
        listed_models: Vec::new(),
    };
    let opening = Box::pin(open_conversation(context, chat_options, active_prompter, None));
    let mut conversation = match chat.run_with_questions(opening).await? {
        None => return Ok(ChatOutcome::Interrupted),
        Some(Err(error)) => return Ok(report_failure(context, error)),
        Some(Ok(conversation)) => conversation,
    };
    context.print_connect_notes(&conversation.connect_notes());
    if is_person {
        chat.print_greeting(&conversation);
    }
    print_recovery_notice(printer, &conversation, "`/resume`");
    let mut outcome = ChatOutcome::Quit;
    if let Some(run) = conversation.take_live_run() {
        let message = run.message.as_deref().unwrap_or("a turn that had no answer");
        let message = sanitize::escape_line(message.lines().next().unwrap_or_default());
        printer.print_note(format_args!("a turn runs in this session: {message}"));
        outcome = chat.run_turn(&mut conversation, TurnRequest::Follow(run)).await?;
        if outcome.is_interrupted() {
            return Ok(outcome);
        }
    }
    if let Some(message) = chat_options.first_message.clone() {
        outcome = chat.run_turn(&mut conversation, TurnRequest::Message(message)).await?;
        if outcome.is_interrupted() {
            return Ok(outcome);
        }
    }
    let shows_prompt = is_person && io::IsTerminal::is_terminal(&io::stderr());
    chat.handle_lines(&mut conversation, outcome, shows_prompt).await
}

/// Prints why the conversation or its model cannot be used.
fn report_failure(context: &CommandContext, error: WorkError) -> ChatOutcome {
    error.print(context);
    error.into_outcome()
}

/// Prints what an undo did.
fn print_undone(printer: &OutputPrinter, undone: &UndoneTurn, scope: UndoScope) {
    match (undone.is_turn_undone, scope) {
        (true, _) => printer.print_note("the last turn is undone"),
        (false, UndoScope::FilesOnly) => {}
        (false, _) => printer.print_note("there is no turn to undo"),
    }
    undone.file_text.lines().for_each(|line| printer.print_note(line));
}

/// What to do after a command.
enum CommandOutcome {
    NextLine(ChatOutcome),
    StartTurn(String),
    Quit(ChatOutcome),
}

impl PlainChat<'_> {
    /// Handles each line of stdin. `outcome` is that of what was done before.
    async fn handle_lines(
        &mut self,
        conversation: &mut ChatConversation,
        mut outcome: ChatOutcome,
        shows_prompt: bool,
    ) -> io::Result<ChatOutcome> {
        let printer = &self.context.printer;
        let session_config = &self.context.models.loaded_config().config.session;
        loop {
            if shows_prompt {
                printer.print_raw(INPUT_PROMPT);
            }
            let line = tokio::select! {
                line = self.input.next_line() => line?,
                () = self.interrupts.next() => return Ok(ChatOutcome::Interrupted),
            };
            let Some(line) = line else { return Ok(outcome) };
            let request = match command::parse_line(&line, session_config) {
                InputLine::Empty => continue,
                InputLine::Message(message) => TurnRequest::Message(message),
                InputLine::Invalid(message) => {
                    printer.print_error(message);
                    outcome = ChatOutcome::InvalidInput;
                    continue;
                }
                InputLine::Command(ChatCommand::Resume(None))
                    if conversation.facts().can_resume() =>
                {
                    TurnRequest::Resume
                }
                InputLine::Command(ChatCommand::Quit) => return Ok(outcome),
                InputLine::Command(command) => {
                    match self.run_command(conversation, command).await? {
                        CommandOutcome::NextLine(command_outcome) => {
                            outcome = command_outcome;
                            continue;
                        }
                        CommandOutcome::StartTurn(message) => TurnRequest::Message(message),
                        CommandOutcome::Quit(quit) => return Ok(quit),
                    }
                }
            };
            outcome = self.run_turn(conversation, request).await?;
            if outcome.is_interrupted() {
                return Ok(outcome);
            }
        }
    }

    /// Greets a person with the model and the session.
    fn print_greeting(&self, conversation: &ChatConversation) {
        let printer = &self.context.printer;
        printer.print_note(sanitize::escape_line(&greeting_line(conversation)));
        let facts = conversation.facts();
        if !facts.workspace.is_empty() {
            printer.print_note(facts.describe_workspace());
        }
        printer.print_note("each line is a message; `/help` lists the commands");
    }

    async fn run_turn(
        &mut self,
        conversation: &mut ChatConversation,
        request: TurnRequest,
    ) -> io::Result<ChatOutcome> {
        let Self { context, input, interrupts, .. } = self;
        let printer = &context.printer;
        let is_elsewhere = conversation.gateway().is_some();
        let mut progress = TurnProgress::new(printer, true);
        let (sender, updates) = update_channel();
        let (steering, stop) = (RunSteering::default(), Notify::new());
        let driven = {
            let turn = conversation.run_turn(&request, &steering, sender, stop.notified());
            let shown = show_updates(&mut progress, updates);
            let mut work = Box::pin(async { tokio::join!(turn, shown) });
            loop {
                tokio::select! {
                    results = &mut work => break Some(results),
                    is_ctrl_c = interrupts.next_is_ctrl_c() => {
                        if is_elsewhere && !is_ctrl_c {
                            break None;
                        }
                        stop.notify_one();
                    }
                    never = input.answer_questions(printer) => match never? {},
                }
            }
        };
        input.drop_question();
        let has_streamed = progress.finish_output()?;
        let Some((end, shown)) = driven else {
            let command = conversation.chat_command();
            printer
                .print_note(format_args!("the turn goes on in the gateway; `{command}` shows it"));
            return Ok(ChatOutcome::Interrupted);
        };
        shown?;
        match end {
            Ok(Some(end)) => {
                self.print_outcome(&end, has_streamed)?;
                if conversation.facts().can_resume() && end.is_transient_failure() {
                    printer.print_hint("`/resume` tries again.");
                }
                Ok(end.into_outcome())
            }
            Ok(None) => {
                printer.print_note("no turn was interrupted");
                Ok(ChatOutcome::Quit)
            }
            Err(error) => Ok(report_failure(self.context, error)),
        }
    }

    fn print_outcome(&self, end: &TurnEnd, has_streamed: bool) -> io::Result<()> {
        let printer = &self.context.printer;
        match end.kind() {
            EndKind::Reply { text, is_truncated } => {
                if !has_streamed {
                    printer.write_answer_line(text.trim_end())?;
                }
                if is_truncated {
                    printer.print_warning("the answer was cut off by its output limit");
                }
            }
            EndKind::Failed(error) => match error.model_error() {
                Some(error) => error_report::print_model_error(printer, error),
                None => error_report::print_turn_error(printer, error),
            },
            EndKind::Reported(report) => error_report::print_error_report(printer, &report),
            EndKind::Silent => printer.print_note("the agent has nothing to say"),
            EndKind::Stopped => printer.print_note("stopped"),
        }
        print_ended_commands(printer, end);
        Ok(())
    }

    /// Runs `work` and answers its questions from stdin; `None` when it was interrupted.
    async fn run_with_questions<T>(
        &mut self,
        work: impl Future<Output = T>,
    ) -> io::Result<Option<T>> {
        let Self { context, input, interrupts, .. } = self;
        let mut work = pin!(work);
        let output = tokio::select! {
            output = &mut work => Some(output),
            () = interrupts.next() => None,
            never = input.answer_questions(&context.printer) => match never? {},
        };
        input.drop_question();
        Ok(output)
    }
}

/// Shows what happens until it is over.
async fn show_updates(progress: &mut TurnProgress, mut updates: UpdateReceiver) -> io::Result<()> {
    let mut clock = tokio::time::interval(Duration::from_secs(1));
    let mut render_result = Ok(());
    loop {
        tokio::select! {
            update = updates.recv() => match update {
                // The turn runs to its end, so that its result is recorded.
                Some(_) if render_result.is_err() => {}
                Some(ConversationUpdate::Event(event)) => {
                    render_result = progress.show_event(&event);
                }
                Some(ConversationUpdate::Incomplete) => render_result = progress.stop_streaming(),
                Some(ConversationUpdate::Model(_)) => {}
                None => return render_result,
            },
            _ = clock.tick() => progress.refresh_status(),
        }
    }
}
