//! What the client of a run sends meanwhile: answers to questions, messages of the user, and that it
//! shall stop.

use openclaw_client::ClientError;
use openclaw_protocol::gateway::{CallQuestion, ChatAbortParams, SessionSteerParams};
use serde_json::json;

use super::GatewayRunUpdate;
use super::follower::RunFollower;
use crate::gateway_link::new_request_key;

impl<F: FnMut(GatewayRunUpdate)> RunFollower<'_, F> {
    pub(super) fn add_question(&mut self, question: CallQuestion) {
        let is_own =
            self.accepted.as_ref().is_some_and(|run| run.run_id == question.request.run_id);
        let is_known = self.questions.iter().any(|known| known.id == question.id)
            || self.asking.as_ref().is_some_and(|(asked, _)| *asked == question.id);
        if is_own && !is_known && !self.is_stopping && self.run.answerer.answers_any() {
            self.questions.push_back(question);
            self.ask_next();
        }
    }

    pub(super) fn ask_next(&mut self) {
        if self.asking.is_none()
            && let Some(question) = self.questions.pop_front()
        {
            let answer = self.run.answerer.answer(&question);
            self.asking = Some((question.id, answer));
        }
    }

    pub(super) async fn send_stop(&mut self) -> Result<(), ClientError> {
        let Some(accepted) = &self.accepted else { return Ok(()) };
        let params = ChatAbortParams {
            session_key: accepted.session_key.clone(),
            run_id: Some(accepted.run_id.clone()),
        };
        self.client.send_request("chat.abort", json!(params)).await?;
        Ok(())
    }

    /// Sends what the user wrote meanwhile.
    pub(super) async fn send_steering(&mut self) -> Result<(), ClientError> {
        let (Some(steering), Some(accepted)) = (&self.run.steering, &self.accepted) else {
            return Ok(());
        };
        let run_id = accepted.run_id.clone();
        for message in steering.queue.take_pending() {
            let (run_id, idempotency_key) = (run_id.clone(), new_request_key());
            let params = SessionSteerParams { run_id, message, idempotency_key };
            self.send_steering_message(params).await?;
        }
        Ok(())
    }

    pub(super) async fn send_steering_message(
        &mut self,
        params: SessionSteerParams,
    ) -> Result<(), ClientError> {
        match self.client.send_request("sessions.steer", json!(params)).await {
            Ok(id) => {
                self.steering.insert(id, params);
                Ok(())
            }
            Err(error) => {
                // Sent again over the next connection, where no id is the same.
                self.steering.insert(format!("unsent {}", params.idempotency_key), params);
                Err(error)
            }
        }
    }

    pub(super) fn end_steering_request(&mut self, id: &str, is_taken: bool) {
        if let Some(params) = self.steering.remove(id)
            && !is_taken
        {
            self.unsent.push(params.message);
        }
    }
}
