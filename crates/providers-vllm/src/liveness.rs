//! Whether the server lives, and how busy it is.

use openclaw_core::Liveness;
use openclaw_transport::{Client, TransportErrorKind};

/// Asks `/health`, and `/metrics` for how many requests run and wait.
pub(crate) async fn ask(client: &Client) -> Liveness {
    let endpoint = client.endpoint();
    match client.get(endpoint.root("health")).await {
        Ok(_) => {}
        Err(error) => match error.kind() {
            TransportErrorKind::Status(404 | 405) | TransportErrorKind::NotAnApi => {}
            TransportErrorKind::Status(503) => return Liveness::Loading,
            TransportErrorKind::Status(_) => return Liveness::Dead,
            _ => return Liveness::Unreachable,
        },
    }
    let metrics = client.get(endpoint.root("metrics")).await;
    let text = metrics.map(|reply| String::from_utf8_lossy(&reply.body).into_owned());
    let text = text.unwrap_or_default();
    Liveness::Serving {
        running: gauge(&text, "vllm:num_requests_running"),
        waiting: gauge(&text, "vllm:num_requests_waiting"),
    }
}

/// Adds up a gauge over its labels, in Prometheus' text format.
fn gauge(text: &str, name: &str) -> Option<u32> {
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
        reason = "a float cast saturates, and a gauge of requests is a small whole number"
    )]
    (!values.is_empty()).then_some(sum as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gauge_is_summed_over_its_labels_and_not_mixed_up() {
        let text = "# HELP vllm:num_requests_running Number of requests\n\
                    vllm:num_requests_running{engine=\"0\",model_name=\"a b\"} 2.0\n\
                    vllm:num_requests_running{engine=\"1\",model_name=\"a b\"} 1.0\n\
                    vllm:num_requests_running_max 9.0\n";
        assert_eq!(gauge(text, "vllm:num_requests_running"), Some(3));
        assert_eq!(gauge(text, "vllm:num_requests_waiting"), None);
    }
}
