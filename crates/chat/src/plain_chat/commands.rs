//! The slash commands without a terminal.

use std::io;

use super::{CommandOutcome, PlainChat, print_undone, report_failure, show_updates};
use crate::command::{self, ChatCommand};
use crate::conversation::{ChatConversation, WorkError, update_channel};
use crate::error_report::print_error_report;
use crate::file_changes::{UndoScope, diff_rows};
use crate::model_list::{MODEL_LIST_HINT, format_model_rows, listed_model};
use crate::options::ChatOutcome;
use crate::progress::TurnProgress;
use crate::status_text::{format_status, gateway_status_row};

impl PlainChat<'_> {
    pub(super) async fn run_command(
        &mut self,
        conversation: &mut ChatConversation,
        command: ChatCommand,
    ) -> io::Result<CommandOutcome> {
        let printer = &self.context.printer;
        match command {
            ChatCommand::Help => printer.write_answer_line(command::help_text())?,
            ChatCommand::New(message) => return self.begin_session(conversation, message).await,
            ChatCommand::Model(Some(name)) => return self.switch_model(conversation, &name).await,
            ChatCommand::Model(None) => return self.list_models(conversation).await,
            ChatCommand::Undo(scope) => return self.undo_turn(conversation, scope).await,
            ChatCommand::Diff => {
                let work = async |it: &mut ChatConversation| it.last_turn_diff().await;
                match self.run_work(conversation, work).await? {
                    Ok(Some(diff)) => {
                        for (_, row) in diff_rows(&diff) {
                            self.context.printer.write_answer_line(row)?;
                        }
                    }
                    Ok(None) => self.context.printer.print_note("no file change is kept"),
                    Err(end) => return Ok(end),
                }
            }
            ChatCommand::Tools => {
                let work = async |it: &mut ChatConversation| it.describe().await;
                match self.run_work(conversation, work).await? {
                    Ok(state) => {
                        for tool in &state.tools {
                            self.context.printer.write_answer_line(&tool.name)?;
                        }
                    }
                    Err(end) => return Ok(end),
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
            ChatCommand::Status => return self.print_status(conversation).await,
            ChatCommand::Exec(words) => return self.change_exec(conversation, words).await,
            ChatCommand::Trace(_) => return Ok(self.refuse_command("`openclaw trace show`")),
            ChatCommand::Reasoning(_) => {
                return Ok(self.refuse_command("a chat on a whole terminal"));
            }
            ChatCommand::Quit => {}
        }
        Ok(CommandOutcome::NextLine(ChatOutcome::Quit))
    }

    /// Works on the conversation and answers its questions. A failure is printed; the inner error is
    /// what the chat does next then.
    pub(super) async fn run_work<T>(
        &mut self,
        conversation: &mut ChatConversation,
        work: impl AsyncFnOnce(&mut ChatConversation) -> Result<T, WorkError>,
    ) -> io::Result<Result<T, CommandOutcome>> {
        let done = self.run_with_questions(Box::pin(work(conversation))).await?;
        Ok(match done {
            None => Err(CommandOutcome::Quit(ChatOutcome::Interrupted)),
            Some(Ok(result)) => Ok(result),
            Some(Err(error)) => Err(CommandOutcome::NextLine(report_failure(self.context, error))),
        })
    }

    async fn begin_session(
        &mut self,
        conversation: &mut ChatConversation,
        message: Option<String>,
    ) -> io::Result<CommandOutcome> {
        let work = async |it: &mut ChatConversation| it.start_new_session().await;
        if let Err(end) = self.run_work(conversation, work).await? {
            return Ok(end);
        }
        let id = conversation.facts().session_id;
        self.context.printer.print_note(format_args!("session {id} begins"));
        let next = CommandOutcome::NextLine(ChatOutcome::Quit);
        Ok(message.map_or(next, CommandOutcome::StartTurn))
    }

    async fn list_models(
        &mut self,
        conversation: &mut ChatConversation,
    ) -> io::Result<CommandOutcome> {
        let work = async |it: &mut ChatConversation| it.list_models().await;
        let list = match self.run_work(conversation, work).await? {
            Ok(list) => list,
            Err(end) => return Ok(end),
        };
        let printer = &self.context.printer;
        for row in format_model_rows(&list, &conversation.facts().model.reference) {
            printer.write_answer_line(row)?;
        }
        printer.print_note(MODEL_LIST_HINT);
        self.context.print_warnings(&list.warnings);
        list.failures.iter().for_each(|failure| print_error_report(printer, failure));
        self.listed_models = list.models.into_iter().map(|model| model.id).collect();
        Ok(CommandOutcome::NextLine(ChatOutcome::Quit))
    }

    async fn switch_model(
        &mut self,
        conversation: &mut ChatConversation,
        name: &str,
    ) -> io::Result<CommandOutcome> {
        let name = listed_model(&self.listed_models, name);
        let work = async |it: &mut ChatConversation| it.switch_model(&name).await;
        if let Err(end) = self.run_work(conversation, work).await? {
            return Ok(end);
        }
        let model = conversation.facts().model.reference;
        self.context.printer.print_note(format_args!("{model} goes on"));
        Ok(CommandOutcome::NextLine(ChatOutcome::Quit))
    }

    async fn undo_turn(
        &mut self,
        conversation: &mut ChatConversation,
        scope: UndoScope,
    ) -> io::Result<CommandOutcome> {
        // It is not to be interrupted half-way.
        let outcome = match conversation.undo_turn(scope).await {
            Ok(undone) => {
                print_undone(&self.context.printer, &undone, scope);
                ChatOutcome::Quit
            }
            Err(error) => report_failure(self.context, error),
        };
        Ok(CommandOutcome::NextLine(outcome))
    }

    async fn print_status(
        &mut self,
        conversation: &mut ChatConversation,
    ) -> io::Result<CommandOutcome> {
        let work = async |it: &mut ChatConversation| it.describe().await;
        let state = match self.run_work(conversation, work).await? {
            Ok(state) => state,
            Err(end) => return Ok(end),
        };
        let printer = &self.context.printer;
        printer.write_answer_line(format_status(&state, conversation.facts().context_use, None))?;
        if let Some(gateway) = conversation.gateway() {
            printer.write_answer_line(gateway_status_row(gateway.address()))?;
        }
        Ok(CommandOutcome::NextLine(ChatOutcome::Quit))
    }

    async fn compact_history(
        &mut self,
        conversation: &mut ChatConversation,
    ) -> io::Result<CommandOutcome> {
        let context = self.context;
        let (sender, updates) = update_channel();
        let mut progress = TurnProgress::new(&context.printer, false);
        let work = Box::pin(async {
            tokio::join!(conversation.compact_history(sender), show_updates(&mut progress, updates))
        });
        let Some((compacted, shown)) = self.run_with_questions(work).await? else {
            return Ok(CommandOutcome::Quit(ChatOutcome::Interrupted));
        };
        shown?;
        let outcome = match compacted {
            Ok(true) => ChatOutcome::Quit,
            Ok(false) => {
                context.printer.print_note("nothing was summarised");
                ChatOutcome::Quit
            }
            Err(error) => report_failure(context, error),
        };
        Ok(CommandOutcome::NextLine(outcome))
    }

    /// Refuses a command that needs a terminal and names the alternative.
    fn refuse_command(&self, alternative: &str) -> CommandOutcome {
        self.context
            .printer
            .print_error(format_args!("a plain chat does not show that; {alternative} does"));
        CommandOutcome::NextLine(ChatOutcome::InvalidInput)
    }
}
