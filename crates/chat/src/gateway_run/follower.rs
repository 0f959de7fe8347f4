//! The state of a client between the start and the end of a run.

use std::collections::{HashMap, VecDeque};
use std::future::{Future, pending};
use std::pin::{Pin, pin};
use std::time::Duration;

use futures_util::future::BoxFuture;
use openclaw_client::{ClientError, GatewayClient, GatewayMessage};
use openclaw_protocol::events::WireEvent;
use openclaw_protocol::gateway::{
    AgentAccepted, AgentEvent, AgentEventsParams, AgentEventsResult, AgentRunResult, CallQuestion,
    EventFrame, ResolveCallParams, SessionSteerParams, TurnOpening,
};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, sleep_until};

use super::{GatewayRun, GatewayRunError, GatewayRunUpdate};
use crate::gateway_link::LinkPurpose;

/// The longest time without a connection, after which the client gives the run up.
const RECONNECT_LIMIT: Duration = Duration::from_mins(2);

/// The pauses between two attempts to connect.
const FIRST_RECONNECT_DELAY: Duration = Duration::from_millis(200);
const MAX_RECONNECT_DELAY: Duration = Duration::from_secs(5);

/// How long a run that is stopped may take until its end.
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// A client of one run.
pub(super) struct RunFollower<'a, F> {
    pub(super) run: GatewayRun<'a>,
    on_update: F,
    pub(super) client: GatewayClient,
    /// The request for the run over this connection.
    agent_request: String,
    /// The run, once the gateway accepted it over this connection.
    pub(super) accepted: Option<AgentAccepted>,
    /// The request for the events that this client does not have; while it is open, new events wait.
    events_request: Option<String>,
    waiting_events: Vec<AgentEvent>,
    /// The request for the questions that are open.
    list_request: Option<String>,
    last_seq: u64,
    pub(super) questions: VecDeque<CallQuestion>,
    pub(super) asking: Option<(String, BoxFuture<'static, ResolveCallParams>)>,
    /// Decisions on their way: the ids of their requests, each with that of its question.
    pub(super) decisions: HashMap<String, String>,
    /// Messages on their way, by the id of their request.
    pub(super) steering: HashMap<String, SessionSteerParams>,
    /// Messages that came too late.
    pub(super) unsent: Vec<String>,
    pub(super) is_stopping: bool,
    end: Option<AgentRunResult>,
}

/// What the follower waits for besides messages of the gateway.
enum OwnEvent {
    Answer(ResolveCallParams),
    Cancelled,
    Steering,
    StopTimeout,
}

impl<'a, F: FnMut(GatewayRunUpdate)> RunFollower<'a, F> {
    pub(super) async fn connect(run: GatewayRun<'a>, on_update: F) -> Result<Self, ClientError> {
        let client = connect(&run).await?;
        let mut follower = Self {
            run,
            on_update,
            client,
            agent_request: String::new(),
            accepted: None,
            events_request: None,
            waiting_events: Vec::new(),
            list_request: None,
            last_seq: 0,
            questions: VecDeque::new(),
            asking: None,
            decisions: HashMap::new(),
            steering: HashMap::new(),
            unsent: Vec::new(),
            is_stopping: false,
            end: None,
        };
        let (method, params) = follower.run.request.to_call();
        follower.agent_request = follower.client.send_request(method, params).await?;
        Ok(follower)
    }

