//! The config that a gateway serves with, which can be replaced while it runs.

use std::sync::{Arc, PoisonError, RwLock};

use openclaw_runtime::{NodeInvoker, Runtime};
use secrecy::ExposeSecret as _;

use crate::auth::GatewayAuthentication;
use crate::error::GatewayStartError;
use crate::settings::GatewaySettings;
use crate::state::GatewayState;

/// The code with which a node is closed that must say again what it offers.
const DECLARE_AGAIN: u16 = 1012;

/// The settings and the runtime of a gateway. Whoever starts something takes them once and ends it
/// with them.
#[derive(Debug)]
pub(crate) struct LiveConfig {
    current: RwLock<(Arc<GatewaySettings>, Runtime)>,
    nodes: Arc<dyn NodeInvoker>,
}

/// What a reload changed besides agents, models and tools.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ReloadReport {
    /// The keys whose change acts at the next start only.
    pub needs_restart: Vec<&'static str>,
    /// Whether clients that showed the old secret were closed.
    pub secret_changed: bool,
}

impl LiveConfig {
    /// Starts with a runtime, whose agents reach `nodes`.
    pub(crate) fn new(
        settings: GatewaySettings,
        runtime: Runtime,
        nodes: Arc<dyn NodeInvoker>,
    ) -> Self {
        let runtime = runtime.with_nodes(Arc::clone(&nodes));
        Self { current: RwLock::new((Arc::new(settings), runtime)), nodes }
    }

    /// The settings of now.
    pub(crate) fn settings(&self) -> Arc<GatewaySettings> {
        Arc::clone(&self.read().0)
    }

    /// The runtime of now.
    pub(crate) fn runtime(&self) -> Runtime {
        self.read().1.clone()
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, (Arc<GatewaySettings>, Runtime)> {
        self.current.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn replace(&self, settings: GatewaySettings, runtime: Runtime) {
        let runtime =
            runtime.with_nodes(Arc::clone(&self.nodes)).with_subagents_of(&self.runtime());
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        *current = (Arc::new(settings), runtime);
    }
}

impl GatewayState {
    /// Serves with another config from now on. Runs that have begun end with the one they began with.
    ///
    /// # Errors
    /// When a gateway with these settings would not start.
    pub(crate) async fn replace_config(
        &self,
        runtime: Runtime,
        mut settings: GatewaySettings,
    ) -> Result<ReloadReport, GatewayStartError> {
        let old = self.live.settings();
        let mut needs_restart = Vec::new();
        if settings.address != old.address {
            needs_restart.push("gateway.bind");
        }
        if settings.port != old.port {
            needs_restart.push("gateway.port");
        }
        // They describe the socket that listens.
        (settings.address, settings.port) = (old.address, old.port);
        settings.tick_interval = old.tick_interval;
        let secret_changed = !is_same_secret(&settings.authentication, &old.authentication);
        let denies_others = settings.denied_node_commands != old.denied_node_commands;
        // A client is either examined with the new secret, or registered before it and closed here.
        let _alone = self.devices.change_credentials().await;
        self.devices.check_open_gateway(&settings.authentication).await?;
        self.live.replace(settings, runtime);
        if let Err(error) = self.jobs.sync_heartbeats().await {
            tracing::error!("failed to {error}");
        }
        if secret_changed {
            self.clients.close_owners("the secret of the gateway changed");
        }
        if denies_others {
            self.clients.close_nodes(DECLARE_AGAIN, "what nodes may offer changed");
        }
        Ok(ReloadReport { needs_restart, secret_changed })
    }
}

fn is_same_secret(one: &GatewayAuthentication, other: &GatewayAuthentication) -> bool {
    use GatewayAuthentication::{Open, Password, Token};
    match (one, other) {
        (Open, Open) => true,
        (Token(one), Token(other)) | (Password(one), Password(other)) => {
            one.expose_secret() == other.expose_secret()
        }
        _ => false,
    }
}
