//! `/sessions`, `/resume` and `/exec` without a terminal of its own.

use std::io;

use openclaw_terminal::sanitize;

use super::{CommandOutcome, PlainChat};
use crate::conversation::ChatConversation;
use crate::options::ChatOutcome;
use crate::recovery_notice::print_recovery_notice;
use crate::session_choice::{ChosenSession, SessionChoice};

impl PlainChat<'_> {
    /// Changes how commands run; without words, shows it.
    pub(super) async fn change_exec(
        &mut self,
        conversation: &mut ChatConversation,
        words: Option<String>,
    ) -> io::Result<CommandOutcome> {
        let work = async |it: &mut ChatConversation| it.change_exec(words.as_deref()).await;
        Ok(match self.run_work(conversation, work).await? {
            Ok(commands) => {
                self.context.printer.write_answer_line(sanitize::escape_line(&commands))?;
                CommandOutcome::NextLine(ChatOutcome::Quit)
            }
            Err(CommandOutcome::NextLine(_)) => CommandOutcome::NextLine(ChatOutcome::InvalidInput),
            Err(end) => end,
        })
    }

    /// Lists the sessions of the folder; with a text, goes on with the one that it names.
    pub(super) async fn choose_session(
        &mut self,
        conversation: &mut ChatConversation,
        text: Option<String>,
    ) -> io::Result<CommandOutcome> {
        let context = self.context;
        let printer = &context.printer;
        let done = Ok(CommandOutcome::NextLine(ChatOutcome::Quit));
        let work = async |it: &mut ChatConversation| it.folder_sessions().await;
        let sessions = match self.run_work(conversation, work).await? {
            Ok(sessions) => sessions,
            Err(end) => return Ok(end),
        };
        let mut choice = SessionChoice::new(sessions, conversation.facts().session_id);
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
        let work = async |it: &mut ChatConversation| it.switch_session(id).await;
        if let Err(end) = self.run_work(conversation, work).await? {
            return Ok(end);
        }
        printer.print_note(format_args!("session {} goes on", conversation.facts().session_id));
        self.context.print_connect_notes(&conversation.connect_notes());
        print_recovery_notice(printer, conversation, "`/resume`");
        done
    }
}
