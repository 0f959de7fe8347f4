//! Measures the calls of models and tools in the events of a run.

use std::sync::Arc;
use std::time::Duration;

use openclaw_core::ModelRef;
use openclaw_protocol::events::WireEvent;
use openclaw_protocol::parts::TokenCounts;
use tokio::time::Instant;

use super::{GatewayMetrics, Labels, MetricName};

/// Who called which model.
#[derive(Debug, Clone)]
pub(crate) struct CallLabels {
    /// The agent; empty for a model without one.
    pub(crate) agent: String,
    pub(crate) model: ModelRef,
    /// How the run was started: `client`, `openai` or `hook`.
    pub(crate) trigger: &'static str,
}

/// Measures the calls of one run.
#[derive(Debug)]
pub(crate) struct CallObserver {
    metrics: Arc<GatewayMetrics>,
    labels: CallLabels,
    accepted_at: Option<Instant>,
}

/// What is known of a call of a model that ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EndedCall {
    pub(crate) duration: Duration,
    /// From the request to the first content.
    pub(crate) first_token: Option<Duration>,
    pub(crate) usage: Option<TokenCounts>,
    pub(crate) outcome: &'static str,
}

impl CallObserver {
    pub(crate) fn new(metrics: Arc<GatewayMetrics>, labels: CallLabels) -> Self {
        Self { metrics, labels, accepted_at: None }
    }

    /// Measures what an event says.
    pub(crate) fn observe_event(&mut self, event: &WireEvent) {
        match event {
            WireEvent::Accepted => self.record_acceptance(),
            WireEvent::Text { .. }
            | WireEvent::Reasoning { .. }
            | WireEvent::ToolCallDelta { .. } => {
                self.record_content();
            }
            WireEvent::ModelCallFinished { usage, duration_ms, first_token_ms, .. } => {
                self.record_end(EndedCall {
                    duration: Duration::from_millis(*duration_ms),
                    first_token: first_token_ms.map(Duration::from_millis),
                    usage: *usage,
                    outcome: "ok",
                });
            }
            WireEvent::ModelSkipped { attempt, next } => {
                let labels = [("model", attempt.model.as_str()), ("kind", attempt.result.as_str())];
                self.metrics.add(MetricName::ModelFailovers, &labels, 1);
                if let Some(next) = next.as_ref().and_then(|next| next.parse().ok()) {
                    self.labels.model = next;
                }
            }
            WireEvent::Retrying { .. } => self.record_retry("busy"),
            WireEvent::ServerDisconnected { .. } => self.record_retry("disconnected"),
            WireEvent::RequestAdapted { .. } => self.record_retry("adapted"),
            WireEvent::ToolFinished { name, is_error, duration_ms, .. } => {
                let outcome = if *is_error { "error" } else { "ok" };
                let labels = [("tool", name.as_str()), ("outcome", outcome)];
                self.metrics.add(MetricName::ToolExecutions, &labels, 1);
                let seconds = Duration::from_millis(*duration_ms).as_secs_f64();
                self.metrics.observe(MetricName::ToolSeconds, &labels[..1], seconds);
            }
            WireEvent::ToolRefused { name, .. } => {
                self.metrics.add(MetricName::ToolsBlocked, &[("tool", name)], 1);
            }
            _ => {}
        }
    }

    /// The server accepted a request.
    pub(crate) fn record_acceptance(&mut self) {
        self.accepted_at = Some(Instant::now());
    }

    /// Content of the answer arrived.
    pub(crate) fn record_content(&mut self) {
        if let Some(accepted_at) = self.accepted_at.take() {
            let seconds = accepted_at.elapsed().as_secs_f64();
            self.metrics.observe(MetricName::PrefillSeconds, &self.model_labels(), seconds);
        }
    }

    /// Counts something that has labels of its own.
    pub(crate) fn count(&self, metric: MetricName, labels: Labels<'_>) {
        self.metrics.add(metric, labels, 1);
    }

    /// A request is sent again.
    pub(crate) fn record_retry(&self, class: &str) {
        let model = self.labels.model.to_string();
        self.metrics.add(MetricName::ModelRetries, &[("model", &model), ("class", class)], 1);
    }

    /// A call ended.
    pub(crate) fn record_end(&mut self, call: EndedCall) {
        self.accepted_at = None;
        let [provider, model] = self.model_labels();
        let labels = [provider, model, ("outcome", call.outcome)];
        self.metrics.add(MetricName::ModelCalls, &labels, 1);
        let seconds = call.duration.as_secs_f64();
        self.metrics.observe(MetricName::ModelCallSeconds, &labels[..2], seconds);
        if let Some(first_token) = call.first_token {
            let waited = first_token.as_secs_f64();
            self.metrics.observe(MetricName::FirstTokenSeconds, &labels[..2], waited);
        }
        let Some(usage) = call.usage else { return };
        let generating = call.first_token.map(|first| call.duration.saturating_sub(first));
        if let Some(time) = generating.filter(|time| !time.is_zero() && usage.output > 1) {
            let speed = f64::from(usage.output - 1) / time.as_secs_f64();
            self.metrics.observe(MetricName::TokensPerSecond, &labels[..2], speed);
        }
        let counts = [
            ("input", Some(usage.input)),
            ("output", Some(usage.output)),
            ("cache_read", usage.cache_read),
        ];
        for (kind, count) in counts {
            let Some(count) = count else { continue };
            let labels = [
                ("agent", self.labels.agent.as_str()),
                ("channel", self.labels.trigger),
                model,
                provider,
                ("token_type", kind),
            ];
            self.metrics.add(MetricName::ModelTokens, &labels, u64::from(count));
        }
    }

    fn model_labels(&self) -> [(&'static str, &str); 2] {
        let model = &self.labels.model;
        [("provider", model.provider_id()), ("model", model.model_id())]
    }
}
