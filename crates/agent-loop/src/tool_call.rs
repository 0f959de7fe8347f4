//! The calls of one message: from the model's wish to the results in the history.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;
use openclaw_core::{
    Concurrency, Effect, JournalEntry, Tool, ToolCall, ToolContext, ToolOutput, Verdict,
};
use tokio::time::Instant;

use crate::limits::seconds;
use crate::progress::ToolProgress;
use crate::repeats::{self, Judgement};
use crate::turn::Turn;
use crate::{EventSender, Refusal, TOOL_GRACE, TurnError, TurnEvent, room};

/// The most characters of a failed call's text that stand in for the tool's line for a person.
const LONGEST_REASON: usize = 160;

/// What was decided on a call.
struct Decided {
    call: ToolCall,
    effect: Option<Effect>,
    next: Next,
}

enum Next {
    /// The call runs.
    Run(Run),
    /// The call does not run, and this is why.
    Refuse(Refusal, String),
}

/// A call that was allowed.
struct Run {
    tool: Arc<dyn Tool>,
    effect: Effect,
    time_limit: Option<Duration>,
    output_bytes: usize,
    events: EventSender,
}

/// A call with its result, and the event that tells of it once it is in the history.
struct Answered {
    call: ToolCall,
    effect: Option<Effect>,
    output: ToolOutput,
    event: TurnEvent,
}

impl Turn<'_> {
    /// Answers the calls of a message in order. Neighbours that may run together do.
    pub(crate) async fn answer(&mut self, calls: Vec<ToolCall>) -> Result<(), TurnError> {
        let mut left = calls.as_slice();
        while let Some(first) = left.first() {
            let shared = left.iter().take_while(|call| self.is_shared(call));
            // A call that is repeated within a message waits for the result of the first.
            let distinct = |(at, call): &(usize, &ToolCall)| {
                let mut before = left.iter().take(*at);
                !before.any(|b| b.name == call.name && b.arguments == call.arguments)
            };
            let together = shared.enumerate().take_while(distinct).count().max(1);
            let (group, rest) = left.split_at_checked(together).unwrap_or((left, &[]));
            debug_assert_eq!(group.first(), Some(first));
            self.answer_together(group, left.len()).await?;
            left = rest;
        }
        Ok(())
    }

    fn is_shared(&self, call: &ToolCall) -> bool {
        let tool = self.agent.toolbox.get(&call.name);
        tool.is_some_and(|tool| tool.concurrency(call) == Concurrency::Shared)
    }

    /// Decides on each call of a group, runs those that may run, and puts the results into the
    /// history in the order of the calls. `left` is how many results the message still lacks.
    async fn answer_together(&mut self, group: &[ToolCall], left: usize) -> Result<(), TurnError> {
        let most = self.agent.limits.tool_output_bytes;
        let output_bytes = self.room.share(left, most);
        let mut decided = Vec::with_capacity(group.len());
        for call in group {
            self.tally.tool_calls = self.tally.tool_calls.saturating_add(1);
            decided.push(self.decide(call, output_bytes).await?);
        }
        let width = self.agent.limits.parallel_tools.max(1);
        let mut decided = decided.into_iter();
        let mut running: FuturesOrdered<_> =
            decided.by_ref().take(width).map(Decided::carry_out).collect();
        while let Some(answered) = running.next().await {
            running.extend(decided.next().map(Decided::carry_out));
            self.settle(answered, output_bytes).await?;
        }
        Ok(())
    }

    /// Takes a call through every reason not to run it.
    async fn decide(&mut self, call: &ToolCall, output_bytes: usize) -> Result<Decided, TurnError> {
        let agent = self.agent;
        let refuse = |effect, refusal, reason| {
            Ok(Decided { call: call.clone(), effect, next: Next::Refuse(refusal, reason) })
        };
        let limit = agent.limits.tool_calls;
        if self.tally.tool_calls > limit {
            let reason = format!("a turn may have {limit} tool calls, and it had them");
            return refuse(None, Refusal::CallLimit, reason);
        }
        if self.question.is_some() {
            let reason = "a call before it waits for the user's answer".to_owned();
            return refuse(None, Refusal::NeedsInput, reason);
        }
        match self.repeats.judge(call) {
            Judgement::Go => {}
            judgement => {
                if let Judgement::Stop { times } = judgement {
                    self.repeated.get_or_insert_with(|| (call.clone(), times));
                }
                return refuse(None, Refusal::Repeated, repeats::reason(call));
            }
        }
        let Some(tool) = agent.toolbox.get(&call.name) else {
            let reason = agent.toolbox.describe_unknown(&call.name);
            return refuse(None, Refusal::UnknownTool, reason);
        };
        let effect = match tool.plan(call) {
            Ok(effect) => effect,
            Err(error) => return refuse(None, Refusal::InvalidArguments, error.to_string()),
        };
        self.record(JournalEntry::Intent(call)).await?;
        match agent.approver.decide(call, &effect).await {
            Verdict::Allow => {}
            Verdict::Deny { reason } => return refuse(Some(effect), Refusal::Denied, reason),
            Verdict::NeedsInput { question } => {
                let reason = format!("the user has to answer first: {question}");
                self.question = Some(question);
                return refuse(Some(effect), Refusal::NeedsInput, reason);
            }
        }
        self.record(JournalEntry::Dispatched(&call.id)).await?;
        self.dispatched.push(call.id.clone());
        let run = Run {
            tool: Arc::clone(tool),
            effect: effect.clone(),
            time_limit: agent.limits.tool_time,
            output_bytes,
            events: self.events.clone(),
        };
        Ok(Decided { call: call.clone(), effect: Some(effect), next: Next::Run(run) })
    }

    /// Puts the one result of a call into the history, as much of it as there is room for.
    async fn settle(&mut self, answered: Answered, limit: usize) -> Result<(), TurnError> {
        let Answered { call, effect, mut output, event } = answered;
        if matches!(event, TurnEvent::ToolRefused { refusal: Refusal::Repeated, .. }) {
            self.repeats.blocked(&call);
        } else {
            let times = self.repeats.took(&call, &output, effect.as_ref());
            self.warn(&call, &mut output, times).await;
        }
        let cut = room::admit(&call, &mut output, limit, self.agent.spill.as_deref());
        self.room.take(output.text.len());
        self.record(JournalEntry::Result(&call.id, &output)).await?;
        self.history.resolve(&call.id, output).map_err(TurnError::history)?;
        if let Some(cut) = cut {
            self.events.send(cut).await;
        }
        self.events.send(event).await;
        Ok(())
    }

    /// Adds a word to a result that comes again and again.
    async fn warn(&self, call: &ToolCall, output: &mut ToolOutput, times: u32) {
        let Some(note) = repeats::note(times) else { return };
        output.digest = output.digest.or_else(|| Some(repeats::digest(&output.text)));
        output.text = format!("{}\n\n{note}", output.text);
        let (id, name) = (call.id.clone(), call.name.clone());
        self.events.send(TurnEvent::CallRepeated { id, name, times }).await;
    }
}

