//! Probes whether a server responds.

use openclaw_core::ServerLiveness;
use openclaw_transport::{Client, TransportErrorKind};

/// Probes whether the API responds, by its list of models. A refusal counts as a response.
pub async fn probe_liveness(client: &Client) -> ServerLiveness {
    let serving = ServerLiveness::Serving { running_requests: None, queued_requests: None };
    match client.get(client.endpoint().api_url("models")).await {
        Ok(_) => serving,
        Err(error) => match error.kind() {
            TransportErrorKind::Status(401 | 403 | 404 | 405 | 429 | 529) => serving,
            TransportErrorKind::Status(503) => ServerLiveness::Loading,
            _ => ServerLiveness::Unreachable,
        },
    }
}
