//! Retries while a server reports that it is busy, when no other model is left.
//!
//! The client itself retries for up to a second, which covers short peaks. A full queue or a
//! loading model takes longer, so these retries emit events and have a time limit.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::{StreamExt, stream};
use openclaw_core::{
    ChatEvent, ChatModel, ChatRequest, ChatStream, ModelError, ModelErrorKind, ModelInfo,
    ServerLiveness, TokenCount,
};
use openclaw_transport::TimeLimit;
use tokio::time::{Instant, sleep_until};

/// The first delay; each further one is twice as long.
const INITIAL_DELAY: Duration = Duration::from_secs(1);

/// The longest delay unless the server asks for a longer one.
const MAX_DELAY: Duration = Duration::from_secs(30);

/// How long to retry.
#[derive(Debug, Clone)]
pub(super) struct BusyRetryPolicy {
    /// The time limit of all retries together.
    pub(super) limit: TimeLimit,
    /// Whether the server is on this machine or the local network. Others are retried only with a
    /// Retry-After: without one the error may mean that the account has no credit.
    pub(super) is_private: bool,
}

/// A model whose requests are retried while its server is busy.
#[derive(Debug)]
pub(super) struct BusyRetryModel {
    pub(super) model: Arc<dyn ChatModel>,
    pub(super) policy: BusyRetryPolicy,
}

/// One request that is retried until the server accepts it.
struct BusyRetry {
    model: Arc<dyn ChatModel>,
    request: ChatRequest,
    policy: BusyRetryPolicy,
    phase: BusyRetryPhase,
    /// Whether a part of the answer was emitted.
    has_content: bool,
    /// When the server was first busy.
    busy_since: Option<Instant>,
    delays: u32,
    attempts: u32,
    /// Whether a request that was accepted has failed.
    has_accepted_failure: bool,
}

enum BusyRetryPhase {
    Reading(ChatStream),
    Waiting(Instant),
    Finished,
}

#[async_trait]
impl ChatModel for BusyRetryModel {
    fn model_info(&self) -> ModelInfo {
        self.model.model_info()
    }

    async fn stream_chat(&self, request: ChatRequest) -> Result<ChatStream, ModelError> {
        let opened = self.model.stream_chat(request.clone()).await;
        // Boxed, because the stream moves its state at each event.
        let mut asking = Box::new(BusyRetry {
            model: Arc::clone(&self.model),
            request,
            policy: self.policy.clone(),
            phase: BusyRetryPhase::Finished,
            has_content: false,
            busy_since: None,
            delays: 0,
            attempts: 0,
            has_accepted_failure: false,
        });
        let first = match opened {
            Ok(stream) => {
                asking.phase = BusyRetryPhase::Reading(stream);
                None
            }
            Err(error) => Some(asking.schedule_retry(error)?),
        };
        Ok(Box::pin(stream::unfold((first, asking), |(first, mut asking)| async move {
            let item = match first {
                Some(event) => Ok(event),
                None => asking.next_event().await?,
            };
            Some((item, (None, asking)))
        })))
    }

    async fn count_tokens(&self, request: &ChatRequest) -> Result<TokenCount, ModelError> {
        self.model.count_tokens(request).await
    }

    async fn check_liveness(&self) -> ServerLiveness {
        self.model.check_liveness().await
    }
}

impl BusyRetry {
    async fn next_event(&mut self) -> Option<Result<ChatEvent, ModelError>> {
        loop {
            match std::mem::replace(&mut self.phase, BusyRetryPhase::Finished) {
                BusyRetryPhase::Finished => return None,
                BusyRetryPhase::Waiting(until) => {
                    sleep_until(until).await;
                    match self.model.stream_chat(self.request.clone()).await {
                        Ok(stream) => self.phase = BusyRetryPhase::Reading(stream),
                        Err(error) => return Some(self.schedule_retry(error)),
                    }
                }
                BusyRetryPhase::Reading(mut stream) => match stream.next().await? {
                    Err(error) if !self.has_content => return Some(self.schedule_retry(error)),
                    item => {
                        self.has_content |= matches!(
                            item,
                            Ok(ChatEvent::TextDelta(_)
                                | ChatEvent::ReasoningDelta(_)
                                | ChatEvent::ToolCallDelta { .. })
                        );
                        self.phase = BusyRetryPhase::Reading(stream);
                        return Some(item);
                    }
                },
            }
        }
    }

    /// Schedules a retry and returns its event, or the error when it is final.
    fn schedule_retry(&mut self, error: ModelError) -> Result<ChatEvent, ModelError> {
        let retry_after = error.http_exchange().and_then(|exchange| exchange.retry_after);
        if !is_retryable(error.kind(), retry_after.is_some(), self.policy.is_private) {
            return Err(error);
        }
        // A server that is full refuses a request; one that accepts it and then reports that it is
        // overloaded does the same again. One retry tells.
        let status = error.http_exchange().and_then(|exchange| exchange.status);
        let was_accepted = status.is_some_and(|status| (200..300).contains(&status));
        if was_accepted && std::mem::replace(&mut self.has_accepted_failure, true) {
            return Err(error);
        }
        let now = Instant::now();
        let waited = now - *self.busy_since.get_or_insert(now);
        let TimeLimit { duration: limit, source } = &self.policy.limit;
        let left = limit.saturating_sub(waited);
        let seconds = limit.as_secs_f64();
        if let Some(retry_after) = retry_after.filter(|retry_after| *retry_after > left) {
            let retry_after = retry_after.as_secs();
            return Err(error.with_hint(format!(
                "The server asks for a pause of {retry_after} s; it is waited for {seconds} s at most \
                 (from {source})."
            )));
        }
        if left.is_zero() {
            return Err(error.with_hint(format!(
                "The server was busy for {seconds} s (from {source}), which is how long it is \
                 waited for."
            )));
        }
        let own = INITIAL_DELAY.saturating_mul(2_u32.saturating_pow(self.delays)).min(MAX_DELAY);
        let after = own.max(retry_after.unwrap_or_default()).min(left);
        self.delays += 1;
        let made = error.http_exchange().map_or(1, |exchange| exchange.attempt.max(1));
        self.attempts = self.attempts.saturating_add(made);
        self.phase = BusyRetryPhase::Waiting(now + after);
        Ok(ChatEvent::Retrying {
            reason: error.to_string(),
            attempt: self.attempts.saturating_add(1),
            delay: after,
            elapsed: waited,
            max_wait: *limit,
        })
    }
}

/// Whether the same request may succeed later. `has_retry_after` is whether the server sent a
/// Retry-After.
fn is_retryable(kind: ModelErrorKind, has_retry_after: bool, is_near: bool) -> bool {
    match kind {
        ModelErrorKind::Loading
        | ModelErrorKind::Overloaded
        | ModelErrorKind::RateLimited { .. } => is_near || has_retry_after,
        ModelErrorKind::Interrupted => has_retry_after,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
