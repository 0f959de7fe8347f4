//! From a model's name to the model.

use std::future::Future;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use openclaw_config::defaults::{CONNECT_TIMEOUT_SECONDS, DISCOVERY_TIMEOUT_SECONDS};
use openclaw_config::{Api, InputKind, ModelConfig};
use openclaw_core::{
    Abilities, ChatModel, Clock, LimitSource, ModelError, ModelErrorKind, ModelInfo, ModelLimits,
    ModelRef,
};
use openclaw_providers_openai::{OpenAiModel, ServedModel, list_models, model_error, nearest};
use openclaw_providers_vllm::{FALLBACK_WINDOW, VllmModel};
use openclaw_transport::{Client, ClientOptions, Clocks, Limit, RetryPolicy};

use crate::advice::{Advised, advise};
use crate::error::{ConnectError, SetupError, SetupErrorKind};
use crate::setup::{Provider, Quoted, Setup, VLLM, provider_path};
use crate::waits::Turnstiles;

/// Connects models. Clones share the set-up and the notices.
#[derive(Debug, Clone)]
pub(crate) struct Connector {
    pub(crate) setup: Arc<Setup>,
    pub(crate) notices: Notices,
    pub(crate) turnstiles: Turnstiles,
    /// The longest a whole call may take, when the command line says so.
    pub(crate) time: Option<Limit>,
}

/// What a person should know though nothing failed, in order. Clones share the record.
#[derive(Debug, Clone, Default)]
pub struct Notices(Arc<Mutex<Vec<String>>>);

