//! Checks of the server: whether it is reachable, accepts the key and serves the model.

use openclaw_core::{LimitSource, ModelRef};
use openclaw_providers_openai::{ServedModel, find_api_base_url, list_models, nearest_model_ids};
use openclaw_transport::TransportErrorKind;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::edit::ConfigEdit;
use crate::examination::{DoctorRun, DoctorTarget};
use crate::probe::{LOAD_QUERY_TIMEOUT, ProbeFailure, ServerProbe};
use crate::report::CheckOutcome;
use crate::wording::{error_with_causes, format_duration, join_names, shorten_line};
use openclaw_models::VLLM;
use openclaw_models::provider_path;

/// The largest context window, in tokens, that the prompt and the tools of an agent may fill.
const SMALL_WINDOW: u32 = 4_096;

impl DoctorRun<'_> {
    pub(crate) async fn check_reachable(&mut self, target: &mut DoctorTarget) -> CheckOutcome {
        let client = &target.probe.client;
        let begun = Instant::now();
        let answer = client.get(client.endpoint().api_url("models")).await;
        let took = format_duration(begun.elapsed());
        let status = match answer {
            Ok(reply) => {
                if let Err(error) = reply.parse_json::<Value>() {
                    return self.wrong_address_outcome(target, error.into()).await;
                }
                // Repeated with the client and the parser of normal use.
                self.served = Some(list_served(target).await);
                reply.status
            }
            Err(error) => match error.kind() {
                TransportErrorKind::Connect | TransportErrorKind::Timeout { .. } => {
                    return unreachable_outcome(target, &error_with_causes(&error));
                }
                TransportErrorKind::Status(status @ (401 | 403 | 407 | 429 | 500..)) => {
                    self.served = Some(Err(error.into()));
                    status
                }
                _ => return self.wrong_address_outcome(target, error.into()).await,
            },
        };
        self.version = query_version(&target.probe).await;
        let version = match (&self.version, self.is_vllm()) {
            (Some(version), true) => format!(", vLLM {version}"),
            (Some(version), false) => format!(", version {version}"),
            (None, true) => ", vLLM".to_owned(),
            (None, false) => String::new(),
        };
        CheckOutcome::pass(format!(
            "{} answers with {status} in {took}{version}",
            target.endpoint_text()
        ))
    }

    /// The outcome when the address does not serve the API, unless the server only has no model
    /// list.
    async fn wrong_address_outcome(
        &mut self,
        target: &DoctorTarget,
        failed: ProbeFailure,
    ) -> CheckOutcome {
        let key = provider_path(&target.provider.id).with_key("baseUrl");
        let said = failed.message.clone();
        if let Some(url) = find_api_base_url(&target.probe.client).await
            && url != target.endpoint_text()
        {
            return CheckOutcome::fail(format!("{said}; the API answers at {url}"))
                .with_edit(ConfigEdit::set_base_url(&target.provider.id, &url));
        }
        if matches!(failed.status, Some(404 | 405)) && failed.is_refusal {
            self.served = Some(Err(failed));
            return CheckOutcome::pass(format!(
                "{} answers, without a list of models",
                target.endpoint_text()
            ));
        }
        CheckOutcome::fail(format!("{said}; no OpenAI-compatible API was found beside it"))
            .with_config_advice(format!(
                "set `{key}` to the server's own address, usually `http://HOST:PORT/v1` (it is \
                 from {})",
                target.provider.address_source
            ))
    }

    pub(crate) async fn check_auth(&mut self, target: &mut DoctorTarget) -> CheckOutcome {
        let key = target.provider.key.as_ref();
        let at = provider_path(&target.provider.id).with_key("apiKey");
        let named = key.map(|key| match key.fingerprint().as_str() {
            // A key too short to show a part of it.
            "set" => format!("the key from {}", key.source),
            part => format!("the key `{part}` from {}", key.source),
        });
        let status = match &self.served {
            Some(Err(failed)) => failed.status.filter(|status| !(200..300).contains(status)),
            _ => None,
        };
        match (status, named) {
            (Some(401 | 403), Some(key)) => CheckOutcome::fail(format!(
                "{key} is refused ({})",
                list_failure_text(self.served.as_ref())
            ))
            .with_config_advice(format!("set `{at}` to the key that the server was started with")),
            (Some(401 | 403), None) => CheckOutcome::fail(format!(
                "the server wants a key and none is set ({})",
                list_failure_text(self.served.as_ref())
            ))
            .with_config_advice(format!(
                "set `{at}` to the key that the server was started with (`--api-key`)"
            )),
            (Some(status), _) => CheckOutcome::unknown(format!(
                "the model list answers {status}, which does not show it"
            )),
            (None, None) => CheckOutcome::pass("no key is sent, and none is wanted"),
            (None, Some(key)) => {
                let anonymous = &target.probe.anonymous_client;
                match anonymous.get(anonymous.endpoint().api_url("models")).await {
                    Ok(_) => CheckOutcome::pass(format!(
                        "{key} is accepted, and so is a request without one"
                    )),
                    Err(error) => match error.kind() {
                        TransportErrorKind::Status(status @ (401 | 403)) => CheckOutcome::pass(
                            format!("{key} is accepted; without one it is {status}"),
                        ),
                        _ => CheckOutcome::pass(format!("{key} is accepted")),
                    },
                }
            }
        }
    }

    pub(crate) fn check_models(&mut self, target: &mut DoctorTarget) -> CheckOutcome {
        let at = "agents.defaults.model.primary";
        let served = match &self.served {
            Some(Ok(served)) => served,
            other => {
                let said = list_failure_text(other.as_ref());
                return if target.named_model.is_some() {
                    CheckOutcome::unknown(format!("the server gives no list of models ({said})"))
                } else {
                    CheckOutcome::fail(format!(
                        "no model is named, and the server gives no list ({said})"
                    ))
                    .with_config_advice(format!("set `{at}`, or name one with `--model`"))
                };
            }
        };
        let ids = format_ids(served);
        let Some(named) = &target.named_model else {
            let base: Vec<_> = served.iter().filter(|model| model.parent.is_none()).collect();
            return match base.as_slice() {
                [] => CheckOutcome::fail("the server has no model at all")
                    .with_server_advice("start it with one, e.g. `vllm serve MODEL`"),
                [only] => {
                    target.probe.model.clone_from(&only.id);
                    CheckOutcome::pass(format!("`{}` is the only one, so it is used", only.id))
                }
                _ => CheckOutcome::fail(format!("none is named, and the server has {ids}"))
                    .with_config_advice(format!("set `{at}`, or name one with `--model`")),
            };
        };
        if served.iter().any(|model| model.id == named.model_id()) {
            let count = served.len();
            let of = if count == 1 { "the only one".to_owned() } else { format!("one of {count}") };
            return CheckOutcome::pass(format!("`{}` is served, {of}", named.model_id()));
        }
        let evidence = format!("`{}` is not served; the server has {ids}", named.model_id());
        let outcome = CheckOutcome::fail(evidence).with_server_advice(format!(
            "start it with `--served-model-name {}`",
            named.model_id()
        ));
        match served.as_slice() {
            [] => outcome,
            [only] if target.is_configured => self.suggest_rename(target, named, &only.id, outcome),
            _ => {
                let near = nearest_model_ids(named.model_id(), served);
                let near = near.first().map(|id| format!("{}/{id}", named.provider_id()));
                outcome.with_config_advice(format!(
                    "name another model, e.g. `{}`",
                    near.unwrap_or_default()
                ))
            }
        }
    }

    /// Adds edits that make the config name the model that the server has.
    fn suggest_rename(
        &self,
        target: &DoctorTarget,
        named: &ModelRef,
        id: &str,
        outcome: CheckOutcome,
    ) -> CheckOutcome {
        let provider = named.provider_id();
        let mut outcome = match ModelRef::new(provider, id) {
            Ok(reference) => outcome.with_edit(ConfigEdit::set_primary(&reference.to_string())),
            Err(_) => outcome,
        };
        if target.config_entry().is_some() {
            outcome = outcome.with_edit(ConfigEdit::set_model_key(
                self.registry.loaded_config(),
                provider,
                named.model_id(),
                &["id"],
                json!(id),
            ));
        }
        outcome
    }

    pub(crate) async fn check_window(&mut self, target: &mut DoctorTarget) -> CheckOutcome {
        if let Err(error) = self.connect_target(target).await {
            return CheckOutcome::unknown(format!("failed to {}", error_with_causes(&error)));
        }
        let Some(limits) = self.connected_model.as_ref().map(|model| model.model_info().limits)
        else {
            return CheckOutcome::unknown("no model is named");
        };
        let wanted = target.config_entry().and_then(|entry| entry.context_window);
        let (window, wanted) = (limits.context_window, wanted.map(std::num::NonZeroU32::get));
        let source = match limits.context_window_source {
            LimitSource::Server => "from the server",
            LimitSource::Config => "from the config",
            LimitSource::Cached => "from what was learned before",
            _ => "assumed",
        };
        let key = "contextWindow";
        match (limits.context_window_source, wanted) {
            (LimitSource::Server, Some(wanted)) if wanted > window => CheckOutcome::fail(format!(
                "the config says {wanted} tokens and the server {window}, which is used"
            ))
            .with_server_advice(
                "start it with a larger `--max-model-len`, if the model and the memory allow it",
            )
            .with_edit(ConfigEdit::set_model_key(
                self.registry.loaded_config(),
                &target.provider.id,
                &target.probe.model,
                &[key],
                json!(window),
            )),
            (LimitSource::Server | LimitSource::Config | LimitSource::Cached, _) => {
                let remark = if window <= SMALL_WINDOW {
                    "; small: agents send the lean prompt if the full one would fill it"
                } else {
                    ""
                };
                CheckOutcome::pass(format!("{window} tokens, {source}{remark}"))
            }
            _ => {
                let path = provider_path(&target.provider.id)
                    .with_key("models")
                    .with_index(0)
                    .with_key(key);
                CheckOutcome::unknown(format!(
                    "neither server nor config says; {window} are assumed"
                ))
                .with_config_advice(format!("set `{path}` to what the server was started with"))
            }
        }
    }
}

