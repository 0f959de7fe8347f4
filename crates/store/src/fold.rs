//! What a log amounts to: its events, folded into a history that is legal whatever they are.

use std::sync::Arc;

use openclaw_core::{
    AssistantMessage, EmittedCall, History, Step, Summary, ToolCall, ToolCallId, ToolOutput,
};

use crate::event::{Event, Prefix};

/// What is told of a call that was being run when its process ended.
const MAY_HAVE_RUN: &str = "This call was interrupted before its result was recorded. It may have run, wholly or in \
     part: check before you repeat it.";

/// What is told of a call that was not begun when its process ended.
const NOT_RUN: &str =
    "This call was not run: it was interrupted before it was begun. It had no effect.";

/// A conversation as the log has it so far.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Fold {
    history: History,
    /// The event of each step of the history.
    origins: Vec<u64>,
    /// The calls of the last message.
    calls: Vec<Call>,
    /// What every request begins with, as it was last recorded.
    pub(crate) prefix: Option<Arc<Prefix>>,
    /// Whether the user spoke after the last turn was ended.
    pub(crate) turn_open: bool,
    /// Whether the last turn that was ended came to no answer.
    pub(crate) fell_short: bool,
}

#[derive(Debug, Clone, PartialEq)]
struct Call {
    /// The id in the log.
    logged: ToolCallId,
    /// The id in the history, which differs only when events were left out.
    id: ToolCallId,
    state: CallState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CallState {
    Made,
    Dispatched,
    Done,
}

/// A call that was open when its process ended. It was answered as interrupted and is never
/// repeated by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    /// The call.
    pub call: ToolCall,
    /// Whether it was begun; what it did then is not known. Else it had no effect.
    pub may_have_run: bool,
}

/// An event that fits nothing that was before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OutOfOrder;

impl Fold {
    /// Begins with the steps that a compaction kept; [`compacted`](Self::compacted) follows them.
    pub(crate) fn on_kept_steps() -> Self {
        let mut fold = Self::default();
        // Stands for all that was replaced, so that the first step has something to answer.
        fold.history.push_user("");
        fold.origins.push(0);
        fold
    }

    /// Ends what [`on_kept_steps`](Self::on_kept_steps) began: `seq` is the compaction.
    pub(crate) fn compacted(&mut self, seq: u64, summary: Summary) {
        let keep = self.origins.len().saturating_sub(1);
        // There is one step more than those to keep.
        let _ = self.compact(seq, keep, summary);
    }

    pub(crate) fn history(&self) -> &History {
        &self.history
    }

    /// Takes up the next event of the log. `undone` events are for whoever reads the log.
    pub(crate) fn apply(&mut self, seq: u64, event: Event) -> Result<(), OutOfOrder> {
        match event {
            Event::User(text) => {
                self.history.push_user(&text);
                self.origins.push(seq);
                self.calls.clear();
                self.turn_open = true;
            }
            Event::Assistant(message) => self.take_assistant(seq, message)?,
            Event::Intent(id) => {
                self.open(&id)?;
            }
            Event::Dispatched(id) => self.open(&id)?.state = CallState::Dispatched,
            Event::Result(id, output) => {
                let call = self.open(&id)?;
                call.state = CallState::Done;
                let id = call.id.clone();
                self.history.resolve(&id, output).map_err(|_| OutOfOrder)?;
            }
            Event::Compacted { keep, summary, .. } => self.compact(seq, keep, summary)?,
            Event::Prefix(prefix) => self.prefix = Some(Arc::new(prefix)),
            Event::Turn(turn) => {
                self.turn_open = false;
                self.fell_short = turn.fell_short();
            }
            Event::Undone { .. } => {}
        }
        Ok(())
    }

    /// Takes up a message that is not in the log yet, and returns it with the ids that its calls
    /// have in the history: those are to be logged.
    pub(crate) fn push_assistant(
        &mut self,
        seq: u64,
        mut message: AssistantMessage,
    ) -> Result<AssistantMessage, OutOfOrder> {
        self.take_assistant(seq, message.clone())?;
        for (emitted, call) in message.calls.iter_mut().zip(&mut self.calls) {
            call.logged = call.id.clone();
            *id_of(emitted) = call.id.clone();
        }
        Ok(message)
    }

    fn take_assistant(
        &mut self,
        seq: u64,
        mut message: AssistantMessage,
    ) -> Result<(), OutOfOrder> {
        let logged: Vec<ToolCallId> =
            message.calls.iter_mut().map(|call| id_of(call).clone()).collect();
        self.history.push_assistant(message).map_err(|_| OutOfOrder)?;
        self.origins.push(seq);
        self.calls.clear();
        let Some(Step::Assistant { calls, .. }) = self.history.steps().next_back() else {
            return Ok(());
        };
        for (logged, (call, result)) in logged.into_iter().zip(calls) {
            let state = if result.is_some() { CallState::Done } else { CallState::Made };
            self.calls.push(Call { logged, id: call.id.clone(), state });
        }
        Ok(())
    }

