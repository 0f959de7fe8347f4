//! What a run came to as one JSON object: what `--json` prints, and the last line of
//! `stream-json`. `docs/guide/programs.md` describes it.

use std::time::Duration;

use openclaw_agent_loop::{TurnOutcome, TurnReport};
use openclaw_config::{Config, UsageCost};
use openclaw_core::ModelAttempt;
use openclaw_protocol::parts::{AttemptReport, whole_millis};
use openclaw_protocol::results::agent::{
    AgentMeta, AgentResult, AnswerPayload, CompletionReport, CostReport, ExecutionAttempt,
    ExecutionTrace, FailedAttempts, LastAttempt, NoTurnMeta, ResultMeta, SectionSize, SessionIds,
    SessionReport, SystemPromptReport, TurnMeta, TurnUsage,
};
use openclaw_protocol::results::errors::ErrorReport;

use super::encode_turn_error;
use super::turn_timings::TurnTimings;
use crate::agent::AgentRun;
use crate::conversation::ContextUse;

/// A run whose turn ended.
#[derive(Debug)]
pub struct FinishedTurn<'a> {
    /// The config, for prices.
    pub config: &'a Config,
    /// The agent that ran it.
    pub agent: &'a AgentRun,
    /// The context use after the turn; `None` when it is not known.
    pub context_use: Option<ContextUse>,
    /// The session as it was when the turn began.
    pub session: Option<&'a SessionReport>,
    /// What the model was told; `None` when an interrupted turn was finished.
    pub message: Option<&'a str>,
    /// How long its parts took.
    pub timings: &'a TurnTimings,
    /// The models that failed or were skipped, since one was connected.
    pub attempts: &'a [ModelAttempt],
    /// How long it took until the turn could begin.
    pub connect_duration: Duration,
    /// What the turn came to.
    pub report: &'a TurnReport,
}

/// A run that came to no turn.
#[derive(Debug, Default)]
pub struct TurnlessRun {
    /// The outcome's name.
    pub outcome: &'static str,
    /// The session, as far as it is known.
    pub session: Option<SessionReport>,
    /// The models that were tried in vain.
    pub attempts: Vec<ModelAttempt>,
    /// Why there is none, unless that is as it should be.
    pub error: Option<ErrorReport>,
}

/// How a turn ended, in the words of the result.
struct OutcomeReport<'a> {
    text: Option<&'a str>,
    /// The reason for the end as the original names it.
    stop_reason: &'static str,
    error: Option<ErrorReport>,
}

impl TurnlessRun {
    /// The object.
    #[must_use]
    pub fn to_result(&self, exit_code: u8) -> AgentResult {
        let Self { outcome, session, attempts, error } = self;
        let meta = NoTurnMeta {
            outcome: (*outcome).to_owned(),
            resumed: false,
            agent_meta: session_ids(session.as_ref()),
            session: session.clone(),
            aborted: *outcome == "cancelled",
            execution_trace: FailedAttempts {
                attempts: attempts.iter().map(AttemptReport::from).collect(),
            },
        };
        AgentResult {
            ok: error.is_none(),
            exit_code,
            payloads: Vec::new(),
            meta: ResultMeta::NoTurn(Box::new(meta)),
            error: error.clone(),
        }
    }
}

