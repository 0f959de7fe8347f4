//! `/sessions` and `/resume`: goes on with another session.

use std::io;
use std::ops::ControlFlow;

use openclaw_runtime::SessionId;
use openclaw_terminal::TextStyle;

use crate::controller::{ChatController, ChatFlow};
use crate::conversation::TurnRequest;
use crate::options::ChatOutcome;
use crate::recovery_notice::print_recovery_notice;
use crate::session_choice::{ChosenSession, SessionChoice};
use crate::startup::show_last_exchange;
use crate::terminal::InputEvent;

impl ChatController {
    /// Resumes the interrupted turn; without one, or with a text, offers the sessions of the folder.
    pub(super) async fn resume_turn_or_session(
        &mut self,
        text: Option<String>,
    ) -> io::Result<ChatFlow> {
        if text.is_none() && self.conversation.facts().can_resume() {
            return self.run_turn(TurnRequest::Resume).await;
        }
        if text.is_none() {
            self.terminal.print_note(TextStyle::Dim, "no turn was interrupted");
        }
        self.choose_session(text).await
    }

    /// Offers the sessions of the folder until one is chosen, or none.
    pub(super) async fn choose_session(&mut self, text: Option<String>) -> io::Result<ChatFlow> {
        let work = self.run_work("reading the sessions", async |it| it.folder_sessions().await);
        let sessions = match work.await? {
            ControlFlow::Continue(sessions) => sessions,
            ControlFlow::Break(flow) => return Ok(flow),
        };
        let mut choice = SessionChoice::new(sessions, self.conversation.facts().session_id);
        if !choice.has_others() {
            let text = "there is no other session of this folder; /new begins one";
            self.terminal.print_note(TextStyle::Dim, text);
            return Ok(ChatFlow::Continue);
        }
        let mut text = text;
        loop {
            match text.as_deref().map(|text| choice.choose_session(text)) {
                None | Some(ChosenSession::Several) => {
                    self.terminal.print_note(TextStyle::Dim, &choice.format_rows());
                }
                Some(ChosenSession::One(id)) => return self.switch_session(id).await,
                Some(ChosenSession::Current) => {
                    self.terminal.print_note(TextStyle::Dim, "this is the session here");
                    return Ok(ChatFlow::Continue);
                }
                Some(ChosenSession::None) => {
                    let shown = text.as_deref().unwrap_or_default();
                    let note = format!("no session of this folder has {shown:?}");
                    self.terminal.print_note(TextStyle::Yellow, &note);
                }
            }
            "a number goes on with that session · a word searches · Enter leaves"
                .clone_into(&mut self.terminal.status_line);
            self.terminal.schedule_redraw();
            match self.terminal.next().await? {
                InputEvent::Line(line) if line.trim().is_empty() => return Ok(ChatFlow::Continue),
                InputEvent::Line(line) => {
                    self.terminal.print_user_message(line.trim());
                    text = Some(line);
                }
                InputEvent::Terminate => return Ok(ChatFlow::Quit(ChatOutcome::Interrupted)),
                InputEvent::Eof | InputEvent::Interrupt => {
                    self.terminal.editor.set_text("");
                    return Ok(ChatFlow::Continue);
                }
            }
        }
    }

    async fn switch_session(&mut self, id: SessionId) -> io::Result<ChatFlow> {
        let work = self.run_work("opening the session", async |it| it.switch_session(id).await);
        if let ControlFlow::Break(flow) = work.await? {
            return Ok(flow);
        }
        let facts = self.conversation.facts();
        let count = facts.messages;
        let noun = if count == 1 { "message" } else { "messages" };
        let text = format!("session {} goes on · {count} {noun}", facts.session_id);
        self.terminal.print_note(TextStyle::Dim, &text);
        show_last_exchange(&mut self.terminal, &self.context, &self.conversation).await;
        self.context.print_connect_notes(&self.conversation.connect_notes());
        print_recovery_notice(&self.context.printer, &self.conversation, "Enter");
        Ok(ChatFlow::Continue)
    }
}
