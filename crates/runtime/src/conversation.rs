//! A conversation that is kept: an agent with its session.

mod context;
mod error;
mod owner;
mod record;
mod seat;

use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;

use openclaw_agent_loop::{
    Compaction, EventSender, Limit, Opening, Steering, TurnError, TurnReport, TurnRequest,
};
use openclaw_core::{Approver, History, Journal};
use openclaw_store::{
    Loaded, Note, Prefix, Session, SessionId, SessionKey, Store, StoreError, Unfinished,
};

use crate::agent::{AgentRun, Around, Connected, open_workspace};
use crate::{ConnectError, Runtime};

use seat::Seat;

pub use context::ContextUse;
pub use error::ConversationError;

/// Which session a conversation is kept in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The one that a key leads to; it is made when there is none.
    Key(SessionKey),
    /// The one with this id; it is made when there is none, and the agent's main key leads to it
    /// unless it leads to another.
    Id(SessionId),
}

/// What is asked of a conversation beyond the config.
pub struct ConversationOptions {
    /// Where it is kept; `None` is the agent's main session, `agent:<agent>:main`.
    pub place: Option<Place>,
    /// The agent, by its id in `agents.entries`; `None` is the one whose session it is.
    pub agent: Option<String>,
    /// The model, by reference or alias; `None` takes the config's.
    pub model: Option<String>,
    /// The workspace; `None` takes the config's, which is created if need be.
    pub workspace: Option<PathBuf>,
    /// The longest a turn may take and who says so; `None` takes the config's.
    pub time: Option<Limit>,
    /// Who decides whether a call may run.
    pub approver: Arc<dyn Approver>,
}

/// What a session was like when it was taken up.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// The messages of the conversation so far, those that a summary replaced aside.
    pub messages: usize,
    /// The calls that were open when the last process ended. The model is told of them; the user
    /// is to be told too.
    pub unfinished: Vec<Unfinished>,
    /// Whether the last turn was interrupted and can be taken up by [`Conversation::resume`].
    pub unfinished_turn: bool,
    /// Whether the last turn ended as failed, timed out or cancelled before the model answered,
    /// and can be taken up the same way.
    pub unanswered_turn: bool,
    /// What was left out of the log because it cannot be right.
    pub notes: Vec<Note>,
    /// A copy of the store, made before anything was left out.
    pub backup: Option<PathBuf>,
}

