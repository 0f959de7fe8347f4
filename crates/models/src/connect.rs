//! Connects models by name.

mod busy_retry;

use std::borrow::Cow;
use std::sync::Arc;

use openclaw_config::{ModelConfig, ProviderApi as Language};
use openclaw_core::{ChatModel, ModelError, ModelInfo, ModelLimits, ModelRef};
use openclaw_providers_openai::{
    ChatApi, OpenAiModel, ServedModel, VendorExtension, is_openai_hosted, nearest_model_ids,
};
use openclaw_providers_vllm::{VllmBackend, VllmModel};
use openclaw_transport::Client;

use self::busy_retry::{BusyRetryModel, BusyRetryPolicy};
use crate::builtin::VLLM;
use crate::cache::CapabilityKey;
use crate::compat;
use crate::connector::ModelConnector;
use crate::context::{QuotedNames, ResolvedProvider, provider_path};
use crate::discovery::{ServerDescription, lacks_route};
use crate::error::{ConnectError, SetupError, SetupErrorKind};
use crate::failure_hints::{HintContext, HintingModel, add_hints};
use crate::limits::{
    WindowSources, context_cap, documented_service_window, model_capabilities, model_limits,
};
use crate::params::{self, RequestApi, RequestSettings};
use crate::wait::{is_server_absent, is_unreachable};

/// What a server reports about a model.
#[derive(Debug, Default)]
struct ServerReport {
    /// The current report.
    current: Option<ServedModel>,
    /// The last cached report, where the current one is incomplete.
    last: Option<ServedModel>,
    version: Option<String>,
    /// The warnings about it.
    warning: Option<String>,
    /// What the server serves instead of the model, as a hint.
    served_hint: Option<String>,
}

impl ModelConnector {
    /// Connects a model. A server on this machine or the local network is first asked what it
    /// serves, so that a missing server and a wrong window are found before a prompt is sent. The
    /// model is tried whatever the server answers. `is_last` is whether no other model could take
    /// over. Adds to `warnings`.
    pub(crate) async fn connect_model(
        &self,
        reference: &ModelRef,
        is_last: bool,
        warnings: &mut Vec<String>,
    ) -> Result<Arc<dyn ChatModel>, ConnectError> {
        let mut provider =
            self.setup.resolve_provider(reference.provider_id()).map_err(ConnectError::Setup)?;
        let permitted = self.egress.check_allowed(reference, &provider.endpoint, warnings);
        permitted.await.map_err(ConnectError::Setup)?;
        self.setup
            .select_model(&mut provider, reference.model_id())
            .map_err(ConnectError::Setup)?;
        let configured = provider.model_index.and_then(|n| provider.models.get(n));
        let api = select_api(&provider).map_err(ConnectError::Setup)?;
        let client = self.build_client(&provider)?;
        let mut said = self.query_server(reference, &client, &provider, configured).await?;
        warnings.extend(said.warning.take());
        let served_hint = said.served_hint.take();
        let windows = WindowSources {
            live: said.current.as_ref().and_then(|model| model.context_window),
            last: said.last.as_ref().and_then(|model| model.context_window),
            documented: documented_service_window(&provider, reference.model_id()),
            cap: context_cap(&self.setup.loaded.config, configured),
        };
        let limits = model_limits(reference, configured, windows, warnings);
        let info = ModelInfo {
            reference: reference.clone(),
            limits,
            capabilities: model_capabilities(configured),
        };
        let is_listed = said.current.is_some();
        let owner = said.current.or(said.last).and_then(|model| model.owned_by);
        let is_vllm = provider.id == VLLM || owner.as_deref() == Some(VLLM);
        let Some(api) = api else {
            let model = self.build_messages_model(client.clone(), info, warnings);
            let model: Arc<dyn ChatModel> = if is_vllm {
                Arc::new(self.with_idle_monitoring(
                    VllmModel::from_backend(model),
                    &provider,
                    is_listed,
                    is_last,
                )?)
            } else {
                Arc::new(model)
            };
            let context = Arc::new(HintContext { client, provider, served_hint });
            let model = HintingModel { model, context };
            return Ok(self.wrap_model(model, is_last));
        };
        let is_native = is_openai_hosted(&provider.endpoint);
        let (config, overrides) = (&self.setup.loaded.config, &self.request_params);
        let request_api = RequestApi { api: provider.effective_api(), is_native };
        let RequestSettings { params, max_output_tokens: output, has_cache_key } =
            params::request_settings(config, reference, request_api, overrides, warnings);
        let output = limits.max_output_tokens.into_iter().chain(output).min();
        let info =
            ModelInfo { limits: ModelLimits { max_output_tokens: output, ..limits }, ..info };
        let subject = CapabilityKey {
            endpoint: provider.endpoint.clone(),
            model: reference.model_id().to_owned(),
            version: said.version,
            window: windows.live,
        };
        let compat = configured.map(|model| Cow::Borrowed(&model.compat)).unwrap_or_default();
        let mut known = compat::configured_capabilities(&compat, is_native);
        if !has_cache_key {
            known.extras.retain(|extra| *extra != VendorExtension::PromptCacheKey);
        }
        let store = self.cache.capability_store(subject, known);
        let model: Arc<dyn ChatModel> = if is_vllm {
            let model = VllmModel::new(client.clone(), info);
            let model = self.with_idle_monitoring(model, &provider, is_listed, is_last)?;
            Arc::new(model.with_api(api).with_params(params).with_knowledge(store))
        } else {
            let model = OpenAiModel::new(client.clone(), info);
            Arc::new(model.with_api(api).with_params(params).with_capability_store(store))
        };
        let context = Arc::new(HintContext { client, provider, served_hint });
        let model = HintingModel { model, context };
        Ok(self.wrap_model(model, is_last))
    }

