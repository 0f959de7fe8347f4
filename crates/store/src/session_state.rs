//! The state that results from a log: its events applied to a history that is always legal.

use std::sync::Arc;

use openclaw_core::{
    AssistantMessage, ConversationSummary, History, HistoryStep, ToolCall, ToolCallId, ToolOutput,
};

use crate::event::{LogEvent, RequestPrefix};

/// The result of a call that was running when its process ended.
const MAY_HAVE_RUN_TEXT: &str = "This call was interrupted before its result was recorded. It may have run, wholly or in \
     part: check before you repeat it.";

/// The result of a call that was not started when its process ended.
const NOT_RUN_TEXT: &str =
    "This call was not run: it was interrupted before it was begun. It had no effect.";

/// The state of a conversation after some events of its log. Deliberately not `Clone`: an append must not cost more in a longer session.
#[derive(Debug, PartialEq, Default)]
pub(crate) struct SessionState {
    history: History,
    /// The number of the event of each step of the history.
    entry_seqs: Vec<u64>,
    /// The calls of the last message.
    calls: Vec<LoggedCall>,
    /// The request prefix that was recorded last.
    pub(crate) request_prefix: Option<Arc<RequestPrefix>>,
    /// Whether a user message came after the last end of a turn.
    pub(crate) turn_open: bool,
    /// Whether the last turn ended without an answer.
    pub(crate) ended_without_reply: bool,
}

#[derive(Debug, Clone, PartialEq)]
struct LoggedCall {
    /// The id in the log.
    logged_id: ToolCallId,
    /// The id in the history, which differs only when events were left out.
    id: ToolCallId,
    state: CallState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CallState {
    Requested,
    Dispatched,
    Completed,
}

/// A call that was open when its process ended. It was answered as interrupted and is never run
/// again automatically.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InterruptedCall {
    /// The call.
    pub call: ToolCall,
    /// Whether it was started, with unknown effect; otherwise it had no effect.
    pub may_have_run: bool,
}

/// An event that does not follow from the events before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OutOfOrderEvent;

impl SessionState {
    /// Starts with the steps that a compaction kept; [`finish_compaction`](Self::finish_compaction)
    /// follows them.
    pub(crate) fn from_kept_steps() -> Self {
        let mut state = Self::default();
        // A placeholder for the replaced steps, so that the first kept step may be an answer.
        state.history.push_user_message("");
        state.entry_seqs.push(0);
        state
    }

    /// Completes [`from_kept_steps`](Self::from_kept_steps); `seq` is the compaction's number.
    pub(crate) fn finish_compaction(&mut self, seq: u64, summary: ConversationSummary) {
        let kept_steps = self.entry_seqs.len().saturating_sub(1);
        // Cannot fail: there is one more step than those to keep.
        let _ = self.apply_compaction(seq, kept_steps, summary);
    }

    pub(crate) fn history(&self) -> &History {
        &self.history
    }

    /// Applies the next event of the log. Retractions are handled by the reader of the log.
    pub(crate) fn apply_event(&mut self, seq: u64, event: LogEvent) -> Result<(), OutOfOrderEvent> {
        match event {
            LogEvent::UserMessage(text) => {
                self.history.push_user_message(&text);
                self.entry_seqs.push(seq);
                self.calls.clear();
                self.turn_open = true;
            }
            LogEvent::AssistantMessage(message) => self.record_assistant_message(seq, message)?,
            LogEvent::CallIntent(id) => {
                self.open_call_mut(&id)?;
            }
            LogEvent::CallDispatched(id) => self.open_call_mut(&id)?.state = CallState::Dispatched,
            LogEvent::CallResult(id, output) => {
                let call = self.open_call_mut(&id)?;
                call.state = CallState::Completed;
                let id = call.id.clone();
                self.history.resolve_call(&id, output).map_err(|_| OutOfOrderEvent)?;
            }
            LogEvent::Compacted { kept_steps, summary, .. } => {
                self.apply_compaction(seq, kept_steps, summary)?;
            }
            LogEvent::RequestPrefix(prefix) => self.request_prefix = Some(Arc::new(prefix)),
            LogEvent::TurnEnd(turn) => {
                self.turn_open = false;
                self.ended_without_reply = turn.ended_without_reply();
            }
            LogEvent::Retracted { .. } => {}
        }
        Ok(())
    }

    /// Checks that an event which is not in the log yet can be applied once open calls are answered.
    /// Calls of a message get the ids that they will have in the history: log those.
    pub(crate) fn prepare_event(&self, event: LogEvent) -> Result<LogEvent, OutOfOrderEvent> {
        match event {
            LogEvent::AssistantMessage(message) => {
                let prepared = self.history.prepare_assistant_message(message);
                prepared.map(LogEvent::AssistantMessage).map_err(|_| OutOfOrderEvent)
            }
            LogEvent::CallIntent(ref id)
            | LogEvent::CallDispatched(ref id)
            | LogEvent::CallResult(ref id, _)
                if !self.is_call_open(id) =>
            {
                Err(OutOfOrderEvent)
            }
            LogEvent::Compacted { kept_steps, .. } if kept_steps >= self.entry_seqs.len() => {
                Err(OutOfOrderEvent)
            }
            other => Ok(other),
        }
    }

