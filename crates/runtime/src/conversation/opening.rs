//! Opens the session store and the conversations in it.

use std::path::PathBuf;
use std::sync::Arc;

use openclaw_core::Journal;
use openclaw_store::{CommandSettings, LoadedSession, Store, StoreError};

use super::agent_resolution::ResolvedAgent;
use super::session_claim::{ClaimedSession, SessionClaim};
use super::{
    Conversation, ConversationError, ConversationOptions, RecoveryReport, SessionTarget, context,
};
use crate::agent::AgentSpec;
use crate::exec_overrides::ExecOverrides;
use crate::offload::run_blocking;
use crate::runtime::Runtime;
use crate::subagents::{DeskOptions, Fence, FenceLayer, SessionDesk};

impl Runtime {
    /// Opens the session store in the state folder, and creates it if missing. What the user should
    /// know about it is in [`Store::opening_warnings`]. Blocks the thread while the file is opened.
    ///
    /// # Errors
    /// When the file cannot be used.
    pub fn open_sessions(&self) -> Result<Store, StoreError> {
        Store::open(self.sessions_path())
    }

    /// The path of the session store, which need not exist.
    #[must_use]
    pub fn sessions_path(&self) -> PathBuf {
        self.models.app_paths().sessions_file()
    }

    /// Opens or creates a conversation and connects its model. With
    /// [`ModelRegistry::with_wait_policy`](openclaw_models::ModelRegistry::with_wait_policy) a
    /// session that another process uses is waited for as well.
    ///
    /// # Errors
    /// When the session cannot be used (e.g. another process has it open), when the workspace
    /// cannot be used, and when no model can be connected.
    pub async fn open_conversation(
        &self,
        options: ConversationOptions,
    ) -> Result<Conversation, ConversationError> {
        if let Some(agent) = &options.agent {
            self.check_agent(agent)?;
        }
        let runtime = self.clone();
        let store = run_blocking(move || runtime.open_sessions()).await?;
        let warnings = store.opening_warnings().iter().map(ToString::to_string);
        let warnings: Vec<String> = warnings.collect();
        let mut conversation = self.open_conversation_in(store, options).await?;
        conversation.run.report.warnings.splice(..0, warnings);
        Ok(conversation)
    }

    /// Opens or creates a conversation in a store that is open already, whose warnings the caller
    /// has.
    ///
    /// # Errors
    /// As for [`open_conversation`](Self::open_conversation).
    pub async fn open_conversation_in(
        &self,
        store: Store,
        options: ConversationOptions,
    ) -> Result<Conversation, ConversationError> {
        Box::pin(self.open_fenced_conversation(store, options, Vec::new())).await
    }