    /// The event of the first of the last `keep` steps; `None` when all or none would be kept.
    pub(crate) fn origin_of_last(&self, keep: usize) -> Option<u64> {
        let first = self.origins.len().checked_sub(keep).filter(|first| *first > 0)?;
        self.origins.get(first).copied()
    }

    /// How many steps are of the event `from` and later ones, and the event of the first of them;
    /// `None` when all or none are.
    pub(crate) fn kept_from(&self, from: u64) -> Option<(usize, u64)> {
        let keep = self.origins.iter().rev().take_while(|origin| **origin >= from).count();
        Some((keep, self.origin_of_last(keep)?))
    }

    /// The ids, as in the log, of the last message's calls.
    pub(crate) fn ids(&self) -> impl Iterator<Item = ToolCallId> {
        self.calls.iter().map(|call| call.logged.clone())
    }

    /// The id in the log of the open call that has this id in the history.
    pub(crate) fn logged(&self, id: &ToolCallId) -> Result<ToolCallId, OutOfOrder> {
        let mut open = self.calls.iter().filter(|call| call.state != CallState::Done);
        open.find(|call| call.id == *id).map(|call| call.logged.clone()).ok_or(OutOfOrder)
    }

    /// Whether a call has this id in the log and no result.
    pub(crate) fn is_open(&self, logged: &ToolCallId) -> bool {
        self.calls.iter().any(|call| call.logged == *logged && call.state != CallState::Done)
    }

    /// Whether a message of the model would answer something.
    pub(crate) fn awaits_answer(&self) -> bool {
        self.awaits_model() || matches!(self.history.steps().next_back(), Some(Step::Summary(_)))
    }

    /// The ids, as in the log, of the calls that are open, and whether each was begun.
    pub(crate) fn open_calls(&self) -> Vec<(ToolCallId, bool)> {
        let open = self.calls.iter().filter(|call| call.state != CallState::Done);
        open.map(|call| (call.logged.clone(), call.state == CallState::Dispatched)).collect()
    }

    /// The result of an open call that some history has.
    pub(crate) fn result_in(&self, history: &History, logged: &ToolCallId) -> Option<ToolOutput> {
        let call = self.calls.iter().find(|call| call.logged == *logged)?;
        let Some(Step::Assistant { calls, .. }) = history
            .steps()
            .rev()
            .find(|step| matches!(step, Step::Assistant { calls, .. } if !calls.is_empty()))
        else {
            return None;
        };
        let mut found = calls.into_iter().filter(|(other, _)| other.id == call.id);
        found.next()?.1.cloned()
    }

    /// What the open calls are, and the events that answer them as interrupted.
    pub(crate) fn interrupted(&self) -> (Vec<Unfinished>, Vec<Event>) {
        let open = self.open_calls().into_iter().zip(self.history.open_calls());
        open.map(|((logged, may_have_run), call)| {
            let text = if may_have_run { MAY_HAVE_RUN } else { NOT_RUN };
            let event = Event::Result(logged, ToolOutput::error(text));
            (Unfinished { call: call.clone(), may_have_run }, event)
        })
        .unzip()
    }

    /// Whether the last turn did not end and can be taken up.
    pub(crate) fn is_unfinished(&self) -> bool {
        self.turn_open && self.awaits_model()
    }

    /// Whether the last turn ended without an answer and can be taken up.
    pub(crate) fn is_unanswered(&self) -> bool {
        !self.turn_open && self.fell_short && self.awaits_model()
    }

    /// Whether the model has yet to answer what was said last.
    pub(crate) fn awaits_model(&self) -> bool {
        match self.history.steps().next_back() {
            Some(Step::User(_)) => true,
            Some(Step::Assistant { calls, .. }) => !calls.is_empty(),
            // Of what was replaced, it holds what was not answered yet.
            Some(Step::Summary(summary)) => summary.request.is_some(),
            None => false,
        }
    }

    fn open(&mut self, logged: &ToolCallId) -> Result<&mut Call, OutOfOrder> {
        let mut calls = self.calls.iter_mut();
        let call = calls.find(|call| call.logged == *logged && call.state != CallState::Done);
        call.ok_or(OutOfOrder)
    }

    fn compact(&mut self, seq: u64, keep: usize, summary: Summary) -> Result<(), OutOfOrder> {
        self.history.compact(keep, summary).map_err(|_| OutOfOrder)?;
        let replaced = self.origins.len().saturating_sub(keep);
        self.origins.splice(..replaced, [seq]);
        if keep == 0 {
            self.calls.clear();
        }
        Ok(())
    }
}

fn id_of(call: &mut EmittedCall) -> &mut ToolCallId {
    match call {
        EmittedCall::Ready(call) => &mut call.id,
        EmittedCall::Broken(call) => &mut call.id,
    }
}
