//! Probes whether a server is alive, and how busy it is.

use std::error::Error;
use std::time::Duration;

use openclaw_core::ServerLiveness;
use openclaw_providers_openai::list_models;
use openclaw_transport::{Client, TransportErrorKind};

/// The timeout of a probe. It is not one of the call's timeouts: the probe is soon repeated, and
/// its failure only means that the state is unknown.
const PROBE_TIMEOUT: Duration = Duration::from_secs(3);

/// The result of a probe.
#[derive(Debug)]
pub(crate) enum ServerHealth {
    /// The server responds.
    Alive(ServerLoad),
    /// No connection, or the server reports with this status that it cannot serve.
    Dead { status: Option<u16>, cause: Box<dyn Error + Send + Sync> },
    /// The request waits in this program's own queue, after this many others. No probe is sent.
    QueuedLocally(u32),
    /// No response, which proves nothing.
    Unknown,
}

/// The load of a server, as far as it reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct ServerLoad {
    /// Running requests.
    pub(crate) running: Option<u32>,
    /// Queued requests.
    pub(crate) waiting: Option<u32>,
    /// Tokens generated since the server started, for all requests.
    pub(crate) generated: Option<u64>,
    /// Whether the server itself answered, and not only something in front of it.
    pub(crate) responds: bool,
}

/// Probes the server within [`PROBE_TIMEOUT`].
pub(crate) async fn probe_health(client: &Client) -> ServerHealth {
    tokio::time::timeout(PROBE_TIMEOUT, read_health(client)).await.unwrap_or(ServerHealth::Unknown)
}

/// Requests `/health`, and `/metrics` for the running and queued requests.
pub(crate) async fn check_liveness(client: &Client) -> ServerLiveness {
    match read_health(client).await {
        ServerHealth::Alive(ServerLoad { running, waiting, .. }) => {
            ServerLiveness::Serving { running_requests: running, queued_requests: waiting }
        }
        ServerHealth::Dead { status: Some(503), .. } => ServerLiveness::Loading,
        ServerHealth::Dead { status: Some(_), .. } => ServerLiveness::EngineDead,
        ServerHealth::Dead { status: None, .. }
        | ServerHealth::QueuedLocally(_)
        | ServerHealth::Unknown => ServerLiveness::Unreachable,
    }
}

/// Returns whether `model` is served now. With `is_listed`, the server must list it; otherwise a
/// healthy server is taken to serve it.
pub(crate) async fn is_model_served(client: &Client, model: &str, is_listed: bool) -> bool {
    let question = async {
        if check_health(client).await.is_err() {
            return false;
        }
        if !is_listed {
            return true;
        }
        match list_models(client).await {
            Ok(served) => served.iter().any(|found| found.id == model),
            Err(error) => {
                let status = error.http_exchange().and_then(|exchange| exchange.status);
                matches!(status, Some(404 | 405))
            }
        }
    };
    tokio::time::timeout(PROBE_TIMEOUT, question).await.unwrap_or(false)
}

async fn read_health(client: &Client) -> ServerHealth {
    let has_health_route = match check_health(client).await {
        Ok(has_route) => has_route,
        Err(unhealthy) => return unhealthy,
    };
    let metrics = client.get(client.endpoint().root_url("metrics")).await;
    let text = metrics.map(|reply| String::from_utf8_lossy(&reply.body).into_owned());
    let text = text.unwrap_or_default();
    let requests = |name| sum_metric(&text, name).map(|n| u32::try_from(n).unwrap_or(u32::MAX));
    let running = requests("vllm:num_requests_running");
    // A proxy may hide `/health`, and then says nothing of the server behind it.
    let responds = has_health_route
        || running.is_some()
        || client.get(client.endpoint().api_url("models")).await.is_ok();
    ServerHealth::Alive(ServerLoad {
        running,
        waiting: requests("vllm:num_requests_waiting"),
        generated: sum_metric(&text, "vllm:generation_tokens_total"),
        responds,
    })
}

/// Requests `/health`. Returns whether the route answered with success; an error when the server
/// is not known to be alive.
async fn check_health(client: &Client) -> Result<bool, ServerHealth> {
    let Err(error) = client.get(client.endpoint().root_url("health")).await else {
        return Ok(true);
    };
    match error.kind() {
        TransportErrorKind::Connect => {
            Err(ServerHealth::Dead { status: None, cause: error.into() })
        }
        TransportErrorKind::Status(status @ 500..) => {
            Err(ServerHealth::Dead { status: Some(status), cause: error.into() })
        }
        // A server that refuses the probe is alive.
        TransportErrorKind::Status(_) | TransportErrorKind::NotAnApi => Ok(false),
        _ => Err(ServerHealth::Unknown),
    }
}

/// Sums a metric over its labels, in Prometheus' text format.
fn sum_metric(text: &str, name: &str) -> Option<u64> {
    let values = text.lines().filter_map(|line| {
        let rest = line.strip_prefix(name)?;
        let value = rest.starts_with(['{', ' ']).then(|| rest.rsplit(' ').next())??;
        value.parse::<f64>().ok()
    });
    let values: Vec<f64> = values.collect();
    let sum = values.iter().sum::<f64>();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float cast saturates, and what is counted is whole and not below zero"
    )]
    (!values.is_empty()).then_some(sum as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_is_summed_over_its_labels_and_not_mixed_up() {
        let text = "# HELP vllm:num_requests_running Number of requests\n\
                    vllm:num_requests_running{engine=\"0\",model_name=\"a b\"} 2.0\n\
                    vllm:num_requests_running{engine=\"1\",model_name=\"a b\"} 1.0\n\
                    vllm:num_requests_running_max 9.0\n";
        assert_eq!(sum_metric(text, "vllm:num_requests_running"), Some(3));
        assert_eq!(sum_metric(text, "vllm:num_requests_waiting"), None);
    }
}
