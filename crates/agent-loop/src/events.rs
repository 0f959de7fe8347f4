//! What happens in a turn, as it happens, for whoever shows it.

use std::time::Duration;

use openclaw_core::{
    AnswerOutcome, ServerActivity, TokenUsage, ToolCall, ToolCallId, ToolEffect, ToolName,
};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use crate::{CompactionReport, InvalidCallRecovery, OutputPart, PromptCacheMiss};

/// How many events may wait for the receiver.
const CHANNEL_CAPACITY: usize = 256;

/// Makes the two ends of a turn's events.
///
/// The channel is bounded: a turn waits for a receiver that lives and does not read, so it is read
/// while the turn runs. A dropped receiver neither fails nor holds up the turn.
#[must_use]
pub fn event_channel() -> (TurnEventSender, TurnEventReceiver) {
    let (sender, receiver) = mpsc::channel(CHANNEL_CAPACITY);
    (TurnEventSender(sender), TurnEventReceiver(receiver))
}

/// One thing that happened in a turn.
///
/// The last event is the last that was sent; how the turn ended is in its report. A tool that
/// started and did not finish by then was interrupted.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum TurnEvent {
    /// The model is being asked.
    ModelCallStarted {
        /// The number of the call within the turn, from 1.
        number: u32,
    },
    /// The server accepted the request; nothing was generated yet.
    RequestAccepted,
    /// The server is alive and has nothing to say yet.
    Heartbeat,
    /// Nothing has arrived for a while, and the server was asked why; comes again every few
    /// seconds while the silence lasts.
    WaitingForServer {
        /// What the server seems to be doing.
        activity: ServerActivity,
        /// How long nothing has arrived.
        idle_for: Duration,
        /// How many other requests the server has, if it says so.
        other_requests: Option<u32>,
    },
    /// Something was learnt of the server, and the turn goes on accordingly.
    RequestAdapted {
        /// What was learnt and what is done about it, as a sentence.
        message: String,
    },
    /// What the user said meanwhile was added to the conversation, for the next model call. After a
    /// whole message without calls: the turn goes on all the same.
    SteeringApplied {
        /// What was said.
        text: String,
    },
    /// The conversation no longer fits and is being summarised.
    CompactionStarted,
    /// A summary took the place of the beginning of the conversation.
    CompactionFinished(CompactionReport),
    /// The server was lost; the turn is held until it is back.
    ServerDisconnected {
        /// What happened, as a fragment that fits "failed to {…}".
        reason: String,
        /// The longest that it is waited for.
        max_wait: Duration,
    },
    /// The server is busy, or loads its model, and is asked again after a pause.
    Retrying {
        /// What happened, as a fragment that fits "failed to {…}".
        reason: String,
        /// The number of the attempt that comes next.
        attempt: u32,
        /// The pause before that attempt.
        delay: Duration,
        /// How long the server was waited for so far.
        elapsed: Duration,
        /// The longest that it is waited for in all.
        max_wait: Duration,
    },
    /// The lost server serves the model again, and the turn goes on.
    ServerReconnected {
        /// How long it was away.
        downtime: Duration,
    },
    /// The model's message begins anew: the text, reasoning and calls that were shown of it
    /// before are void. No tool ran for them.
    MessageReset,
    /// A piece of visible text. When the message also has calls, it is said in passing.
    TextDelta(String),
    /// A piece of reasoning.
    ReasoningDelta(String),
    /// A piece of a call that the model is writing; the call may still turn out broken.
    ToolCallDelta {
        /// The place of the call in the message, from 0.
        index: u32,
        /// The tool, in the first piece only.
        name: Option<ToolName>,
        /// A piece of the raw arguments.
        arguments: String,
    },
    /// The model's message is whole.
    ModelCallFinished {
        /// The number of the call within the turn, from 1.
        number: u32,
        /// What the server counted, if it said so.
        usage: Option<TokenUsage>,
        /// How the message ended.
        outcome: AnswerOutcome,
        /// From the request to the end of the message.
        duration: Duration,
        /// From the request to the first content; `None` when there was none.
        first_token_after: Option<Duration>,
    },
    /// The server had far less of the prompt in its prefix cache than it could have had.
    PromptCacheMiss(PromptCacheMiss),
    /// A call could only be understood with help; it is a call like any other now.
    ToolCallRepaired {
        /// The place of the call in the message, from 0.
        index: u32,
        /// The dialect of a call written as text, then what was mended.
        repairs: Vec<&'static str>,
    },
    /// A message had nothing in it to go on with, and the model is asked once more.
    ModelReprompted {
        /// What the message lacked.
        reason: RepromptReason,
    },
    /// The model repeats itself without end: its message was ended, and the turn ends.
    RepetitionDetected {
        /// Where it does.
        part: OutputPart,
        /// What is repeated, cut.
        sample: String,
    },
    /// A call cannot be run as the model wrote it; the model is told.
    ToolCallInvalid {
        /// The tool, as far as it was named.
        name: ToolName,
        /// What is wrong with the call.
        problem: String,
        /// What is done about it.
        recovery: InvalidCallRecovery,
    },
    /// A call had the same result as before; the model is told with the result.
    ToolCallRepeated {
        /// The call.
        id: ToolCallId,
        /// The tool.
        name: ToolName,
        /// How often in a row it had this result.
        times: u32,
    },
    /// The model is shown a part of a result: the whole has no room in its window.
    ToolOutputTruncated {
        /// The call.
        id: ToolCallId,
        /// How long the whole is.
        total_bytes: usize,
        /// How much of it is left out.
        omitted_bytes: usize,
        /// Where the whole is, as the model is told; `None` when it is nowhere.
        saved_to: Option<String>,
    },
    /// A call is not run; the model is told.
    ToolRefused {
        /// The call.
        id: ToolCallId,
        /// The tool.
        name: ToolName,
        /// What kept it from running.
        refusal: ToolRefusalReason,
        /// The same in words, as the model is told.
        reason: String,
    },
    /// A call was allowed and runs now.
    ToolStarted {
        /// The call.
        call: ToolCall,
        /// What it does.
        effect: ToolEffect,
    },
    /// A running tool wrote something.
    ToolOutputDelta {
        /// The call.
        id: ToolCallId,
        /// A piece of its output.
        text: String,
    },
    /// A call has its result.
    ToolFinished {
        /// The call.
        id: ToolCallId,
        /// The tool.
        name: ToolName,
        /// Whether the tool did not do what was asked.
        is_error: bool,
        /// One line for a person, if the tool gave one; else why the call failed.
        summary: Option<String>,
        /// How long it ran.
        duration: Duration,
    },
}

