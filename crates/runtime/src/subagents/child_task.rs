//! The run of one sub-agent, from its place in the queue to its recorded end.

use std::sync::{Arc, PoisonError};

use openclaw_agent_loop::{
    ToolRefusalReason, TurnEvent, TurnEventReceiver, TurnOutcome, TurnReport, events::event_channel,
};
use openclaw_store::{
    ChildRun, ChildRunEnd, ChildRunLease, ChildRunStatus, CommandSettings, SessionId, Store,
};
use tokio::sync::{Semaphore, watch};

use super::spawning::ChildSlot;
use super::{LiveChildGuard, SubagentRegistry};
use crate::conversation::{Conversation, ConversationOptions};
use crate::error_text::failure_text;
use crate::offload::run_blocking;
use crate::runtime::Runtime;

/// What one sub-agent needs to run.
pub(super) struct ChildTask {
    pub(super) root: Runtime,
    pub(super) store: Store,
    pub(super) registry: SubagentRegistry,
    pub(super) options: ConversationOptions,
    pub(super) run: ChildRun,
    pub(super) slots: Arc<Semaphore>,
    pub(super) slot: ChildSlot,
    /// How the session above runs commands, where that differs from the config.
    pub(super) overrides: CommandSettings,
    pub(super) deletes_session: bool,
    pub(super) lease: ChildRunLease,
    pub(super) guard: LiveChildGuard,
}

/// How a turn of a sub-agent went.
#[derive(Debug, Default)]
struct ChildCalls {
    denied: u32,
    /// Those that ran.
    finished: u32,
    first_denial: Option<String>,
}

impl ChildTask {
    /// Runs the sub-agent, records its end, and tells it.
    pub(super) async fn carry_out(self, mut stopped: watch::Receiver<bool>) {
        let (run, store) = (self.run.clone(), self.store.clone());
        let (registry, deletes_session) = (self.registry.clone(), self.deletes_session);
        let Self { root, options, slots, slot, overrides, lease, guard, .. } = self;
        let conversation = async {
            // Never closed.
            let permit = slots.acquire_owned().await.ok();
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = permit;
            root.open_child_conversation(store.clone(), options, &overrides).await
        };
        let opened = tokio::select! {
            biased;
            () = wait_for_stop(&mut stopped) => None,
            opened = Box::pin(conversation) => Some(opened),
        };
        let (end, session) = match opened {
            None => (end_without_turn(ChildRunStatus::Cancelled, String::new()), None),
            Some(Err(error)) => {
                let text = failure_text(&error);
                (end_without_turn(ChildRunStatus::Failed, text), None)
            }
            Some(Ok(mut conversation)) => {
                let id = conversation.session_id().clone();
                let end = run_task(&store, &run, &mut conversation, stopped).await;
                (end, Some(id))
            }
        };
        let deleted = session.filter(|_| deletes_session);
        let recorded = run_blocking(move || record_end(&store, &run, end, deleted.as_ref())).await;
        drop((slot, lease, guard));
        if let Some(run) = recorded {
            registry.tell_end(&run);
        }
    }
}

/// Runs the one turn of a sub-agent.
async fn run_task(
    store: &Store,
    run: &ChildRun,
    conversation: &mut Conversation,
    mut stopped: watch::Receiver<bool>,
) -> ChildRunEnd {
    let (writer, run_id, session) =
        (store.clone(), run.id.clone(), conversation.session_id().clone());
    let started = run_blocking(move || writer.mark_child_started(&run_id, &session)).await;
    if let Err(error) = started {
        return end_without_turn(ChildRunStatus::Failed, format!("failed to {error}"));
    }
    let (sender, events) = event_channel();
    let turn = conversation.run_turn(&run.task, None, sender, wait_for_stop(&mut stopped));
    let (report, calls) = tokio::join!(Box::pin(turn), count_calls(events));
    match report {
        Ok(report) => end_of_turn(&report, &calls),
        Err(error) => end_without_turn(ChildRunStatus::Failed, format!("failed to {error}")),
    }
}

/// Records an end, and deletes the session if that was asked for. Returns the run as it ended.
fn record_end(
    store: &Store,
    run: &ChildRun,
    end: ChildRunEnd,
    deleted: Option<&SessionId>,
) -> Option<ChildRun> {
    // Without a record the run counts as lost, which is what it is.
    store.finish_child_run(&run.id, end.clone()).ok()?;
    if let Some(id) = deleted {
        // A session that another one is using stays.
        let _ = store.delete_session(id);
    }
    let ChildRunEnd { status, result, .. } = end;
    let mut ended = run.clone();
    (ended.status, ended.result) = (status, Some(result));
    Some(ended)
}

fn end_without_turn(status: ChildRunStatus, result: String) -> ChildRunEnd {
    ChildRunEnd { status, result, input_tokens: 0, output_tokens: 0 }
}

fn end_of_turn(report: &TurnReport, calls: &ChildCalls) -> ChildRunEnd {
    let (mut status, mut result) = match &report.outcome {
        TurnOutcome::Reply { text, .. } => (ChildRunStatus::Succeeded, text.clone()),
        TurnOutcome::NoReply => (ChildRunStatus::Succeeded, String::new()),
        TurnOutcome::NeedsInput { question } => {
            (ChildRunStatus::Denied, format!("nobody could be asked: {question}"))
        }
        TurnOutcome::Cancelled => (ChildRunStatus::Cancelled, String::new()),
        TurnOutcome::TimedOut { limit } => {
            (ChildRunStatus::TimedOut, format!("its time was {limit}"))
        }
        TurnOutcome::Failed(error) => (ChildRunStatus::Failed, failure_text(error)),
        _ => (ChildRunStatus::Failed, "failed to finish the turn".to_owned()),
    };
    // An answer of one that could do nothing it wanted is no success.
    if let (ChildRunStatus::Succeeded, Some(denial)) = (status, &calls.first_denial) {
        let note = format!("{} of its calls were denied: {denial}", calls.denied);
        if calls.finished == 0 {
            status = ChildRunStatus::Denied;
        }
        result = format!("{result}\n({note})");
    }
    ChildRunEnd {
        status,
        result,
        input_tokens: u64::from(report.usage.input_tokens),
        output_tokens: u64::from(report.usage.output_tokens),
    }
}

async fn count_calls(mut events: TurnEventReceiver) -> ChildCalls {
    let mut calls = ChildCalls::default();
    while let Some(event) = events.recv().await {
        match event {
            TurnEvent::ToolFinished { .. } => calls.finished += 1,
            TurnEvent::ToolRefused { refusal, reason, .. } => {
                use ToolRefusalReason::{Denied, NeedsInput, NoApprover};
                if matches!(refusal, Denied | NoApprover | NeedsInput) {
                    calls.denied += 1;
                    calls.first_denial.get_or_insert(reason);
                }
            }
            _ => {}
        }
    }
    calls
}

async fn wait_for_stop(stopped: &mut watch::Receiver<bool>) {
    if stopped.wait_for(|stop| *stop).await.is_err() {
        // Whoever could stop it is gone; it runs to its end.
        std::future::pending::<()>().await;
    }
}