impl Found {
    /// Whether [`Conversation::resume`] has a turn to take up.
    #[must_use]
    pub fn can_resume(&self) -> bool {
        self.unfinished_turn || self.unanswered_turn
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
    found: Found,
    context: Option<ContextUse>,
}

impl fmt::Debug for ConversationOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConversationOptions")
            .field("place", &self.place)
            .field("agent", &self.agent)
            .field("model", &self.model)
            .field("workspace", &self.workspace)
            .field("time", &self.time)
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
    pub fn sessions(&self) -> Result<Store, StoreError> {
        let store = Store::open(self.sessions_path())?;
        for notice in store.notices() {
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
    pub async fn conversation(
        &self,
        options: ConversationOptions,
    ) -> Result<Conversation, ConversationError> {
        let (agent_id, store) = self.owner(&options)?;
        let runtime = self.of_agent(&agent_id).map_err(ConnectError::Setup)?;
        let workspace = runtime.workspace(options.workspace.clone())?;
        let seat = Seat::new(&store, options.place.as_ref(), &agent_id)?;
        let (connected, loaded) = runtime.seated(&seat, options.model.as_deref()).await?;
        let around = Around {
            agent: &agent_id,
            workspace: &workspace,
            time: options.time.clone(),
            approver: Arc::clone(&options.approver),
            journal: Arc::new(loaded.session.clone()) as Arc<dyn Journal>,
            prefix: loaded.prefix.as_deref(),
        };
        let run = runtime.put_together(connected, around)?;
        let context = context::at_the_start(&store, &loaded, &run)?;
        let Loaded { session, history, unfinished, notes, backup, .. } = loaded;
        let Loaded { unfinished_turn, unanswered_turn, .. } = loaded;
        let messages = history.messages().count();
        let found = Found { messages, unfinished, unfinished_turn, unanswered_turn, notes, backup };
        Ok(Conversation {
            runtime,
            options,
            agent_id,
            workspace,
            store,
            session,
            history,
            run,
            found,
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
    pub fn key(&self) -> &SessionKey {
        self.session.key()
    }

    /// The agent's id.
    #[must_use]
    pub fn agent_id(&self) -> &str {
        &self.agent_id
    }

    /// The agent, its model, its workspace and its prompt.
    #[must_use]
    pub fn run(&self) -> &AgentRun {
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
    pub fn found(&self) -> &Found {
        &self.found
    }

    /// How full the window was after the last request; `None` before the first that a server
    /// counted.
    #[must_use]
    pub fn context(&self) -> Option<ContextUse> {
        self.context
    }

    /// Runs one turn on what the user said, until `cancelled` ends. A turn before it that was
    /// interrupted is given up. What the user says meanwhile comes by `steering`.
    ///
    /// # Errors
    /// When the turn cannot be begun because of the store; nothing was sent then. That a turn's
    /// end cannot be recorded is a notice.
    pub async fn turn(
        &mut self,
        message: &str,
        steering: Option<&Steering>,
        events: EventSender,
        cancelled: impl Future<Output = ()>,
    ) -> Result<TurnReport, StoreError> {
        self.history = self.session.begin_turn().await?;
        self.keep_prefix().await?;
        self.run.begin_turn();
        self.is_under_way();
        let turn = TurnRequest { opening: Opening::Say(message), steering, events };
        let report = self.run.agent.run(&mut self.history, turn, cancelled).await;
        self.end(&report).await;
        Ok(report)
    }

    /// Goes on with the turn that was interrupted, or that ended before the model answered, until
    /// `cancelled` ends; `None` when there is none.
    ///
    /// # Errors
    /// As for [`turn`](Self::turn).
    pub async fn resume(
        &mut self,
        steering: Option<&Steering>,
        events: EventSender,
        cancelled: impl Future<Output = ()>,
    ) -> Result<Option<TurnReport>, StoreError> {
        let Some(history) = self.session.resume_turn().await? else {
            self.look_for_turn().await;
            return Ok(None);
        };
        self.history = history;
        self.keep_prefix().await?;
        self.is_under_way();
        let turn = TurnRequest { opening: Opening::Resume(None), steering, events };
        let report = self.run.agent.run(&mut self.history, turn, cancelled).await;
        self.end(&report).await;
        Ok(Some(report))
    }

    /// Puts a summary in the place of the conversation's beginning. `None` when nothing that can
    /// be done cuts a fifth of it.
    ///
    /// # Errors
    /// When the summary cannot be recorded; the conversation is then as it was.
    pub async fn compact(&mut self, events: EventSender) -> Result<Option<Compaction>, TurnError> {
        // A turn or a compaction that was cut may have recorded more than the history has.
        self.history = self.session.history().await;
        let compaction = self.run.agent.compact(&mut self.history, events).await?;
        if let (Some(compaction), Some(context)) = (&compaction, &mut self.context) {
            context.tokens = compaction.after;
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
        Ok(self.went_back(undone).await)
    }

    /// Takes back the last compaction; `false` when there is none.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub async fn undo_compaction(&mut self) -> Result<bool, StoreError> {
        let undone = self.session.undo_compaction().await?;
        Ok(self.went_back(undone).await)
    }

    /// Begins a new, empty session, to which the key leads from now on. The one before stays and
    /// can be taken up by its id.
    ///
    /// # Errors
    /// When the agent cannot be put together, e.g. because its workspace is gone, and when the
    /// session cannot be written; the conversation is then as it was.
    pub fn reset(&mut self) -> Result<(), ConversationError> {
        // What would fail with the new session fails before there is one.
        open_workspace(&self.workspace).map_err(ConnectError::Setup)?;
        let key = self.session.key().clone();
        let id = self.store.reset(&key, &self.agent_id)?;
        let loaded = self.store.take_or_make(&id, &key, &self.agent_id)?;
        let connected = self.run.connected();
        self.run = self.put_together(connected, &loaded.session, None)?;
        self.session = loaded.session;
        self.history = loaded.history;
        self.found = Found::default();
        self.context = None;
        Ok(())
    }

    /// Goes on with another model, by reference or alias; `None` is the config's. That it failed
    /// before is forgotten.
    ///
    /// # Errors
    /// When it cannot be connected; the conversation then goes on with the model it had.
    pub async fn use_model(&mut self, name: Option<&str>) -> Result<(), ConnectError> {
        self.runtime.reset_breakers(name).map_err(ConnectError::Setup)?;
        let connected = self.runtime.connected(name).await?;
        let prefix = self.session.prefix().await;
        let session = self.session.clone();
        self.run = self.put_together(connected, &session, prefix.as_deref())?;
        if let Some(context) = &mut self.context {
            context.window = self.run.model.info().limits.window;
        }
        self.options.model = name.map(str::to_owned);
        Ok(())
    }

    fn put_together(
        &self,
        connected: Connected,
        session: &Session,
        prefix: Option<&Prefix>,
    ) -> Result<AgentRun, ConnectError> {
        let around = Around {
            agent: &self.agent_id,
            workspace: &self.workspace,
            time: self.options.time.clone(),
            approver: Arc::clone(&self.options.approver),
            journal: Arc::new(session.clone()),
            prefix,
        };
        self.runtime.put_together(connected, around)
    }

    async fn went_back(&mut self, to: Option<History>) -> bool {
        let Some(history) = to else { return false };
        self.history = history;
        self.look_for_turn().await;
        // What the window holds now, no server has counted.
        self.context = None;
        true
    }
}