impl Notices {
    /// Takes what was noted since the last time.
    #[must_use]
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn push(&self, notice: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(notice);
    }
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
        self.setup.add_headers(&mut provider, reference.model()).map_err(ConnectError::Setup)?;
        let configured =
            provider.models.iter().find(|model| model.id == reference.model()).cloned();
        let configured = configured.as_ref();
        self.check_api(&provider, configured).map_err(ConnectError::Setup)?;
        let client = self.client(&provider)?;
        let asks = configured.is_none() || provider.endpoint.is_private();
        let served = if asks { self.ask(&client, &provider, configured).await? } else { None };
        let found = match &served {
            Some(served) => self.find(reference, served, configured)?,
            None => None,
        };
        let info = ModelInfo {
            reference: reference.clone(),
            limits: self.limits(reference, configured, found),
            abilities: abilities(configured),
        };
        let is_vllm =
            provider.id == VLLM || found.is_some_and(|model| model.owner.as_deref() == Some(VLLM));
        let model: Arc<dyn ChatModel> = if is_vllm {
            Arc::new(self.vllm((&client, &provider), info, found.is_some(), is_last)?)
        } else {
            Arc::new(OpenAiModel::new(client.clone(), info))
        };
        Ok(Arc::new(Advised { model, client, provider: Arc::new(provider) }))
    }

    /// A model of vLLM, whose silence is looked into before it is given up, and whose server is
    /// waited for when it is lost.
    fn vllm(
        &self,
        (client, provider): (&Client, &Provider),
        info: ModelInfo,
        is_listed: bool,
        is_last: bool,
    ) -> Result<VllmModel, ConnectError> {
        let patient = self.client_with(provider, None)?;
        let model = VllmModel::new(client.clone(), info)
            .with_patience(patient, self.setup.patience(provider));
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
        let client = Client::new(self.client_options(provider, idle));
        client.map_err(|error| ConnectError::Model(model_error(error, None)))
    }

    /// What a client for a provider's server is made of.
    pub(crate) fn client_options(&self, provider: &Provider, idle: Option<Limit>) -> ClientOptions {
        let total = self.setup.loaded.config.agents.defaults.timeout().map(|duration| Limit {
            duration,
            source: self.setup.source("agents.defaults.timeoutSeconds").into(),
        });
        let connect = Limit {
            duration: Duration::from_secs(CONNECT_TIMEOUT_SECONDS),
            source: "the built-in limit".into(),
        };
        ClientOptions {
            endpoint: provider.endpoint.clone(),
            bearer: provider.key.as_ref().map(|key| key.value.clone()),
            headers: provider
                .headers
                .iter()
                .map(|(name, value)| (name.clone(), value.value.clone()))
                .collect(),
            clocks: Clocks {
                connect: Some(connect),
                response_headers: idle.clone(),
                first_token: idle.clone(),
                between_tokens: idle,
                total: self.time.clone().or(total),
            },
            retry: RetryPolicy {
                attempts: 3,
                base_delay: Duration::from_millis(250),
                max_delay: Duration::from_secs(8),
            },
            user_agent: concat!("openclaw/", env!("CARGO_PKG_VERSION")).to_owned(),
            turnstile: self.turnstiles.of(provider, self.setup.max_concurrent(provider)),
        }
    }

    /// Asks a server what it serves, within the time for discovery.
    pub(crate) async fn list(
        &self,
        client: &Client,
        provider: &Provider,
    ) -> Result<Vec<ServedModel>, ModelError> {
        let answer = within_discovery(client, list_models(client)).await;
        match answer {
            Ok(served) => Ok(served),
            Err(error) => Err(advise(error, client, provider).await),
        }
    }

    /// As [`Connector::list`]; `None` when the server has no list but may still have the model.
    async fn ask(
        &self,
        client: &Client,
        provider: &Provider,
        configured: Option<&ModelConfig>,
    ) -> Result<Option<Vec<ServedModel>>, ConnectError> {
        match self.list(client, provider).await {
            Ok(served) => Ok(Some(served)),
            Err(error) => {
                let status = error.exchange().and_then(|exchange| exchange.status);
                let no_list = match error.kind() {
                    ModelErrorKind::Timeout { clock, .. } => clock != Clock::Connect,
                    ModelErrorKind::Protocol => matches!(status, Some(404 | 405)),
                    ModelErrorKind::Rejected => true,
                    _ => false,
                };
                if configured.is_some() && no_list {
                    return Ok(None);
                }
                Err(ConnectError::Model(error))
            }
        }
    }

    fn find<'a>(
        &self,
        reference: &ModelRef,
        served: &'a [ServedModel],
        configured: Option<&ModelConfig>,
    ) -> Result<Option<&'a ServedModel>, ConnectError> {
        let found = served.iter().find(|model| model.id == reference.model());
        if found.is_some() {
            return Ok(found);
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

    /// The server's own word on the window counts, unless the config asks for less.
    fn limits(
        &self,
        reference: &ModelRef,
        configured: Option<&ModelConfig>,
        found: Option<&ServedModel>,
    ) -> ModelLimits {
        let wanted = configured.and_then(|model| model.context_window).map(NonZeroU32::get);
        let live = found.and_then(|model| model.window);
        let (window, window_source) = match (wanted, live) {
            (Some(wanted), Some(live)) if wanted > live => {
                self.notices.push(format!(
                    "contextWindow of `{reference}` is {wanted}, but the server has {live}; {live} \
                     is used"
                ));
                (live, LimitSource::Live)
            }
            (Some(wanted), _) => (wanted, LimitSource::Config),
            (None, Some(live)) => (live, LimitSource::Live),
            (None, None) => {
                self.notices.push(format!(
                    "neither the server nor the config says how large the window of `{reference}` \
                     is; {FALLBACK_WINDOW} tokens are assumed (`contextWindow` sets it)"
                ));
                (FALLBACK_WINDOW, LimitSource::Fallback)
            }
        };
        let output = configured.and_then(|model| model.max_tokens).map(NonZeroU32::get);
        ModelLimits { window, window_source, output }
    }

    fn check_api(
        &self,
        provider: &Provider,
        configured: Option<&ModelConfig>,
    ) -> Result<(), SetupError> {
        match configured.and_then(|model| model.api).unwrap_or(provider.api) {
            Api::OpenaiCompletions => Ok(()),
            Api::OpenaiResponses => {
                self.notices.push(format!(
                    "`api: \"openai-responses\"` of `{}` is not spoken yet; chat completions, which \
                     the same server also has, are used",
                    provider.id
                ));
                Ok(())
            }
            _ => Err(SetupError::new(
                SetupErrorKind::Provider,
                format!("speak the API that `{}` names", provider_path(&provider.id).key("api")),
            )
            .with_hint("Spoken now: `openai-completions`.")),
        }
    }
}

/// Bounds a question about the catalogue by its own short wait.
async fn within_discovery<T>(
    client: &Client,
    question: impl Future<Output = Result<T, ModelError>>,
) -> Result<T, ModelError> {
    let wait = Duration::from_secs(DISCOVERY_TIMEOUT_SECONDS);
    match tokio::time::timeout(wait, question).await {
        Ok(answer) => answer,
        Err(_elapsed) => Err(ModelError::new(
            ModelErrorKind::Timeout { clock: Clock::Total, after: wait },
            format!(
                "get the list of models from {} within {DISCOVERY_TIMEOUT_SECONDS} s",
                client.endpoint()
            ),
        )),
    }
}

fn abilities(configured: Option<&ModelConfig>) -> Abilities {
    let inputs = configured.and_then(|model| model.input.as_ref());
    Abilities {
        tools: configured.and_then(|model| model.compat.supports_tools).unwrap_or(true),
        images: inputs.is_some_and(|inputs| inputs.contains(&InputKind::Image)),
        reasoning: configured.and_then(|model| model.reasoning).unwrap_or(false),
    }
}
