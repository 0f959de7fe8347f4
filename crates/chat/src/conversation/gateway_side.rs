//! A conversation that runs in a gateway. Its session belongs to the gateway; the chat is one of its
//! clients.

use std::collections::BTreeSet;
use std::future::Future;

use openclaw_client::{ClientError, GatewayMessage};
use openclaw_protocol::events::WireEvent;
use openclaw_protocol::gateway::{
    AgentParams, AgentRunResult, ChatHistoryParams, ChatHistoryResult, LiveRunEntry,
    ModelListParams, ModelListResult, SessionCompactResult, SessionDiffResult, SessionExecParams,
    SessionExecResult, SessionOpenParams, SessionProgress, SessionResetResult, SessionRunsResult,
    SessionSelector, SessionState, SessionUndoParams, SessionUndoResult,
};
use openclaw_protocol::results::agent::{AgentResult, OpenedSession, ResultMeta};
use openclaw_runtime::{SessionId, SessionInfo, TurnDiff, session_folder};
use serde_json::{Value, json};

use super::gateway_state::{
    to_connect_notes, to_diff, to_extent, to_facts, to_last_exchange, to_opened_session,
    to_session_info, to_undone_turn, update_facts,
};
use super::gateway_updates::{send_event, to_updates};
use super::{
    ConnectNotes, ConversationFacts, LastExchange, TurnEnd, TurnRequest, UpdateSender, WorkError,
};
use crate::file_changes::{UndoScope, UndoneTurn};
use crate::gateway_link::{GatewayLink, LinkPurpose, new_request_key};
use crate::gateway_questions::CallAnswerer;
use crate::gateway_run::{
    GatewayRun, GatewayRunError, GatewayRunRequest, GatewayRunUpdate, RunSteering,
};
use crate::options::{ChatGateway, ChatOptions};

/// The most messages that are read to find the last exchange.
const MAX_READ_MESSAGES: usize = 1000;

/// A conversation that runs in a gateway.
#[derive(Debug)]
pub(crate) struct GatewayConversation {
    gateway: ChatGateway,
    /// The session, as the gateway is asked for it.
    session: SessionSelector,
    /// The model that was chosen; `None` is the session's.
    model: Option<String>,
    /// The longest time of a turn, in seconds.
    timeout: Option<u64>,
    answerer: CallAnswerer,
    facts: ConversationFacts,
    /// The session as it was opened last; `None` while a run keeps the chat from opening it.
    opened: Option<SessionState>,
    live_run: Option<LiveRunEntry>,
    /// What was told already, and is not told again with each turn.
    told_warnings: BTreeSet<String>,
}

impl GatewayConversation {
    /// Opens the session, unless a run goes on in it.
    pub(crate) async fn open(
        gateway: ChatGateway,
        options: &ChatOptions,
        answerer: CallAnswerer,
    ) -> Result<Self, WorkError> {
        let session = gateway.session.clone();
        let runs: SessionRunsResult = gateway.link.call("sessions.runs", &session).await?;
        let mut conversation = Self {
            gateway,
            session,
            model: options.model.clone(),
            timeout: options.timeout.map(|limit| limit.as_secs()),
            answerer,
            facts: ConversationFacts::default(),
            opened: None,
            live_run: runs.runs.into_iter().next(),
            told_warnings: BTreeSet::new(),
        };
        if conversation.live_run.is_some() {
            conversation.facts.session_key = runs.session_key;
        } else {
            conversation.refresh().await?;
        }
        Ok(conversation)
    }

    pub(super) fn facts(&self) -> &ConversationFacts {
        &self.facts
    }

    /// The gateway's address.
    pub(crate) fn address(&self) -> &str {
        self.gateway.link.address()
    }

    /// The command line that goes on with this session.
    pub(crate) fn chat_command(&self) -> String {
        let gateway = self.gateway.option.as_ref();
        let gateway = gateway.map_or(String::new(), |url| format!(" --gateway '{url}'"));
        let key = Some(&self.facts.session_key).filter(|_| !self.facts.is_default);
        let session = key.map_or(String::new(), |key| format!(" --session '{key}'"));
        format!("openclaw chat{gateway}{session}")
    }

    pub(super) fn take_live_run(&mut self) -> Option<LiveRunEntry> {
        self.live_run.take()
    }

    pub(super) fn connect_notes(&self) -> ConnectNotes {
        let Some(state) = &self.opened else { return ConnectNotes::default() };
        to_connect_notes(&state.attempts, &state.warnings)
    }

    pub(super) fn opened_session(&self) -> Option<OpenedSession> {
        self.opened.as_ref().and_then(to_opened_session)
    }

    /// Opens the session again: it may have changed.
    async fn refresh(&mut self) -> Result<(), WorkError> {
        let state = self.open_session(self.session.clone(), self.model.clone(), false).await?;
        self.take_state(state);
        Ok(())
    }

