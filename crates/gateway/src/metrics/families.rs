//! The names of the metrics. Those that dashboards of the original know keep their names.

/// The bounds of durations of calls and runs, in seconds.
const LONG_SECONDS: &[f64] =
    &[0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0];

/// The bounds of waits until a first token, in seconds.
const WAIT_SECONDS: &[f64] =
    &[0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0];

/// The bounds of speeds, in tokens per second.
const TOKEN_SPEEDS: &[f64] =
    &[1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 50.0, 75.0, 100.0, 150.0, 200.0, 500.0];

/// The kind of a metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum MetricKind {
    Counter,
    Gauge,
    /// With the upper bounds of its buckets.
    Histogram(&'static [f64]),
}

/// A metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum MetricName {
    UptimeSeconds,
    Connections,
    ActiveRuns,
    QueuedRuns,
    CompletedRuns,
    RunSeconds,
    QueueWaitSeconds,
    ModelCalls,
    ModelCallSeconds,
    ModelFailovers,
    ModelRetries,
    ModelTokens,
    FirstTokenSeconds,
    PrefillSeconds,
    TokensPerSecond,
    ToolExecutions,
    ToolSeconds,
    ToolsBlocked,
    HookRequests,
}

impl MetricName {
    fn facts(self) -> (&'static str, MetricKind, &'static str) {
        use MetricKind::{Counter, Gauge, Histogram};
        match self {
            Self::UptimeSeconds => {
                ("openclaw_uptime_seconds", Gauge, "Seconds since the gateway started.")
            }
            Self::Connections => ("openclaw_connections", Gauge, "Open connections of clients."),
            Self::ActiveRuns => (
                "openclaw_active_runs",
                Gauge,
                "Runs that are not over, the waiting ones included.",
            ),
            Self::QueuedRuns => {
                ("openclaw_queue_lane_size", Gauge, "Runs that wait for their session.")
            }
            Self::CompletedRuns => ("openclaw_run_completed_total", Counter, "Runs that ended."),
            Self::RunSeconds => (
                "openclaw_run_duration_seconds",
                Histogram(LONG_SECONDS),
                "From the start of a run's turn to its end.",
            ),
            Self::QueueWaitSeconds => (
                "openclaw_queue_lane_wait_seconds",
                Histogram(WAIT_SECONDS),
                "How long a run waited for its session.",
            ),
            Self::ModelCalls => ("openclaw_model_call_total", Counter, "Calls of models."),
            Self::ModelCallSeconds => (
                "openclaw_model_call_duration_seconds",
                Histogram(LONG_SECONDS),
                "From a request to the end of its answer.",
            ),
            Self::ModelFailovers => (
                "openclaw_model_failover_total",
                Counter,
                "Models that failed or were skipped, by kind.",
            ),
            Self::ModelRetries => {
                ("openclaw_model_retry_total", Counter, "Requests that were sent again, by class.")
            }
            Self::ModelTokens => {
                ("openclaw_model_tokens_total", Counter, "Tokens as the servers counted them.")
            }
            Self::FirstTokenSeconds => (
                "openclaw_model_time_to_first_token_seconds",
                Histogram(WAIT_SECONDS),
                "From a request to the first content of its answer.",
            ),
            Self::PrefillSeconds => (
                "openclaw_model_prefill_seconds",
                Histogram(WAIT_SECONDS),
                "From the acceptance of a request by the server to the first content.",
            ),
            Self::TokensPerSecond => (
                "openclaw_model_output_tokens_per_second",
                Histogram(TOKEN_SPEEDS),
                "The speed of an answer after its first content.",
            ),
            Self::ToolExecutions => {
                ("openclaw_tool_execution_total", Counter, "Calls of tools that ran.")
            }
            Self::ToolSeconds => (
                "openclaw_tool_execution_duration_seconds",
                Histogram(LONG_SECONDS),
                "How long calls of tools ran.",
            ),
            Self::ToolsBlocked => (
                "openclaw_tool_execution_blocked_total",
                Counter,
                "Calls of tools that did not run.",
            ),
            Self::HookRequests => ("openclaw_hook_request_total", Counter, "Requests to webhooks."),
        }
    }

    pub(crate) fn name(self) -> &'static str {
        self.facts().0
    }

    pub(crate) fn kind(self) -> MetricKind {
        self.facts().1
    }

    /// The comments before its values.
    pub(super) fn header(self) -> String {
        let (name, kind, help) = self.facts();
        let kind = match kind {
            MetricKind::Counter => "counter",
            MetricKind::Gauge => "gauge",
            MetricKind::Histogram(_) => "histogram",
        };
        format!("# HELP {name} {help}\n# TYPE {name} {kind}\n")
    }
}
