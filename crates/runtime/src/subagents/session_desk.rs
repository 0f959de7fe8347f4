//! What the tools over sessions reach for one session: other sessions within what it may see, and
//! its sub-agents.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use openclaw_config::SessionVisibility;
use openclaw_core::{Approver, ModelInfo, Tool};
use openclaw_store::{ChildRun, SessionId, SessionInfo, SessionKey, Store, StoreError};
use openclaw_tools::{SessionAccess, SessionRequest, SessionTool, SessionToolKind};
use serde_json::{Map, Value, json};

use super::FenceLayer;
use super::end_notice::{describe_status, short_id, shorten_result};
use crate::offload::run_blocking;
use crate::prompt::PromptProfile;
use crate::runtime::Runtime;

/// The most sessions below one that are looked at.
const MAX_TREE: usize = 1000;

/// What a session's tools over sessions need to know about it.
#[derive(Clone)]
pub(crate) struct SessionDesk(Arc<DeskOptions>);

/// A session as its tools over sessions see it.
#[derive(Clone)]
pub(crate) struct DeskOptions {
    /// Without an agent and a fence.
    pub(crate) root: Runtime,
    /// Of the session.
    pub(crate) runtime: Runtime,
    pub(crate) store: Store,
    pub(crate) agent: String,
    pub(crate) session_id: SessionId,
    pub(crate) session_key: SessionKey,
    pub(crate) workspace: PathBuf,
    /// How many sessions are above.
    pub(crate) depth: u32,
    pub(crate) approver: Arc<dyn Approver>,
    /// The model and its context window.
    pub(crate) model: Option<(String, u32)>,
}

impl fmt::Debug for SessionDesk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionDesk")
            .field("session_id", &self.0.session_id)
            .finish_non_exhaustive()
    }
}

impl std::ops::Deref for SessionDesk {
    type Target = DeskOptions;

    fn deref(&self) -> &DeskOptions {
        &self.0
    }
}

impl SessionDesk {
    pub(crate) fn new(options: DeskOptions) -> Self {
        Self(Arc::new(options))
    }

    /// The tools over sessions that have a use for the session.
    pub(crate) fn tools(&self, profile: PromptProfile, model: &ModelInfo) -> Vec<Arc<dyn Tool>> {
        let window = model.limits.context_window;
        let options =
            DeskOptions { model: Some((model.reference.to_string(), window)), ..(*self.0).clone() };
        let access: Arc<dyn SessionAccess> = Arc::new(Self::new(options));
        let kinds = SessionToolKind::ALL.into_iter().filter(|kind| self.offers(*kind, profile));
        kinds.map(|kind| Arc::new(SessionTool::new(kind, Arc::clone(&access))) as _).collect()
    }

    /// Whether the session is offered a tool: those that are of use to it, and those that the config
    /// names.
    fn offers(&self, kind: SessionToolKind, profile: PromptProfile) -> bool {
        use SessionToolKind as Kind;
        if !self.runtime.offers_tool(&self.agent, profile, kind.name()) {
            return false;
        }
        let config = self.runtime.config();
        let sees_others = self.visibility() >= SessionVisibility::Agent;
        let may_spawn = self.depth < config.subagent_limits().max_depth;
        let is_named = config.names_tool(&self.agent, kind.name());
        match kind {
            Kind::Spawn | Kind::Subagents => may_spawn,
            Kind::History | Kind::Search => true,
            Kind::List | Kind::Send => sees_others || is_named,
            Kind::Agents => may_spawn && (is_named || self.other_agents().next().is_some()),
            _ => is_named,
        }
    }

    /// What the session sees of others.
    pub(super) fn visibility(&self) -> SessionVisibility {
        let own = self.runtime.config().session_visibility(&self.agent);
        self.runtime.fence.visibility(own)
    }

    /// The other agents that sub-agents may be.
    pub(super) fn other_agents(&self) -> impl Iterator<Item = &str> {
        let config = self.runtime.config();
        let ids = config.agent_ids().into_iter();
        ids.filter(|id| !id.eq_ignore_ascii_case(&self.agent))
            .filter(|id| self.check_agent_of_child(id).is_ok())
    }