    async fn open_session(
        &self,
        session: SessionSelector,
        model: Option<String>,
        resets_breaker: bool,
    ) -> Result<SessionState, WorkError> {
        let params = SessionOpenParams { session, model, resets_breaker };
        Ok(self.gateway.link.call("sessions.open", &params).await?)
    }

    fn take_state(&mut self, state: SessionState) {
        let cached = self.facts.context_use.and_then(|context| context.cached_tokens);
        let before = self.facts.context_use.map(|context| context.tokens);
        self.facts = to_facts(&state, self.gateway.default_key.as_deref());
        if let Some(context) = &mut self.facts.context_use
            && Some(context.tokens) == before
        {
            context.cached_tokens = cached;
        }
        self.told_warnings.extend(state.warnings.iter().cloned());
        self.opened = Some(state);
    }

    pub(super) async fn describe(&mut self) -> Result<SessionState, WorkError> {
        self.refresh().await?;
        // The line above opened it.
        self.opened.clone().ok_or(WorkError::RunLeft)
    }

    pub(super) async fn last_exchange(&self) -> Result<Option<LastExchange>, WorkError> {
        let id = Some(self.facts.session_id.clone()).filter(|id| !id.is_empty());
        let params = ChatHistoryParams {
            session_key: self.facts.session_key.clone(),
            session_id: id.filter(|_| self.facts.messages > 0),
            limit: Some(MAX_READ_MESSAGES),
            before: None,
        };
        let history: ChatHistoryResult = self.gateway.link.call("chat.history", &params).await?;
        Ok(to_last_exchange(&history.messages))
    }

    fn run_request(&self, request: &TurnRequest) -> GatewayRunRequest {
        let message = match request {
            TurnRequest::Message(message) => message.clone(),
            TurnRequest::Resume => String::new(),
            TurnRequest::Follow(run) => {
                return GatewayRunRequest::Follow { run_id: run.run_id.clone() };
            }
        };
        let SessionSelector { session_key, session_id, agent_id } = self.session.clone();
        GatewayRunRequest::Start(Box::new(AgentParams {
            message,
            idempotency_key: new_request_key(),
            agent_id,
            session_key,
            session_id,
            model: self.model.clone(),
            timeout: self.timeout,
            resume: matches!(request, TurnRequest::Resume),
        }))
    }

    pub(super) async fn run_turn(
        &mut self,
        request: &TurnRequest,
        steering: &RunSteering,
        updates: UpdateSender,
        cancelled: impl Future<Output = ()>,
    ) -> Result<Option<TurnEnd>, WorkError> {
        let run = GatewayRun {
            link: &self.gateway.link,
            request: self.run_request(request),
            answerer: self.answerer.clone(),
            steering: Some(steering.clone()),
        };
        let (mut is_accepted, told) = (false, &mut self.told_warnings);
        let on_update = |update| {
            is_accepted |= matches!(update, GatewayRunUpdate::Accepted { .. });
            for update in to_updates(update, told) {
                // A run that nobody watches goes on.
                let _ = updates.send(update);
            }
        };
        let followed = run.follow(on_update, cancelled).await;
        let result = match followed {
            Ok(result) => result,
            Err(GatewayRunError::Client(error)) if is_accepted => {
                return Err(WorkError::RunOutOfSight(error));
            }
            Err(GatewayRunError::Client(error)) => return Err(WorkError::Gateway(error)),
            Err(GatewayRunError::Left) => return Err(WorkError::RunLeft),
        };
        let end = self.read_result(result)?;
        if matches!(request, TurnRequest::Follow(_)) {
            self.refresh().await?;
        }
        Ok(end)
    }

    fn read_result(&mut self, run: AgentRunResult) -> Result<Option<TurnEnd>, WorkError> {
        let mut value = run.result;
        if let Value::Object(fields) = &mut value {
            fields.insert("exitCode".to_owned(), json!(0));
        }
        let result: AgentResult = self.gateway.link.read_answer(value)?;
        match &result.meta {
            ResultMeta::Turn(meta) => {
                update_facts(&mut self.facts, &meta.agent_meta);
                self.facts.has_interrupted_turn = false;
                self.facts.has_unanswered_turn = run.unanswered_turn;
            }
            ResultMeta::NoTurn(meta) if meta.outcome == "nothing_to_resume" => {
                self.facts.has_interrupted_turn = false;
                self.facts.has_unanswered_turn = false;
                return Ok(None);
            }
            ResultMeta::NoTurn(_) => {}
        }
        Ok(Some(TurnEnd::in_gateway(result, run.ended_commands)))
    }

