//! Persistent conversations: an agent with its session.

mod agent_resolution;
mod context;
mod error;
mod exec_change;
mod file_changes;
mod folder_session;
mod opening;
mod record;
mod recovery;
mod session_claim;
mod session_end;
mod session_switch;
mod subagents;

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;

use openclaw_agent_loop::{
    CompactionReport, SteeringQueue, TimeLimit, TurnError, TurnEventSender, TurnInput, TurnReport,
    TurnRequest,
};
use openclaw_core::{Approver, History};
use openclaw_models::{ConnectError, ModelConnection};
use openclaw_store::{RequestPrefix, Session, SessionId, SessionKey, Store, StoreError};
use openclaw_tools::CommandRuns;

use crate::agent::{AgentRun, AgentSpec};
use crate::agent_error::AgentError;
use crate::agent_workspace::open_workspace;
use crate::exec_overrides::ExecOverrides;
use crate::offload::run_blocking;
use crate::runtime::Runtime;

pub use context::ContextUse;
pub use error::ConversationError;
pub use exec_change::ExecChangeError;
pub use file_changes::TurnDiff;
pub use folder_session::session_folder;
pub use recovery::RecoveryReport;

/// The session of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionTarget {
    /// The current session of a key; created if there is none.
    Key(SessionKey),
    /// The session with this id; created if there is none. The agent's main key then points to it,
    /// unless it points to another.
    Id(SessionId),
}

/// Options of a conversation that are not in the config.
pub struct ConversationOptions {
    /// The session; `None` uses the agent's default session, that of
    /// [`Runtime::default_session_key`](crate::Runtime::default_session_key).
    pub target: Option<SessionTarget>,
    /// The agent, by its id in `agents.entries`; `None` uses the session's agent.
    pub agent: Option<String>,
    /// The model, by reference or alias; `None` uses the configured one.
    pub model: Option<String>,
    /// The workspace; `None` uses the folder that the session belongs to, else the configured one.
    pub workspace: Option<PathBuf>,
    /// The time limit of a turn and where it was set; `None` uses the configured one.
    pub time_limit: Option<TimeLimit>,
    /// Decides whether a tool call may run.
    pub approver: Arc<dyn Approver>,
}

/// An agent and its session. Turns run one after the other, and each step is on disk before
/// anything depends on it.
///
/// Dropping the future of a turn has the effect of a crash: what was recorded stays, and the next
/// turn continues from it.
pub struct Conversation {
    /// Without an agent.
    root: Box<Runtime>,
    /// How many sessions are above.
    depth: u32,
    /// With what the session changes.
    runtime: Runtime,
    /// Without what the session changes.
    base_runtime: Runtime,
    exec_overrides: ExecOverrides,
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

impl ConversationOptions {
    /// Options for the main session of the configured agent, with the configured model.
    #[must_use]
    pub fn new(approver: Arc<dyn Approver>) -> Self {
        Self { target: None, agent: None, model: None, workspace: None, time_limit: None, approver }
    }
}

impl fmt::Debug for ConversationOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConversationOptions")
            .field("target", &self.target)
            .field("agent", &self.agent)
            .field("model", &self.model)
            .field("workspace", &self.workspace)
            .field("time_limit", &self.time_limit)
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

/// The session that an agent is built for.
struct AgentSession<'a> {
    session: &'a Session,
    /// What the requests begin with that the server already has.
    prefix: Option<&'a RequestPrefix>,
    command_runs: CommandRuns,
}

impl Conversation {
    /// The session's id.
    #[must_use]
    pub fn session_id(&self) -> &SessionId {
        self.session.id()
    }

    /// The key under which the session was created.
    #[must_use]
    pub fn session_key(&self) -> &SessionKey {
        self.session.key()
    }

    /// The models that it can use.
    #[must_use]
    pub fn models(&self) -> &openclaw_models::ModelRegistry {
        self.runtime.models()
    }

