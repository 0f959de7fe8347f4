//! The state of a doctor run, and which function runs which check.

use std::sync::Arc;

use openclaw_agent_loop::ConfiguredTimeout;
use openclaw_core::{ChatModel, ModelRef, ServerLiveness};
use openclaw_providers_openai::{ServedModel, ServerFeature};
use openclaw_transport::wire::ChatUsage;

use super::probe::{ProbeFailure, ServerProbe};
use super::report::{CheckOutcome, CheckStatus, DoctorReport};
use super::via_model::{ModelAnswer, uses_native_api};
use super::wording::format_duration;
use super::{Check, DoctorOptions};
use crate::Runtime;
use crate::context::{ResolvedProvider, SetupContext};
use crate::error::ConnectError;

/// A doctor run in progress.
#[derive(Debug)]
pub(super) struct DoctorRun<'a> {
    pub(super) runtime: &'a Runtime,
    pub(super) options: &'a DoctorOptions,
    /// Set once the check `model` passed.
    pub(super) target: Option<DoctorTarget>,
    /// The models that the server listed, set by the check `reachable`.
    pub(super) served: Option<Result<Vec<ServedModel>, ProbeFailure>>,
    pub(super) version: Option<String>,
    /// The model connected as in normal use, set by the check `window`.
    pub(super) connected_model: Option<Arc<dyn ChatModel>>,
    /// What the answers so far have shown.
    pub(super) observations: AnswerObservations,
    pub(super) lacks: Vec<(ServerFeature, bool)>,
    /// The answer to the plain question when the API is not chat completions.
    pub(super) plain_answer: Option<ModelAnswer>,
}

/// The provider and the model to examine.
#[derive(Debug)]
pub(super) struct DoctorTarget {
    pub(super) provider: ResolvedProvider,
    pub(super) probe: ServerProbe,
    /// The model, if one is named.
    pub(super) named_model: Option<ModelRef>,
    /// Whether the config names the model, rather than the caller.
    pub(super) is_configured: bool,
}

/// What the answers so far have shown.
#[derive(Debug, Default)]
pub(super) struct AnswerObservations {
    /// The prompt tokens of the plain question.
    pub(super) prompt_tokens: Option<u32>,
    /// The field that held reasoning.
    pub(super) reasoning_field: Option<&'static str>,
    /// The token counts of the stream.
    pub(super) stream_usage: Option<ChatUsage>,
    /// The server's error message if it refused `stream_options`.
    pub(super) stream_options_refusal: Option<String>,
    /// Whether the config allows sending tools.
    pub(super) takes_tools: bool,
}

