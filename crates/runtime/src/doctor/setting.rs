//! The checks of the set-up, before anything is asked.

use std::time::Duration;

use openclaw_config::defaults::DISCOVERY_TIMEOUT_SECONDS;
use openclaw_config::{Api, Origin, Severity, env_vars};
use openclaw_core::{ModelError, ModelErrorKind, ModelRef};
use openclaw_providers_openai::{is_native, list_models, model_error};
use openclaw_transport::{Client, ClientOptions, Clocks, Endpoint, Limit as Bound, RetryPolicy};

use super::edit::Edit;
use super::examination::{Examination, Target};
use super::probe::Probe;
use super::report::Outcome;
use super::spoken::is_spoken;
use super::words::{list, whole};
use crate::builtin::{self, VLLM};
use crate::error::SetupError;
use crate::setup::{Provider, provider_path};

impl Examination<'_> {
    pub(super) fn config(&mut self) -> Outcome {
        let setup = self.setup();
        let path = setup.paths.config().display().to_string();
        let loaded = &setup.loaded;
        let of = |severity: Severity| {
            let all = loaded.diagnostics.iter();
            all.filter(move |problem| problem.severity == severity)
        };
        let (errors, warnings) = (of(Severity::Error).count(), of(Severity::Warning).count());
        let first = of(Severity::Error).chain(of(Severity::Warning)).next();
        let first = first.map(|problem| {
            let at = if problem.path.is_root() { path.clone() } else { problem.path.to_string() };
            format!(", the first: line {}, {at}: {}", problem.line, problem.message)
        });
        let first = first.unwrap_or_default();
        let outcome = match (loaded.exists, errors, warnings) {
            (_, 1.., _) => Outcome::fail(format!("{path}: {errors} to mend{first}")),
            (_, 0, 1..) => Outcome::pass(format!("{path}: {warnings} doubtful{first}")),
            (true, 0, 0) => return Outcome::pass(format!("{path} has nothing wrong in it")),
            (false, 0, 0) => {
                return Outcome::pass(format!("there is none at {path}, which is fine"));
            }
        };
        outcome.config("`openclaw config validate` shows each with its line")
    }

    pub(super) async fn model(&mut self) -> Outcome {
        let named = match &self.options.model {
            Some(name) => self.runtime.reference(name).map(Some),
            None => self.runtime.primary(),
        };
        let named = match named {
            Ok(named) => named,
            Err(error) => return of_error(&error),
        };
        let only = self.options.provider.as_deref();
        let named = named.filter(|named| only.is_none_or(|only| only == named.provider()));
        let setup = self.setup();
        let ids = setup.provider_ids();
        let id = match (&named, only, ids.as_slice()) {
            (Some(named), _, _) => named.provider().to_owned(),
            (None, Some(only), _) => only.to_owned(),
            (None, None, [only]) => (*only).to_owned(),
            (None, None, []) => return self.newcomer().await,
            (None, None, several) => {
                return Outcome::fail(format!(
                    "no model is named, and there are several providers: {}",
                    list(several)
                ))
                .config("set `agents.defaults.model.primary`, or name one with `--model`");
            }
        };
        let mut provider = match setup.provider(&id) {
            Ok(provider) => provider,
            Err(_) if ids.is_empty() && id == VLLM => return self.newcomer().await,
            Err(error) => return of_error(&error),
        };
        if let Some(named) = &named
            && let Err(error) = setup.narrow(&mut provider, named.model())
        {
            return of_error(&error);
        }
        self.aim(provider, named)
    }

    /// Takes a provider as what is examined.
    fn aim(&mut self, provider: Provider, named: Option<ModelRef>) -> Outcome {
        let model = named.as_ref().map(|named| named.model().to_owned());
        let entry = provider.models.iter().find(|entry| Some(&entry.id) == model.as_ref());
        let api = entry.and_then(|entry| entry.api).unwrap_or(provider.api);
        if api != Api::OpenaiCompletions && !is_spoken(api) {
            let key = provider_path(&provider.id).key("api");
            return Outcome::fail(format!("`{key}` names an API that is not spoken")).config(
                format!(
                    "set `{key}` to `openai-completions`, `openai-responses` or \
                     `anthropic-messages`"
                ),
            );
        }
        let connector = &self.runtime.connector;
        let options = connector.client_options(&provider, connector.setup.idle(&provider));
        let limit = &self.options.limit;
        let bound = Bound { duration: limit.duration, source: limit.source.to_string().into() };
        let mut probe = match Probe::new(options, bound) {
            Ok(probe) => probe,
            Err(error) => return Outcome::fail(format!("failed to {}", whole(&error))),
        };
        probe.model = model.unwrap_or_default();
        if is_native(&provider.endpoint) {
            probe.limit_field = "max_completion_tokens";
        }
        let source = match (&self.options.model, &named) {
            (Some(asked), Some(named)) if *asked == named.to_string() => "as asked for".to_owned(),
            (Some(asked), Some(_)) => format!("as `{asked}` stands for it"),
            (None, Some(_)) => {
                let (long, short) = ("agents.defaults.model.primary", "agents.defaults.model");
                let is_long = connector.setup.loaded.origin(long) != Origin::Default;
                format!("from {}", connector.setup.source(if is_long { long } else { short }))
            }
            (_, None) => format!("the only provider is `{}`", provider.id),
        };
        let named_as = named.as_ref().map_or_else(
            || format!("no model is named; {source}"),
            |named| format!("`{named}`, {source}"),
        );
        let evidence =
            format!("{named_as}; {} from {}", provider.endpoint, provider.address_source);
        let is_configured = self.options.model.is_none();
        self.target = Some(Target { provider, probe, named, is_configured });
        Outcome::pass(evidence)
    }

    /// Nothing is set up: looks whether a server is where vLLM listens, and says what to do.
    async fn newcomer(&mut self) -> Outcome {
        let nothing = "no model is named and no server is known";
        let Some(vllm) = builtin::find(VLLM) else { return Outcome::fail(nothing) };
        let (url, _) = vllm.address(&self.setup().env);
        let Ok(endpoint) = Endpoint::parse(&url) else {
            return Outcome::fail(format!("{nothing}; `{url}` is no address"));
        };
        let begin = format!(
            "set `{}` to any value to use the server on {endpoint}, or `openclaw config set \
             models.providers.vllm.baseUrl http://HOST:PORT/v1` for another one",
            env_vars::VLLM_API_KEY
        );
        let ids = match self.look(&endpoint).await {
            Ok(ids) => ids,
            Err(error) if error.kind() == ModelErrorKind::Auth => {
                let evidence = format!("{nothing}, but a server at {endpoint} wants a key");
                return Outcome::fail(evidence).config(format!(
                    "set `{}` to the key that it was started with",
                    env_vars::VLLM_API_KEY
                ));
            }
            Err(_) => {
                return Outcome::fail(format!("{nothing}, and nothing serves at {endpoint}"))
                    .server("start one, e.g. `vllm serve MODEL`")
                    .config(begin);
            }
        };
        let served: Vec<String> = ids.iter().map(|id| format!("`{id}`")).collect();
        let evidence = format!("{nothing}, but {endpoint} answers and serves {}", list(&served));
        let edit = Edit::base_url(VLLM, &endpoint.to_string());
        let mut outcome = Outcome::fail(evidence).config(format!(
            "set {edit}, or the variable `{}` to any value",
            env_vars::VLLM_API_KEY
        ));
        outcome.edits.push(edit);
        if let [only] = ids.as_slice()
            && ModelRef::new(VLLM, only).is_ok()
        {
            outcome.edits.push(Edit::primary(&format!("{VLLM}/{only}")));
        }
        outcome
    }

    /// What a server that nobody named has, adapters aside.
    async fn look(&self, endpoint: &Endpoint) -> Result<Vec<String>, ModelError> {
        let wait = Duration::from_secs(DISCOVERY_TIMEOUT_SECONDS);
        let limit = Bound { duration: wait, source: "the time for discovery".into() };
        let client = Client::new(ClientOptions {
            endpoint: endpoint.clone(),
            bearer: None,
            headers: Vec::new(),
            clocks: Clocks { total: Some(limit), ..Clocks::default() },
            retry: RetryPolicy::NEVER,
            user_agent: concat!("openclaw/", env!("CARGO_PKG_VERSION")).to_owned(),
            turnstile: None,
        });
        let client = client.map_err(|error| model_error(error, None))?;
        let served = list_models(&client).await?;
        let base = served.into_iter().filter(|model| model.parent.is_none());
        Ok(base.map(|model| model.id).collect())
    }
}

fn of_error(error: &SetupError) -> Outcome {
    let outcome = Outcome::fail(format!("failed to {}", whole(error)));
    match error.hints().first() {
        Some(hint) => outcome.config(hint.trim_end_matches('.')),
        None => outcome,
    }
}
