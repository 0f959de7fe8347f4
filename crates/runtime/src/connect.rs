//! From a model's name to the model.

mod busy;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use openclaw_config::{Api as Language, ModelConfig};
use openclaw_core::{
    ChatModel, Clock, ModelError, ModelErrorKind, ModelInfo, ModelLimits, ModelRef,
};
use openclaw_providers_anthropic::with_headers;
use openclaw_providers_openai::{
    Api, Extra, OpenAiModel, ServedModel, documented_window, is_native, model_error, nearest,
};
use openclaw_providers_vllm::{Spoken, VllmModel};
use openclaw_transport::{Client, ClientOptions, Limit, RetryPolicy, Trace, Traced};

use self::busy::{Awaited, OnBusy};
use crate::advice::Advised;
use crate::breaker::Breakers;
use crate::builtin::VLLM;
use crate::cache::{Cache, Subject};
use crate::compat;
use crate::discovery::Discovered;
use crate::egress::Egress;
use crate::error::{ConnectError, SetupError, SetupErrorKind};
use crate::limits::{Windows, abilities, limits};
use crate::notices::Notices;
use crate::params::{self, ForRequests};
use crate::setup::{Provider, Quoted, Setup, provider_path};
use crate::waiting::Wait;
use crate::waits::Turnstiles;

/// Connects models. Clones share the set-up, the notices and what is remembered.
#[derive(Debug, Clone)]
pub(crate) struct Connector {
    pub(crate) setup: Arc<Setup>,
    pub(crate) notices: Notices,
    pub(crate) cache: Cache,
    pub(crate) turnstiles: Turnstiles,
    /// What is said to and by the servers, if it is kept.
    pub(crate) trace: Option<Trace>,
    /// The longest a whole call may take, when the command line says so.
    pub(crate) time: Option<Limit>,
    /// How a server is waited for that is not there.
    pub(crate) wait: Option<Wait>,
    /// The longest pause that a server may ask for, if there is one.
    pub(crate) longest_wish: Option<Duration>,
    /// Which models failed before.
    pub(crate) breakers: Breakers,
    /// Where a conversation may go.
    pub(crate) egress: Egress,
}

/// What a server says of a model.
#[derive(Debug, Default)]
struct Said {
    /// What it says now.
    now: Option<ServedModel>,
    /// What it said last, where it says too little now.
    last: Option<ServedModel>,
    version: Option<String>,
}

/// The error for an empty list of models.
pub(crate) fn no_model() -> ConnectError {
    ConnectError::Setup(
        SetupError::new(SetupErrorKind::NoModel, "choose a model: none is configured").with_hint(
            "Name one with `--model provider/model-id`, or set `agents.defaults.model.primary`; \
             `openclaw models list` shows what there is.",
        ),
    )
}

/// The error for a config without servers.
pub(crate) fn no_provider() -> ConnectError {
    ConnectError::Setup(
        SetupError::new(SetupErrorKind::NoModel, "choose a model: no server is configured")
            .with_hint(
                "`export VLLM_API_KEY=any-value` uses a vLLM server on http://127.0.0.1:8000/v1, or \
                 on `VLLM_BASE_URL`; for another one set `models.providers.vllm.baseUrl`.",
            )
            .with_hint("`openclaw doctor` looks for one and says what is missing."),
    )
}

