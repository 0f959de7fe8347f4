//! What all connections of a gateway share, and how it describes itself.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::SystemTime;

use openclaw_protocol::gateway::{ModelEntry, ModelListParams, ModelListResult};
use openclaw_runtime::encoding::describe_catalogue;
use openclaw_runtime::{Runtime, Store};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::admission::ConnectionAdmission;
use crate::approvals::PendingApprovals;
use crate::auth::FailureLimiter;
use crate::clients::ClientRegistry;
use crate::devices::DeviceManager;
use crate::frame_budget::FrameBudget;
use crate::hooks::HookPace;
use crate::jobs::JobScheduler;
use crate::live_config::LiveConfig;
use crate::nodes::NodeManager;
use crate::openai::{ConversationIndex, ResponseIndex};
use crate::runs::{RunManager, unix_millis};
use crate::settings::GatewaySettings;

/// What all connections share.
#[derive(Debug)]
pub(crate) struct GatewayState {
    pub(crate) live: Arc<LiveConfig>,
    pub(crate) store: Store,
    pub(crate) clients: Arc<ClientRegistry>,
    pub(crate) approvals: Arc<PendingApprovals>,
    pub(crate) runs: Arc<RunManager>,
    pub(crate) jobs: Arc<JobScheduler>,
    pub(crate) devices: DeviceManager,
    pub(crate) nodes: NodeManager,
    /// The pace of wrong secrets of the gateway.
    pub(crate) limiter: FailureLimiter,
    /// The pace of wrong secrets of webhooks: who knows or guesses those changes nothing about the
    /// gateway's own.
    pub(crate) hook_limiter: FailureLimiter,
    pub(crate) admission: Arc<ConnectionAdmission>,
    pub(crate) frame_budget: Arc<FrameBudget>,
    pub(crate) conversations: ConversationIndex,
    pub(crate) responses: ResponseIndex,
    pub(crate) hook_pace: HookPace,
    pub(crate) boot_id: String,
    pub(crate) local_address: SocketAddr,
    pub(crate) started_at: Instant,
}

impl GatewayState {
    /// The settings of now, which a reload replaces.
    pub(crate) fn settings(&self) -> Arc<GatewaySettings> {
        self.live.settings()
    }

    /// The runtime of now, which a reload replaces.
    pub(crate) fn runtime(&self) -> Runtime {
        self.live.runtime()
    }

    /// How long the gateway has run, in milliseconds.
    pub(crate) fn uptime_ms(&self) -> u64 {
        u64::try_from(self.started_at.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    pub(crate) fn describe_health(&self) -> Value {
        json!({
            "ok": true,
            "ts": unix_millis(SystemTime::now()),
            "durationMs": 0,
            "uptimeMs": self.uptime_ms(),
            "channels": {},
            "channelOrder": [],
            "channelLabels": {},
            "defaultAgentId": self.runtime().default_agent(),
            "agents": self.agent_rows(),
        })
    }

    pub(crate) async fn describe_status(&self) -> Value {
        json!({
            "cron": self.jobs.status().await.ok(),
            "version": env!("CARGO_PKG_VERSION"),
            "uptimeMs": self.uptime_ms(),
            "address": self.local_address.to_string(),
            "clients": self.clients.client_count(),
            "connections": self.admission.connection_count(),
            "activeRuns": self.runs.active_count(),
            "sessionsPath": self.store.path().display().to_string(),
            "defaultAgentId": self.runtime().default_agent(),
        })
    }

    pub(crate) fn describe_agents(&self) -> Value {
        json!({ "defaultId": self.runtime().default_agent(), "agents": self.agent_rows() })
    }

    fn agent_rows(&self) -> Vec<Value> {
        let runtime = self.runtime();
        let default = runtime.default_agent();
        let config = &runtime.models().loaded_config().config;
        let rows = config.agent_ids().into_iter().map(|id| {
            json!({ "id": id, "agentId": id, "name": config.agent_name(id), "isDefault": id == default })
        });
        rows.collect()
    }

    /// The models of the config, or those that the servers have by now.
    pub(crate) async fn list_models(&self, params: &ModelListParams) -> ModelListResult {
        let runtime = self.runtime();
        let models = runtime.models();
        if params.ask_servers {
            return describe_catalogue(models).await;
        }
        let primary = models.primary_model().ok().flatten().map(|model| model.to_string());
        let config = &models.loaded_config().config;
        let configured = config.models.providers.iter().flat_map(|(id, provider)| {
            let models = provider.models.iter();
            models.map(move |model| {
                let id = format!("{id}/{}", model.id);
                (id, model.context_window.map(std::num::NonZero::get))
            })
        });
        let mut rows: Vec<ModelEntry> = configured
            .map(|(id, context_window)| ModelEntry { id, context_window, ..ModelEntry::default() })
            .collect();
        if let Some(primary) = &primary
            && !rows.iter().any(|row| row.id == *primary)
        {
            rows.insert(0, ModelEntry { id: primary.clone(), ..ModelEntry::default() });
        }
        ModelListResult { primary, models: rows, ..ModelListResult::default() }
    }
}
