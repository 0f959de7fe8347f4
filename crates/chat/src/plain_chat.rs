//! A chat without a terminal: each line of stdin is a message, answers go to stdout.

mod question;
mod session_commands;

use std::io;
use std::pin::pin;
use std::time::Duration;

use openclaw_runtime::{
    Conversation, ConversationError, TurnEventReceiver, TurnOutcome, TurnReport, event_channel,
};
use openclaw_terminal::{OutputPrinter, sanitize};
use tokio::io::{AsyncBufReadExt, BufReader, Lines, Stdin};
use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedReceiver;

use self::question::ask_on_stderr;
use crate::command::{self, ChatCommand, InputLine};
use crate::context::CommandContext;
use crate::error_report;
use crate::file_changes::{
    UndoFailure, UndoScope, UndoneTurn, diff_rows, print_undo_error, undo_last_turn,
};
use crate::interrupt::InterruptSignals;
use crate::number_format::format_tokens;
use crate::options::{ChatOptions, ChatOutcome};
use crate::progress::TurnProgress;
use crate::prompter::{ChatPrompter, PersonQuestion};
use crate::recovery_notice::print_recovery_notice;
use crate::setup::{prepare_conversation, print_conversation_error};
use crate::startup::describe_workspace;
use crate::status_text::format_status;
use crate::terminal::INPUT_PROMPT;

/// A chat over stdin and stdout.
struct PlainChat<'a> {
    context: &'a CommandContext,
    stdin_lines: Lines<BufReader<Stdin>>,
    questions: UnboundedReceiver<PersonQuestion>,
    interrupts: InterruptSignals,
}

pub(super) async fn run(
    context: &CommandContext,
    chat_options: &ChatOptions,
) -> io::Result<ChatOutcome> {
    let printer = &context.printer;
    let (prompter, questions) = ChatPrompter::new();
    // Only a person is asked to approve: piped lines are messages, never answers.
    let is_person = io::IsTerminal::is_terminal(&io::stdin());
    let shows_prompt = is_person && io::IsTerminal::is_terminal(&io::stderr());
    let active_prompter = is_person.then_some(&prompter);
    let (runtime, options) = prepare_conversation(context, chat_options, active_prompter, None);
    let lines = BufReader::new(tokio::io::stdin()).lines();
    let mut chat =
        PlainChat { context, stdin_lines: lines, questions, interrupts: InterruptSignals::new() };
    let open_result = chat.run_with_questions(Box::pin(runtime.open_conversation(options))).await?;
    let mut conversation = match open_result {
        None => return Ok(ChatOutcome::Interrupted),
        Some(Err(error)) => return Ok(report_failure(printer, error)),
        Some(Ok(conversation)) => conversation,
    };
    context.print_connect_report(&conversation.agent_run().report);
    if is_person {
        chat.print_greeting(&conversation);
    }
    print_recovery_notice(printer, conversation.recovery_report(), "`/resume`");
    let mut outcome = ChatOutcome::Quit;
    let mut first_message = chat_options.first_message.clone();
    let session_config = &context.models.loaded_config().config.session;
    loop {
        if let Some(message) = first_message.take() {
            outcome = chat.run_turn(&mut conversation, Some(&message)).await?;
            if outcome.is_interrupted() {
                return Ok(outcome);
            }
        }
        if shows_prompt {
            printer.print_raw(INPUT_PROMPT);
        }
        let line = tokio::select! {
            line = chat.stdin_lines.next_line() => line?,
            () = chat.interrupts.next() => return Ok(ChatOutcome::Interrupted),
        };
        let Some(line) = line else { return Ok(outcome) };
        let message = match command::parse_line(&line, session_config) {
            InputLine::Empty => continue,
            InputLine::Message(message) => Some(message),
            InputLine::Invalid(message) => {
                printer.print_error(message);
                outcome = ChatOutcome::InvalidInput;
                continue;
            }
            InputLine::Command(ChatCommand::Resume(None))
                if conversation.recovery_report().can_resume() =>
            {
                None
            }
            InputLine::Command(ChatCommand::Quit) => return Ok(outcome),
            InputLine::Command(command) => {
                match chat.run_command(&mut conversation, command).await? {
                    CommandOutcome::NextLine(command_outcome) => {
                        outcome = command_outcome;
                        continue;
                    }
                    CommandOutcome::StartTurn(message) => Some(message),
                    CommandOutcome::Quit(quit) => return Ok(quit),
                }
            }
        };
        outcome = chat.run_turn(&mut conversation, message.as_deref()).await?;
        if outcome.is_interrupted() {
            return Ok(outcome);
        }
    }
}