/// What kept a call from running.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ToolRefusalReason {
    /// No tool of this name is offered.
    UnknownTool,
    /// The tool does not take these arguments.
    InvalidArguments,
    /// The approver denied it.
    Denied,
    /// The turn had its number of tool calls.
    CallLimit,
    /// It was made before, again and again, with the same result.
    Repeated,
    /// It waits for a person, or comes after one that does.
    NeedsInput,
}

/// Why the model is asked once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RepromptReason {
    /// It said nothing at all.
    Empty,
    /// It only reasoned; it is told to answer now.
    ReasoningOnly,
}

/// The end of the channel that a turn writes to.
#[derive(Debug, Clone)]
pub struct TurnEventSender(mpsc::Sender<TurnEvent>);

impl TurnEventSender {
    /// Sends an event, waiting for room. Without a receiver the event is dropped.
    pub(crate) async fn send_event(&self, event: TurnEvent) {
        // The only error is that nobody listens.
        let _ = self.0.send(event).await;
    }

    /// Sends an event if there is room now and gives it back if there is none.
    pub(crate) fn try_send_event(&self, event: TurnEvent) -> Option<TurnEvent> {
        match self.0.try_send(event) {
            Err(TrySendError::Full(event)) => Some(event),
            Ok(()) | Err(TrySendError::Closed(_)) => None,
        }
    }
}

/// The end of the channel that shows a turn.
#[derive(Debug)]
pub struct TurnEventReceiver(mpsc::Receiver<TurnEvent>);

impl TurnEventReceiver {
    /// Waits for the next event; `None` when the turn is over and everything was received.
    pub async fn recv(&mut self) -> Option<TurnEvent> {
        self.0.recv().await
    }
}
