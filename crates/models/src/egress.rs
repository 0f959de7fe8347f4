//! Decides whether a conversation may be sent beyond this machine and the local network.
//!
//! A server is hosted unless its address shows that it is private. A name that looks private is
//! looked up, and counts as hosted when it leads elsewhere: the config then does not name a hosted
//! server, so only a person or the policy `any` can allow it. Each connection is judged again by
//! the address that it goes to. Unknown addresses count as hosted. Nothing is sent to a hosted
//! server before its model is allowed, not even a request for its models.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;
use openclaw_config::EgressPolicy as Policy;
use openclaw_core::ModelRef;
use openclaw_transport::{AddressRule, Endpoint, HostLookup};

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
    /// The servers with private names that were allowed although their addresses are public.
    allowed_public: Arc<Mutex<HashSet<Endpoint>>>,
    /// Whether the config allows any server.
    is_any_allowed: bool,
    lookup: HostLookup,
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
        Self {
            policy: Some(policy),
            named: named.into(),
            consent,
            is_any_allowed: policy == Policy::Any,
            ..Self::default()
        }
    }

    /// A guard for requests without a conversation.
    pub(crate) fn without_conversation(setup: &SetupContext) -> Self {
        let is_any_allowed = setup.loaded.config.models.egress == Some(Policy::Any);
        Self { is_any_allowed, ..Self::default() }
    }

    /// The addresses that the client of a server may connect to.
    pub(crate) fn address_rule(&self, endpoint: &Endpoint) -> AddressRule {
        let allowed = self.allowed_public.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_any_allowed || allowed.contains(endpoint) {
            AddressRule::Any
        } else {
            AddressRule::AsNamed
        }
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
        if is_free {
            return Ok(());
        }
        let public_address = self.lookup.find_public_address(endpoint).await;
        if endpoint.is_private() && public_address.is_none() {
            return Ok(());
        }
        let host = endpoint.base_url().host_str().unwrap_or_default();
        let server = HostedServer { host, public_address };
        let settled =
            self.decisions.lock().unwrap_or_else(PoisonError::into_inner).get(reference).copied();
        let is_allowed = match settled {
            Some(is_allowed) => is_allowed,
            None => self.decide_and_record(reference, server, warnings).await,
        };
        if !is_allowed {
            return Err(self.refusal_error(reference, server));
        }
        if public_address.is_some() {
            let mut allowed = self.allowed_public.lock().unwrap_or_else(PoisonError::into_inner);
            allowed.insert(endpoint.clone());
        }
        Ok(())
    }

    async fn decide_and_record(
        &self,
        reference: &ModelRef,
        server: HostedServer<'_>,
        warnings: &mut Vec<String>,
    ) -> bool {
        let is_allowed = self.ask_consent(reference, server).await;
        if is_allowed {
            warnings.push(format!(
                "the conversation leaves this machine and its network: `{reference}` is at {server}"
            ));
        }
        let mut settled = self.decisions.lock().unwrap_or_else(PoisonError::into_inner);
        settled.insert(reference.clone(), is_allowed);
        is_allowed
    }

    async fn ask_consent(&self, reference: &ModelRef, server: HostedServer<'_>) -> bool {
        // Who wrote a private name did not mean a hosted server.
        let is_named = server.public_address.is_none() && self.named.contains(reference);
        let asks = !is_named || self.policy == Some(Policy::Ask);
        match self.consent.as_ref().filter(|_| asks) {
            Some(ask) => ask(format!("send the conversation to {server} (`{reference}`)?")).await,
            None => is_named,
        }
    }

    fn refusal_error(&self, reference: &ModelRef, server: HostedServer<'_>) -> SetupError {
        let message = format!(
            "use `{reference}`: {server} is neither on this machine nor in its network, and the \
             conversation may not go there"
        );
        let how =
            if self.consent.is_some() { "you said no" } else { "there is no terminal to ask on" };
        let remedy = if server.public_address.is_some() {
            format!(
                "Its name looks like one of your network: check where it leads, or set \
                 `{EGRESS_KEY}` to `any` if that address is yours."
            )
        } else {
            format!("Name it in `agents.defaults.model.fallbacks`, or set `{EGRESS_KEY}` to `any`.")
        };
        SetupError::new(SetupErrorKind::Egress, message)
            .with_hint(format!("To {EGRESS_KEY} it is hosted, and {how}. {remedy}"))
    }
}

/// A server outside this machine and its network.
#[derive(Debug, Clone, Copy)]
struct HostedServer<'a> {
    host: &'a str,
    /// The address that shows it, where the name looks private.
    public_address: Option<IpAddr>,
}

impl fmt::Display for HostedServer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.public_address {
            None => f.write_str(self.host),
            Some(address) => write!(f, "{} ({address})", self.host),
        }
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
