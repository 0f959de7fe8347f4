//! Where the result of a run goes. It has arrived only when the session has it on disk, or the server
//! of the webhook took it.

use std::error::Error as _;
use std::time::Duration;

use openclaw_protocol::gateway::{ChatEvent, ChatMessage, ChatState};
use openclaw_protocol::jobs::{JobDefinition, JobDelivery, JobDeliveryMode};
use openclaw_runtime::{Announcement, JobRunStatus, SessionKey};
use serde_json::json;

use super::outcome::RunVerdict;
use super::{JobScheduler, now_ms};
use crate::clients::EventAudience;

/// How often a session that another program uses is tried again.
const SESSION_RETRIES: u32 = 60;

/// The time between two tries.
const SESSION_RETRY_DELAY: Duration = Duration::from_secs(2);

/// A result to deliver.
pub(super) struct JobResult<'a> {
    pub(super) run_id: &'a str,
    pub(super) job_id: &'a str,
    pub(super) job: &'a JobDefinition,
    pub(super) agent: &'a str,
    /// The session of the run: what it says is there already.
    pub(super) session_key: &'a str,
}

impl JobScheduler {
    /// Delivers what a run says, and makes the run fail when it cannot be delivered.
    pub(super) async fn deliver(&self, result: &JobResult<'_>, verdict: &mut RunVerdict) {
        let delivery = &result.job.delivery;
        let text = match &verdict.text {
            Some(text) if delivery.mode != JobDeliveryMode::None => text.clone(),
            _ => {
                verdict.details.insert("deliveryStatus".to_owned(), "not-requested".into());
                return;
            }
        };
        let delivered = match delivery.mode {
            JobDeliveryMode::Webhook => self.post(result, delivery, verdict, &text).await,
            _ => self.announce_result(result, text).await,
        };
        let is_delivered = delivered.is_ok();
        let status = if is_delivered { "delivered" } else { "not-delivered" };
        verdict.details.insert("delivered".to_owned(), is_delivered.into());
        verdict.details.insert("deliveryStatus".to_owned(), status.into());
        let Err(reason) = delivered else { return };
        verdict.details.insert("deliveryError".to_owned(), reason.clone().into());
        let is_required = !delivery.best_effort.unwrap_or(false);
        if is_required && verdict.status() == JobRunStatus::Succeeded {
            verdict.status = Some(JobRunStatus::Failed);
            verdict.error = Some(format!("the result was not delivered: {reason}"));
        }
    }

    async fn post(
        &self,
        result: &JobResult<'_>,
        delivery: &JobDelivery,
        verdict: &RunVerdict,
        text: &str,
    ) -> Result<(), String> {
        let address = delivery.to.as_deref().unwrap_or_default();
        let body = json!({
            "jobId": result.job_id,
            "runId": result.run_id,
            "name": result.job.name,
            "action": "finished",
            "status": verdict.status().as_str(),
            "summary": text,
            "error": verdict.error,
            "sessionKey": result.session_key,
            "ts": now_ms(),
        });
        let runtime = self.runtime();
        let posted = runtime.models().post_webhook(address, &body).await;
        posted.map(|_| ()).map_err(|error| {
            let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
            format!("failed to {error}{cause}")
        })
    }

    async fn announce_result(&self, result: &JobResult<'_>, text: String) -> Result<(), String> {
        let key = match &result.job.delivery.to {
            Some(key) => key.parse().map_err(|error| format!("failed to {error}"))?,
            None => self.main_session(result.agent)?,
        };
        if key.as_str() == result.session_key {
            return Ok(());
        }
        let heading = format!("[Result of the scheduled job \"{}\"]", result.job.name);
        self.announce(
            result.run_id,
            Announcement { session_key: key, agent: result.agent.to_owned(), heading, text },
        )
        .await
    }

    fn main_session(&self, agent: &str) -> Result<SessionKey, String> {
        self.book().main_session(agent).map_err(|error| format!("failed to {error}"))
    }

    /// Leaves a text in a session once its turn is over, and shows it to the clients.
    pub(super) async fn announce(
        &self,
        run_id: &str,
        announcement: Announcement,
    ) -> Result<(), String> {
        let key = announcement.session_key.as_str().to_owned();
        let lock = self.runs.turn_lock(&key);
        let _turn = lock.lock().await;
        let mut tries = 0;
        while let Err(error) = announcement.record(self.book.store()).await {
            tries += 1;
            let is_in_use = error
                .downcast_ref::<openclaw_runtime::StoreError>()
                .is_some_and(|error| error.kind() == openclaw_runtime::StoreErrorKind::InUse);
            if !is_in_use || tries > SESSION_RETRIES {
                return Err(format!("failed to {error}"));
            }
            tokio::time::sleep(SESSION_RETRY_DELAY).await;
        }
        let event = ChatEvent {
            run_id: run_id.to_owned(),
            session_key: key,
            seq: 1,
            state: ChatState::Final,
            delta_text: None,
            replace: None,
            message: Some(ChatMessage {
                omitted_bytes: None,
                role: "assistant".to_owned(),
                text: announcement.text.clone(),
                timestamp: u64::try_from(now_ms()).unwrap_or_default(),
            }),
            error_message: None,
        };
        self.clients.broadcast_event(EventAudience::Readers, "chat", &event);
        Ok(())
    }

    /// Reports a job that fails again and again to the agent's main session.
    pub(super) async fn alert(&self, result: &JobResult<'_>, failures: u32, reason: &str) {
        let text = format!(
            "The scheduled job \"{}\" failed {failures} times in a row. The last time: {reason}. \
             `openclaw cron runs --id {}` shows its runs.",
            result.job.name, result.job_id
        );
        tracing::warn!("{text}");
        self.tell("alert", result.job_id, json!({ "failures": failures, "error": reason }));
        let session_key = match self.main_session(result.agent) {
            Ok(key) => key,
            Err(error) => return tracing::warn!("{error}"),
        };
        let announcement = Announcement {
            session_key,
            agent: result.agent.to_owned(),
            heading: "[Report of the scheduler]".to_owned(),
            text,
        };
        if let Err(error) = self.announce(result.run_id, announcement).await {
            tracing::warn!("a job that fails could not be reported: {error}");
        }
    }
}
