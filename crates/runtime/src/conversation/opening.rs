//! Opens the session store and the conversations in it.

use std::path::PathBuf;
use std::sync::Arc;

use openclaw_core::Journal;
use openclaw_store::{Store, StoreError};

use super::agent_resolution::ResolvedAgent;
use super::session_claim::{ClaimedSession, SessionClaim};
use super::{Conversation, ConversationError, ConversationOptions, RecoveryReport, context};
use crate::agent::AgentSpec;
use crate::exec_overrides::ExecOverrides;
use crate::offload::run_blocking;
use crate::runtime::Runtime;

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
        if let Some(agent) = &options.agent {
            self.check_agent(agent)?;
        }
        let (runtime, opened) = (self.clone(), store.clone());
        let (agent, target) = (options.agent.clone(), options.target.clone());
        let resolve = move || runtime.resolve_agent(&opened, agent, target.as_ref());
        let ResolvedAgent { id: agent_id, warning, session_folder } = run_blocking(resolve).await?;
        let runtime = self.for_agent(&agent_id)?;
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
        let (mut connected, claimed) =
            runtime.connect_and_claim(&claim, options.model.as_deref()).await?;
        connected.report.warnings.splice(..0, warning.into_iter().chain(ended));
        let ClaimedSession { loaded, context_tokens } = claimed;
        let base_runtime = runtime;
        let (reader, id) = (store.clone(), loaded.session.id().clone());
        let recorded = run_blocking(move || reader.command_settings(&id)).await?;
        let exec_overrides = ExecOverrides::from_recorded(recorded);
        let runtime = base_runtime.with_overrides(&exec_overrides, &agent_id);
        connected.report.warnings.extend(runtime.session_node_warning(&agent_id).await);
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
        };
        let run = runtime.build_agent(connected, around).await?;
        let (pruning, opened_id) = (runtime.clone(), loaded.session.id().clone());
        run_blocking(move || pruning.prune_changes(&opened_id)).await;
        let context = context::initial_context_use(context_tokens, &run);
        let recovery = RecoveryReport {
            messages: loaded.history.messages().count(),
            interrupted_calls: loaded.interrupted_calls,
            has_interrupted_turn: loaded.has_interrupted_turn,
            has_unanswered_turn: loaded.has_unanswered_turn,
            damage: loaded.damage,
            backup: loaded.backup,
        };
        Ok(Conversation {
            runtime,
            base_runtime,
            exec_overrides,
            options,
            agent_id,
            workspace,
            store,
            session: loaded.session,
            history: loaded.history,
            run,
            recovery,
            context,
        })
    }
}
