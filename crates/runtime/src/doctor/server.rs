//! The checks of the server itself: is it there, does it take the key, has it the model.

use openclaw_core::{LimitSource, ModelRef};
use openclaw_providers_openai::{ServedModel, find_api, list_models, nearest};
use openclaw_transport::TransportErrorKind;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::edit::Edit;
use super::examination::{Examination, Target};
use super::probe::{Failed, Probe};
use super::report::Outcome;
use super::speed::MOMENT;
use super::words::{brief, list, time, whole};
use crate::builtin::VLLM;
use crate::setup::provider_path;

impl Examination<'_> {
    pub(super) async fn reachable(&mut self, target: &mut Target) -> Outcome {
        let client = &target.probe.client;
        let begun = Instant::now();
        let answer = client.get(client.endpoint().api("models")).await;
        let took = time(begun.elapsed());
        let status = match answer {
            Ok(reply) => {
                if let Err(error) = reply.json::<Value>() {
                    return self.elsewhere(target, error.into()).await;
                }
                // Asked again as everything else asks, and read as everything else reads it.
                self.list = Some(served(target).await);
                reply.status
            }
            Err(error) => match error.kind() {
                TransportErrorKind::Connect | TransportErrorKind::Timeout { .. } => {
                    return unreachable(target, &whole(&error));
                }
                TransportErrorKind::Status(status @ (401 | 403 | 407 | 429 | 500..)) => {
                    self.list = Some(Err(error.into()));
                    status
                }
                _ => return self.elsewhere(target, error.into()).await,
            },
        };
        self.version = version(&target.probe).await;
        let version = match (&self.version, self.is_vllm()) {
            (Some(version), true) => format!(", vLLM {version}"),
            (Some(version), false) => format!(", version {version}"),
            (None, true) => ", vLLM".to_owned(),
            (None, false) => String::new(),
        };
        Outcome::pass(format!("{} answers with {status} in {took}{version}", target.endpoint()))
    }

    /// The outcome when what answers is not the API, unless it has no list and no better place.
    async fn elsewhere(&mut self, target: &Target, failed: Failed) -> Outcome {
        let key = provider_path(&target.provider.id).key("baseUrl");
        let said = failed.said.clone();
        if let Some(url) = find_api(&target.probe.client).await
            && url != target.endpoint()
        {
            return Outcome::fail(format!("{said}; the API answers at {url}"))
                .edit(Edit::base_url(&target.provider.id, &url));
        }
        if matches!(failed.status, Some(404 | 405)) && failed.is_refusal {
            self.list = Some(Err(failed));
            return Outcome::pass(format!(
                "{} answers, without a list of models",
                target.endpoint()
            ));
        }
        Outcome::fail(format!("{said}; no OpenAI-compatible API was found beside it")).config(
            format!(
                "set `{key}` to the server's own address, usually `http://HOST:PORT/v1` (it is \
                 from {})",
                target.provider.address_source
            ),
        )
    }

    pub(super) async fn auth(&mut self, target: &mut Target) -> Outcome {
        let key = target.provider.key.as_ref();
        let at = provider_path(&target.provider.id).key("apiKey");
        let named = key.map(|key| match key.fingerprint().as_str() {
            // Too short to show a part of it.
            "set" => format!("the key from {}", key.source),
            part => format!("the key `{part}` from {}", key.source),
        });
        let status = match &self.list {
            Some(Err(failed)) => failed.status.filter(|status| !(200..300).contains(status)),
            _ => None,
        };
        match (status, named) {
            (Some(401 | 403), Some(key)) => {
                Outcome::fail(format!("{key} is refused ({})", said(self.list.as_ref())))
                    .config(format!("set `{at}` to the key that the server was started with"))
            }
            (Some(401 | 403), None) => Outcome::fail(format!(
                "the server wants a key and none is set ({})",
                said(self.list.as_ref())
            ))
            .config(format!(
                "set `{at}` to the key that the server was started with (`--api-key`)"
            )),
            (Some(status), _) => Outcome::unknown(format!(
                "it cannot be told from a list of models that answers {status}"
            )),
            (None, None) => Outcome::pass("no key is sent, and none is wanted"),
            (None, Some(key)) => {
                let stranger = &target.probe.stranger;
                match stranger.get(stranger.endpoint().api("models")).await {
                    Ok(_) => {
                        Outcome::pass(format!("{key} is accepted, and so is a request without one"))
                    }
                    Err(error) => match error.kind() {
                        TransportErrorKind::Status(status @ (401 | 403)) => {
                            Outcome::pass(format!("{key} is accepted; without one it is {status}"))
                        }
                        _ => Outcome::pass(format!("{key} is accepted")),
                    },
                }
            }
        }
    }

    pub(super) fn models(&mut self, target: &mut Target) -> Outcome {
        let at = "agents.defaults.model.primary";
        let served = match &self.list {
            Some(Ok(served)) => served,
            other => {
                let said = said(other.as_ref());
                return if target.named.is_some() {
                    Outcome::unknown(format!("the server gives no list of models ({said})"))
                } else {
                    Outcome::fail(format!(
                        "no model is named, and the server gives no list ({said})"
                    ))
                    .config(format!("set `{at}`, or name one with `--model`"))
                };
            }
        };
        let ids = names(served);
        let Some(named) = &target.named else {
            let base: Vec<_> = served.iter().filter(|model| model.parent.is_none()).collect();
            return match base.as_slice() {
                [] => Outcome::fail("the server has no model at all")
                    .server("start it with one, e.g. `vllm serve MODEL`"),
                [only] => {
                    target.probe.model.clone_from(&only.id);
                    Outcome::pass(format!("`{}` is the only one, so it is used", only.id))
                }
                _ => Outcome::fail(format!("none is named, and the server has {ids}"))
                    .config(format!("set `{at}`, or name one with `--model`")),
            };
        };
        if served.iter().any(|model| model.id == named.model()) {
            let count = served.len();
            let of = if count == 1 { "the only one".to_owned() } else { format!("one of {count}") };
            return Outcome::pass(format!("`{}` is served, {of}", named.model()));
        }
        let evidence = format!("`{}` is not served; the server has {ids}", named.model());
        let outcome = Outcome::fail(evidence)
            .server(format!("start it with `--served-model-name {}`", named.model()));
        match served.as_slice() {
            [] => outcome,
            [only] if target.is_configured => self.rename(target, named, &only.id, outcome),
            _ => {
                let near = nearest(named.model(), served);
                let near = near.first().map(|id| format!("{}/{id}", named.provider()));
                outcome.config(format!("name another model, e.g. `{}`", near.unwrap_or_default()))
            }
        }
    }

    /// Adds the changes that make the config name the model that there is.
    fn rename(&self, target: &Target, named: &ModelRef, id: &str, outcome: Outcome) -> Outcome {
        let provider = named.provider();
        let mut outcome = match ModelRef::new(provider, id) {
            Ok(reference) => outcome.edit(Edit::primary(&reference.to_string())),
            Err(_) => outcome,
        };
        if target.entry().is_some() {
            let ids = (provider, named.model());
            outcome = outcome.edit(Edit::model(self.setup(), ids, &["id"], json!(id)));
        }
        outcome
    }

    pub(super) async fn window(&mut self, target: &mut Target) -> Outcome {
        if let Err(error) = self.connect(target).await {
            return Outcome::unknown(format!("failed to {}", whole(&error)));
        }
        let Some(limits) = self.connected.as_ref().map(|model| model.info().limits) else {
            return Outcome::unknown("no model is named");
        };
        let wanted = target.entry().and_then(|entry| entry.context_window);
        let (window, wanted) = (limits.window, wanted.map(std::num::NonZeroU32::get));
        let source = match limits.window_source {
            LimitSource::Live => "from the server",
            LimitSource::Config => "from the config",
            LimitSource::Cached => "from what was learnt before",
            _ => "assumed",
        };
        let key = "contextWindow";
        match (limits.window_source, wanted) {
            (LimitSource::Live, Some(wanted)) if wanted > window => Outcome::fail(format!(
                "the config says {wanted} tokens and the server {window}, which is used"
            ))
            .server(
                "start it with a larger `--max-model-len`, if the model and the memory allow it",
            )
            .edit(Edit::model(self.setup(), target.ids(), &[key], json!(window))),
            (LimitSource::Live | LimitSource::Config | LimitSource::Cached, _) => {
                Outcome::pass(format!("{window} tokens, {source}"))
            }
            _ => {
                let path = provider_path(&target.provider.id).key("models").index(0).key(key);
                Outcome::unknown(format!("neither server nor config says; {window} are assumed"))
                    .config(format!("set `{path}` to what the server was started with"))
            }
        }
    }
}

