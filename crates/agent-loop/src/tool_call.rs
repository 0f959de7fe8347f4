//! Answers the calls of one message: approves them, runs them and adds their results to the
//! history.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;
use openclaw_core::{
    ApprovalDecision, InvalidToolArguments, JournalEntry, PlannedToolCall, ToolCall,
    ToolConcurrency, ToolContext, ToolEffect, ToolOutput,
};
use tokio::time::Instant;

use crate::limits::format_seconds;
use crate::progress::ToolProgress;
use crate::repeated_calls::{self, RepeatVerdict};
use crate::tool_registry::ToolRegistry;
use crate::turn::ActiveTurn;
use crate::{TOOL_GRACE, ToolRefusalReason, TurnError, TurnEvent, TurnEventSender, output_budget};

/// The most characters of a failed call's error line that serve as its summary.
const MAX_REASON_CHARS: usize = 160;

/// A call of the model and its plan.
struct CallPlan {
    call: ToolCall,
    /// `None` when there is no such tool.
    planned: Option<Result<Box<dyn PlannedToolCall>, InvalidToolArguments>>,
}

/// A call and what to do with it.
struct PreparedCall {
    call: ToolCall,
    effect: Option<ToolEffect>,
    action: CallAction,
}

enum CallAction {
    /// The call runs.
    Run(AllowedCall),
    /// The call does not run, for this reason.
    Refuse(ToolRefusalReason, String),
}

/// A call that was allowed.
struct AllowedCall {
    planned: Box<dyn PlannedToolCall>,
    time_limit: Option<Duration>,
    max_output_bytes: usize,
    takes_images: bool,
    events: TurnEventSender,
}

/// A call with its result, and the event to send once the result is in the history.
struct CompletedCall {
    call: ToolCall,
    effect: Option<ToolEffect>,
    output: ToolOutput,
    event: TurnEvent,
}

