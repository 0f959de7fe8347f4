//! Sending a message to another session.

use std::sync::Arc;
use std::time::Duration;

use openclaw_agent_loop::{TurnOutcome, events::event_channel};
use openclaw_store::SessionInfo;
use serde_json::{Value, json};

use super::session_desk::SessionDesk;
use super::session_reading::OTHERS_WORDS;
use crate::conversation::{ConversationOptions, SessionTarget};
use crate::error_text::failure_text;
use crate::offload::run_blocking;

/// The most bytes of an answer.
const MAX_ANSWER_BYTES: usize = 16 << 10;

impl SessionDesk {
    /// Runs a turn of another session on a message. That session may then do no more than this one.
    /// A turn that takes longer than it is waited for goes on.
    pub(super) async fn send_message(
        &self,
        session: String,
        message: String,
        wait: Duration,
    ) -> Result<Value, String> {
        let desk = self.clone();
        let info = run_blocking(move || desk.find_visible(Some(&session))).await?;
        if info.id == self.session_id {
            return Err("this is the session itself".to_owned());
        }
        let (desk, key) = (self.clone(), info.key.clone());
        let turn = tokio::spawn(async move { Box::pin(desk.run_other_turn(info, message)).await });
        match tokio::time::timeout(wait, turn).await {
            Ok(Ok(answer)) => {
                let answer = answer?;
                let end = answer.floor_char_boundary(MAX_ANSWER_BYTES);
                Ok(json!({
                    "status": "ok",
                    "sessionKey": key.as_str(),
                    "reply": answer.get(..end).unwrap_or_default(),
                    "note": OTHERS_WORDS,
                }))
            }
            Ok(Err(_)) => Err("the turn of the session broke off".to_owned()),
            Err(_) => Ok(json!({
                "status": "timeout",
                "sessionKey": key.as_str(),
                "note": "it goes on with its turn; `sessions_history` shows its answer later",
            })),
        }
    }

    async fn run_other_turn(&self, info: SessionInfo, message: String) -> Result<String, String> {
        let is_same_agent = info.agent == self.agent;
        let options = ConversationOptions {
            target: Some(SessionTarget::Id(info.id)),
            agent: Some(info.agent),
            model: None,
            workspace: is_same_agent.then(|| self.workspace.clone()),
            time_limit: None,
            approver: Arc::clone(&self.approver),
        };
        let outer = self.layers_below();
        let opened = self.root.open_fenced_conversation(self.store.clone(), options, outer).await;
        let mut conversation = opened.map_err(|error| failure_text(&error))?;
        let (sender, mut events) = event_channel();
        let message = format!(
            "[a message of the session {} of your own program, not of a person]\n{message}",
            self.session_key
        );
        let turn = conversation.run_turn(&message, None, sender, std::future::pending());
        let drain = async { while events.recv().await.is_some() {} };
        let (report, ()) = tokio::join!(turn, drain);
        let report = report.map_err(|error| format!("failed to {error}"))?;
        match report.outcome {
            TurnOutcome::Reply { text, .. } => Ok(text),
            TurnOutcome::NoReply => Ok(String::new()),
            TurnOutcome::NeedsInput { question } => {
                Err(format!("the session needs a person's decision: {question}"))
            }
            TurnOutcome::TimedOut { limit } => {
                Err(format!("the session did not answer within {limit}"))
            }
            TurnOutcome::Failed(error) => Err(format!("the session {}", failure_text(&error))),
            _ => Err("the turn of the session was cancelled".to_owned()),
        }
    }
}
