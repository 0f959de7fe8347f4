//! The events of a turn, for user interfaces.

use std::borrow::Cow;
use std::time::Duration;

use openclaw_core::{
    AnswerOutcome, FileChange, ModelAttempt, ServerActivity, TokenUsage, ToolCall, ToolCallId,
    ToolEffect, ToolName,
};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use crate::{CompactionReport, InvalidCallRecovery, OutputPart, PromptCacheMiss};

/// How many events the channel buffers.
const CHANNEL_CAPACITY: usize = 256;

/// Makes a channel for a turn's events.
///
/// The channel is bounded: a turn waits for a receiver that is not read, so read it while the turn
/// runs. A dropped receiver neither fails nor delays the turn.
#[must_use]
pub fn event_channel() -> (TurnEventSender, TurnEventReceiver) {
    let (sender, receiver) = mpsc::channel(CHANNEL_CAPACITY);
    (TurnEventSender(sender), TurnEventReceiver(receiver))
}

/// One event of a turn.
///
/// There is no event for the end: the turn's report says how it ended. A tool that started and did
/// not finish by then was interrupted.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum TurnEvent {
    /// A model call starts.
    ModelCallStarted {
        /// The number of the call within the turn, from 1.
        number: u32,
    },
    /// The server accepted the request; nothing was generated yet.
    RequestAccepted,
    /// The server is alive, but has sent no content yet.
    Heartbeat,
    /// Nothing has arrived for a while, and the server was probed. Sent every few seconds while the
    /// silence lasts.
    WaitingForServer {
        /// What the server seems to be doing.
        activity: ServerActivity,
        /// How long nothing has arrived.
        idle_for: Duration,
        /// How many other requests the server has, if it reports that.
        other_requests: Option<u32>,
    },
    /// A missing feature of the server was learned, and the request was adapted.
    RequestAdapted {
        /// What was learned and what is done about it, as a sentence.
        message: String,
    },
    /// A model failed or was skipped, and another one is asked.
    ModelAttemptFailed(Box<ModelAttempt>),
    /// Something about the setup or the session that the user should know; the turn goes on.
    Warning {
        /// The text, without a final full stop.
        message: String,
    },
    /// A steering message was added to the conversation for the next model call. When it follows a
    /// complete message without calls, the turn goes on with it.
    SteeringApplied {
        /// The user's text.
        text: String,
    },
    /// The conversation no longer fits the context window and is being summarised.
    CompactionStarted,
    /// A summary replaced the beginning of the conversation.
    CompactionFinished(CompactionReport),
    /// The connection to the server was lost; the turn waits until it is back.
    ServerDisconnected {
        /// What happened, as a fragment that fits "failed to {…}".
        reason: String,
        /// The longest wait for the server.
        max_wait: Duration,
    },
    /// The server is overloaded or still loads its model; the request is retried after a pause.
    Retrying {
        /// What happened, as a fragment that fits "failed to {…}".
        reason: String,
        /// The number of the next attempt.
        attempt: u32,
        /// The pause before that attempt.
        delay: Duration,
        /// How long the turn has waited for the server so far.
        elapsed: Duration,
        /// The longest wait in total.
        max_wait: Duration,
    },
    /// The lost server serves the model again, and the turn continues.
    ServerReconnected {
        /// How long the server was gone.
        downtime: Duration,
    },
    /// The model's message starts over: its text, reasoning and calls shown so far are void. No
    /// tool ran for them.
    MessageReset,
    /// Text to append to the visible message. It may still be followed by calls.
    TextDelta(String),
    /// Text to append to the reasoning.
    ReasoningDelta(String),
    /// A part of a call that the model is writing; the call may still turn out invalid.
    ToolCallDelta {
        /// The position of the call in the message, from 0.
        index: u32,
        /// The tool's name, in the first delta only.
        name: Option<ToolName>,
        /// Text to append to the raw arguments.
        arguments: String,
    },
    /// The model's message is complete.
    ModelCallFinished {
        /// The number of the call within the turn, from 1.
        number: u32,
        /// The server's token counts, if it sent any.
        usage: Option<TokenUsage>,
        /// How the message ended.
        outcome: AnswerOutcome,
        /// From the request to the end of the message.
        duration: Duration,
        /// From the request to the first content; `None` when there was none.
        first_token_after: Option<Duration>,
    },
    /// The server found far less of the prompt in its prefix cache than possible.
    PromptCacheMiss(PromptCacheMiss),
    /// A malformed call was repaired, and is handled like any other.
    ToolCallRepaired {
        /// The position of the call in the message, from 0.
        index: u32,
        /// The format of a call written as text, then the repairs of the arguments.
        repairs: Vec<Cow<'static, str>>,
    },
    /// The model's message was unusable, and the model is called once more.
    ModelReprompted {
        /// What was missing.
        reason: RepromptReason,
    },
    /// The model repeats itself endlessly: its message and the turn end.
    RepetitionDetected {
        /// The part of the message that repeats.
        part: OutputPart,
        /// An excerpt of the repeated text.
        sample: String,
    },
    /// A call cannot be run as the model wrote it; the model gets an error result.
    ToolCallInvalid {
        /// The tool's name, as far as the model wrote it.
        name: ToolName,
        /// What is wrong with the call.
        problem: String,
        /// How the turn recovers.
        recovery: InvalidCallRecovery,
    },
    /// A call had the same result as before; the result warns the model.
    ToolCallRepeated {
        /// The call.
        id: ToolCallId,
        /// The tool.
        name: ToolName,
        /// How often in a row it had this result.
        times: u32,
    },
    /// The model sees only a part of a result, because all of it does not fit the context window.
    ToolOutputTruncated {
        /// The call.
        id: ToolCallId,
        /// The length of the complete output.
        total_bytes: usize,
        /// How much of it was cut out.
        omitted_bytes: usize,
        /// Where the complete output is, as the model is told; `None` when it was not saved.
        saved_to: Option<String>,
    },
    /// A call is not run; the model gets the reason as its result.
    ToolRefused {
        /// The call.
        id: ToolCallId,
        /// The tool.
        name: ToolName,
        /// Why it is not run.
        refusal: ToolRefusalReason,
        /// The same in words, as the model reads it.
        reason: String,
        /// What the call would have done; `None` when that is not known.
        effect: Option<ToolEffect>,
    },
    /// A call was allowed and starts.
    ToolStarted {
        /// The call.
        call: ToolCall,
        /// The effect of the call.
        effect: ToolEffect,
    },
    /// A running tool wrote output.
    ToolOutputDelta {
        /// The call.
        id: ToolCallId,
        /// The next part of its output.
        text: String,
    },
    /// A tool changed a file. Comes before the result of its call.
    FileChanged {
        /// The call.
        id: ToolCallId,
        /// The change.
        change: FileChange,
    },
    /// A call has its result.
    ToolFinished {
        /// The call.
        id: ToolCallId,
        /// The tool.
        name: ToolName,
        /// Whether the tool failed.
        is_error: bool,
        /// The tool's one-line summary, or else the error line of a failed call.
        summary: Option<String>,
        /// How long it ran.
        duration: Duration,
    },
}