impl DoctorTarget {
    /// The base URL as text.
    pub(crate) fn endpoint_text(&self) -> String {
        self.probe.endpoint().to_string()
    }
}

async fn list_served(target: &DoctorTarget) -> Result<Vec<ServedModel>, ProbeFailure> {
    list_models(&target.probe.client).await.map_err(|error| ProbeFailure {
        status: error.http_exchange().and_then(|exchange| exchange.status),
        message: shorten_line(&error_with_causes(&error), 300),
        is_refusal: false,
    })
}

/// Asks the server for its version.
async fn query_version(probe: &ServerProbe) -> Option<String> {
    let asked = ServerProbe::get_route(&probe.client, "version");
    let reply = tokio::time::timeout(LOAD_QUERY_TIMEOUT, asked).await.ok()?.ok()?;
    let version = reply.parse_json::<Value>().ok()?;
    Some(shorten_line(version.get("version")?.as_str()?, 40))
}

fn unreachable_outcome(target: &DoctorTarget, said: &str) -> CheckOutcome {
    let provider = &target.provider;
    let outcome = CheckOutcome::fail(format!("failed to {said}")).with_config_advice(format!(
        "correct the address, which is from {}",
        provider.address_source
    ));
    if provider.id == VLLM {
        let port = provider.endpoint.base_url().port_or_known_default().unwrap_or(8000);
        return outcome.with_server_advice(format!(
            "start the server with `vllm serve MODEL --port {port}`; while it loads, it refuses \
             connections"
        ));
    }
    outcome.with_server_advice("start the server, or find out which port it listens on")
}

/// The server's message in place of a model list.
fn list_failure_text(list: Option<&Result<Vec<ServedModel>, ProbeFailure>>) -> String {
    match list {
        Some(Err(failed)) => failed.message.clone(),
        _ => "it says nothing".to_owned(),
    }
}

/// The first ids, in backticks.
fn format_ids(served: &[ServedModel]) -> String {
    const MAX_IDS: usize = 5;
    let mut ids: Vec<String> = served
        .iter()
        .take(MAX_IDS)
        .map(|model| format!("`{}`", shorten_line(&model.id, 80)))
        .collect();
    if served.len() > MAX_IDS {
        ids.push(format!("{} more", served.len() - MAX_IDS));
    }
    if ids.is_empty() { "none".to_owned() } else { join_names(&ids) }
}
