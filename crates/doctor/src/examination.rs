//! The state of a doctor run, and which function runs which check.

use std::sync::Arc;

use openclaw_config::ProviderApi;
use openclaw_core::{ChatModel, ModelRef, ServerLiveness};
use openclaw_models::{ConnectError, ModelRegistry, ResolvedProvider};
use openclaw_providers_openai::{ServedModel, ServerFeature};
use openclaw_transport::TimeLimit;
use openclaw_transport::wire::ChatUsage;

use crate::options::DoctorOptions;
use crate::probe::{LOAD_QUERY_TIMEOUT, ModelAnswer, ProbeFailure, ServerProbe};
use crate::report::{CheckOutcome, DoctorReport};
use crate::wording::format_duration;

/// A doctor run in progress.
#[derive(Debug)]
pub(crate) struct DoctorRun<'a> {
    pub(crate) registry: &'a ModelRegistry,
    pub(crate) options: &'a DoctorOptions,
    /// Set once the check `model` passed.
    pub(crate) target: Option<DoctorTarget>,
    /// The models that the server listed, set by the check `reachable`.
    pub(crate) served: Option<Result<Vec<ServedModel>, ProbeFailure>>,
    pub(crate) version: Option<String>,
    /// The model connected as in normal use, set by the check `window`.
    pub(crate) connected_model: Option<Arc<dyn ChatModel>>,
    /// What the answers so far have shown.
    pub(crate) observations: AnswerObservations,
    pub(crate) lacks: Vec<(ServerFeature, bool)>,
    /// The answer to the plain question when the API is not chat completions.
    pub(crate) plain_answer: Option<ModelAnswer>,
}

/// The provider and the model to examine.
#[derive(Debug)]
pub(crate) struct DoctorTarget {
    pub(crate) provider: ResolvedProvider,
    pub(crate) probe: ServerProbe,
    /// The model, if one is named.
    pub(crate) named_model: Option<ModelRef>,
    /// Whether the config names the model, rather than the caller.
    pub(crate) is_configured: bool,
}

/// What the answers so far have shown.
#[derive(Debug, Default)]
pub(crate) struct AnswerObservations {
    /// The prompt tokens of the plain question.
    pub(crate) prompt_tokens: Option<u32>,
    /// The field that held reasoning.
    pub(crate) reasoning_field: Option<&'static str>,
    /// The token counts of the stream.
    pub(crate) stream_usage: Option<ChatUsage>,
    /// The server's error message if it refused `stream_options`.
    pub(crate) stream_options_refusal: Option<String>,
    /// Whether the config allows sending tools.
    pub(crate) takes_tools: bool,
}

impl<'a> DoctorRun<'a> {
    pub(crate) fn new(registry: &'a ModelRegistry, options: &'a DoctorOptions) -> Self {
        Self {
            registry,
            options,
            target: None,
            served: None,
            version: None,
            connected_model: None,
            observations: AnswerObservations::default(),
            lacks: Vec::new(),
            plain_answer: None,
        }
    }

    /// The outcome of a check that exceeded its time limit.
    pub(crate) async fn timeout_outcome(&self, limit: &TimeLimit) -> CheckOutcome {
        let (after, source) = (format_duration(limit.duration), &limit.source);
        let busy = self.busy_note().await.unwrap_or_default();
        CheckOutcome::unknown(format!("not done after {after} ({source}){busy}"))
    }

    /// A note for the evidence when the server has other requests; `None` when it has none or does
    /// not report its load.
    pub(crate) async fn busy_note(&self) -> Option<String> {
        let (running, waiting) = self.server_load().await?;
        let is_busy = running + waiting > 0;
        is_busy.then(|| format!("; the server is busy: {running} running, {waiting} waiting"))
    }

    /// The numbers of running and waiting requests, if the server reports them.
    pub(crate) async fn server_load(&self) -> Option<(u32, u32)> {
        let model = self.connected_model.as_ref()?;
        match tokio::time::timeout(LOAD_QUERY_TIMEOUT, model.check_liveness()).await.ok()? {
            ServerLiveness::Serving {
                running_requests: Some(running),
                queued_requests: waiting,
            } => Some((running, waiting.unwrap_or_default())),
            _ => None,
        }
    }

    /// Fills in the model, the address and the version of a report.
    pub(crate) fn fill_report(&self, report: &mut DoctorReport) {
        if let Some(target) = &self.target {
            report.base_url = Some(target.provider.endpoint.to_string());
            report.model = target.model_ref().or_else(|| target.named_model.clone());
        }
        if let (Some(Ok(list)), Some(model)) = (&self.served, &report.model) {
            let served = list.iter().find(|served| served.id == model.model_id());
            report.window = served.and_then(|served| served.context_window);
        }
        report.version.clone_from(&self.version);
        report.lacks.clone_from(&self.lacks);
    }

    /// Records whether the server supports a feature that some servers lack.
    pub(crate) fn record_support(&mut self, lack: ServerFeature, is_lacking: bool) {
        self.lacks.retain(|(known, _)| *known != lack);
        self.lacks.push((lack, is_lacking));
    }

    /// Whether the server is vLLM itself, judging by its model list.
    pub(crate) fn is_vllm(&self) -> bool {
        let list = self.served.as_ref().and_then(|list| list.as_ref().ok());
        list.is_some_and(|list| list.iter().any(|model| model.owned_by.as_deref() == Some("vllm")))
    }

    /// Connects the model as in normal use.
    pub(crate) async fn connect_target(
        &mut self,
        target: &DoctorTarget,
    ) -> Result<(), ConnectError> {
        if let (None, Some(reference)) = (&self.connected_model, target.model_ref()) {
            // A busy server is a finding, so it is not waited for.
            self.connected_model = Some(self.registry.connect_single_model(&reference).await?);
        }
        Ok(())
    }
}

impl DoctorTarget {
    /// The model's reference, once its id is known.
    pub(crate) fn model_ref(&self) -> Option<ModelRef> {
        ModelRef::new(&self.provider.id, &self.probe.model).ok()
    }

    /// The model's config entry.
    pub(crate) fn config_entry(&self) -> Option<&openclaw_config::ModelConfig> {
        self.provider.models.iter().find(|model| model.id == self.probe.model)
    }
}

/// Whether an API is checked through the model.
pub(crate) fn uses_native_api(api: ProviderApi) -> bool {
    matches!(api, ProviderApi::OpenaiResponses | ProviderApi::AnthropicMessages)
}