impl<'a> DoctorRun<'a> {
    pub(super) fn new(runtime: &'a Runtime, options: &'a DoctorOptions) -> Self {
        Self {
            runtime,
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

    pub(super) fn setup_context(&self) -> &'a SetupContext {
        &self.runtime.connector.setup
    }

    /// Runs one check, without a time limit.
    pub(super) async fn run_check(&mut self, check: Check) -> CheckOutcome {
        match check {
            Check::Config => return self.check_config(),
            Check::Model => return self.check_model().await,
            _ => {}
        }
        // Put back after the check, whatever its outcome.
        let Some(mut target) = self.target.take() else {
            return CheckOutcome::new(CheckStatus::Skipped, "there is no server to ask");
        };
        let is_spoken = uses_native_api(target.provider.effective_api());
        let spoken = if is_spoken { self.check_via_model(check, &target).await } else { None };
        let outcome = match spoken {
            Some(outcome) => outcome,
            None => self.run_server_check(check, &mut target).await,
        };
        self.target = Some(target);
        outcome
    }

    async fn run_server_check(&mut self, check: Check, target: &mut DoctorTarget) -> CheckOutcome {
        match check {
            Check::Config | Check::Model => CheckOutcome::unknown("was made before"),
            Check::Reachable => self.check_reachable(target).await,
            Check::Auth => self.check_auth(target).await,
            Check::Models => self.check_models(target),
            Check::Window => self.check_window(target).await,
            Check::Chat => self.check_chat(target).await,
            Check::Stream => self.check_stream(target).await,
            Check::Usage => self.check_usage(target),
            Check::ToolsAuto => self.check_tools_auto(target).await,
            Check::ToolsRequired => self.check_tools_required(target).await,
            Check::ToolsNamed => self.check_tools_named(target).await,
            Check::ToolHistory => self.check_tool_history(target).await,
            Check::Reasoning => self.check_reasoning(target).await,
            Check::Roles => self.check_roles(target).await,
            Check::Content => self.check_content(target).await,
            Check::Tokenize => self.check_tokenize(target).await,
            Check::PrefixCache => self.check_prefix_cache(target).await,
            Check::Cancel => self.check_cancel(target).await,
            Check::Exposure => self.check_exposure(target).await,
        }
    }

    /// The outcome of a check that exceeded its time limit.
    pub(super) async fn timeout_outcome(&self, limit: &ConfiguredTimeout) -> CheckOutcome {
        let (after, source) = (format_duration(limit.duration), &limit.source);
        let busy = self.busy_note().await.unwrap_or_default();
        CheckOutcome::unknown(format!("not done after {after} ({source}){busy}"))
    }

    /// A note for the evidence when the server has other requests; `None` when it has none or does
    /// not report its load.
    pub(super) async fn busy_note(&self) -> Option<String> {
        let (running, waiting) = self.server_load().await?;
        let is_busy = running + waiting > 0;
        is_busy.then(|| format!("; the server is busy: {running} running, {waiting} waiting"))
    }

    /// The numbers of running and waiting requests, if the server reports them.
    pub(super) async fn server_load(&self) -> Option<(u32, u32)> {
        let model = self.connected_model.as_ref()?;
        match tokio::time::timeout(super::speed::LOAD_QUERY_TIMEOUT, model.check_liveness())
            .await
            .ok()?
        {
            ServerLiveness::Serving {
                running_requests: Some(running),
                queued_requests: waiting,
            } => Some((running, waiting.unwrap_or_default())),
            _ => None,
        }
    }

    /// Fills in the model, the address and the version of a report.
    pub(super) fn fill_report(&self, report: &mut DoctorReport) {
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
    pub(super) fn record_support(&mut self, lack: ServerFeature, is_lacking: bool) {
        self.lacks.retain(|(known, _)| *known != lack);
        self.lacks.push((lack, is_lacking));
    }

    /// Whether the server is vLLM itself, judging by its model list.
    pub(super) fn is_vllm(&self) -> bool {
        let list = self.served.as_ref().and_then(|list| list.as_ref().ok());
        list.is_some_and(|list| list.iter().any(|model| model.owned_by.as_deref() == Some("vllm")))
    }

    /// Connects the model as in normal use.
    pub(super) async fn connect_target(
        &mut self,
        target: &DoctorTarget,
    ) -> Result<(), ConnectError> {
        if let (None, Some(reference)) = (&self.connected_model, target.model_ref()) {
            // A busy server is a finding, so it is not waited for.
            let connected = self.runtime.connector.connect_model(&reference, false).await;
            // Notices would repeat the findings.
            let _said_there = self.runtime.connector.notices.take_all();
            self.connected_model = Some(connected?);
        }
        Ok(())
    }
}

impl DoctorTarget {
    /// The model's reference, once its id is known.
    pub(super) fn model_ref(&self) -> Option<ModelRef> {
        ModelRef::new(&self.provider.id, &self.probe.model).ok()
    }

    /// The model's config entry.
    pub(super) fn config_entry(&self) -> Option<&openclaw_config::ModelConfig> {
        self.provider.models.iter().find(|model| model.id == self.probe.model)
    }
}
