//! How a turn ended, here or in a gateway.

use std::time::Duration;

use openclaw_core::TokenUsage;
use openclaw_protocol::results::agent::{AgentResult, ResultMeta};
use openclaw_protocol::results::errors::ErrorReport;
use openclaw_runtime::encoding::decode_usage;
use openclaw_runtime::{Conversation, TurnError, TurnOutcome, TurnReport};

use crate::error_report::is_transient_failure;
use crate::options::ChatOutcome;
use crate::usage_cost::{find_price, turn_cost};

/// A turn that ended.
#[derive(Debug)]
pub(crate) struct TurnEnd {
    ending: Ending,
    /// The tokens of all model calls.
    pub(crate) usage: TokenUsage,
    pub(crate) model_calls: u32,
    pub(crate) duration: Duration,
    /// What it cost, in US dollars; `None` without a price.
    pub(crate) cost: Option<f64>,
    /// Commands in the background that ended with the turn.
    pub(crate) ended_commands: Vec<String>,
}

#[derive(Debug)]
enum Ending {
    Here(TurnOutcome),
    InGateway(Box<AgentResult>),
}

/// How a turn ended, for what is shown of it.
#[derive(Debug)]
pub(crate) enum EndKind<'a> {
    /// The model answered.
    Reply {
        /// The answer.
        text: &'a str,
        /// Whether its output limit cut it off.
        is_truncated: bool,
    },
    /// The agent has nothing to say.
    Silent,
    /// The user stopped it.
    Stopped,
    /// It failed in this process.
    Failed(&'a TurnError),
    /// It failed, and this is told of it.
    Reported(Box<ErrorReport>),
}

impl TurnEnd {
    /// The end of a turn of a conversation here.
    pub(super) fn here(report: TurnReport, conversation: &Conversation) -> Self {
        let model = conversation.agent_run().model.model_info().reference;
        let price = find_price(conversation.models(), &model);
        Self {
            usage: report.usage,
            model_calls: report.model_calls,
            duration: report.duration,
            cost: price.map(|price| turn_cost(price, &report.usage)),
            ended_commands: Vec::new(),
            ending: Ending::Here(report.outcome),
        }
    }

    /// The end of a run of a gateway.
    pub(super) fn in_gateway(result: AgentResult, ended_commands: Vec<String>) -> Self {
        let (usage, model_calls, duration, cost) = match &result.meta {
            ResultMeta::Turn(meta) => (
                decode_usage(meta.agent_meta.usage.tokens),
                meta.agent_meta.model_calls,
                Duration::from_millis(meta.duration_ms),
                meta.agent_meta.usage.cost.map(|cost| cost.total),
            ),
            ResultMeta::NoTurn(_) => (TokenUsage::default(), 0, Duration::ZERO, None),
        };
        let ending = Ending::InGateway(Box::new(result));
        Self { ending, usage, model_calls, duration, cost, ended_commands }
    }

    pub(crate) fn kind(&self) -> EndKind<'_> {
        match &self.ending {
            Ending::Here(outcome) => local_kind(outcome),
            Ending::InGateway(result) => gateway_kind(result),
        }
    }

    /// Whether it failed for a reason that may pass.
    pub(crate) fn is_transient_failure(&self) -> bool {
        match &self.ending {
            Ending::Here(outcome) => is_transient_failure(outcome),
            Ending::InGateway(result) => {
                let (outcome, has_turn) = outcome_name(result);
                let kind = result.error.as_ref().map(|error| error.kind.as_str());
                has_turn && (outcome == "timed_out" || kind.is_some_and(is_transient_kind))
            }
        }
    }

    /// How a chat ends whose last turn this is.
    pub(crate) fn into_outcome(self) -> ChatOutcome {
        match self.ending {
            Ending::Here(outcome) => ChatOutcome::TurnEnded(outcome),
            Ending::InGateway(result) => ChatOutcome::GatewayTurnEnded(result),
        }
    }
}

fn local_kind(outcome: &TurnOutcome) -> EndKind<'_> {
    match outcome {
        TurnOutcome::Reply { text, truncated } => EndKind::Reply { text, is_truncated: *truncated },
        TurnOutcome::NoReply => EndKind::Silent,
        TurnOutcome::Failed(error) => EndKind::Failed(error),
        TurnOutcome::TimedOut { limit } => {
            let message = format!("failed to finish the turn within {limit}");
            EndKind::Reported(Box::new(ErrorReport::from_message("timeout", message)))
        }
        TurnOutcome::NeedsInput { question } => {
            let message = openclaw_runtime::encoding::needs_input_message(question);
            EndKind::Reported(Box::new(ErrorReport::from_message("needs_input", message)))
        }
        TurnOutcome::Cancelled => EndKind::Stopped,
        _ => EndKind::Reported(unexplained_failure()),
    }
}

fn gateway_kind(result: &AgentResult) -> EndKind<'_> {
    match (outcome_name(result).0, &result.error) {
        ("cancelled", _) => EndKind::Stopped,
        ("silent", _) => EndKind::Silent,
        (_, Some(error)) => EndKind::Reported(Box::new(error.clone())),
        ("reply", None) => EndKind::Reply {
            text: result.payloads.first().map(|part| part.text.as_str()).unwrap_or_default(),
            is_truncated: matches!(&result.meta, ResultMeta::Turn(meta) if meta.stop_reason == "length"),
        },
        (_, None) => EndKind::Reported(unexplained_failure()),
    }
}

/// The name of the outcome, and whether there was a turn.
fn outcome_name(result: &AgentResult) -> (&str, bool) {
    match &result.meta {
        ResultMeta::Turn(meta) => (&meta.outcome, true),
        ResultMeta::NoTurn(meta) => (&meta.outcome, false),
    }
}

fn unexplained_failure() -> Box<ErrorReport> {
    Box::new(ErrorReport::from_message("failed", "failed to finish the turn".to_owned()))
}

/// Whether an error of this kind, as JSON names it, may pass, so that a retry makes sense.
#[must_use]
pub fn is_transient_kind(kind: &str) -> bool {
    matches!(
        kind,
        "connect" | "timeout" | "loading" | "overloaded" | "rate_limited" | "interrupted"
    )
}
