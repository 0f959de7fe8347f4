//! The ends of sub-agents: each begins a turn of the session that asked for it.

use std::sync::{Arc, Weak};

use openclaw_runtime::{ChildRun, SessionId, SessionTarget, SubagentObserver, describe_ends};

use super::{RunManager, RunSpec, offload};

/// What the key of a sub-agent's session contains.
const SUBAGENT_MARK: &str = ":subagent:";

/// Begins turns when sub-agents end.
#[derive(Debug)]
struct ParentWaker(Weak<RunManager>);

/// Begins a turn of the session that asked for a sub-agent when that ends, from now on.
pub(crate) fn wake_parents(runs: &Arc<RunManager>) {
    let waker = Arc::new(ParentWaker(Arc::downgrade(runs)));
    // Its clones share the sub-agents.
    let _ = runs.config.runtime().with_subagent_observer(waker);
}

impl SubagentObserver for ParentWaker {
    fn subagent_ended(&self, run: &ChildRun) {
        // A sub-agent that ended is not woken: nobody waits for more of its words.
        if run.parent_key.contains(SUBAGENT_MARK) {
            return;
        }
        let Some(runs) = self.0.upgrade() else { return };
        let run = run.clone();
        tokio::spawn(async move {
            if let Err(problem) = runs.wake_parent(&run).await {
                tracing::warn!("the end of the sub-agent {} is told later: {problem}", run.id);
            }
        });
    }
}

impl RunManager {
    /// Begins a turn with the ends that the session does not know, once its present turn is over.
    /// It may have learnt them by then.
    async fn wake_parent(self: &Arc<Self>, run: &ChildRun) -> Result<(), String> {
        let parent: SessionId =
            run.parent.parse().map_err(|_| "its session has no id".to_owned())?;
        let session_key =
            run.parent_key.parse().map_err(|_| "its session has no key".to_owned())?;
        let lock = self.turn_lock(&run.parent_key);
        let turn = lock.lock().await;
        let (store, id) = (self.store.clone(), parent.clone());
        let ends = offload(move || store.untold_child_ends(&id)).await;
        let ends = ends.map_err(|error| error.to_string())?;
        let Some(last) = ends.last() else { return Ok(()) };
        let spec = RunSpec {
            workspace: None,
            message: Some(describe_ends(&ends)),
            idempotency_key: format!("subagent:{}", last.id),
            target: SessionTarget::Id(parent),
            session_key,
            agent: Some(run.parent_agent.clone()),
            model: None,
            timeout_seconds: None,
            device: None,
            trigger: "subagent",
        };
        // Recorded before they count as told: a gateway that is killed in between begins no second
        // run, because the key is known.
        self.start_run(spec).await.map_err(|error| error.message)?;
        let store = self.store.clone();
        let told = offload(move || {
            ends.iter().try_for_each(|run| store.mark_child_end_told(&run.id).map(drop))
        });
        told.await.map_err(|error| error.to_string())?;
        drop(turn);
        Ok(())
    }
}
