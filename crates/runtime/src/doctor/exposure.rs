//! The check of what answers without a key, and of where the key goes.

use std::net::IpAddr;

use openclaw_transport::{Client, Endpoint, TransportErrorKind};
use serde_json::json;

use super::examination::{Examination, Target};
use super::probe::Probe;
use super::report::Outcome;
use super::speed::MOMENT;
use super::words::list;
use crate::setup::provider_path;

/// The routes beside the API that servers are known to leave open.
const BESIDE: &[&str] = &["health", "version", "metrics", "load"];

impl Examination<'_> {
    pub(super) async fn exposure(&mut self, target: &mut Target) -> Outcome {
        let endpoint = target.probe.endpoint().clone();
        let stranger = &target.probe.stranger;
        let place = Place::of(&endpoint);
        let api = get_is_open(stranger, true, "models").await;
        let mut open: Vec<String> = Vec::new();
        for route in BESIDE {
            if get_is_open(stranger, false, route).await == Some(true) {
                open.push(format!("`/{route}`"));
            }
        }
        let tokenize = json!({ "model": target.probe.model, "prompt": "a" });
        if post_is_open(stranger, "tokenize", &tokenize).await {
            open.push("`/tokenize`".to_owned());
        }
        // Refusing an empty request, and not whoever sent it, is what an open route does.
        let answers_anybody = post_is_open(stranger, "invocations", &json!({})).await;
        if answers_anybody {
            open.push("`/invocations`, which answers as the API does".to_owned());
        }
        let beside = if open.is_empty() {
            "nothing beside it is open without one".to_owned()
        } else {
            format!("open without one: {}", list(&open))
        };
        let key = target.provider.key.is_some() || !target.provider.headers.is_empty();
        if key && endpoint.base().scheme() == "http" && !endpoint.is_private() {
            let at = provider_path(&target.provider.id).key("baseUrl");
            return Outcome::fail(format!("the key goes to {endpoint} for anybody to read"))
                .server("put it behind TLS, or reach it through a tunnel or a private network")
                .config(format!("set `{at}` to its `https://` address"));
        }
        let where_it_is = place.words();
        match (api, place) {
            (Some(true), Place::Public) => {
                Outcome::fail(format!("the API is open without a key, on {where_it_is}"))
                    .server("start it with `--api-key`, and let only a proxy reach it")
            }
            (Some(true), Place::Network) => {
                Outcome::pass(format!("the API is open without a key, on {where_it_is}"))
                    .server("`--api-key KEY` would keep others off `/v1`")
            }
            (Some(true), Place::Machine) => {
                Outcome::pass(format!("the API is open without a key, on {where_it_is}"))
            }
            (_, Place::Public) if answers_anybody => Outcome::fail(format!(
                "{beside}; on {where_it_is}"
            ))
            .server("`--api-key` covers `/v1` only: put a proxy in front that passes no more"),
            (api, place) => {
                let api = if api == Some(false) { "the API wants a key" } else { "no list to try" };
                let outcome = Outcome::pass(format!("{api}; {beside}; on {where_it_is}"));
                if answers_anybody && place == Place::Network {
                    let advice = "`--api-key` covers `/v1` only: a proxy in front that passes no \
                                  more keeps the rest to this machine";
                    return outcome.server(advice);
                }
                outcome
            }
        }
    }
}

/// Who can reach an address, as far as its text shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Machine,
    Network,
    Public,
}

impl Place {
    fn of(endpoint: &Endpoint) -> Self {
        let host = endpoint.base().host_str().unwrap_or_default();
        let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
        let is_here = address.map_or(host == "localhost", |address| address.is_loopback());
        match (is_here, endpoint.is_private()) {
            (true, _) => Self::Machine,
            (false, true) => Self::Network,
            (false, false) => Self::Public,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Machine => "an address of this machine only",
            Self::Network => "a private network",
            Self::Public => "a public address",
        }
    }
}

/// Whether a route is answered; `None` when that cannot be told.
async fn get_is_open(client: &Client, is_api: bool, route: &str) -> Option<bool> {
    let endpoint = client.endpoint();
    let url = if is_api { endpoint.api(route) } else { endpoint.root(route) };
    match tokio::time::timeout(MOMENT, client.get(url)).await.ok()? {
        Ok(_) => Some(true),
        Err(error) => match error.kind() {
            TransportErrorKind::Status(401 | 403) => Some(false),
            _ => None,
        },
    }
}

/// Whether a route takes requests: it answers, or finds fault with the request itself.
async fn post_is_open(client: &Client, route: &str, body: &serde_json::Value) -> bool {
    match tokio::time::timeout(MOMENT, Probe::post(client, route, body)).await {
        Ok(Ok(_)) => true,
        Ok(Err(failed)) => matches!(failed.status, Some(400 | 415 | 422)),
        Err(_elapsed) => false,
    }
}
