//! Whether a conversation may leave this machine and its network.
//!
//! A server is hosted unless its address itself shows that it is private; no name is looked up, and
//! what is not known counts as hosted. Nothing is sent to a hosted server, not even a question for
//! its models, before this has been settled for the model.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;
use openclaw_config::EgressPolicy as Policy;
use openclaw_core::ModelRef;
use openclaw_transport::Endpoint;

use crate::context::SetupContext;
use crate::error::{SetupError, SetupErrorKind};
use crate::warnings::NoticeLog;

/// The key that decides.
const EGRESS_KEY: &str = "models.egress";

/// Asks a person a question that is answered by yes or no.
pub type EgressConsent = Arc<dyn Fn(String) -> BoxFuture<'static, bool> + Send + Sync>;

/// What holds for the models of one run. Clones share what was settled.
#[derive(Clone, Default)]
pub(crate) struct EgressGuard {
    /// `None` where it does not matter: nothing of a conversation is sent.
    policy: Option<Policy>,
    /// The models that the config names.
    named: Arc<[ModelRef]>,
    consent: Option<EgressConsent>,
    decisions: Arc<Mutex<HashMap<ModelRef, bool>>>,
}

impl EgressGuard {
    /// What the config says. `named` are its own models: the primary one, which is the one that is
    /// used where it has none, and the fallbacks.
    pub(crate) fn from_config(
        setup: &SetupContext,
        named: Vec<ModelRef>,
        consent: Option<EgressConsent>,
    ) -> Self {
        let policy = setup.loaded.config.models.egress.unwrap_or_else(|| {
            // An address that cannot be told is that of no hosted primary model.
            let primary =
                named.first().map(|primary| setup.provider_endpoint(primary.provider_id()));
            if primary.is_some_and(|found| found.is_ok_and(|endpoint| !endpoint.is_private())) {
                Policy::Any
            } else {
                Policy::LocalOnly
            }
        });
        Self { policy: Some(policy), named: named.into(), consent, decisions: Arc::default() }
    }

    /// Settles whether a conversation may be sent to a model's server, and notes it where it leaves
    /// this machine and its network.
    ///
    /// # Errors
    /// When it may not.
    pub(crate) async fn check_allowed(
        &self,
        reference: &ModelRef,
        endpoint: &Endpoint,
        notices: &NoticeLog,
    ) -> Result<(), SetupError> {
        let is_free = matches!(self.policy, None | Some(Policy::Any));
        if is_free || endpoint.is_private() {
            return Ok(());
        }
        let host = endpoint.base_url().host_str().unwrap_or_default();
        let settled =
            self.decisions.lock().unwrap_or_else(PoisonError::into_inner).get(reference).copied();
        let is_allowed = match settled {
            Some(is_allowed) => is_allowed,
            None => self.decide_and_record(reference, host, notices).await,
        };
        if is_allowed { Ok(()) } else { Err(self.refusal_error(reference, host)) }
    }

    async fn decide_and_record(
        &self,
        reference: &ModelRef,
        host: &str,
        notices: &NoticeLog,
    ) -> bool {
        let is_allowed = self.ask_consent(reference, host).await;
        if is_allowed {
            notices.push(format!(
                "the conversation leaves this machine and its network: `{reference}` is at {host}"
            ));
        }
        let mut settled = self.decisions.lock().unwrap_or_else(PoisonError::into_inner);
        settled.insert(reference.clone(), is_allowed);
        is_allowed
    }

    async fn ask_consent(&self, reference: &ModelRef, host: &str) -> bool {
        let is_named = self.named.contains(reference);
        let asks = !is_named || self.policy == Some(Policy::Ask);
        match self.consent.as_ref().filter(|_| asks) {
            Some(ask) => ask(format!("send the conversation to {host} (`{reference}`)?")).await,
            None => is_named,
        }
    }

    fn refusal_error(&self, reference: &ModelRef, host: &str) -> SetupError {
        let message = format!(
            "use `{reference}`: {host} is neither on this machine nor in its network, and the \
             conversation may not go there"
        );
        let how = if self.consent.is_some() { "you said no" } else { "nobody could be asked" };
        SetupError::new(SetupErrorKind::Egress, message).with_hint(format!(
            "To {EGRESS_KEY} it is hosted, and {how}. Name it in `agents.defaults.model.fallbacks`, or \
             set `{EGRESS_KEY}` to `any`."
        ))
    }
}

impl fmt::Debug for EgressGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Egress")
            .field("policy", &self.policy)
            .field("named", &self.named)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