impl Target {
    /// The base URL, as text.
    pub(super) fn endpoint(&self) -> String {
        self.probe.endpoint().to_string()
    }
}

async fn served(target: &Target) -> Result<Vec<ServedModel>, Failed> {
    list_models(&target.probe.client).await.map_err(|error| Failed {
        status: error.exchange().and_then(|exchange| exchange.status),
        said: brief(&whole(&error), 300),
        is_refusal: false,
    })
}

/// What the server says its version is.
async fn version(probe: &Probe) -> Option<String> {
    let asked = Probe::get(&probe.client, "version");
    let reply = tokio::time::timeout(MOMENT, asked).await.ok()?.ok()?;
    let version = reply.json::<Value>().ok()?;
    Some(brief(version.get("version")?.as_str()?, 40))
}

fn unreachable(target: &Target, said: &str) -> Outcome {
    let provider = &target.provider;
    let outcome = Outcome::fail(format!("failed to {said}"))
        .config(format!("correct the address, which is from {}", provider.address_source));
    if provider.id == VLLM {
        let port = provider.endpoint.base().port_or_known_default().unwrap_or(8000);
        return outcome.server(format!(
            "start the server with `vllm serve MODEL --port {port}`; while it loads, it refuses \
             connections"
        ));
    }
    outcome.server("start the server, or find out which port it listens on")
}

/// What the server said in place of a list.
fn said(list: Option<&Result<Vec<ServedModel>, Failed>>) -> String {
    match list {
        Some(Err(failed)) => failed.said.clone(),
        _ => "it says nothing".to_owned(),
    }
}

/// The first ids, in backticks.
fn names(served: &[ServedModel]) -> String {
    const MOST: usize = 5;
    let mut ids: Vec<String> =
        served.iter().take(MOST).map(|model| format!("`{}`", brief(&model.id, 80))).collect();
    if served.len() > MOST {
        ids.push(format!("{} more", served.len() - MOST));
    }
    if ids.is_empty() { "none".to_owned() } else { list(&ids) }
}