impl ActiveTurn<'_> {
    /// Answers the calls of a message in order. Adjacent calls that may run in parallel do.
    ///
    /// A call is planned once every call before it that may change something has ended.
    pub(crate) async fn answer_calls(&mut self, calls: Vec<ToolCall>) -> Result<(), TurnError> {
        let agent = self.agent;
        let mut left = calls.len();
        let mut plans = calls.into_iter().map(|call| CallPlan::for_call(&agent.tools, call));
        let mut next = plans.next();
        while let Some(first) = next.take() {
            // The keys of the group's calls: a repeated call waits for the result of the first.
            let mut keys = HashSet::from([repeated_calls::call_key(&first.call)]);
            let mut group = vec![first];
            while group.last().is_some_and(CallPlan::is_shared) {
                next = plans.next();
                let mut joins = |plan: &CallPlan| {
                    plan.is_shared() && keys.insert(repeated_calls::call_key(&plan.call))
                };
                match next.take_if(|plan| joins(plan)) {
                    Some(plan) => group.push(plan),
                    None => break,
                }
            }
            let answered = group.len();
            self.answer_group(group, left).await?;
            left = left.saturating_sub(answered);
            next = next.or_else(|| plans.next());
        }
        Ok(())
    }

    /// Decides on each call of a group, runs those that are allowed, and adds the results to the
    /// history in the order of the calls. `left` is how many results the message still needs.
    async fn answer_group(&mut self, group: Vec<CallPlan>, left: usize) -> Result<(), TurnError> {
        let most = self.agent.limits.max_tool_output_bytes;
        let output_bytes = self.output_budget.share_among(left, most);
        let mut decided = Vec::with_capacity(group.len());
        for plan in group {
            self.stats.tool_calls = self.stats.tool_calls.saturating_add(1);
            decided.push(self.prepare_call(plan, output_bytes).await?);
        }
        let width = self.agent.limits.max_parallel_tools.max(1);
        let mut decided = decided.into_iter();
        let mut running: FuturesOrdered<_> =
            decided.by_ref().take(width).map(PreparedCall::run_call).collect();
        while let Some(answered) = running.next().await {
            running.extend(decided.next().map(PreparedCall::run_call));
            self.commit_result(answered, output_bytes).await?;
        }
        Ok(())
    }

    /// Checks every reason not to run a call.
    async fn prepare_call(
        &mut self,
        plan: CallPlan,
        output_bytes: usize,
    ) -> Result<PreparedCall, TurnError> {
        let agent = self.agent;
        let CallPlan { call, planned } = plan;
        let mut planned = match self.check_call(&call, planned) {
            Ok(planned) => planned,
            Err(refusal) => return Ok(PreparedCall { call, effect: None, action: refusal }),
        };
        self.record_entry(JournalEntry::CallIntent(&call)).await?;
        if let Err(limit) = prepare_within(agent.limits.tool_timeout, planned.as_mut()).await {
            let (reason, effect) = (unprepared_reason(limit), planned.effect().clone());
            let action = CallAction::Refuse(ToolRefusalReason::NotPrepared, reason);
            return Ok(PreparedCall { call, effect: Some(effect), action });
        }
        let effect = planned.effect().clone();
        let refusal = match agent.approver.review_call(&call, &effect).await {
            ApprovalDecision::Allow => None,
            ApprovalDecision::Deny { reason } => Some((ToolRefusalReason::Denied, reason)),
            ApprovalDecision::NoApprover { reason } => {
                Some((ToolRefusalReason::NoApprover, reason))
            }
            ApprovalDecision::NeedsInput { question } => {
                let reason = format!("the user has to answer first: {question}");
                self.pending_question = Some(question);
                Some((ToolRefusalReason::NeedsInput, reason))
            }
        };
        let action = if let Some((refusal, reason)) = refusal {
            CallAction::Refuse(refusal, reason)
        } else {
            self.record_entry(JournalEntry::CallDispatched(&call.id)).await?;
            self.dispatched_calls.insert(call.id.clone());
            CallAction::Run(AllowedCall {
                planned,
                time_limit: agent.limits.tool_timeout,
                max_output_bytes: output_bytes,
                takes_images: agent.takes_images(),
                events: self.events.clone(),
            })
        };
        Ok(PreparedCall { call, effect: Some(effect), action })
    }

    /// Checks every reason not to run a call but the approver's.
    fn check_call(
        &mut self,
        call: &ToolCall,
        planned: Option<Result<Box<dyn PlannedToolCall>, InvalidToolArguments>>,
    ) -> Result<Box<dyn PlannedToolCall>, CallAction> {
        let agent = self.agent;
        let refuse = |refusal, reason| Err(CallAction::Refuse(refusal, reason));
        let limit = agent.limits.max_tool_calls;
        if self.stats.tool_calls > limit {
            let reason = format!("a turn may have {limit} tool calls, and it had them");
            return refuse(ToolRefusalReason::CallLimit, reason);
        }
        if self.pending_question.is_some() {
            let reason = "a call before it waits for the user's answer".to_owned();
            return refuse(ToolRefusalReason::NeedsInput, reason);
        }
        match self.call_repeats.check_call(call) {
            RepeatVerdict::Allow => {}
            judgement => {
                if let RepeatVerdict::Abort { times } = judgement {
                    self.repeated_call.get_or_insert_with(|| (call.clone(), times));
                }
                let reason = repeated_calls::blocked_reason(call);
                return refuse(ToolRefusalReason::Repeated, reason);
            }
        }
        match planned {
            Some(Ok(planned)) => Ok(planned),
            Some(Err(error)) => refuse(ToolRefusalReason::InvalidArguments, error.to_string()),
            None => {
                let reason = agent.tools.describe_unknown_tool(&call.name);
                refuse(ToolRefusalReason::UnknownTool, reason)
            }
        }
    }

    /// Adds the result of a call to the history, cut to `limit` bytes.
    async fn commit_result(
        &mut self,
        answered: CompletedCall,
        limit: usize,
    ) -> Result<(), TurnError> {
        let CompletedCall { call, effect, mut output, event } = answered;
        if matches!(event, TurnEvent::ToolRefused { refusal: ToolRefusalReason::Repeated, .. }) {
            self.call_repeats.record_blocked(&call);
        } else {
            let times = self.call_repeats.record_result(&call, &output, effect.as_ref());
            self.append_repeat_warning(&call, &mut output, times).await;
        }
        let cut = output_budget::truncate_output(
            &call,
            &mut output,
            limit,
            self.agent.output_store.as_deref(),
        );
        self.output_budget.consume_bytes(output.text.len());
        self.output_budget.consume_images(&output.images);
        self.record_entry(JournalEntry::CallResult(&call.id, &output)).await?;
        self.history.resolve_call(&call.id, output).map_err(TurnError::from_history)?;
        if let Some(cut) = cut {
            self.events.send_event(cut).await;
        }
        self.events.send_event(event).await;
        Ok(())
    }

    /// Appends a warning to a result that came before.
    async fn append_repeat_warning(&self, call: &ToolCall, output: &mut ToolOutput, times: u32) {
        let Some(note) = repeated_calls::repeat_warning(times) else { return };
        output.original_digest =
            output.original_digest.or_else(|| Some(repeated_calls::text_digest(&output.text)));
        output.text = format!("{}\n\n{note}", output.text);
        let (id, name) = (call.id.clone(), call.name.clone());
        self.events.send_event(TurnEvent::ToolCallRepeated { id, name, times }).await;
    }
}

