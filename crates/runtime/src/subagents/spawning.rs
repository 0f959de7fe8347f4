//! Starting sub-agents, waiting for them and cancelling them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use openclaw_agent_loop::TimeLimit;
use openclaw_store::{ChildRun, ChildRunRequest, StoreError};
use openclaw_tools::SpawnRequest;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::LiveChild;
use super::child_task::ChildTask;
use super::end_notice::short_id;
use super::session_desk::{SessionDesk, describe_run};
use super::session_reading::OTHERS_WORDS;
use crate::conversation::{ConversationOptions, SessionTarget};
use crate::offload::run_blocking;

/// How long cancelled sub-agents are waited for.
const CANCEL_WAIT: Duration = Duration::from_secs(5);

/// The key of the configured time limit.
const TIME_LIMIT_KEY: &str = "agents.defaults.subagents.runTimeoutSeconds";

impl SessionDesk {
    /// Records a sub-agent and starts it in the background.
    pub(super) async fn spawn_child(&self, request: SpawnRequest) -> Result<Value, String> {
        let limits = self.runtime.config().subagent_limits();
        if self.depth >= limits.max_depth {
            return Err(format!(
                "a sub-agent this deep may start no other one \
                 (`agents.defaults.subagents.maxSpawnDepth` is {})",
                limits.max_depth
            ));
        }
        let agent = self.find_agent(request.agent.as_deref())?;
        self.check_agent_of_child(&agent)?;
        let registry = &self.runtime.subagents;
        let open = registry.child_count(&self.session_id);
        if u32::try_from(open).unwrap_or(u32::MAX) >= limits.max_children {
            return Err(format!(
                "{open} sub-agents of this session run or wait, as many as may \
                 (`agents.defaults.subagents.maxChildrenPerAgent`); wait for one or cancel one"
            ));
        }
        let (store, asked) = (self.store.clone(), self.child_request(&agent, &request));
        let registered = run_blocking(move || {
            let overrides = store.command_settings(&asked.parent)?;
            Ok::<_, StoreError>((store.register_child_run(asked)?, overrides))
        });
        let registered = registered.await.map_err(|error| format!("failed to {error}"))?;
        let ((run, lease), overrides) = registered;
        let (stop, stopped) = watch::channel(false);
        let slot = Arc::default();
        let live = LiveChild {
            parent: self.session_id.as_str().to_owned(),
            child_key: run.child_key.clone(),
            name: name_of(&run),
            stop,
            slot: Arc::clone(&slot),
        };
        let task = ChildTask {
            guard: registry.add(&run.id, live),
            root: self.root.clone(),
            store: self.store.clone(),
            registry: registry.clone(),
            options: self.child_options(&run, request.model.clone(), request.time_limit)?,
            slots: registry.slots(limits.max_concurrent),
            slot,
            overrides,
            deletes_session: request.deletes_session,
            lease,
            run: run.clone(),
        };
        tokio::spawn(task.carry_out(stopped));
        Ok(json!({
            "status": "accepted",
            "taskId": short_id(&run.id),
            "childSessionKey": run.child_key,
            "agentId": run.agent,
            "note": "It works in the background; you are told its result when it ends. `subagents` \
                     with `wait` waits for it.",
        }))
    }

    fn find_agent(&self, wanted: Option<&str>) -> Result<String, String> {
        let Some(wanted) = wanted else { return Ok(self.agent.clone()) };
        let ids = self.runtime.config().agent_ids();
        let found = ids.iter().find(|id| id.eq_ignore_ascii_case(wanted.trim()));
        found.map(|id| (*id).to_owned()).ok_or_else(|| {
            // Only those that may be started are named.
            let allowed: Vec<&str> =
                std::iter::once(self.agent.as_str()).chain(self.other_agents()).collect();
            format!("there is no agent `{wanted}`; sub-agents may be: {}", allowed.join(", "))
        })
    }

    fn child_request(&self, agent: &str, request: &SpawnRequest) -> ChildRunRequest {
        ChildRunRequest {
            parent: self.session_id.clone(),
            parent_key: self.session_key.clone(),
            parent_agent: self.agent.clone(),
            agent: agent.to_owned(),
            label: request.label.clone(),
            task: request.task.clone(),
            depth: self.depth + 1,
        }
    }

    fn child_options(
        &self,
        run: &ChildRun,
        model: Option<String>,
        wanted: Option<Duration>,
    ) -> Result<ConversationOptions, String> {
        let configured = self.runtime.config().subagent_limits().timeout;
        let is_shorter = |wanted: &Duration| configured.is_none_or(|limit| *wanted < limit);
        let time_limit = match wanted.filter(is_shorter) {
            Some(duration) => Some(TimeLimit {
                duration,
                source: "`runTimeoutSeconds` of `sessions_spawn`".into(),
            }),
            None => configured.map(|duration| TimeLimit {
                duration,
                source: format!("`{TIME_LIMIT_KEY}`").into(),
            }),
        };
        let key =
            run.child_key.parse().map_err(|error| format!("failed to use a session: {error}"))?;
        let is_same_agent = run.agent == self.agent;
        Ok(ConversationOptions {
            target: Some(SessionTarget::Key(key)),
            agent: Some(run.agent.clone()),
            model,
            workspace: is_same_agent.then(|| self.workspace.clone()),
            time_limit,
            approver: Arc::clone(&self.approver),
        })
    }