    /// Whether a conversation opened here without naming a session or a folder has this key.
    #[must_use]
    pub fn has_default_key(&self) -> bool {
        let default = self.runtime.default_session_key(self.runtime.default_agent(), None);
        default.is_ok_and(|key| key == *self.session.key())
    }

    /// The agent's id.
    #[must_use]
    pub fn agent_id(&self) -> &str {
        &self.agent_id
    }

    /// The agent with its model, workspace and system prompt. Its
    /// [`report`](AgentRun::report) says what happened when the conversation was opened, a new
    /// session was started or the model was switched, whichever was last.
    #[must_use]
    pub fn agent_run(&self) -> &AgentRun {
        &self.run
    }

    /// The messages so far.
    #[must_use]
    pub fn history(&self) -> &History {
        &self.history
    }

    /// The state of the session when it was opened. Whether a turn can be resumed is kept up to
    /// date.
    #[must_use]
    pub fn recovery_report(&self) -> &RecoveryReport {
        &self.recovery
    }

    /// The context use after the last request; `None` until a server has reported a token count.
    #[must_use]
    pub fn context_use(&self) -> Option<ContextUse> {
        self.context
    }

    /// Runs one turn on a user message, until it ends or `cancelled` completes. Gives up an earlier
    /// turn that was interrupted. Messages that arrive during the turn come through `steering`.
    ///
    /// # Errors
    /// When the store cannot record the start of the turn; then nothing was sent. A failure to
    /// record the end of the turn is only a [`TurnEvent::Warning`](crate::TurnEvent::Warning).
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
        if let Some(problem) = self.begin_changes() {
            events.send_warning(problem).await;
        }
        self.mark_turn_started();
        let message = self.add_notices(message).await?;
        let input = TurnInput::Message(&message);
        let turn = TurnRequest { input, steering, events: events.clone() };
        let report = self.run.agent.run_request(&mut self.history, turn, cancelled).await;
        self.cancel_subagents_after(&report, &events).await;
        self.end_turn(&report, events).await;
        Ok(report)
    }

    /// Continues the turn that was interrupted, or that ended before the model answered, until it
    /// ends or `cancelled` completes. Returns `None` when there is no such turn.
    ///
    /// # Errors
    /// As for [`run_turn`](Self::run_turn).
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
        let turn = TurnRequest { input: TurnInput::Resume(None), steering, events: events.clone() };
        let report = self.run.agent.run_request(&mut self.history, turn, cancelled).await;
        self.cancel_subagents_after(&report, &events).await;
        self.end_turn(&report, events).await;
        Ok(Some(report))
    }

    /// Replaces the older part of the history by a summary. Returns `None` when that cannot free a
    /// fifth of the context.
    ///
    /// # Errors
    /// When the summary cannot be recorded; the conversation is then unchanged.
    pub async fn compact_history(
        &mut self,
        events: TurnEventSender,
    ) -> Result<Option<CompactionReport>, TurnError> {
        // A cancelled turn or compaction may have recorded more than this history has.
        self.history = self.session.history().await;
        let compaction = self.run.agent.compact_history(&mut self.history, events).await?;
        if let (Some(compaction), Some(context)) = (&compaction, &mut self.context) {
            context.tokens = compaction.tokens_after;
        }
        Ok(compaction)
    }

    /// Undoes the last turn, with everything said since it began; returns `false` when there is
    /// none. Files stay as they are, unless
    /// [`undo_turn_files`](Self::undo_turn_files) undid their changes before.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub async fn undo_turn(&mut self) -> Result<bool, StoreError> {
        let undone = self.session.undo_turn().await?;
        let is_undone = self.apply_undo(undone).await;
        if is_undone {
            self.retract_changes().await;
        }
        Ok(is_undone)
    }

    /// Undoes the last compaction; returns `false` when there is none.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub async fn undo_compaction(&mut self) -> Result<bool, StoreError> {
        let undone = self.session.undo_compaction().await?;
        Ok(self.apply_undo(undone).await)
    }

    /// Starts a new, empty session, to which the key points from then on. The old session stays and
    /// can be opened by its id. Background commands and
    /// sub-agents of the old session end.
    ///
    /// # Errors
    /// When the agent cannot be built (e.g. its workspace was deleted), and when the session cannot
    /// be written; the conversation is then unchanged.
    pub async fn start_new_session(&mut self) -> Result<(), ConversationError> {
        // Checked first, so that no session is created when the agent cannot be built.
        open_workspace(&self.workspace)?;
        let (store, key) = (self.store.clone(), self.session.key().clone());
        let agent_id = self.agent_id.clone();
        let loaded = run_blocking(move || {
            let id = store.reset_session(&key, &agent_id)?;
            store.acquire_or_create(&id, &key, &agent_id)
        })
        .await?;
        let connected = self.run.model_connection();
        // What the old session changed of `tools.exec` does not count any more.
        let runs = self.runtime.new_command_runs();
        let base = self.base_runtime.clone();
        let session = AgentSession { session: &loaded.session, prefix: None, command_runs: runs };
        let run = self.build_agent(&base, connected, session).await?;
        self.cancel_subagents().await;
        self.run = run;
        self.runtime = base;
        self.exec_overrides = ExecOverrides::default();
        self.session = loaded.session;
        self.history = loaded.history;
        self.recovery = RecoveryReport::default();
        self.context = None;
        Ok(())
    }

    /// Switches to another model, by reference or alias; `None` is the configured one. Closes the
    /// model's breakers.
    ///
    /// # Errors
    /// When the model cannot be connected; the conversation then keeps the model it had.
    pub async fn switch_model(&mut self, name: Option<&str>) -> Result<(), AgentError> {
        let reset = self.runtime.models.reset_breakers(name).map_err(ConnectError::Setup)?;
        let mut connected = self.runtime.models.connect_model(name).await?;
        connected.report.warnings.splice(..0, reset.warnings);
        let prefix = self.session.request_prefix().await;
        let session = self.session.clone();
        let command_runs = self.run.command_runs.clone();
        let session = AgentSession { session: &session, prefix: prefix.as_deref(), command_runs };
        self.run = self.build_agent(&self.runtime, connected, session).await?;
        if let Some(context) = &mut self.context {
            context.window = self.run.model.model_info().limits.context_window;
        }
        self.options.model = name.map(str::to_owned);
        Ok(())
    }

    async fn build_agent(
        &self,
        runtime: &Runtime,
        connected: ModelConnection,
        session: AgentSession<'_>,
    ) -> Result<AgentRun, AgentError> {
        let AgentSession { session, prefix, command_runs } = session;
        let around = AgentSpec {
            agent: &self.agent_id,
            workspace: &self.workspace,
            time_limit: self.options.time_limit.clone(),
            approver: Arc::clone(&self.options.approver),
            journal: Arc::new(session.clone()),
            prefix,
            changes: Some(self.runtime.change_journal(session.id())),
            command_runs,
            session_key: Some(session.key().as_str()),
            desk: Some(self.session_desk(runtime, session)),
        };
        runtime.build_agent(connected, around).await
    }

    /// Adds the ends of background commands that the model does not know yet.
    fn add_exit_notices<'a>(&self, message: &'a str) -> Cow<'a, str> {
        if !self.runtime.exec_config().notifies_on_exit() {
            return Cow::Borrowed(message);
        }
        let notices = self.run.command_runs.take_exit_notices();
        let lines = notices.iter().map(|notice| format!("\n[{notice}]"));
        let lines: String = lines.collect();
        if lines.is_empty() { message.into() } else { format!("{message}\n{lines}").into() }
    }

    async fn apply_undo(&mut self, to: Option<History>) -> bool {
        let Some(history) = to else { return false };
        self.history = history;
        self.refresh_resumable().await;
        // No server has counted the tokens of the shortened history.
        self.context = None;
        true
    }
}
