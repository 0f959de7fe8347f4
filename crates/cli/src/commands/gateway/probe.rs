//! Whether the gateway of this machine runs, and what it says of itself.

use std::time::Duration;

use openclaw_chat::CommandContext;
use openclaw_client::ClientError;
use openclaw_protocol::results::status::GatewayReport;
use serde_json::{Value, json};

use super::target::GatewayTarget;
use crate::args::gateway::{GatewaySecretArgs, GatewayTargetArgs};

/// What the gateway of this machine answered.
#[derive(Debug)]
pub(crate) struct GatewayProbe {
    /// Its address.
    pub(crate) url: String,
    /// Its status; `None` when it does not answer.
    pub(crate) status: Option<Value>,
    /// Why it does not answer; `None` when nothing listens.
    pub(crate) error: Option<String>,
}

impl GatewayProbe {
    /// Asks the gateway of the config for its status.
    pub(crate) async fn ask_gateway(context: &CommandContext, limit: Duration) -> Self {
        let args = GatewayTargetArgs {
            url: None,
            secret: GatewaySecretArgs { token: None, password: None },
            as_device: false,
            timeout: u64::try_from(limit.as_millis()).unwrap_or(u64::MAX),
            json: false,
        };
        let target = match GatewayTarget::find_gateway(context, args) {
            Ok(target) => target,
            Err(problem) => {
                let url = "-".to_owned();
                return Self { url, status: None, error: Some(problem) };
            }
        };
        let url = target.address.to_string();
        match target.call("status", json!({}), false).await {
            Ok(status) => Self { url, status: Some(status), error: None },
            Err(ClientError::Unreachable { .. }) => Self { url, status: None, error: None },
            Err(error) => Self { url, status: None, error: Some(format!("failed to {error}")) },
        }
    }

    /// What programs read of it.
    pub(crate) fn to_report(&self) -> GatewayReport {
        GatewayReport {
            url: self.url.clone(),
            reachable: self.status.is_some(),
            error: self.error.clone(),
        }
    }

    /// Its state in a few words.
    pub(crate) fn describe_state(&self) -> String {
        match (&self.status, &self.error) {
            (Some(status), _) => describe_running(status),
            (None, Some(error)) => error.clone(),
            (None, None) => "not running".to_owned(),
        }
    }
}

/// Describes a gateway by its status.
pub(super) fn describe_running(status: &Value) -> String {
    let text = |key: &str| match status.get(key) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => "-".to_owned(),
    };
    let uptime = status.get("uptimeMs").and_then(Value::as_u64).unwrap_or_default();
    format!(
        "running, version {}, for {}; clients: {}, runs: {}",
        text("version"),
        openclaw_chat::format_duration(Duration::from_millis(uptime)),
        text("clients"),
        text("activeRuns"),
    )
}
