//! Decides whether a conversation may be sent beyond this machine and the local network.
//!
//! A server is hosted unless its address shows that it is private. Names are not resolved, and
//! unknown addresses count as hosted. Nothing is sent to a hosted server before its model is
//! allowed, not even a request for its models.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;
use openclaw_config::EgressPolicy as Policy;
use openclaw_core::ModelRef;
use openclaw_transport::Endpoint;

use crate::context::SetupContext;
use crate::error::{SetupError, SetupErrorKind};

/// The config key of the policy.
const EGRESS_KEY: &str = "models.egress";

/// Asks the user a yes-or-no question.
pub type EgressConsent = Arc<dyn Fn(String) -> BoxFuture<'static, bool> + Send + Sync>;

/// The egress policy for the models of one run. Clones share the decisions.
#[derive(Clone, Default)]
pub(crate) struct EgressGuard {
    /// `None` when nothing of a conversation is sent.
    policy: Option<Policy>,
    /// The models that the config names.
    named: Arc<[ModelRef]>,
    consent: Option<EgressConsent>,
    decisions: Arc<Mutex<HashMap<ModelRef, bool>>>,
}

impl EgressGuard {
    /// Reads the config. `named` starts with the primary model (the selected one if the config has
    /// none), followed by the fallbacks.
    pub(crate) fn from_config(
        setup: &SetupContext,
        named: Vec<ModelRef>,
        consent: Option<EgressConsent>,
    ) -> Self {
        let policy = setup.loaded.config.models.egress.unwrap_or_else(|| {
            // If the address is unknown, the primary model does not count as hosted.
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

    /// Decides whether a conversation may be sent to a model's server. Adds a warning when that
    /// server is hosted.
    ///
    /// # Errors
    /// When it may not be sent.
    pub(crate) async fn check_allowed(
        &self,
        reference: &ModelRef,
        endpoint: &Endpoint,
        warnings: &mut Vec<String>,
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
            None => self.decide_and_record(reference, host, warnings).await,
        };
        if is_allowed { Ok(()) } else { Err(self.refusal_error(reference, host)) }
    }

    async fn decide_and_record(
        &self,
        reference: &ModelRef,
        host: &str,
        warnings: &mut Vec<String>,
    ) -> bool {
        let is_allowed = self.ask_consent(reference, host).await;
        if is_allowed {
            warnings.push(format!(
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
        let how =
            if self.consent.is_some() { "you said no" } else { "there is no terminal to ask on" };
        SetupError::new(SetupErrorKind::Egress, message).with_hint(format!(
            "To {EGRESS_KEY} it is hosted, and {how}. Name it in `agents.defaults.model.fallbacks`, or \
             set `{EGRESS_KEY}` to `any`."
        ))
    }
}

impl fmt::Debug for EgressGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EgressGuard")
            .field("policy", &self.policy)
            .field("named", &self.named)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