impl Connector {
    /// Finds a model and what is known of it. A server on this machine or the local network is
    /// asked what it serves first, so that a missing server, a wrong key, an unknown id and a
    /// wrong window are known before a prompt is sent. `is_last` is whether no other model follows
    /// that could take its place.
    pub(crate) async fn connect(
        &self,
        reference: &ModelRef,
        is_last: bool,
    ) -> Result<Arc<dyn ChatModel>, ConnectError> {
        let mut provider =
            self.setup.provider(reference.provider()).map_err(ConnectError::Setup)?;
        let permitted = self.egress.permit(reference, &provider.endpoint, &self.notices);
        permitted.await.map_err(ConnectError::Setup)?;
        self.setup.narrow(&mut provider, reference.model()).map_err(ConnectError::Setup)?;
        let configured = provider.model.and_then(|n| provider.models.get(n));
        let api = api(&provider).map_err(ConnectError::Setup)?;
        let client = self.client(&provider)?;
        let said = self.said(reference, &client, &provider, configured).await?;
        let windows = Windows {
            live: said.now.as_ref().and_then(|model| model.window),
            last: said.last.as_ref().and_then(|model| model.window),
            documented: documented(&provider, reference.model()),
        };
        let limits = limits(reference, configured, windows, &self.notices);
        let info =
            ModelInfo { reference: reference.clone(), limits, abilities: abilities(configured) };
        let is_listed = said.now.is_some();
        let owner = said.now.or(said.last).and_then(|model| model.owner);
        let is_vllm = provider.id == VLLM || owner.as_deref() == Some(VLLM);
        let Some(api) = api else {
            let model = self.messages_model(client.clone(), info);
            let model: Arc<dyn ChatModel> = if is_vllm {
                Arc::new(self.patient(VllmModel::of(model), &provider, is_listed, is_last)?)
            } else {
                Arc::new(model)
            };
            return Ok(self.advised(model, client, (provider, is_last)));
        };
        let is_native = is_native(&provider.endpoint);
        let ForRequests { params, output, has_cache_key } =
            params::of(&self.setup.loaded.config, reference, is_native, &self.notices);
        let output = limits.output.into_iter().chain(output).min();
        let info = ModelInfo { limits: ModelLimits { output, ..limits }, ..info };
        let subject = Subject {
            endpoint: provider.endpoint.clone(),
            model: reference.model().to_owned(),
            version: said.version,
            window: windows.live,
        };
        let compat = configured.map(|model| Cow::Borrowed(&model.compat)).unwrap_or_default();
        let mut known = compat::configured(&compat, is_native);
        if !has_cache_key {
            known.extras.retain(|extra| *extra != Extra::PromptCacheKey);
        }
        let knowledge = self.cache.knowledge(subject, known);
        let model: Arc<dyn ChatModel> = if is_vllm {
            let model = VllmModel::new(client.clone(), info);
            let model = self.patient(model, &provider, is_listed, is_last)?;
            Arc::new(model.with_api(api).with_params(params).with_knowledge(knowledge))
        } else {
            let model = OpenAiModel::new(client.clone(), info);
            Arc::new(model.with_api(api).with_params(params).with_knowledge(knowledge))
        };
        Ok(self.advised(model, client, (provider, is_last)))
    }

    /// Explains a model's failures, and waits for its server while it is busy and no other model
    /// is left.
    fn advised(
        &self,
        model: Arc<dyn ChatModel>,
        client: Client,
        (provider, is_last): (Provider, bool),
    ) -> Arc<dyn ChatModel> {
        let on_busy = self.on_busy(&provider).filter(|_| is_last);
        let model = Arc::new(Advised { model, client, provider: Arc::new(provider) });
        match on_busy {
            Some(on_busy) => Arc::new(Awaited { model, on_busy }),
            None => model,
        }
    }

    /// How a provider's server is waited for while it is busy: as long as for one that is lost, and
    /// no longer than a call may take.
    fn on_busy(&self, provider: &Provider) -> Option<OnBusy> {
        let wait = self.setup.on_loss(provider, true)?.wait;
        let total = self.time.clone().or_else(|| self.setup.clocks(provider, None).total);
        let limit = [Some(wait), total].into_iter().flatten().min_by_key(|limit| limit.duration)?;
        Some(OnBusy { limit, is_near: provider.endpoint.is_private() })
    }

    /// Has a model of vLLM look into its server's silence before it is given up, and wait for the
    /// server when it is lost.
    fn patient<M: Spoken>(
        &self,
        model: VllmModel<M>,
        provider: &Provider,
        is_listed: bool,
        is_last: bool,
    ) -> Result<VllmModel<M>, ConnectError> {
        let patient = self.client_with(provider, None)?;
        let model = model.with_patience(patient, self.setup.patience(provider));
        Ok(match self.setup.on_loss(provider, is_last) {
            Some(on_loss) => model.with_recovery(on_loss, is_listed),
            None => model,
        })
    }

    /// A client for a provider's server.
    pub(crate) fn client(&self, provider: &Provider) -> Result<Client, ConnectError> {
        self.client_with(provider, self.setup.idle(provider))
    }

    fn client_with(
        &self,
        provider: &Provider,
        idle: Option<Limit>,
    ) -> Result<Client, ConnectError> {
        let options = self.client_options(provider, idle);
        let client = match self.trace.clone() {
            None => Client::new(options),
            Some(trace) => {
                let variables = Self::secret_variables(provider);
                Client::traced(options, Traced { trace, variables })
            }
        };
        client.map_err(|error| ConnectError::Model(model_error(error, None)))
    }

