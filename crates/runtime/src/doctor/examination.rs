//! What is known while the checks are made, and which function makes which.

use std::sync::Arc;

use openclaw_agent_loop::Limit;
use openclaw_core::{ChatModel, Liveness, ModelRef};
use openclaw_providers_openai::{Lack, ServedModel};
use openclaw_transport::wire::Usage;

use super::probe::{Failed, Probe};
use super::report::{Mark, Outcome, Report};
use super::spoken::{Heard, is_spoken};
use super::words::time;
use super::{Check, DoctorOptions};
use crate::Runtime;
use crate::error::ConnectError;
use crate::setup::{Provider, Setup};

/// An examination under way.
#[derive(Debug)]
pub(super) struct Examination<'a> {
    pub(super) runtime: &'a Runtime,
    pub(super) options: &'a DoctorOptions,
    /// Known once `model` passed.
    pub(super) target: Option<Target>,
    /// What the server said it has, from `reachable` on.
    pub(super) list: Option<Result<Vec<ServedModel>, Failed>>,
    pub(super) version: Option<String>,
    /// The model as everything else would use it, from `window` on.
    pub(super) connected: Option<Arc<dyn ChatModel>>,
    /// What was seen in the answers so far.
    pub(super) seen: Seen,
    pub(super) lacks: Vec<(Lack, bool)>,
    /// The answer to the plain question in another language than chat completions.
    pub(super) heard: Option<Heard>,
}

/// What is examined.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) provider: Provider,
    pub(super) probe: Probe,
    /// The model, when one is named.
    pub(super) named: Option<ModelRef>,
    /// Whether the config names it, and not whoever asked.
    pub(super) is_configured: bool,
}

/// What was seen in the answers so far.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// What the plain question's prompt was counted as.
    pub(super) prompt_tokens: Option<u32>,
    /// The field that held reasoning.
    pub(super) reasoning: Option<&'static str>,
    /// What the stream counted.
    pub(super) stream_usage: Option<Usage>,
    /// Why the stream was not asked for its count: the server's words.
    pub(super) no_stream_options: Option<String>,
    /// Whether tools may be sent at all.
    pub(super) takes_tools: bool,
}

impl<'a> Examination<'a> {
    pub(super) fn new(runtime: &'a Runtime, options: &'a DoctorOptions) -> Self {
        Self {
            runtime,
            options,
            target: None,
            list: None,
            version: None,
            connected: None,
            seen: Seen::default(),
            lacks: Vec::new(),
            heard: None,
        }
    }

    pub(super) fn setup(&self) -> &'a Setup {
        &self.runtime.connector.setup
    }

    /// Makes one check, for as long as it takes.
    pub(super) async fn make(&mut self, check: Check) -> Outcome {
        match check {
            Check::Config => return self.config(),
            Check::Model => return self.model().await,
            _ => {}
        }
        // What the checks share is put back whatever happens to them.
        let Some(mut target) = self.target.take() else {
            return Outcome::new(Mark::Skipped, "there is no server to ask");
        };
        let is_spoken = is_spoken(target.provider.speaks());
        let spoken = if is_spoken { self.spoken(check, &target).await } else { None };
        let outcome = match spoken {
            Some(outcome) => outcome,
            None => self.make_with(check, &mut target).await,
        };
        self.target = Some(target);
        outcome
    }

    async fn make_with(&mut self, check: Check, target: &mut Target) -> Outcome {
        match check {
            Check::Config | Check::Model => Outcome::unknown("was made before"),
            Check::Reachable => self.reachable(target).await,
            Check::Auth => self.auth(target).await,
            Check::Models => self.models(target),
            Check::Window => self.window(target).await,
            Check::Chat => self.chat(target).await,
            Check::Stream => self.stream(target).await,
            Check::Usage => self.usage(target),
            Check::ToolsAuto => self.tools_auto(target).await,
            Check::ToolsRequired => self.tools_required(target).await,
            Check::ToolsNamed => self.tools_named(target).await,
            Check::ToolHistory => self.tool_history(target).await,
            Check::Reasoning => self.reasoning(target).await,
            Check::Roles => self.roles(target).await,
            Check::Content => self.content(target).await,
            Check::Tokenize => self.tokenize(target).await,
            Check::PrefixCache => self.prefix_cache(target).await,
            Check::Cancel => self.cancel(target).await,
            Check::Exposure => self.exposure(target).await,
        }
    }

    /// The outcome of a check that took too long.
    pub(super) async fn late(&self, limit: &Limit) -> Outcome {
        let (after, source) = (time(limit.duration), &limit.source);
        let busy = self.busy().await.unwrap_or_default();
        Outcome::unknown(format!("not done after {after} ({source}){busy}"))
    }

    /// What is to be added to evidence when others use the server; `None` when it is free or does
    /// not say.
    pub(super) async fn busy(&self) -> Option<String> {
        let (running, waiting) = self.load().await?;
        let is_busy = running + waiting > 0;
        is_busy.then(|| format!("; the server is busy: {running} running, {waiting} waiting"))
    }

    /// How many requests the server works on and how many wait, as far as it says.
    pub(super) async fn load(&self) -> Option<(u32, u32)> {
        let model = self.connected.as_ref()?;
        match tokio::time::timeout(super::speed::MOMENT, model.liveness()).await.ok()? {
            Liveness::Serving { running: Some(running), waiting } => {
                Some((running, waiting.unwrap_or_default()))
            }
            _ => None,
        }
    }

    /// Says in a report what it is about.
    pub(super) fn describe(&self, report: &mut Report) {
        if let Some(target) = &self.target {
            report.base_url = Some(target.provider.endpoint.to_string());
            report.model = target.reference().or_else(|| target.named.clone());
        }
        if let (Some(Ok(list)), Some(model)) = (&self.list, &report.model) {
            let served = list.iter().find(|served| served.id == model.model());
            report.window = served.and_then(|served| served.window);
        }
        report.version.clone_from(&self.version);
        report.lacks.clone_from(&self.lacks);
    }

    /// Notes whether the server does something that others are known not to do.
    pub(super) fn note(&mut self, lack: Lack, is_lacking: bool) {
        self.lacks.retain(|(known, _)| *known != lack);
        self.lacks.push((lack, is_lacking));
    }

    /// Whether the server is vLLM itself, as far as its list of models shows.
    pub(super) fn is_vllm(&self) -> bool {
        let list = self.list.as_ref().and_then(|list| list.as_ref().ok());
        list.is_some_and(|list| list.iter().any(|model| model.owner.as_deref() == Some("vllm")))
    }

    /// Connects the model as everything else does.
    pub(super) async fn connect(&mut self, target: &Target) -> Result<(), ConnectError> {
        if let (None, Some(reference)) = (&self.connected, target.reference()) {
            // A busy server is a finding, and not waited for.
            let connected = self.runtime.connector.connect(&reference, false).await;
            // What would be noted is in the findings.
            let _said_there = self.runtime.connector.notices.take();
            self.connected = Some(connected?);
        }
        Ok(())
    }
}

impl Target {
    /// The model, once its id is known.
    pub(super) fn reference(&self) -> Option<ModelRef> {
        ModelRef::new(&self.provider.id, &self.probe.model).ok()
    }

    /// The provider and the id, to set something of the model.
    pub(super) fn ids(&self) -> (&str, &str) {
        (&self.provider.id, &self.probe.model)
    }

    /// What the config says of the model.
    pub(super) fn entry(&self) -> Option<&openclaw_config::ModelConfig> {
        self.provider.models.iter().find(|model| model.id == self.probe.model)
    }
}
