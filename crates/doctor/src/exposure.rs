//! Checks what answers without a key, and where the key is sent.

use std::net::IpAddr;

use openclaw_transport::{Client, Endpoint, TransportErrorKind};
use serde_json::json;

use crate::examination::{DoctorRun, DoctorTarget};
use crate::probe::{LOAD_QUERY_TIMEOUT, ServerProbe};
use crate::report::CheckOutcome;
use crate::wording::join_names;
use openclaw_models::provider_path;

/// Routes outside `/v1` that servers are known to leave open.
const EXTRA_ROUTES: &[&str] = &["health", "version", "metrics", "load"];

impl DoctorRun<'_> {
    pub(crate) async fn check_exposure(&mut self, target: &mut DoctorTarget) -> CheckOutcome {
        let endpoint = target.probe.endpoint().clone();
        let anonymous = &target.probe.anonymous_client;
        let place = NetworkReach::from_endpoint(&endpoint);
        let api = is_open_to_get(anonymous, true, "models").await;
        let mut open: Vec<String> = Vec::new();
        for route in EXTRA_ROUTES {
            if is_open_to_get(anonymous, false, route).await == Some(true) {
                open.push(format!("`/{route}`"));
            }
        }
        let tokenize = json!({ "model": target.probe.model, "prompt": "a" });
        if is_open_to_post(anonymous, "tokenize", &tokenize).await {
            open.push("`/tokenize`".to_owned());
        }
        // An open route rejects the empty request; a protected one rejects the missing key.
        let answers_anybody = is_open_to_post(anonymous, "invocations", &json!({})).await;
        if answers_anybody {
            open.push("`/invocations`, which answers as the API does".to_owned());
        }
        let beside = if open.is_empty() {
            "nothing beside it is open without one".to_owned()
        } else {
            format!("open without one: {}", join_names(&open))
        };
        let key = target.provider.key.is_some() || !target.provider.headers.is_empty();
        if key && endpoint.base_url().scheme() == "http" && !endpoint.is_private() {
            let at = provider_path(&target.provider.id).with_key("baseUrl");
            return CheckOutcome::fail(format!("the key goes to {endpoint} for anybody to read"))
                .with_server_advice(
                    "put it behind TLS, or reach it through a tunnel or a private network",
                )
                .with_config_advice(format!("set `{at}` to its `https://` address"));
        }
        let where_it_is = place.reach_text();
        match (api, place) {
            (Some(true), NetworkReach::Public) => {
                CheckOutcome::fail(format!("the API is open without a key, on {where_it_is}"))
                    .with_server_advice("start it with `--api-key`, and let only a proxy reach it")
            }
            (Some(true), NetworkReach::Network) => {
                CheckOutcome::pass(format!("the API is open without a key, on {where_it_is}"))
                    .with_server_advice("`--api-key KEY` would keep others off `/v1`")
            }
            (Some(true), NetworkReach::Machine) => {
                CheckOutcome::pass(format!("the API is open without a key, on {where_it_is}"))
            }
            (_, NetworkReach::Public) if answers_anybody => {
                CheckOutcome::fail(format!("{beside}; on {where_it_is}")).with_server_advice(
                    "`--api-key` covers `/v1` only: put a proxy in front that passes no more",
                )
            }
            (api, place) => {
                let api = if api == Some(false) { "the API wants a key" } else { "no list to try" };
                let outcome = CheckOutcome::pass(format!("{api}; {beside}; on {where_it_is}"));
                if answers_anybody && place == NetworkReach::Network {
                    let advice = "`--api-key` covers `/v1` only: a proxy in front that passes no \
                                  more keeps the rest to this machine";
                    return outcome.with_server_advice(advice);
                }
                outcome
            }
        }
    }
}

/// Who can reach an address, judging by its text alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NetworkReach {
    Machine,
    Network,
    Public,
}

impl NetworkReach {
    fn from_endpoint(endpoint: &Endpoint) -> Self {
        let host = endpoint.base_url().host_str().unwrap_or_default();
        let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
        let is_here = address.map_or(host == "localhost", |address| address.is_loopback());
        match (is_here, endpoint.is_private()) {
            (true, _) => Self::Machine,
            (false, true) => Self::Network,
            (false, false) => Self::Public,
        }
    }

    fn reach_text(self) -> &'static str {
        match self {
            Self::Machine => "an address of this machine only",
            Self::Network => "a private network",
            Self::Public => "a public address",
        }
    }
}

/// Whether a route answers; `None` when that cannot be determined.
async fn is_open_to_get(client: &Client, is_api: bool, route: &str) -> Option<bool> {
    let endpoint = client.endpoint();
    let url = if is_api { endpoint.api_url(route) } else { endpoint.root_url(route) };
    match tokio::time::timeout(LOAD_QUERY_TIMEOUT, client.get(url)).await.ok()? {
        Ok(_) => Some(true),
        Err(error) => match error.kind() {
            TransportErrorKind::Status(401 | 403) => Some(false),
            _ => None,
        },
    }
}

/// Whether a route processes requests: it answers, or rejects the request body.
async fn is_open_to_post(client: &Client, route: &str, body: &serde_json::Value) -> bool {
    match tokio::time::timeout(LOAD_QUERY_TIMEOUT, ServerProbe::post_route(client, route, body))
        .await
    {
        Ok(Ok(_)) => true,
        Ok(Err(failed)) => matches!(failed.status, Some(400 | 415 | 422)),
        Err(_elapsed) => false,
    }
}