/// Prints why the conversation or its model cannot be used.
fn report_failure(printer: &OutputPrinter, error: ConversationError) -> ChatOutcome {
    print_conversation_error(printer, &error);
    ChatOutcome::Failed(error)
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
    async fn run_command(
        &mut self,
        conversation: &mut Conversation,
        command: ChatCommand,
    ) -> io::Result<CommandOutcome> {
        let printer = &self.context.printer;
        match command {
            ChatCommand::Help => printer.write_answer_line(command::help_text())?,
            ChatCommand::New(message) => {
                if let Err(error) = conversation.start_new_session().await {
                    return Ok(CommandOutcome::NextLine(report_failure(printer, error)));
                }
                printer.print_note(format_args!("session {} begins", conversation.session_id()));
                return Ok(message.map_or(
                    CommandOutcome::NextLine(ChatOutcome::Quit),
                    CommandOutcome::StartTurn,
                ));
            }
            ChatCommand::Model(Some(name)) => {
                let switch_result = self
                    .run_with_questions(Box::pin(conversation.switch_model(Some(&name))))
                    .await?;
                match switch_result {
                    None => return Ok(CommandOutcome::Quit(ChatOutcome::Interrupted)),
                    Some(Err(error)) => {
                        let failure = report_failure(printer, error.into());
                        return Ok(CommandOutcome::NextLine(failure));
                    }
                    Some(Ok(())) => {}
                }
                printer.print_note(format_args!(
                    "{} goes on",
                    conversation.agent_run().model.model_info().reference
                ));
            }
            ChatCommand::Undo(scope) => match undo_last_turn(conversation, scope).await {
                Ok(undone) => print_undone(printer, &undone, scope),
                Err(UndoFailure::Files(error)) => print_undo_error(printer, &error),
                Err(UndoFailure::Store(error)) => {
                    return Ok(CommandOutcome::NextLine(report_failure(printer, error.into())));
                }
            },
            ChatCommand::Diff => match conversation.last_turn_diff().await {
                Ok(Some(diff)) => {
                    for (_, row) in diff_rows(&diff) {
                        printer.write_answer_line(row)?;
                    }
                }
                Ok(None) => printer.print_note("no file change is kept"),
                Err(error) => print_undo_error(printer, &error.into()),
            },
            ChatCommand::Tools => {
                for tool in conversation.agent_run().agent.tool_specs().iter() {
                    printer.write_answer_line(&tool.name)?;
                }
            }
            ChatCommand::Sessions(text) | ChatCommand::Resume(text @ Some(_)) => {
                return self.choose_session(conversation, text).await;
            }
            ChatCommand::Resume(None) => {
                printer.print_note("no turn was interrupted");
                return self.choose_session(conversation, None).await;
            }
            ChatCommand::Compact => return self.compact_history(conversation).await,
            ChatCommand::Status => {
                let text = format_status(self.context, conversation, None).await;
                printer.write_answer_line(text)?;
            }
            ChatCommand::Exec(words) => return self.change_exec(conversation, words).await,
            ChatCommand::Model(None) => return Ok(self.refuse_command("`openclaw models list`")),
            ChatCommand::Trace(_) => return Ok(self.refuse_command("`openclaw trace show`")),
            ChatCommand::Reasoning(_) => {
                return Ok(self.refuse_command("a chat on a whole terminal"));
            }
            ChatCommand::Quit => {}
        }
        Ok(CommandOutcome::NextLine(ChatOutcome::Quit))
    }

    async fn compact_history(
        &mut self,
        conversation: &mut Conversation,
    ) -> io::Result<CommandOutcome> {
        let printer = &self.context.printer;
        let (sender, events) = event_channel();
        let mut progress = TurnProgress::new(printer, false);
        let work = Box::pin(async {
            tokio::join!(conversation.compact_history(sender), show_events(&mut progress, events))
        });
        let Some((compact_result, render_result)) = self.run_with_questions(work).await? else {
            return Ok(CommandOutcome::Quit(ChatOutcome::Interrupted));
        };
        render_result?;
        match compact_result {
            Ok(Some(_)) => {}
            Ok(None) => printer.print_note("nothing was summarised"),
            Err(error) => {
                error_report::print_turn_error(printer, &error);
                let failure = ChatOutcome::TurnEnded(TurnOutcome::Failed(error));
                return Ok(CommandOutcome::NextLine(failure));
            }
        }
        Ok(CommandOutcome::NextLine(ChatOutcome::Quit))
    }

    /// Refuses a command that needs a terminal and names the alternative.
    fn refuse_command(&self, alternative: &str) -> CommandOutcome {
        self.context
            .printer
            .print_error(format_args!("a plain chat does not show that; {alternative} does"));
        CommandOutcome::NextLine(ChatOutcome::InvalidInput)
    }

    /// Greets a person with the model and the session.
    fn print_greeting(&self, conversation: &Conversation) {
        let printer = &self.context.printer;
        let info = conversation.agent_run().model.model_info();
        let (window, source) = (info.limits.context_window, info.limits.context_window_source);
        let text = format!(
            "openclaw {} · {} · window {} tokens ({source}) · session {}",
            env!("CARGO_PKG_VERSION"),
            info.reference,
            format_tokens(window),
            conversation.session_key()
        );
        printer.print_note(sanitize::escape_line(&text));
        printer.print_note(describe_workspace(conversation));
        printer.print_note("each line is a message; `/help` lists the commands");
    }

    async fn run_turn(
        &mut self,
        conversation: &mut Conversation,
        message: Option<&str>,
    ) -> io::Result<ChatOutcome> {
        let printer = &self.context.printer;
        let mut progress = TurnProgress::new(printer, true);
        let (sender, events) = event_channel();
        let stop = Notify::new();
        let report = {
            let work = async {
                let cancelled = stop.notified();
                match message {
                    Some(message) => {
                        conversation.run_turn(message, None, sender, cancelled).await.map(Some)
                    }
                    None => conversation.resume_turn(None, sender, cancelled).await,
                }
            };
            let mut work =
                Box::pin(async { tokio::join!(work, show_events(&mut progress, events)) });
            let (report, render_result) = loop {
                tokio::select! {
                    results = &mut work => break results,
                    () = self.interrupts.next() => stop.notify_one(),
                    Some(question) = self.questions.recv() => {
                        ask_on_stderr(self.context, &mut self.stdin_lines, question).await?;
                    }
                }
            };
            render_result?;
            report
        };
        let has_streamed = progress.finish_output()?;
        match report {
            Ok(Some(report)) => {
                self.print_outcome(&report, has_streamed)?;
                if conversation.recovery_report().can_resume()
                    && error_report::is_transient_failure(&report.outcome)
                {
                    printer.print_hint("`/resume` tries again.");
                }
                Ok(ChatOutcome::TurnEnded(report.outcome))
            }
            Ok(None) => {
                printer.print_note("no turn was interrupted");
                Ok(ChatOutcome::Quit)
            }
            Err(error) => Ok(report_failure(printer, error.into())),
        }
    }

    fn print_outcome(&self, report: &TurnReport, has_streamed: bool) -> io::Result<()> {
        let printer = &self.context.printer;
        match &report.outcome {
            TurnOutcome::Reply { text, truncated } => {
                if !has_streamed {
                    printer.write_answer_line(text.trim_end())?;
                }
                if *truncated {
                    printer.print_warning("the answer was cut off by its output limit");
                }
            }
            TurnOutcome::Failed(error) => match error.model_error() {
                Some(error) => error_report::print_model_error(printer, error),
                None => error_report::print_turn_error(printer, error),
            },
            TurnOutcome::TimedOut { limit } => {
                printer.print_error(format_args!("failed to finish the turn within {limit}"));
            }
            TurnOutcome::NeedsInput { question } => printer.print_error(question),
            TurnOutcome::NoReply => printer.print_note("the agent has nothing to say"),
            _ => printer.print_note("stopped"),
        }
        Ok(())
    }

    /// Runs `work` and answers its questions from stdin; `None` when it was interrupted.
    async fn run_with_questions<T>(
        &mut self,
        work: impl Future<Output = T>,
    ) -> io::Result<Option<T>> {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                output = &mut work => return Ok(Some(output)),
                () = self.interrupts.next() => return Ok(None),
                Some(question) = self.questions.recv() => {
                    ask_on_stderr(self.context, &mut self.stdin_lines, question).await?;
                }
            }
        }
    }
}

async fn show_events(progress: &mut TurnProgress, mut events: TurnEventReceiver) -> io::Result<()> {
    let mut clock = tokio::time::interval(Duration::from_secs(1));
    let mut render_result = Ok(());
    loop {
        tokio::select! {
            event = events.recv() => match event {
                Some(event) if render_result.is_ok() => render_result = progress.show_event(&event),
                // The turn runs to its end, so that its result is recorded.
                Some(_) => {}
                None => return render_result,
            },
            _ = clock.tick() => progress.refresh_status(),
        }
    }
}