    /// What a client for a provider's server is made of.
    pub(crate) fn client_options(&self, provider: &Provider, idle: Option<Limit>) -> ClientOptions {
        let mut clocks = self.setup.clocks(provider, idle);
        clocks.total = self.time.clone().or(clocks.total);
        let options = ClientOptions {
            endpoint: provider.endpoint.clone(),
            bearer: provider.key.as_ref().map(|key| key.value.clone()),
            headers: provider
                .headers
                .iter()
                .map(|(name, value)| (name.clone(), value.value.clone()))
                .collect(),
            clocks,
            retry: RetryPolicy {
                attempts: 3,
                base_delay: Duration::from_millis(250),
                max_delay: Duration::from_secs(8),
                longest_wish: self.longest_wish,
            },
            user_agent: concat!("openclaw/", env!("CARGO_PKG_VERSION")).to_owned(),
            turnstile: self.turnstiles.of(provider, self.setup.max_concurrent(provider)),
        };
        match provider.speaks() {
            Language::AnthropicMessages => with_headers(options),
            _ => options,
        }
    }

    /// Asks a server of a model, unless it is a hosted one whose model the config describes.
    async fn said(
        &self,
        reference: &ModelRef,
        client: &Client,
        provider: &Provider,
        configured: Option<&ModelConfig>,
    ) -> Result<Said, ConnectError> {
        let mut said = Said::default();
        if configured.is_none() || provider.endpoint.is_private() {
            match self.discover(client, provider, reference.model()).await {
                Ok(Discovered { models, version }) => {
                    said.now = self.find(reference, &models, configured)?;
                    said.version = version;
                }
                Err(error) if configured.is_some() && has_no_list(&error) => {}
                Err(error) => return Err(ConnectError::Model(error)),
            }
        }
        if said.now.as_ref().is_none_or(|model| model.window.is_none()) {
            let last = self.cache.last_good(&provider.endpoint);
            said.last = last.and_then(|last| last.find(reference.model()).cloned());
        }
        Ok(said)
    }

    fn find(
        &self,
        reference: &ModelRef,
        served: &[ServedModel],
        configured: Option<&ModelConfig>,
    ) -> Result<Option<ServedModel>, ConnectError> {
        let found = served.iter().find(|model| model.id == reference.model());
        if found.is_some() {
            return Ok(found.cloned());
        }
        let nearest = nearest(reference.model(), served);
        let names: Vec<_> =
            nearest.iter().map(|id| format!("{}/{id}", reference.provider())).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        if configured.is_some() {
            self.notices.push(format!(
                "the server does not list `{}`; it serves {}",
                reference.model(),
                Quoted(&names)
            ));
            return Ok(None);
        }
        let error = ModelError::new(
            ModelErrorKind::UnknownModel,
            format!("find the model `{reference}`: the server does not serve it"),
        );
        Err(ConnectError::Model(match names.as_slice() {
            [] => error.with_hint("The server serves no model at all."),
            names => error.with_hint(format!("The server serves {}.", Quoted(names))),
        }))
    }
}

/// The language that a model's server is spoken to in; `None` for the Messages API.
fn api(provider: &Provider) -> Result<Option<Api>, SetupError> {
    match provider.speaks() {
        Language::OpenaiCompletions => Ok(Some(Api::ChatCompletions)),
        Language::OpenaiResponses => Ok(Some(Api::Responses)),
        Language::AnthropicMessages => Ok(None),
        _ => Err(SetupError::new(
            SetupErrorKind::Provider,
            format!("speak the API that `{}` names", provider_path(&provider.id).key("api")),
        )
        .with_hint(
            "Spoken are `openai-completions`, `openai-responses` and `anthropic-messages`.",
        )),
    }
}

/// The window that is documented of a model, where its own service does not say it.
pub(crate) fn documented(provider: &Provider, model: &str) -> Option<u32> {
    documented_window(model).filter(|_| is_native(&provider.endpoint))
}

/// Whether a server that refuses to list its models may still have the one that is asked for.
fn has_no_list(error: &ModelError) -> bool {
    let status = error.exchange().and_then(|exchange| exchange.status);
    match error.kind() {
        ModelErrorKind::Timeout { clock, .. } => clock != Clock::Connect,
        ModelErrorKind::Protocol => matches!(status, Some(404 | 405)),
        ModelErrorKind::Rejected => true,
        _ => false,
    }
}