    pub(super) async fn follow_to_end(
        &mut self,
        cancelled: impl Future<Output = ()>,
    ) -> Result<AgentRunResult, GatewayRunError> {
        let mut cancelled = pin!(cancelled);
        let mut stop_limit = None;
        loop {
            if let Some(end) = self.take_end() {
                return Ok(end);
            }
            match self.step(cancelled.as_mut(), &mut stop_limit).await {
                Ok(()) => {}
                Err(GatewayRunError::Client(error)) if is_lost(&error) => {
                    self.reconnect(error, cancelled.as_mut()).await?;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The end, once everything before it was handled.
    fn take_end(&mut self) -> Option<AgentRunResult> {
        if self.events_request.is_some() || !self.steering.is_empty() {
            return None;
        }
        let end = self.end.take()?;
        if let Some(steering) = &self.run.steering {
            let unsent = end.unsent_messages.iter().chain(&self.unsent);
            unsent.for_each(|message| steering.queue.push_message(message.clone()));
        }
        Some(end)
    }

    /// Handles the next thing that happens.
    async fn step(
        &mut self,
        cancelled: Pin<&mut impl Future<Output = ()>>,
        stop_limit: &mut Option<Instant>,
    ) -> Result<(), GatewayRunError> {
        let is_stopping = self.is_stopping;
        let own = {
            let answer = async {
                match &mut self.asking {
                    Some((_, answer)) => answer.await,
                    None => pending().await,
                }
            };
            let steering = self.run.steering.as_ref();
            let steered = async {
                match steering {
                    Some(steering) => steering.changed.notified().await,
                    None => pending().await,
                }
            };
            let stop_timeout = async {
                match *stop_limit {
                    Some(limit) => sleep_until(limit).await,
                    None => pending().await,
                }
            };
            tokio::select! {
                message = self.client.next_message() => {
                    return self.handle_message(message?).await;
                }
                answer = answer => OwnEvent::Answer(answer),
                () = steered => OwnEvent::Steering,
                () = cancelled, if !is_stopping => OwnEvent::Cancelled,
                () = stop_timeout => OwnEvent::StopTimeout,
            }
        };
        match own {
            OwnEvent::Answer(answer) => {
                self.asking = None;
                self.send_decision(answer).await?;
                self.ask_next();
            }
            OwnEvent::Cancelled => {
                self.is_stopping = true;
                *stop_limit = Some(Instant::now() + STOP_LIMIT);
                self.asking = None;
                self.questions.clear();
                self.send_stop().await?;
            }
            OwnEvent::Steering => self.send_steering().await?,
            OwnEvent::StopTimeout => return Err(GatewayRunError::Left),
        }
        Ok(())
    }

    async fn handle_message(&mut self, message: GatewayMessage) -> Result<(), GatewayRunError> {
        match message {
            GatewayMessage::Event(event) => self.handle_event(event),
            GatewayMessage::Response { id, result } if id == self.agent_request => {
                let answer = result.map_err(|error| ClientError::Refused {
                    address: self.run.link.address().to_owned(),
                    error,
                })?;
                if self.accepted.is_none() {
                    self.begin_following(self.run.link.read_answer(answer)?).await?;
                } else {
                    self.end = Some(self.run.link.read_answer(answer)?);
                }
            }
            GatewayMessage::Response { id, result }
                if self.events_request.as_ref() == Some(&id) =>
            {
                self.events_request = None;
                self.take_up_events(result.ok());
            }
            GatewayMessage::Response { id, result } if self.list_request.as_ref() == Some(&id) => {
                self.list_request = None;
                let questions = result.ok().and_then(|listed| {
                    let questions = listed.get("approvals").cloned().unwrap_or_default();
                    serde_json::from_value::<Vec<CallQuestion>>(questions).ok()
                });
                questions.into_iter().flatten().for_each(|question| self.add_question(question));
            }
            GatewayMessage::Response { id, result } => {
                if let Some(reason) = self.end_decision(&id, &result) {
                    (self.on_update)(GatewayRunUpdate::DecisionRefused { reason });
                }
                self.end_steering_request(&id, result.is_ok());
            }
            _ => {}
        }
        Ok(())
    }

    /// Asks for what happened before the gateway accepted the run over this connection.
    async fn begin_following(&mut self, accepted: AgentAccepted) -> Result<(), ClientError> {
        let run_id = accepted.run_id.clone();
        (self.on_update)(GatewayRunUpdate::Accepted { run_id: run_id.clone() });
        self.accepted = Some(accepted);
        let after = AgentEventsParams { run_id, after_seq: self.last_seq };
        self.events_request = Some(self.client.send_request("agent.events", json!(after)).await?);
        if self.run.answerer.answers_any() {
            let listing = self.client.send_request("exec.approval.list", json!({})).await?;
            self.list_request = Some(listing);
        }
        if self.is_stopping {
            self.send_stop().await?;
        }
        let again: Vec<SessionSteerParams> = self.steering.drain().map(|(_, sent)| sent).collect();
        for message in again {
            self.send_steering_message(message).await?;
        }
        self.send_steering().await
    }

    /// Shows the events that the gateway kept, then those that arrived meanwhile.
    fn take_up_events(&mut self, kept: Option<Value>) {
        let kept = kept.and_then(|kept| serde_json::from_value::<AgentEventsResult>(kept).ok());
        let waiting = std::mem::take(&mut self.waiting_events);
        let (events, is_incomplete) = match kept {
            Some(kept) => (kept.events, kept.is_incomplete),
            // A run that is over for long has its result only.
            None => (Vec::new(), self.last_seq > 0),
        };
        if is_incomplete {
            (self.on_update)(GatewayRunUpdate::EventsMissing);
        }
        for event in events.into_iter().chain(waiting) {
            self.show_event(event);
        }
    }

    fn handle_event(&mut self, event: EventFrame) {
        let Some(payload) = event.payload else { return };
        match event.event.as_str() {
            "agent" => {
                let Ok(event) = serde_json::from_value::<AgentEvent>(payload) else { return };
                match &self.accepted {
                    // Those of a run that has no id here yet are asked for.
                    None => {}
                    Some(accepted) if accepted.run_id != event.run_id => {}
                    Some(_) if self.events_request.is_some() => self.waiting_events.push(event),
                    Some(_) => self.show_event(event),
                }
            }
            "exec.approval.requested" => {
                if let Ok(question) = serde_json::from_value(payload) {
                    self.add_question(question);
                }
            }
            "exec.approval.resolved" => {
                let text = |key: &str| payload.get(key).and_then(Value::as_str).unwrap_or_default();
                if self.withdraw_question(text("id")) {
                    let decision = text("decision").to_owned();
                    (self.on_update)(GatewayRunUpdate::DecidedElsewhere { decision });
                }
            }
            _ => {}
        }
    }

    fn show_event(&mut self, event: AgentEvent) {
        if event.seq <= self.last_seq {
            return;
        }
        self.last_seq = event.seq;
        if event.stream == "lifecycle" {
            if let Ok(opening) = serde_json::from_value::<TurnOpening>(event.data) {
                (self.on_update)(GatewayRunUpdate::Opened(Box::new(opening)));
            }
            return;
        }
        if let Ok(event) = serde_json::from_value::<WireEvent>(event.data) {
            (self.on_update)(GatewayRunUpdate::Event(Box::new(event)));
        }
    }

    /// Connects again and asks for the same run.
    async fn reconnect(
        &mut self,
        cause: ClientError,
        mut cancelled: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<(), GatewayRunError> {
        (self.on_update)(GatewayRunUpdate::ConnectionLost { reason: format!("failed to {cause}") });
        self.accepted = None;
        self.decisions.clear();
        (self.asking, self.events_request, self.list_request) = (None, None, None);
        self.questions.clear();
        self.waiting_events.clear();
        let limit = Instant::now() + RECONNECT_LIMIT;
        let mut delay = FIRST_RECONNECT_DELAY;
        let mut last = cause;
        while Instant::now() < limit {
            let connecting = async {
                sleep(delay).await;
                let mut client = connect(&self.run).await?;
                let (method, params) = self.run.request.to_call();
                let request = client.send_request(method, params).await?;
                Ok((client, request))
            };
            let connected = tokio::select! {
                connected = connecting => connected,
                () = cancelled.as_mut(), if !self.is_stopping => return Err(GatewayRunError::Left),
            };
            match connected {
                Ok((client, request)) => {
                    (self.client, self.agent_request) = (client, request);
                    (self.on_update)(GatewayRunUpdate::Reconnected);
                    return Ok(());
                }
                Err(error @ ClientError::Refused { .. }) => return Err(error.into()),
                Err(_) if self.is_stopping => return Err(GatewayRunError::Left),
                Err(error) => last = error,
            }
            delay = (delay * 2).min(MAX_RECONNECT_DELAY);
        }
        Err(last.into())
    }
}

async fn connect(run: &GatewayRun<'_>) -> Result<GatewayClient, ClientError> {
    let decides = run.answerer.answers_any();
    let purpose = if decides { LinkPurpose::Decide } else { LinkPurpose::Work };
    let mut client = run.link.connect(purpose).await?;
    client.watch_ticks();
    Ok(client)
}

/// Whether a connection is lost that may come back.
fn is_lost(error: &ClientError) -> bool {
    matches!(
        error,
        ClientError::Closed { .. }
            | ClientError::Silent { .. }
            | ClientError::Unreachable { .. }
            | ClientError::TimedOut { .. }
    )
}
