//! A run of a gateway as its client follows it: its events, its questions, and its end, over as many
//! connections as it takes.
//!
//! The run belongs to the gateway. A client that loses its connection asks for the same run again,
//! by its idempotency key, and for the events after the last one that it has.

mod follower;
mod requests;

use std::future::Future;
use std::sync::Arc;

use openclaw_client::ClientError;
use openclaw_protocol::events::WireEvent;
use openclaw_protocol::gateway::{AgentFollowParams, AgentParams, AgentRunResult, TurnOpening};
use openclaw_runtime::SteeringQueue;
use serde_json::{Value, json};
use tokio::sync::Notify;

use self::follower::RunFollower;
use crate::gateway_link::GatewayLink;
use crate::gateway_questions::CallAnswerer;

/// A run that a client starts or takes up again.
#[derive(Debug)]
pub struct GatewayRun<'a> {
    /// The gateway.
    pub link: &'a GatewayLink,
    /// The run.
    pub request: GatewayRunRequest,
    /// Who answers its questions.
    pub answerer: CallAnswerer,
    /// What the user sends while it goes on; `None` when nothing can be sent.
    pub steering: Option<RunSteering>,
}

/// How a run is asked for.
#[derive(Debug, Clone)]
pub enum GatewayRunRequest {
    /// It is started; the same idempotency key is the same run.
    Start(Box<AgentParams>),
    /// It was started before, also by another client.
    Follow {
        /// Its id.
        run_id: String,
    },
}

impl GatewayRunRequest {
    /// The method that asks for the run, and its parameters.
    pub(crate) fn to_call(&self) -> (&'static str, Value) {
        match self {
            Self::Start(params) => ("agent", json!(params)),
            Self::Follow { run_id } => {
                ("agent.follow", json!(AgentFollowParams { run_id: run_id.clone() }))
            }
        }
    }
}

/// Something that happened in a run or with its connection.
#[derive(Debug)]
#[non_exhaustive]
pub enum GatewayRunUpdate {
    /// The gateway accepted the run, and goes on with it whatever becomes of this client.
    Accepted {
        /// Its id.
        run_id: String,
    },
    /// A model is connected, and the turn begins.
    Opened(Box<TurnOpening>),
    /// An event of the turn.
    Event(Box<WireEvent>),
    /// The connection is lost, and is made anew. The run goes on.
    ConnectionLost {
        /// Why, as a sentence.
        reason: String,
    },
    /// The connection is back.
    Reconnected,
    /// Events happened that the gateway no longer has.
    EventsMissing,
    /// A question that was asked here, or was to be, was decided by another client.
    DecidedElsewhere {
        /// The decision.
        decision: String,
    },
    /// The gateway does not take a decision that was made here; the question stays open.
    DecisionRefused {
        /// Why, as a sentence.
        reason: String,
    },
}

/// Why a client has no result of a run.
#[derive(Debug)]
#[non_exhaustive]
pub enum GatewayRunError {
    /// The gateway could not be asked, or refused.
    Client(ClientError),
    /// The user left before the gateway said what came of the run, which may go on.
    Left,
}

impl From<ClientError> for GatewayRunError {
    fn from(error: ClientError) -> Self {
        Self::Client(error)
    }
}

/// Messages of the user for a run that goes on.
#[derive(Debug, Clone, Default)]
pub struct RunSteering {
    queue: SteeringQueue,
    changed: Arc<Notify>,
}

impl RunSteering {
    /// Sends messages from this queue whenever [`notify`](Self::notify) is called.
    #[must_use]
    pub fn new(queue: SteeringQueue) -> Self {
        Self { queue, changed: Arc::default() }
    }

    /// The messages that wait.
    pub(crate) fn queue(&self) -> &SteeringQueue {
        &self.queue
    }

    /// Adds a message.
    pub(crate) fn push_message(&self, message: String) {
        self.queue.push_message(message);
        self.notify();
    }

    /// Tells that there is a new message.
    pub fn notify(&self) {
        self.changed.notify_one();
    }
}

impl GatewayRun<'_> {
    /// Starts the run and follows it to its end. When `cancelled` resolves, the gateway is told to
    /// stop it. Messages that the model did not get are in the queue of
    /// [`steering`](GatewayRun::steering) afterwards.
    ///
    /// # Errors
    /// When the gateway cannot be reached at first or for longer than two minutes, when it refuses
    /// the run, and when the user leaves.
    pub async fn follow(
        self,
        on_update: impl FnMut(GatewayRunUpdate),
        cancelled: impl Future<Output = ()>,
    ) -> Result<AgentRunResult, GatewayRunError> {
        let mut follower = RunFollower::connect(self, on_update).await?;
        Box::pin(follower.follow_to_end(cancelled)).await
    }
}