    /// The sub-agents of this session, without those that ended long ago.
    pub(super) async fn list_children(&self) -> Result<Value, String> {
        let runs = self.find_children(&[]).await?;
        let now =
            (self.runtime.clock.0)().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let archive_after = self.runtime.config().subagent_limits().archive_after;
        let is_listed = |run: &&ChildRun| {
            run.ended_at
                .zip(archive_after)
                .is_none_or(|(at, time)| now.saturating_sub(Duration::from_millis(at)) <= time)
        };
        let rows = runs.iter().rev().filter(is_listed).map(|run| describe_run(run, false));
        Ok(json!({ "tasks": rows.collect::<Vec<_>>() }))
    }

    /// Waits for the ends of sub-agents, and tells their results. Without names for those that have
    /// not ended or were not told.
    pub(super) async fn wait_for_children(
        &self,
        tasks: &[String],
        wait: Duration,
    ) -> Result<Value, String> {
        let meant = self.find_children(tasks).await?;
        let (store, parent) = (self.store.clone(), self.session_id.clone());
        let untold = run_blocking(move || store.untold_child_ends(&parent)).await;
        let untold = untold.map_err(|error| format!("failed to {error}"))?;
        let is_wanted = |run: &&ChildRun| {
            !tasks.is_empty()
                || !run.status.has_ended()
                || untold.iter().any(|other| other.id == run.id)
        };
        let ids: Vec<String> = meant.iter().filter(is_wanted).map(|run| run.id.clone()).collect();
        if ids.is_empty() {
            return Ok(json!({ "tasks": [], "note": "no sub-agent runs, and all ends are known" }));
        }
        self.wait_without_slot(&ids, wait).await;
        self.tell_ends(&ids).await
    }

    /// Waits, and gives up the own place among those that run at once meanwhile.
    async fn wait_without_slot(&self, ids: &[String], wait: Duration) {
        let registry = &self.runtime.subagents;
        let own = registry.find_by_session(self.session_key.as_str());
        let take = |own: &LiveChild| own.slot.lock().unwrap_or_else(PoisonError::into_inner).take();
        let had_slot = own.as_ref().and_then(take).is_some();
        registry.wait_for_ends(ids, wait).await;
        if let Some(own) = own.filter(|_| had_slot) {
            let limit = self.runtime.config().subagent_limits().max_concurrent;
            // A closed semaphore means that the program ends.
            if let Ok(permit) = registry.slots(limit).acquire_owned().await {
                *own.slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(permit);
            }
        }
    }

    /// The state of sub-agents. Ends among them count as told.
    async fn tell_ends(&self, ids: &[String]) -> Result<Value, String> {
        let runs = self.find_children(ids).await?;
        let ended: Vec<String> =
            runs.iter().filter(|run| run.status.has_ended()).map(|run| run.id.clone()).collect();
        let store = self.store.clone();
        let told = run_blocking(move || {
            ended.iter().try_for_each(|id| store.mark_child_end_told(id).map(drop))
        });
        told.await.map_err(|error| format!("failed to {error}"))?;
        let rows = runs.iter().map(|run| describe_run(run, true));
        Ok(json!({ "tasks": rows.collect::<Vec<_>>(), "note": OTHERS_WORDS }))
    }

    pub(super) async fn cancel_children(&self, tasks: &[String]) -> Result<Value, String> {
        let meant: Vec<String> = self
            .find_children(tasks)
            .await?
            .into_iter()
            .filter(|run| !run.status.has_ended())
            .map(|run| run.id)
            .collect();
        if meant.is_empty() {
            return Ok(json!({ "tasks": [], "note": "none of them runs" }));
        }
        let registry = &self.runtime.subagents;
        registry.stop_children(&self.session_id, |id| meant.iter().any(|meant| meant == id));
        registry.wait_for_ends(&meant, CANCEL_WAIT).await;
        self.tell_ends(&meant).await
    }
}

/// What people call a sub-agent.
fn name_of(run: &ChildRun) -> String {
    match &run.label {
        Some(label) => format!("{} ({label})", short_id(&run.id)),
        None => short_id(&run.id).to_owned(),
    }
}

/// The place of a sub-agent among those that run at once.
pub(super) type ChildSlot = Arc<Mutex<Option<tokio::sync::OwnedSemaphorePermit>>>;