    /// Opens or creates a conversation that may do no more than `outer`, besides the sessions above
    /// its own.
    ///
    /// # Errors
    /// As for [`open_conversation`](Self::open_conversation).
    pub(crate) async fn open_fenced_conversation(
        &self,
        store: Store,
        options: ConversationOptions,
        outer: Vec<FenceLayer>,
    ) -> Result<Conversation, ConversationError> {
        if let Some(agent) = &options.agent {
            self.check_agent(agent)?;
        }
        let (runtime, opened) = (self.clone(), store.clone());
        let (agent, target) = (options.agent.clone(), options.target.clone());
        let resolve = move || runtime.resolve_agent(&opened, agent, target.as_ref());
        let ResolvedAgent { id: agent_id, warning, session_folder } = run_blocking(resolve).await?;
        let runtime = self.runtime_for_session(&store, &options, &agent_id).await?;
        // A session of a folder works there, wherever it is continued from.
        let asked = options.workspace.clone().or(session_folder);
        let default_key = runtime.default_session_key(&agent_id, asked.as_deref())?;
        let workspace = runtime.resolve_workspace(asked)?;
        let ended = run_blocking({
            let (runtime, store) = (runtime.clone(), store.clone());
            let (target, key, agent) =
                (options.target.clone(), default_key.clone(), agent_id.clone());
            move || runtime.end_old_session(&store, target.as_ref(), &key, &agent)
        })
        .await?;
        let claim =
            SessionClaim::new(store.clone(), options.target.clone(), &agent_id, default_key);
        let depth = runtime.fence.depth();
        let (mut connected, claimed) =
            runtime.connect_and_claim(&claim, options.model.as_deref()).await?;
        connected.report.warnings.splice(..0, warning.into_iter().chain(ended));
        let ClaimedSession { loaded, context_tokens } = claimed;
        let base_runtime = runtime.within_fence(&outer, &agent_id);
        let (reader, id) = (store.clone(), loaded.session.id().clone());
        let recorded = run_blocking(move || reader.command_settings(&id)).await?;
        let exec_overrides = ExecOverrides::from_recorded(recorded);
        let runtime = base_runtime.with_overrides(&exec_overrides, &agent_id);
        connected.report.warnings.extend(runtime.session_node_warning(&agent_id).await);
        let desk = SessionDesk::new(DeskOptions {
            root: self.clone(),
            runtime: runtime.clone(),
            store: store.clone(),
            agent: agent_id.clone(),
            session_id: loaded.session.id().clone(),
            session_key: loaded.session.key().clone(),
            workspace: workspace.clone(),
            depth,
            approver: Arc::clone(&options.approver),
            model: None,
        });
        let around = AgentSpec {
            agent: &agent_id,
            workspace: &workspace,
            time_limit: options.time_limit.clone(),
            approver: Arc::clone(&options.approver),
            journal: Arc::new(loaded.session.clone()) as Arc<dyn Journal>,
            prefix: loaded.request_prefix.as_deref(),
            changes: Some(runtime.change_journal(loaded.session.id())),
            command_runs: runtime.new_command_runs(),
            session_key: Some(loaded.session.key().as_str()),
            desk: Some(desk),
        };
        let run = runtime.build_agent(connected, around).await?;
        let (pruning, opened_id) = (runtime.clone(), loaded.session.id().clone());
        run_blocking(move || pruning.prune_changes(&opened_id)).await;
        let context = context::initial_context_use(context_tokens, &run);
        let recovery = RecoveryReport::from_loaded(&loaded);
        let LoadedSession { session, history, .. } = loaded;
        Ok(Conversation {
            root: Box::new(self.clone()),
            depth,
            runtime,
            base_runtime,
            exec_overrides,
            options,
            agent_id,
            workspace,
            store,
            session,
            history,
            run,
            recovery,
            context,
        })
    }

    /// Opens the session of a sub-agent that runs commands as the session above it does.
    ///
    /// # Errors
    /// As for [`open_conversation`](Self::open_conversation).
    pub(crate) async fn open_child_conversation(
        &self,
        store: Store,
        options: ConversationOptions,
        overrides: &CommandSettings,
    ) -> Result<Conversation, ConversationError> {
        if let (Some(SessionTarget::Key(key)), Some(agent)) = (&options.target, &options.agent)
            && *overrides != CommandSettings::default()
        {
            let (store, key, agent) = (store.clone(), key.clone(), agent.clone());
            let overrides = overrides.clone();
            run_blocking(move || {
                let id = store.acquire_current(&key, &agent)?.session.id().clone();
                store.set_command_settings(&id, &overrides)
            })
            .await?;
        }
        Box::pin(self.open_fenced_conversation(store, options, Vec::new())).await
    }

    /// The runtime of an agent in a session: within the fence of the sessions above it.
    async fn runtime_for_session(
        &self,
        store: &Store,
        options: &ConversationOptions,
        agent: &str,
    ) -> Result<Self, ConversationError> {
        let (root, reader, target) = (self.clone(), store.clone(), options.target.clone());
        let fence = run_blocking(move || {
            let key = match target {
                Some(SessionTarget::Key(key)) => key,
                Some(SessionTarget::Id(id)) => match reader.find_session(id.as_str()) {
                    Ok(info) => info.key,
                    // It is created, under a key of its agent.
                    Err(_) => return Ok(Fence::default()),
                },
                None => return Ok(Fence::default()),
            };
            root.session_fence(&reader, &key)
        })
        .await?;
        let mut runtime = self.for_agent(agent)?;
        if !fence.layers().is_empty() {
            runtime.models = runtime.models.with_subagent(agent);
        }
        Ok(runtime.with_fence(fence, agent))
    }

    /// This runtime within more of a fence.
    fn within_fence(self, outer: &[FenceLayer], agent: &str) -> Self {
        if outer.is_empty() {
            return self;
        }
        let fence = self.fence.within(outer);
        self.with_fence(fence, agent)
    }
}