    fn record_assistant_message(
        &mut self,
        seq: u64,
        message: AssistantMessage,
    ) -> Result<(), OutOfOrderEvent> {
        let logged_ids: Vec<ToolCallId> =
            message.calls.iter().map(|call| call.id().clone()).collect();
        self.history.push_assistant_message(message).map_err(|_| OutOfOrderEvent)?;
        self.entry_seqs.push(seq);
        self.calls.clear();
        let Some(HistoryStep::Assistant { calls, .. }) = self.history.steps().next_back() else {
            return Ok(());
        };
        for (logged, (call, result)) in logged_ids.into_iter().zip(calls) {
            let state = if result.is_some() { CallState::Completed } else { CallState::Requested };
            self.calls.push(LoggedCall { logged_id: logged, id: call.id.clone(), state });
        }
        Ok(())
    }

    /// The event number of the first of the last `kept_steps` steps; `None` for all or none of
    /// them.
    pub(crate) fn first_kept_seq(&self, kept_steps: usize) -> Option<u64> {
        let first = self.entry_seqs.len().checked_sub(kept_steps).filter(|first| *first > 0)?;
        self.entry_seqs.get(first).copied()
    }

    /// Counts the steps of the event `from` and later ones, with the number of the first of them;
    /// `None` for all or none of them.
    pub(crate) fn kept_steps_from(&self, from: u64) -> Option<(usize, u64)> {
        let kept_steps = self.entry_seqs.iter().rev().take_while(|origin| **origin >= from).count();
        Some((kept_steps, self.first_kept_seq(kept_steps)?))
    }

    /// The logged ids of the last message's calls.
    pub(crate) fn logged_ids(&self) -> impl Iterator<Item = ToolCallId> {
        self.calls.iter().map(|call| call.logged_id.clone())
    }

    /// The logged id of the open call that has this id in the history.
    pub(crate) fn find_logged_id(&self, id: &ToolCallId) -> Result<ToolCallId, OutOfOrderEvent> {
        let mut open = self.calls.iter().filter(|call| call.state != CallState::Completed);
        open.find(|call| call.id == *id).map(|call| call.logged_id.clone()).ok_or(OutOfOrderEvent)
    }

    /// Returns whether a call with this logged id is open.
    pub(crate) fn is_call_open(&self, logged: &ToolCallId) -> bool {
        self.calls
            .iter()
            .any(|call| call.logged_id == *logged && call.state != CallState::Completed)
    }

    /// Returns whether the history accepts a message of the model.
    pub(crate) fn accepts_answer(&self) -> bool {
        self.awaits_model()
            || matches!(self.history.steps().next_back(), Some(HistoryStep::Summary(_)))
    }

    /// The logged ids of the open calls, and whether each was started.
    pub(crate) fn open_calls(&self) -> Vec<(ToolCallId, bool)> {
        let open = self.calls.iter().filter(|call| call.state != CallState::Completed);
        open.map(|call| (call.logged_id.clone(), call.state == CallState::Dispatched)).collect()
    }

    /// The result of an open call in another history.
    pub(crate) fn result_from_history(
        &self,
        history: &History,
        logged: &ToolCallId,
    ) -> Option<ToolOutput> {
        let call = self.calls.iter().find(|call| call.logged_id == *logged)?;
        let Some(HistoryStep::Assistant { calls, .. }) = history
            .steps()
            .rev()
            .find(|step| matches!(step, HistoryStep::Assistant { calls, .. } if !calls.is_empty()))
        else {
            return None;
        };
        let mut found = calls.into_iter().filter(|(other, _)| other.id == call.id);
        found.next()?.1.cloned()
    }

    /// The open calls, and the events that answer them as interrupted.
    pub(crate) fn interrupted_calls(&self) -> (Vec<InterruptedCall>, Vec<LogEvent>) {
        let open = self.open_calls().into_iter().zip(self.history.open_calls());
        open.map(|((logged, may_have_run), call)| {
            let text = if may_have_run { MAY_HAVE_RUN_TEXT } else { NOT_RUN_TEXT };
            let event = LogEvent::CallResult(logged, ToolOutput::from_error(text));
            (InterruptedCall { call: call.clone(), may_have_run }, event)
        })
        .unzip()
    }

    /// Returns whether the last turn did not end and can be resumed.
    pub(crate) fn has_interrupted_turn(&self) -> bool {
        self.turn_open && self.awaits_model()
    }

    /// Returns whether the last turn ended without an answer and can be resumed.
    pub(crate) fn has_unanswered_turn(&self) -> bool {
        !self.turn_open && self.ended_without_reply && self.awaits_model()
    }

    /// Returns whether the model has yet to answer the last message or results.
    pub(crate) fn awaits_model(&self) -> bool {
        match self.history.steps().next_back() {
            Some(HistoryStep::User(_)) => true,
            Some(HistoryStep::Assistant { calls, .. }) => !calls.is_empty(),
            // The summary holds the request that was not answered before the compaction.
            Some(HistoryStep::Summary(summary)) => summary.current_request.is_some(),
            None => false,
        }
    }

    fn open_call_mut(&mut self, logged: &ToolCallId) -> Result<&mut LoggedCall, OutOfOrderEvent> {
        let mut calls = self.calls.iter_mut();
        let call =
            calls.find(|call| call.logged_id == *logged && call.state != CallState::Completed);
        call.ok_or(OutOfOrderEvent)
    }

    fn apply_compaction(
        &mut self,
        seq: u64,
        kept_steps: usize,
        summary: ConversationSummary,
    ) -> Result<(), OutOfOrderEvent> {
        self.history.apply_summary(kept_steps, summary).map_err(|_| OutOfOrderEvent)?;
        let replaced = self.entry_seqs.len().saturating_sub(kept_steps);
        self.entry_seqs.splice(..replaced, [seq]);
        if kept_steps == 0 {
            self.calls.clear();
        }
        Ok(())
    }
}