    /// Whether each session of the tree may have a sub-agent that is this agent.
    pub(super) fn check_agent_of_child(&self, agent: &str) -> Result<(), String> {
        let own = FenceLayer { agent: self.agent.clone(), runtime: self.runtime.clone() };
        for layer in std::iter::once(&own).chain(self.runtime.fence.layers()) {
            let config = layer.runtime.config();
            if !config.allows_subagent(&layer.agent, agent) {
                return Err(format!(
                    "`{}` may not start `{agent}`: `subagents.allowAgents` does not name it",
                    layer.agent
                ));
            }
            let is_other = !layer.agent.eq_ignore_ascii_case(agent);
            if let Some(key) = config.sandbox_request(&layer.agent).filter(|_| is_other) {
                return Err(format!(
                    "`{}` has a sandbox by `{key}`, which other agents would leave",
                    layer.agent
                ));
            }
        }
        Ok(())
    }

    /// The layers that a session below this one has.
    pub(super) fn layers_below(&self) -> Vec<FenceLayer> {
        let own = FenceLayer { agent: self.agent.clone(), runtime: self.runtime.clone() };
        std::iter::once(own).chain(self.runtime.fence.layers().iter().cloned()).collect()
    }

    /// The sessions below this one.
    pub(super) fn tree(&self) -> Result<Vec<ChildRun>, StoreError> {
        let mut found: Vec<ChildRun> = Vec::new();
        let mut next = vec![self.session_id.clone()];
        while let Some(id) = next.pop() {
            for run in self.store.child_runs(&id)? {
                if let Some(id) = run.child.as_deref().and_then(|id| id.parse().ok()) {
                    next.push(id);
                }
                found.push(run);
            }
            if found.len() > MAX_TREE {
                break;
            }
        }
        Ok(found)
    }

    /// Whether the session may read and write to another one. `tree` is what is below it.
    pub(super) fn sees(&self, info: &SessionInfo, tree: &[ChildRun]) -> bool {
        if info.id == self.session_id {
            return true;
        }
        let visibility = self.visibility();
        let is_below = tree.iter().any(|run| run.child.as_deref() == Some(info.id.as_str()));
        match visibility {
            SessionVisibility::Own => false,
            SessionVisibility::Tree => is_below,
            SessionVisibility::Agent | SessionVisibility::All => {
                let all = visibility == SessionVisibility::All;
                is_below
                    || self.layers_below().iter().all(|layer| {
                        info.agent.eq_ignore_ascii_case(&layer.agent)
                            || (all
                                && layer
                                    .runtime
                                    .config()
                                    .allows_agent_to_agent(&layer.agent, &info.agent))
                    })
            }
        }
    }

    /// Finds a session that the session may see. Others are as if they did not exist.
    pub(super) fn find_visible(&self, text: Option<&str>) -> Result<SessionInfo, String> {
        let text = match text {
            None | Some("main" | "self" | "current") => self.session_id.as_str(),
            Some(text) => text,
        };
        let unknown = || {
            format!(
                "there is no session `{text}` that this one may see (`tools.sessions.visibility`)"
            )
        };
        let tree = self.tree().map_err(|error| format!("failed to {error}"))?;
        let by_task = tree.iter().find(|run| short_id(&run.id) == text || run.id == text);
        let text = by_task.and_then(|run| run.child.as_deref()).unwrap_or(text);
        let info = self.store.find_session(text).map_err(|_| unknown())?;
        if self.sees(&info, &tree) { Ok(info) } else { Err(unknown()) }
    }

    /// The sub-agents of this session itself that are meant by their ids or labels; all without any.
    pub(super) async fn find_children(&self, tasks: &[String]) -> Result<Vec<ChildRun>, String> {
        let (store, id) = (self.store.clone(), self.session_id.clone());
        let runs = run_blocking(move || store.child_runs(&id)).await;
        let runs = runs.map_err(|error| format!("failed to {error}"))?;
        if tasks.is_empty() {
            return Ok(runs);
        }
        let mut meant: Vec<ChildRun> = Vec::new();
        for task in tasks {
            let is_meant = |run: &&ChildRun| {
                run.id == *task
                    || short_id(&run.id) == task
                    || run.child_key == *task
                    || run.label.as_deref() == Some(task)
            };
            // Of several with one label the last is meant.
            let Some(run) = runs.iter().rev().find(is_meant) else {
                let known: Vec<&str> = runs.iter().map(|run| short_id(&run.id)).collect();
                return Err(format!(
                    "there is no sub-agent `{task}`; known are: {}",
                    known.join(", ")
                ));
            };
            meant.push(run.clone());
        }
        Ok(meant)
    }

