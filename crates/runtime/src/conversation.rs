//! A conversation that is kept: an agent with its session.

mod agent_resolution;
mod context;
mod error;
mod record;
mod session_claim;

use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;

use openclaw_agent_loop::{
    CompactionReport, ConfiguredTimeout, SteeringQueue, TurnError, TurnEventSender, TurnInput,
    TurnReport, TurnRequest,
};
use openclaw_core::{Approver, History, Journal};
use openclaw_store::{
    DamageReport, InterruptedCall, LoadedSession, RequestPrefix, Session, SessionId, SessionKey,
    Store, StoreError,
};

use crate::agent::{AgentRun, AgentSpec, ConnectedChain, open_workspace};
use crate::{ConnectError, Runtime};

use session_claim::SessionClaim;

pub use context::ContextUse;
pub use error::ConversationError;

/// Which session a conversation is kept in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionTarget {
    /// The one that a key leads to; it is made when there is none.
    Key(SessionKey),
    /// The one with this id; it is made when there is none, and the agent's main key leads to it
    /// unless it leads to another.
    Id(SessionId),
}

/// What is asked of a conversation beyond the config.
pub struct ConversationOptions {
    /// Where it is kept; `None` is the agent's main session, `agent:<agent>:main`.
    pub target: Option<SessionTarget>,
    /// The agent, by its id in `agents.entries`; `None` is the one whose session it is.
    pub agent: Option<String>,
    /// The model, by reference or alias; `None` takes the config's.
    pub model: Option<String>,
    /// The workspace; `None` takes the config's, which is created if need be.
    pub workspace: Option<PathBuf>,
    /// The longest a turn may take and who says so; `None` takes the config's.
    pub time_limit: Option<ConfiguredTimeout>,
    /// Who decides whether a call may run.
    pub approver: Arc<dyn Approver>,
}

/// What a session was like when it was taken up.
#[derive(Debug, Clone, Default)]
pub struct RecoveryReport {
    /// The messages of the conversation so far, those that a summary replaced aside.
    pub messages: usize,
    /// The calls that were open when the last process ended. The model is told of them; the user
    /// is to be told too.
    pub interrupted_calls: Vec<InterruptedCall>,
    /// Whether the last turn was interrupted and can be taken up by [`Conversation::resume`].
    pub has_interrupted_turn: bool,
    /// Whether the last turn ended as failed, timed out or cancelled before the model answered,
    /// and can be taken up the same way.
    pub has_unanswered_turn: bool,
    /// What was left out of the log because it cannot be right.
    pub damage: Vec<DamageReport>,
    /// A copy of the store, made before anything was left out.
    pub backup: Option<PathBuf>,
}

impl RecoveryReport {
    /// Whether [`Conversation::resume`] has a turn to take up.
    #[must_use]
    pub fn can_resume(&self) -> bool {
        self.has_interrupted_turn || self.has_unanswered_turn
    }
}

/// An agent and the session that keeps what is said. Turns come one after the other, and each is
/// on the disk, step by step, before anything depends on it.
///
/// Dropping the future of a turn ends it as a crash would: what was recorded stays, and the next
/// turn begins with it.
pub struct Conversation {
    runtime: Runtime,
    options: ConversationOptions,
    agent_id: String,
    workspace: PathBuf,
    store: Store,
    session: Session,
    history: History,
    run: AgentRun,
    recovery: RecoveryReport,
    context: Option<ContextUse>,
}

impl fmt::Debug for ConversationOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConversationOptions")
            .field("place", &self.target)
            .field("agent", &self.agent)
            .field("model", &self.model)
            .field("workspace", &self.workspace)
            .field("time", &self.time_limit)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Conversation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conversation")
            .field("options", &self.options)
            .field("session", self.session.id())
            .field("run", &self.run)
            .finish_non_exhaustive()
    }
}

impl Runtime {
    /// Opens the sessions of this user, in the state folder. Their file is made when it is not
    /// there.
    ///
    /// # Errors
    /// When the file cannot be used.
    pub fn open_sessions(&self) -> Result<Store, StoreError> {
        let store = Store::open(self.sessions_path())?;
        for notice in store.opening_warnings() {
            self.connector.notices.push(notice.to_string());
        }
        Ok(store)
    }

