//! `/sessions`, `/resume` and `/exec` without a terminal of its own.

use std::io;

use openclaw_runtime::Conversation;

use super::{CommandOutcome, PlainChat, report_failure};
use crate::exec_command::{format_exec_settings, print_exec_error};
use crate::options::ChatOutcome;
use crate::recovery_notice::print_recovery_notice;
use crate::session_choice::{ChosenSession, SessionChoice};

impl PlainChat<'_> {
    /// Changes how commands run; without words, shows it.
    pub(super) async fn change_exec(
        &mut self,
        conversation: &mut Conversation,
        words: Option<String>,
    ) -> io::Result<CommandOutcome> {
        let printer = &self.context.printer;
        if let Some(words) = words {
            let work = Box::pin(conversation.change_exec(&words));
            match self.run_with_questions(work).await? {
                None => return Ok(CommandOutcome::Quit(ChatOutcome::Interrupted)),
                Some(Ok(())) => {}
                Some(Err(error)) => {
                    print_exec_error(printer, &error);
                    return Ok(CommandOutcome::NextLine(ChatOutcome::InvalidInput));
                }
            }
        }
        printer.write_answer_line(format_exec_settings(conversation))?;
        Ok(CommandOutcome::NextLine(ChatOutcome::Quit))
    }

    /// Lists the sessions of the folder; with a text, goes on with the one that it names.
    pub(super) async fn choose_session(
        &mut self,
        conversation: &mut Conversation,
        text: Option<String>,
    ) -> io::Result<CommandOutcome> {
        let printer = &self.context.printer;
        let done = Ok(CommandOutcome::NextLine(ChatOutcome::Quit));
        let mut choice = match SessionChoice::open(conversation).await {
            Ok(choice) => choice,
            Err(error) => {
                return Ok(CommandOutcome::NextLine(report_failure(printer, error.into())));
            }
        };
        let id = match text.as_deref().map(|text| choice.choose_session(text)) {
            None if !choice.has_others() => {
                printer.print_note("there is no other session of this folder; `/new` begins one");
                return done;
            }
            None | Some(ChosenSession::Several) => {
                printer.write_answer_line(choice.format_rows())?;
                printer.print_note("`/sessions NUMBER` or `/sessions ID` goes on with one");
                return done;
            }
            Some(ChosenSession::Current) => {
                printer.print_note("this is the session here");
                return done;
            }
            Some(ChosenSession::None) => {
                let text = text.unwrap_or_default();
                printer.print_error(format_args!("no session of this folder has {text:?}"));
                return Ok(CommandOutcome::NextLine(ChatOutcome::InvalidInput));
            }
            Some(ChosenSession::One(id)) => id,
        };
        match self.run_with_questions(Box::pin(conversation.switch_session(id))).await? {
            None => return Ok(CommandOutcome::Quit(ChatOutcome::Interrupted)),
            Some(Err(error)) => {
                return Ok(CommandOutcome::NextLine(report_failure(printer, error)));
            }
            Some(Ok(())) => {}
        }
        printer.print_note(format_args!("session {} goes on", conversation.session_id()));
        self.context.print_connect_report(&conversation.agent_run().report);
        print_recovery_notice(printer, conversation.recovery_report(), "`/resume`");
        done
    }
}