impl CallPlan {
    fn for_call(tools: &ToolRegistry, call: ToolCall) -> Self {
        Self { planned: tools.plan_call(&call), call }
    }

    /// Whether other shared calls may run at the same time.
    fn is_shared(&self) -> bool {
        let planned = self.planned.as_ref().and_then(|planned| planned.as_ref().ok());
        planned.is_some_and(|planned| planned.concurrency() == ToolConcurrency::Shared)
    }
}

impl PreparedCall {
    /// Runs an allowed call under its timeout, or answers why it does not run.
    async fn run_call(self) -> CompletedCall {
        let Self { call, effect, action } = self;
        let (id, name) = (call.id.clone(), call.name.clone());
        let AllowedCall { planned, time_limit, max_output_bytes, takes_images, events } =
            match action {
                CallAction::Run(run) => run,
                CallAction::Refuse(refusal, reason) => {
                    let output = ToolOutput::from_error(format!("This call was not run: {reason}"));
                    let event = TurnEvent::ToolRefused {
                        id,
                        name,
                        refusal,
                        reason,
                        effect: effect.clone(),
                    };
                    return CompletedCall { call, effect, output, event };
                }
            };
        let started =
            TurnEvent::ToolStarted { call: call.clone(), effect: planned.effect().clone() };
        events.send_event(started).await;
        let started = Instant::now();
        let progress = ToolProgress::new(events, id.clone());
        let running = planned.run(ToolContext {
            time_limit,
            max_output_bytes,
            takes_images,
            progress: &progress,
        });
        let output = match time_limit {
            None => running.await,
            Some(limit) => tokio::time::timeout(limit.saturating_add(TOOL_GRACE), running)
                .await
                .unwrap_or_else(|_elapsed| timed_out_output(limit)),
        };
        let duration = started.elapsed();
        progress.flush_backlog().await;
        let (is_error, summary) = (output.is_error, summary_or_error_line(&output));
        let event = TurnEvent::ToolFinished { id, name, is_error, summary, duration };
        CompletedCall { call, effect, output, event }
    }
}

/// The tool's own summary, or the first line of a failed call's output.
fn summary_or_error_line(output: &ToolOutput) -> Option<String> {
    let why = || {
        let line = output.text.lines().map(str::trim).find(|line| !line.is_empty())?;
        Some(line.chars().take(MAX_REASON_CHARS).collect())
    };
    output.summary.clone().or_else(|| output.is_error.then(why).flatten())
}

/// Prepares a call. The error is the time limit that ended it.
async fn prepare_within(
    limit: Option<Duration>,
    planned: &mut dyn PlannedToolCall,
) -> Result<(), Duration> {
    let Some(limit) = limit else {
        planned.prepare().await;
        return Ok(());
    };
    tokio::time::timeout(limit, planned.prepare()).await.map_err(|_elapsed| limit)
}

fn unprepared_reason(limit: Duration) -> String {
    let limit = format_seconds(limit);
    format!("the tool clock of {limit} ran out before it was known what the call would do")
}

fn timed_out_output(limit: Duration) -> ToolOutput {
    let limit = format_seconds(limit);
    ToolOutput::from_error(format!(
        "This call was stopped: the tool clock of {limit} ran out and the tool did not end by \
         itself. It may have had an effect; check before you repeat it."
    ))
    .with_summary(format!("stopped by the tool clock of {limit}"))
}