    /// The last model of a chain also waits for its server while it is busy.
    fn wrap_model(&self, model: HintingModel, is_last: bool) -> Arc<dyn ChatModel> {
        let on_busy = self.busy_retry_policy(&model.context.provider).filter(|_| is_last);
        match on_busy {
            Some(on_busy) => Arc::new(BusyRetryModel { model: Arc::new(model), policy: on_busy }),
            None => Arc::new(model),
        }
    }

    /// How to wait for a busy server: as long as for a lost one, but no longer than a call may
    /// take.
    fn busy_retry_policy(&self, provider: &ResolvedProvider) -> Option<BusyRetryPolicy> {
        let wait = self.setup.reconnect_policy(provider, true)?.max_wait;
        let total =
            self.time_limit.clone().or_else(|| self.setup.call_clocks(provider, None).total);
        let limit = [Some(wait), total].into_iter().flatten().min_by_key(|limit| limit.duration)?;
        Some(BusyRetryPolicy { limit, is_private: provider.endpoint.is_private() })
    }

    /// Adds idle monitoring: a silent server is probed before the call is given up, and a lost one
    /// is waited for.
    fn with_idle_monitoring<M: VllmBackend>(
        &self,
        model: VllmModel<M>,
        provider: &ResolvedProvider,
        is_listed: bool,
        is_last: bool,
    ) -> Result<VllmModel<M>, ConnectError> {
        let patient = self.build_client_with_idle(provider, None)?;
        let model = model.with_idle_policy(patient, self.setup.idle_policy(provider));
        Ok(match self.setup.reconnect_policy(provider, is_last) {
            Some(on_loss) => model.with_reconnect_policy(on_loss, is_listed),
            None => model,
        })
    }

    /// Whether a model cannot be tried after this failure of its server to list its models.
    fn is_hopeless(&self, error: &ModelError) -> bool {
        is_unreachable(error) || self.is_waiting && is_server_absent(error)
    }

    /// Asks a server about a model, unless it is a hosted one whose model the config describes.
    async fn query_server(
        &self,
        reference: &ModelRef,
        client: &Client,
        provider: &ResolvedProvider,
        configured: Option<&ModelConfig>,
    ) -> Result<ServerReport, ConnectError> {
        let mut said = ServerReport::default();
        if configured.is_none() || provider.endpoint.is_private() {
            let ServerDescription { models, version } =
                self.discover_model(client, provider, reference.model_id()).await;
            said.version = version;
            match models {
                Some(Ok(models)) => said.find_model(reference, &models),
                Some(Err(error)) if self.is_hopeless(&error) => {
                    let error = add_hints(error, client, provider).await;
                    return Err(ConnectError::Model(error));
                }
                Some(Err(error)) if configured.is_some() && lacks_route(&error) => {}
                Some(Err(error)) => {
                    said.warning = Some(format!(
                        "the server does not list its models, and `{reference}` is tried without: \
                         failed to {error}"
                    ));
                }
                None => {}
            }
        }
        if said.current.as_ref().is_none_or(|model| model.context_window.is_none()) {
            let last = self.cache.last_served(&provider.endpoint);
            said.last = last.and_then(|last| last.find_model(reference.model_id()).cloned());
        }
        Ok(said)
    }
}

impl ServerReport {
    /// Sets the current report from the models that the server lists, with a warning when the model
    /// is not among them.
    fn find_model(&mut self, reference: &ModelRef, served: &[ServedModel]) {
        self.current = served.iter().find(|model| model.id == reference.model_id()).cloned();
        if self.current.is_some() {
            return;
        }
        let nearest = nearest_model_ids(reference.model_id(), served);
        let names: Vec<_> =
            nearest.iter().map(|id| format!("{}/{id}", reference.provider_id())).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        if names.is_empty() {
            self.warning = Some(format!("the server lists no models; `{reference}` is tried"));
            return;
        }
        let id = reference.model_id();
        let names = QuotedNames(&names);
        self.warning = Some(format!("the server does not list `{id}`; it serves {names}"));
        self.served_hint = Some(format!("The server serves {names}."));
    }
}

/// The API to call a model with; `None` for the Messages API.
fn select_api(provider: &ResolvedProvider) -> Result<Option<ChatApi>, SetupError> {
    match provider.effective_api() {
        // The same server offers it under `/v1`.
        Language::OpenaiCompletions | Language::Ollama => Ok(Some(ChatApi::ChatCompletions)),
        Language::OpenaiResponses => Ok(Some(ChatApi::Responses)),
        Language::AnthropicMessages => Ok(None),
        _ => Err(SetupError::new(
            SetupErrorKind::Provider,
            format!("use the API that `{}` names", provider_path(&provider.id).with_key("api")),
        )
        .with_hint(
            "Supported are `openai-completions`, `openai-responses`, `anthropic-messages` and `ollama`.",
        )),
    }
}
