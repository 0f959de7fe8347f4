//! Waits for a server that says that it is busy, where no other model is left.
//!
//! The client behind it tries again within a second, which overcomes a blink. A queue that is full
//! or a model that is being loaded takes longer; so it is waited for in sight and within limits.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::{StreamExt, stream};
use openclaw_core::{
    ChatEvent, ChatModel, ChatRequest, ChatStream, Liveness, ModelError, ModelErrorKind, ModelInfo,
    TokenCount,
};
use openclaw_transport::Limit;
use tokio::time::{Instant, sleep_until};

/// The first pause; each further one is twice as long as the one before.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest pause that the server did not ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How a busy server is waited for.
#[derive(Debug, Clone)]
pub(super) struct OnBusy {
    /// The longest wait in all.
    pub(super) limit: Limit,
    /// It is on this machine or its network. Another one is waited for only when it says for how
    /// long: what it says may as well be that an account is empty.
    pub(super) is_near: bool,
}

/// A model whose server is waited for while it is busy.
#[derive(Debug)]
pub(super) struct Awaited {
    pub(super) model: Arc<dyn ChatModel>,
    pub(super) on_busy: OnBusy,
}

/// A request that is made until the server takes it.
struct Asking {
    model: Arc<dyn ChatModel>,
    request: ChatRequest,
    on_busy: OnBusy,
    phase: Phase,
    /// Something of the answer was passed on.
    has_content: bool,
    /// When the server was busy first.
    since: Option<Instant>,
    pauses: u32,
    attempts: u32,
}

enum Phase {
    Reading(ChatStream),
    Pausing(Instant),
    Over,
}

#[async_trait]
impl ChatModel for Awaited {
    fn info(&self) -> ModelInfo {
        self.model.info()
    }

    async fn chat(&self, request: ChatRequest) -> Result<ChatStream, ModelError> {
        let opened = self.model.chat(request.clone()).await;
        let mut asking = Asking {
            model: Arc::clone(&self.model),
            request,
            on_busy: self.on_busy.clone(),
            phase: Phase::Over,
            has_content: false,
            since: None,
            pauses: 0,
            attempts: 0,
        };
        let first = match opened {
            Ok(stream) => {
                asking.phase = Phase::Reading(stream);
                None
            }
            Err(error) => Some(asking.failed(error)?),
        };
        Ok(Box::pin(stream::unfold((first, asking), |(first, mut asking)| async move {
            let item = match first {
                Some(event) => Ok(event),
                None => asking.next().await?,
            };
            Some((item, (None, asking)))
        })))
    }

    async fn count_tokens(&self, request: &ChatRequest) -> Result<TokenCount, ModelError> {
        self.model.count_tokens(request).await
    }

    async fn liveness(&self) -> Liveness {
        self.model.liveness().await
    }
}

impl Asking {
    async fn next(&mut self) -> Option<Result<ChatEvent, ModelError>> {
        loop {
            match std::mem::replace(&mut self.phase, Phase::Over) {
                Phase::Over => return None,
                Phase::Pausing(until) => {
                    sleep_until(until).await;
                    match self.model.chat(self.request.clone()).await {
                        Ok(stream) => self.phase = Phase::Reading(stream),
                        Err(error) => return Some(self.failed(error)),
                    }
                }
                Phase::Reading(mut stream) => match stream.next().await? {
                    Err(error) if !self.has_content => return Some(self.failed(error)),
                    item => {
                        self.has_content |= matches!(
                            item,
                            Ok(ChatEvent::TextDelta(_)
                                | ChatEvent::ReasoningDelta(_)
                                | ChatEvent::ToolCallDelta { .. })
                        );
                        self.phase = Phase::Reading(stream);
                        return Some(item);
                    }
                },
            }
        }
    }

    /// Tells that the server is asked again later, unless the failure stands.
    fn failed(&mut self, error: ModelError) -> Result<ChatEvent, ModelError> {
        let wish = error.exchange().and_then(|exchange| exchange.retry_after);
        if !is_busy(error.kind(), wish.is_some(), self.on_busy.is_near) {
            return Err(error);
        }
        let now = Instant::now();
        let waited = now - *self.since.get_or_insert(now);
        let Limit { duration: limit, source } = &self.on_busy.limit;
        let left = limit.saturating_sub(waited);
        let seconds = limit.as_secs_f64();
        if let Some(wish) = wish.filter(|wish| *wish > left) {
            let wish = wish.as_secs();
            return Err(error.with_hint(format!(
                "The server asks for a pause of {wish} s; it is waited for {seconds} s at most \
                 (from {source})."
            )));
        }
        if left.is_zero() {
            return Err(error.with_hint(format!(
                "The server was busy for {seconds} s (from {source}), which is how long it is \
                 waited for."
            )));
        }
        let own = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(self.pauses)).min(LONGEST_PAUSE);
        let after = own.max(wish.unwrap_or_default()).min(left);
        self.pauses += 1;
        let made = error.exchange().map_or(1, |exchange| exchange.attempt.max(1));
        self.attempts = self.attempts.saturating_add(made);
        self.phase = Phase::Pausing(now + after);
        Ok(ChatEvent::Retrying {
            reason: error.to_string(),
            attempt: self.attempts.saturating_add(1),
            after,
            waited,
            limit: *limit,
        })
    }
}

/// Whether the same request may be taken later.
fn is_busy(kind: ModelErrorKind, has_wish: bool, is_near: bool) -> bool {
    match kind {
        ModelErrorKind::Loading
        | ModelErrorKind::Overloaded
        | ModelErrorKind::RateLimited { .. } => is_near || has_wish,
        ModelErrorKind::Interrupted => has_wish,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
