//! What the client of a run sends meanwhile: answers to questions, messages of the user, and that it
//! shall stop.

use openclaw_client::ClientError;
use openclaw_protocol::gateway::{
    CallQuestion, ChatAbortParams, GatewayError, ResolveCallParams, SessionSteerParams,
};
use serde_json::{Value, json};

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

    /// Sends what was decided here.
    pub(super) async fn send_decision(
        &mut self,
        answer: ResolveCallParams,
    ) -> Result<(), ClientError> {
        let request = self.client.send_request("exec.approval.resolve", json!(answer)).await?;
        self.decisions.insert(request, answer.id);
        Ok(())
    }

    /// Ends the request of a decision; returns why the gateway did not take it. One that came too late
    /// needs no word: the question was withdrawn.
    pub(super) fn end_decision(
        &mut self,
        request: &str,
        result: &Result<Value, Box<GatewayError>>,
    ) -> Option<String> {
        self.decisions.remove(request)?;
        let error = result.as_ref().err()?;
        let is_late = matches!(
            error.reason_code(),
            Some("APPROVAL_ALREADY_RESOLVED" | "UNKNOWN_APPROVAL_ID")
        );
        (!is_late).then(|| error.message.clone())
    }

    /// Takes a question back that somebody decided; returns whether it was open here.
    pub(super) fn withdraw_question(&mut self, id: &str) -> bool {
        let waiting = self.questions.len();
        self.questions.retain(|question| question.id != id);
        let is_asked = self.asking.as_ref().is_some_and(|(asked, _)| asked == id);
        if is_asked {
            self.asking = None;
            self.ask_next();
        }
        is_asked || self.questions.len() < waiting
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