impl FinishedTurn<'_> {
    /// The object.
    #[must_use]
    pub fn to_result(&self, exit_code: u8) -> AgentResult {
        let report = self.report;
        let OutcomeReport { text, stop_reason, error } = describe_outcome(&report.outcome);
        let payloads = text
            .iter()
            .map(|text| AnswerPayload { text: (*text).to_owned(), media_url: None })
            .collect();
        let aborted =
            matches!(report.outcome, TurnOutcome::TimedOut { .. } | TurnOutcome::Cancelled);
        let meta = TurnMeta {
            outcome: turn_outcome_name(&report.outcome).to_owned(),
            resumed: self.message.is_none(),
            duration_ms: whole_millis(report.duration),
            agent_meta: self.agent_meta(),
            session: self.session.cloned(),
            aborted,
            timings: self.timings.to_report(self.connect_duration, report),
            system_prompt_report: report_prompt(self.agent),
            workspace: self.agent.workspace.display().to_string(),
            final_prompt_text: self.message.map(str::to_owned),
            final_assistant_visible_text: text.map(str::to_owned),
            first_token_ms: report.first_token_after.map(whole_millis),
            stop_reason: stop_reason.to_owned(),
            execution_trace: self.execution_trace(error.is_none()),
            completion: CompletionReport {
                stop_reason: stop_reason.to_owned(),
                finish_reason: stop_reason.to_owned(),
            },
        };
        AgentResult {
            ok: error.is_none(),
            exit_code,
            payloads,
            meta: ResultMeta::Turn(Box::new(meta)),
            error,
        }
    }

    fn agent_meta(&self) -> AgentMeta {
        let Self { agent, session, report, .. } = self;
        let info = agent.model.model_info();
        let SessionIds { session_id, session_key } = session_ids(*session);
        AgentMeta {
            session_id,
            session_key,
            provider: info.reference.provider_id().to_owned(),
            model: info.reference.model_id().to_owned(),
            context_window: info.limits.context_window,
            context_window_source: info.limits.context_window_source.label().to_owned(),
            context_tokens: self.context_use.map(|context| context.tokens),
            usage: TurnUsage { tokens: report.usage.into(), cost: self.usage_cost() },
            cacheable_tokens: report.cacheable_tokens,
            last_call_usage: report.last_usage.map(Into::into),
            compaction_count: report.compactions,
            model_calls: report.model_calls,
            tool_calls: report.tool_calls,
        }
    }

    /// What the turn cost by the prices of the config.
    fn usage_cost(&self) -> Option<CostReport> {
        let info = self.agent.model.model_info();
        let (provider, model) = (info.reference.provider_id(), info.reference.model_id());
        let cost = self.config.models.model_cost(provider, model)?;
        let usage = &self.report.usage;
        let cached = usage.cached_tokens.unwrap_or_default();
        let cost =
            cost.usage_cost(usage.input_tokens.into(), cached.into(), usage.output_tokens.into());
        let UsageCost { input, output, cache_read, total, .. } = cost;
        Some(CostReport { input, output, cache_read, total })
    }

    /// Which models were tried, and which answered.
    fn execution_trace(&self, is_ok: bool) -> ExecutionTrace {
        let info = self.agent.model.model_info();
        let provider = info.reference.provider_id().to_owned();
        let model = info.reference.model_id().to_owned();
        let failed = self.attempts.iter().map(AttemptReport::from).map(ExecutionAttempt::Failed);
        let mut attempts: Vec<ExecutionAttempt> = failed.collect();
        // The last of a chain that failed as a whole is the error.
        if is_ok || self.attempts.last().is_none_or(|last| last.next.is_some()) {
            attempts.push(ExecutionAttempt::Last(LastAttempt {
                provider: provider.clone(),
                model: model.clone(),
                result: if is_ok { "success" } else { "error" }.to_owned(),
                stage: "assistant".to_owned(),
            }));
        }
        ExecutionTrace {
            winner_provider: is_ok.then_some(provider),
            winner_model: is_ok.then_some(model),
            fallback_used: attempts.len() > 1,
            attempts,
            runner: "embedded".to_owned(),
        }
    }
}

/// The session's id and key, if there is one.
pub(super) fn session_ids(session: Option<&SessionReport>) -> SessionIds {
    let (id, key) = session.map(SessionReport::session_name).unzip();
    SessionIds { session_id: id.map(str::to_owned), session_key: key.map(str::to_owned) }
}

/// What a person who is asked for something is told.
#[must_use]
pub fn needs_input_message(question: &str) -> String {
    format!("failed to go on without you: {question}")
}

fn describe_outcome(outcome: &TurnOutcome) -> OutcomeReport<'_> {
    let (text, stop_reason, error) = match outcome {
        TurnOutcome::Reply { text, truncated: false } => (Some(text.as_str()), "stop", None),
        TurnOutcome::Reply { text, truncated: true } => (Some(text.as_str()), "length", None),
        TurnOutcome::NoReply => (None, "silent", None),
        TurnOutcome::TimedOut { limit } => {
            let message = format!("failed to finish the turn within {limit}");
            (None, "timeout", Some(ErrorReport::from_message("timeout", message)))
        }
        TurnOutcome::Failed(error) => (None, "error", Some(encode_turn_error(error))),
        TurnOutcome::NeedsInput { question } => {
            let message = needs_input_message(question);
            (None, "input", Some(ErrorReport::from_message("needs_input", message)))
        }
        _ => (None, "cancelled", Some(cancelled_error())),
    };
    OutcomeReport { text, stop_reason, error }
}

/// The outcome's name.
fn turn_outcome_name(outcome: &TurnOutcome) -> &'static str {
    match outcome {
        TurnOutcome::Reply { .. } => "reply",
        TurnOutcome::NoReply => "silent",
        TurnOutcome::NeedsInput { .. } => "needs_input",
        TurnOutcome::TimedOut { .. } => "timed_out",
        TurnOutcome::Cancelled => "cancelled",
        _ => "failed",
    }
}

/// The error of a run that was stopped.
#[must_use]
pub fn cancelled_error() -> ErrorReport {
    let message = "failed to finish the turn: it was stopped".to_owned();
    ErrorReport::from_message("cancelled", message)
}

fn report_prompt(run: &AgentRun) -> SystemPromptReport {
    let chars = |text: &str| text.chars().count();
    let sections = run.prompt.sections().iter();
    let sections =
        sections.map(|s| SectionSize { name: s.name.to_string(), chars: chars(&s.text) });
    SystemPromptReport {
        profile: run.profile.name().to_owned(),
        chars: chars(&run.prompt.full_text()),
        sections: sections.collect(),
        tools: tool_names(run),
    }
}

/// The tools that the model is offered, in the order in which it is.
#[must_use]
pub fn tool_names(run: &AgentRun) -> Vec<String> {
    let specs = run.agent.tool_specs();
    specs.iter().map(|tool| tool.name.as_str().to_owned()).collect()
}