    /// The file of the sessions, which need not exist.
    #[must_use]
    pub fn sessions_path(&self) -> PathBuf {
        self.connector.setup.paths.sessions_file()
    }

    /// Takes up a conversation, or begins one, and connects its model. With
    /// [`Runtime::with_wait`] a session that another process uses is waited for as well.
    ///
    /// # Errors
    /// When the session cannot be used, e.g. because another process does, when the workspace
    /// cannot be, and when no model can be connected.
    pub async fn open_conversation(
        &self,
        options: ConversationOptions,
    ) -> Result<Conversation, ConversationError> {
        let (agent_id, store) = self.resolve_agent(&options)?;
        let runtime = self.for_agent(&agent_id).map_err(ConnectError::Setup)?;
        let workspace = runtime.resolve_workspace(options.workspace.clone())?;
        let seat = SessionClaim::new(&store, options.target.as_ref(), &agent_id)?;
        let (connected, loaded) =
            runtime.connect_and_claim(&seat, options.model.as_deref()).await?;
        let around = AgentSpec {
            agent: &agent_id,
            workspace: &workspace,
            time_limit: options.time_limit.clone(),
            approver: Arc::clone(&options.approver),
            journal: Arc::new(loaded.session.clone()) as Arc<dyn Journal>,
            prefix: loaded.request_prefix.as_deref(),
        };
        let run = runtime.build_agent(connected, around)?;
        let context = context::initial_context_use(&store, &loaded, &run)?;
        let LoadedSession {
            session,
            history,
            interrupted_calls: unfinished,
            damage: notes,
            backup,
            ..
        } = loaded;
        let LoadedSession {
            has_interrupted_turn: unfinished_turn,
            has_unanswered_turn: unanswered_turn,
            ..
        } = loaded;
        let messages = history.messages().count();
        let found = RecoveryReport {
            messages,
            interrupted_calls: unfinished,
            has_interrupted_turn: unfinished_turn,
            has_unanswered_turn: unanswered_turn,
            damage: notes,
            backup,
        };
        Ok(Conversation {
            runtime,
            options,
            agent_id,
            workspace,
            store,
            session,
            history,
            run,
            recovery: found,
            context,
        })
    }
}

impl Conversation {
    /// The session's id.
    #[must_use]
    pub fn session_id(&self) -> &SessionId {
        self.session.id()
    }

    /// The key that led to the session when it was made.
    #[must_use]
    pub fn session_key(&self) -> &SessionKey {
        self.session.key()
    }

    /// The agent's id.
    #[must_use]
    pub fn agent_id(&self) -> &str {
        &self.agent_id
    }

    /// The agent, its model, its workspace and its prompt.
    #[must_use]
    pub fn agent_run(&self) -> &AgentRun {
        &self.run
    }

    /// What was said so far.
    #[must_use]
    pub fn history(&self) -> &History {
        &self.history
    }

    /// What the session was like when it was taken up; whether a turn can be taken up again, as it
    /// is now.
    #[must_use]
    pub fn recovery_report(&self) -> &RecoveryReport {
        &self.recovery
    }

    /// How full the window was after the last request; `None` before the first that a server
    /// counted.
    #[must_use]
    pub fn context_use(&self) -> Option<ContextUse> {
        self.context
    }

    /// Runs one turn on what the user said, until `cancelled` ends. A turn before it that was
    /// interrupted is given up. What the user says meanwhile comes by `steering`.
    ///
    /// # Errors
    /// When the turn cannot be begun because of the store; nothing was sent then. That a turn's
    /// end cannot be recorded is a notice.
    pub async fn run_turn(
        &mut self,
        message: &str,
        steering: Option<&SteeringQueue>,
        events: TurnEventSender,
        cancelled: impl Future<Output = ()>,
    ) -> Result<TurnReport, StoreError> {
        self.history = self.session.begin_turn().await?;
        self.record_prefix().await?;
        self.run.begin_turn();
        self.mark_turn_started();
        let turn = TurnRequest { input: TurnInput::Message(message), steering, events };
        let report = self.run.agent.run_request(&mut self.history, turn, cancelled).await;
        self.end_turn(&report).await;
        Ok(report)
    }