impl Decided {
    /// Runs a call that was allowed, under the tool clock, or answers why it does not run.
    async fn carry_out(self) -> Answered {
        let Self { call, effect, next } = self;
        let (id, name) = (call.id.clone(), call.name.clone());
        let Run { tool, effect: planned, time_limit, output_bytes, events } = match next {
            Next::Run(run) => run,
            Next::Refuse(refusal, reason) => {
                let output = ToolOutput::error(format!("This call was not run: {reason}"));
                let event = TurnEvent::ToolRefused { id, name, refusal, reason };
                return Answered { call, effect, output, event };
            }
        };
        events.send(TurnEvent::ToolStarted { call: call.clone(), effect: planned }).await;
        let started = Instant::now();
        let progress = ToolProgress::new(events, id.clone());
        let running =
            tool.call(&call, ToolContext { time_limit, output_bytes, progress: &progress });
        let output = match time_limit {
            None => running.await,
            Some(limit) => tokio::time::timeout(limit.saturating_add(TOOL_GRACE), running)
                .await
                .unwrap_or_else(|_elapsed| stopped(limit)),
        };
        let duration = started.elapsed();
        progress.flush().await;
        let (is_error, summary) = (output.is_error, told(&output));
        let event = TurnEvent::ToolFinished { id, name, is_error, summary, duration };
        Answered { call, effect, output, event }
    }
}

/// The line for a person: the tool's own, or why the call failed.
fn told(output: &ToolOutput) -> Option<String> {
    let why = || {
        let line = output.text.lines().map(str::trim).find(|line| !line.is_empty())?;
        Some(line.chars().take(LONGEST_REASON).collect())
    };
    output.summary.clone().or_else(|| output.is_error.then(why).flatten())
}

fn stopped(limit: Duration) -> ToolOutput {
    let limit = seconds(limit);
    ToolOutput::error(format!(
        "This call was stopped: the tool clock of {limit} ran out and the tool did not end by \
         itself. It may have had an effect; check before you repeat it."
    ))
    .with_summary(format!("stopped by the tool clock of {limit}"))
}