/// Why a call was not run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ToolRefusalReason {
    /// No tool of this name is offered.
    UnknownTool,
    /// The tool's parameters do not allow these arguments.
    InvalidArguments,
    /// The approver denied it.
    Denied,
    /// A person has to allow it, and none can be asked.
    NoApprover,
    /// The turn reached its limit of tool calls.
    CallLimit,
    /// The same call had the same result too often.
    Repeated,
    /// It waits for a decision by the user, or comes after a call that does.
    NeedsInput,
    /// Another machine did not say in time what the call would do.
    NotPrepared,
}

/// Why the model is called once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RepromptReason {
    /// Its message was empty.
    Empty,
    /// The message has only reasoning; the next request asks for the answer.
    ReasoningOnly,
}

/// The sending end of a turn's events.
#[derive(Debug, Clone)]
pub struct TurnEventSender(mpsc::Sender<TurnEvent>);

impl TurnEventSender {
    /// Sends an event, waiting for room. Without a receiver the event is dropped.
    pub(crate) async fn send_event(&self, event: TurnEvent) {
        // The only error is a dropped receiver.
        let _ = self.0.send(event).await;
    }

    /// Sends a [`TurnEvent::Warning`], waiting for room. For what is around a turn, e.g. its
    /// record.
    pub async fn send_warning(&self, message: String) {
        self.send_event(TurnEvent::Warning { message }).await;
    }

    /// Sends an event, or returns it when the channel is full.
    pub(crate) fn try_send_event(&self, event: TurnEvent) -> Option<TurnEvent> {
        match self.0.try_send(event) {
            Err(TrySendError::Full(event)) => Some(event),
            Ok(()) | Err(TrySendError::Closed(_)) => None,
        }
    }
}

/// The receiving end of a turn's events.
#[derive(Debug)]
pub struct TurnEventReceiver(mpsc::Receiver<TurnEvent>);

impl TurnEventReceiver {
    /// Waits for the next event; `None` when the turn is over and all events were received.
    pub async fn recv(&mut self) -> Option<TurnEvent> {
        self.0.recv().await
    }
}