    /// Goes on with the turn that was interrupted, or that ended before the model answered, until
    /// `cancelled` ends; `None` when there is none.
    ///
    /// # Errors
    /// As for [`turn`](Self::turn).
    pub async fn resume_turn(
        &mut self,
        steering: Option<&SteeringQueue>,
        events: TurnEventSender,
        cancelled: impl Future<Output = ()>,
    ) -> Result<Option<TurnReport>, StoreError> {
        let Some(history) = self.session.resume_turn().await? else {
            self.refresh_resumable().await;
            return Ok(None);
        };
        self.history = history;
        self.record_prefix().await?;
        self.mark_turn_started();
        let turn = TurnRequest { input: TurnInput::Resume(None), steering, events };
        let report = self.run.agent.run_request(&mut self.history, turn, cancelled).await;
        self.end_turn(&report).await;
        Ok(Some(report))
    }

    /// Puts a summary in the place of the conversation's beginning. `None` when nothing that can
    /// be done cuts a fifth of it.
    ///
    /// # Errors
    /// When the summary cannot be recorded; the conversation is then as it was.
    pub async fn compact_history(
        &mut self,
        events: TurnEventSender,
    ) -> Result<Option<CompactionReport>, TurnError> {
        // A turn or a compaction that was cut may have recorded more than the history has.
        self.history = self.session.history().await;
        let compaction = self.run.agent.compact_history(&mut self.history, events).await?;
        if let (Some(compaction), Some(context)) = (&compaction, &mut self.context) {
            context.tokens = compaction.tokens_after;
        }
        Ok(compaction)
    }

    /// Takes back the last turn, with all that was said since it began; `false` when there is
    /// none. What its tools did stays done.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub async fn undo_turn(&mut self) -> Result<bool, StoreError> {
        let undone = self.session.undo_turn().await?;
        Ok(self.apply_undo(undone).await)
    }

    /// Takes back the last compaction; `false` when there is none.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub async fn undo_compaction(&mut self) -> Result<bool, StoreError> {
        let undone = self.session.undo_compaction().await?;
        Ok(self.apply_undo(undone).await)
    }

    /// Begins a new, empty session, to which the key leads from now on. The one before stays and
    /// can be taken up by its id.
    ///
    /// # Errors
    /// When the agent cannot be put together, e.g. because its workspace is gone, and when the
    /// session cannot be written; the conversation is then as it was.
    pub fn start_new_session(&mut self) -> Result<(), ConversationError> {
        // What would fail with the new session fails before there is one.
        open_workspace(&self.workspace).map_err(ConnectError::Setup)?;
        let key = self.session.key().clone();
        let id = self.store.reset_session(&key, &self.agent_id)?;
        let loaded = self.store.acquire_or_create(&id, &key, &self.agent_id)?;
        let connected = self.run.connected_chain();
        self.run = self.build_agent(connected, &loaded.session, None)?;
        self.session = loaded.session;
        self.history = loaded.history;
        self.recovery = RecoveryReport::default();
        self.context = None;
        Ok(())
    }

    /// Goes on with another model, by reference or alias; `None` is the config's. That it failed
    /// before is forgotten.
    ///
    /// # Errors
    /// When it cannot be connected; the conversation then goes on with the model it had.
    pub async fn switch_model(&mut self, name: Option<&str>) -> Result<(), ConnectError> {
        self.runtime.reset_breakers(name).map_err(ConnectError::Setup)?;
        let connected = self.runtime.connect_for_agent(name).await?;
        let prefix = self.session.request_prefix().await;
        let session = self.session.clone();
        self.run = self.build_agent(connected, &session, prefix.as_deref())?;
        if let Some(context) = &mut self.context {
            context.window = self.run.model.model_info().limits.context_window;
        }
        self.options.model = name.map(str::to_owned);
        Ok(())
    }

    fn build_agent(
        &self,
        connected: ConnectedChain,
        session: &Session,
        prefix: Option<&RequestPrefix>,
    ) -> Result<AgentRun, ConnectError> {
        let around = AgentSpec {
            agent: &self.agent_id,
            workspace: &self.workspace,
            time_limit: self.options.time_limit.clone(),
            approver: Arc::clone(&self.options.approver),
            journal: Arc::new(session.clone()),
            prefix,
        };
        self.runtime.build_agent(connected, around)
    }

    async fn apply_undo(&mut self, to: Option<History>) -> bool {
        let Some(history) = to else { return false };
        self.history = history;
        self.refresh_resumable().await;
        // What the window holds now, no server has counted.
        self.context = None;
        true
    }
}
