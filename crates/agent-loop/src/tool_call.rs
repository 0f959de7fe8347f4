//! One call of a tool: from the model's wish to the result in the history.

use std::time::Duration;

use openclaw_core::{Effect, JournalEntry, Tool, ToolCall, ToolContext, ToolOutput, Verdict};
use tokio::time::Instant;

use crate::limits::seconds;
use crate::progress::ToolProgress;
use crate::turn::Turn;
use crate::{Refusal, TOOL_GRACE, TurnError, TurnEvent};

/// A result, and the event that tells of it once it is in the history.
type Answered = (ToolOutput, TurnEvent);

impl Turn<'_> {
    /// Decides on a call, runs it if it may run, and puts its one result into the history.
    pub(crate) async fn answer(&mut self, call: ToolCall) -> Result<(), TurnError> {
        self.tally.tool_calls = self.tally.tool_calls.saturating_add(1);
        let (output, event) = self.decide(&call).await?;
        self.record(JournalEntry::Result(&call.id, &output)).await?;
        self.history.resolve(&call.id, output).map_err(TurnError::history)?;
        self.events.send(event).await;
        Ok(())
    }

    /// Takes a call through every reason not to run it, and then runs it.
    async fn decide(&mut self, call: &ToolCall) -> Result<Answered, TurnError> {
        let agent = self.agent;
        let limit = agent.limits.tool_calls;
        if self.tally.tool_calls > limit {
            let reason = format!("a turn may have {limit} tool calls, and it had them");
            return Ok(refuse(call, Refusal::CallLimit, reason));
        }
        let Some(tool) = agent.toolbox.get(&call.name) else {
            let reason = agent.toolbox.describe_unknown(&call.name);
            return Ok(refuse(call, Refusal::UnknownTool, reason));
        };
        let effect = match tool.plan(call) {
            Ok(effect) => effect,
            Err(error) => return Ok(refuse(call, Refusal::InvalidArguments, error.to_string())),
        };
        self.record(JournalEntry::Intent(call)).await?;
        match agent.approver.decide(call, &effect).await {
            Verdict::Allow => self.run_tool(tool.as_ref(), call, effect).await,
            Verdict::Deny { reason } | Verdict::NeedsInput { question: reason } => Ok(refuse(call, Refusal::Denied, reason)),
        }
    }

    /// Runs a call that was allowed, under the tool clock.
    async fn run_tool(
        &mut self,
        tool: &dyn Tool,
        call: &ToolCall,
        effect: Effect,
    ) -> Result<Answered, TurnError> {
        self.record(JournalEntry::Dispatched(&call.id)).await?;
        self.dispatched = Some(call.id.clone());
        self.events.send(TurnEvent::ToolStarted { call: call.clone(), effect }).await;

        let started = Instant::now();
        let time_limit = self.agent.limits.tool_time;
        let progress = ToolProgress::new(self.events.clone(), call.id.clone());
        let running = tool.call(call, ToolContext { time_limit, output_bytes: usize::MAX, progress: &progress });
        let output = match time_limit {
            None => running.await,
            Some(limit) => tokio::time::timeout(limit.saturating_add(TOOL_GRACE), running)
                .await
                .unwrap_or_else(|_elapsed| stopped(limit)),
        };
        let duration = started.elapsed();
        progress.flush().await;
        let event = TurnEvent::ToolFinished {
            id: call.id.clone(),
            name: call.name.clone(),
            is_error: output.is_error,
            summary: output.summary.clone(),
            duration,
        };
        Ok((output, event))
    }
}

fn refuse(call: &ToolCall, refusal: Refusal, reason: String) -> Answered {
    let output = ToolOutput::error(format!("This call was not run: {reason}"));
    let (id, name) = (call.id.clone(), call.name.clone());
    (output, TurnEvent::ToolRefused { id, name, refusal, reason })
}

fn stopped(limit: Duration) -> ToolOutput {
    let limit = seconds(limit);
    ToolOutput::error(format!(
        "This call was stopped: the tool clock of {limit} ran out and the tool did not end by \
         itself. It may have had an effect; check before you repeat it."
    ))
    .with_summary(format!("stopped by the tool clock of {limit}"))
}