    fn list_agents(&self) -> Value {
        let own = std::iter::once(self.agent.as_str());
        let agents = own.chain(self.other_agents()).map(|id| {
            let mut row = Map::new();
            row.insert("id".to_owned(), json!(id));
            if let Some(name) = self.runtime.config().agent_name(id) {
                row.insert("name".to_owned(), json!(name));
            }
            Value::Object(row)
        });
        json!({ "requester": self.agent, "agents": agents.collect::<Vec<_>>() })
    }

    async fn describe_status(&self) -> Result<Value, String> {
        let (store, id) = (self.store.clone(), self.session_id.clone());
        let read = run_blocking(move || {
            Ok::<_, StoreError>((store.find_session(id.as_str())?, store.child_usage(&id)?))
        });
        let (info, children) = read.await.map_err(|error| format!("failed to {error}"))?;
        let (model, window) = self.model.clone().unwrap_or_default();
        let context = info.context_tokens;
        let percent = context.filter(|_| window > 0).map(|used| used * 100 / u64::from(window));
        Ok(json!({
            "sessionKey": self.session_key.as_str(),
            "agentId": self.agent,
            "model": model,
            "contextTokens": context,
            "contextWindow": window,
            "contextPercent": percent,
            "turns": info.turns,
            "inputTokens": info.input_tokens,
            "outputTokens": info.output_tokens,
            "subagents": {
                "runs": children.runs, "open": children.open_runs,
                "inputTokens": children.input_tokens, "outputTokens": children.output_tokens,
            },
        }))
    }
}

/// A sub-agent as the session that asked for it is shown it.
pub(super) fn describe_run(run: &ChildRun, with_result: bool) -> Value {
    let mut fields = json!({
        "taskId": short_id(&run.id),
        "label": run.label,
        "agentId": run.agent,
        "sessionKey": run.child_key,
        "status": run.status.as_str(),
        "meaning": describe_status(run.status),
        "tokens": run.input_tokens + run.output_tokens,
    });
    if let Some(object) = fields.as_object_mut() {
        if with_result && run.status.has_ended() {
            object.insert("result".to_owned(), json!(shorten_result(run)));
        }
        if let Some((ended, started)) = run.ended_at.zip(run.started_at) {
            let seconds = Duration::from_millis(ended.saturating_sub(started)).as_secs();
            object.insert("seconds".to_owned(), json!(seconds));
        }
        object.retain(|_, value| !value.is_null());
    }
    fields
}

#[async_trait]
impl SessionAccess for SessionDesk {
    async fn answer_request(&self, request: SessionRequest) -> Result<Value, String> {
        match request {
            SessionRequest::List { search, active_within, limit } => {
                self.list_sessions(search, active_within, limit).await
            }
            SessionRequest::History { session, limit, includes_tools } => {
                self.read_history(session, limit, includes_tools).await
            }
            SessionRequest::Search { query, session, limit } => {
                self.search_sessions(query, session, limit).await
            }
            SessionRequest::Send { session, message, wait } => {
                self.send_message(session, message, wait).await
            }
            SessionRequest::Spawn(request) => self.spawn_child(request).await,
            SessionRequest::ListSubagents => self.list_children().await,
            SessionRequest::WaitForSubagents { tasks, wait } => {
                self.wait_for_children(&tasks, wait).await
            }
            SessionRequest::CancelSubagents { tasks } => self.cancel_children(&tasks).await,
            SessionRequest::ListAgents => Ok(self.list_agents()),
            SessionRequest::Status => self.describe_status().await,
            _ => Err("this is not possible here".to_owned()),
        }
    }
}

impl Runtime {
    /// Whether an agent is offered a tool, by its config and those of the sessions above it.
    pub(crate) fn offers_tool(&self, agent: &str, profile: PromptProfile, name: &str) -> bool {
        let config = &self.models.loaded_config().config;
        crate::tool_settings::is_offered_by_config(config, agent, profile, name)
            && self.fence.allows_tool(name)
    }
}