    pub(super) async fn compact_history(
        &mut self,
        updates: UpdateSender,
    ) -> Result<bool, WorkError> {
        let link = &self.gateway.link;
        let mut client = link.connect(LinkPurpose::Work).await?;
        client.watch_ticks();
        let request = client.send_request("sessions.compact", json!(self.session)).await?;
        let mut has_told_end = false;
        let result: SessionCompactResult = loop {
            match client.next_message().await? {
                GatewayMessage::Event(event) if event.event == "sessions.progress" => {
                    let progress = event.payload.unwrap_or_default();
                    let Ok(SessionProgress { data, .. }) = serde_json::from_value(progress) else {
                        continue;
                    };
                    has_told_end |= matches!(data, WireEvent::Compacted { .. });
                    send_event(&updates, &data);
                }
                GatewayMessage::Response { id, result } if id == request => {
                    let answer = result.map_err(|error| ClientError::Refused {
                        address: link.address().to_owned(),
                        error,
                    })?;
                    break link.read_answer(answer)?;
                }
                _ => {}
            }
        };
        if let Some(event) = result.compaction.as_ref().filter(|_| !has_told_end) {
            send_event(&updates, event);
        }
        self.refresh().await?;
        Ok(result.compaction.is_some())
    }

    pub(super) async fn start_new_session(&mut self) -> Result<(), WorkError> {
        let reset: SessionResetResult =
            self.gateway.link.call("sessions.reset", &self.session).await?;
        self.session.session_key = Some(reset.session_key);
        self.session.session_id = None;
        self.refresh().await
    }

    pub(super) async fn list_models(&self) -> Result<ModelListResult, WorkError> {
        let params = ModelListParams { ask_servers: true };
        Ok(self.gateway.link.call("models.list", &params).await?)
    }

    pub(super) async fn switch_model(&mut self, name: &str) -> Result<(), WorkError> {
        let model = Some(name.to_owned());
        let state = self.open_session(self.session.clone(), model.clone(), true).await?;
        self.model = model;
        self.take_state(state);
        Ok(())
    }

    pub(super) async fn undo_last_turn(
        &mut self,
        scope: UndoScope,
    ) -> Result<UndoneTurn, WorkError> {
        let params = SessionUndoParams { session: self.session.clone(), extent: to_extent(scope) };
        let undone: SessionUndoResult = self.gateway.link.call("sessions.undo", &params).await?;
        if !undone.conflicts.is_empty() {
            return Err(WorkError::UndoConflicts(undone.conflicts));
        }
        if undone.is_turn_undone {
            self.refresh().await?;
        }
        Ok(to_undone_turn(undone, scope))
    }

    pub(super) async fn last_turn_diff(&self) -> Result<Option<TurnDiff>, WorkError> {
        let diff: SessionDiffResult =
            self.gateway.link.call("sessions.diff", &self.session).await?;
        Ok(to_diff(diff))
    }

    pub(super) async fn change_exec(&mut self, words: Option<&str>) -> Result<String, WorkError> {
        let Some(words) = words else { return Ok(self.describe().await?.commands) };
        let params = SessionExecParams { session: self.session.clone(), words: words.to_owned() };
        let link = &self.gateway.link;
        let changed = link.call_as(LinkPurpose::Administer, "sessions.exec", &params).await;
        let changed: SessionExecResult = changed.map_err(|error| match error {
            ClientError::Refused { error, .. }
                if error.reason_code() == Some("COMMANDS_UNCHANGED") =>
            {
                WorkError::ExecRefused(error.message)
            }
            error => error.into(),
        })?;
        Ok(changed.commands)
    }

    pub(super) async fn folder_sessions(&self) -> Result<Vec<SessionInfo>, WorkError> {
        let mut sessions = list_gateway_sessions(&self.gateway.link).await?;
        let own_key = &self.facts.session_key;
        let agent = self.opened.as_ref().map(|state| state.agent_id.as_str());
        let own_folder = own_key.parse().ok().and_then(|key| session_folder(&key));
        sessions.retain(|info| {
            let is_of_folder = match own_folder {
                Some(_) => info.key.as_str() == own_key,
                None => session_folder(&info.key).is_none(),
            };
            is_of_folder && agent.is_none_or(|agent| info.agent == agent)
        });
        Ok(sessions)
    }

    pub(super) async fn switch_session(&mut self, id: SessionId) -> Result<(), WorkError> {
        let session = SessionSelector {
            session_key: None,
            session_id: Some(id.as_str().to_owned()),
            agent_id: self.session.agent_id.clone(),
        };
        let state = self.open_session(session.clone(), self.model.clone(), false).await?;
        self.session = session;
        self.take_state(state);
        Ok(())
    }
}

/// The sessions of a gateway, the last used first.
///
/// # Errors
/// When the gateway cannot be asked.
pub async fn list_gateway_sessions(link: &GatewayLink) -> Result<Vec<SessionInfo>, ClientError> {
    let listed: Value = link.call("sessions.list", &json!({})).await?;
    let rows = listed.get("sessions").and_then(Value::as_array);
    Ok(rows.into_iter().flatten().filter_map(to_session_info).collect())
}
