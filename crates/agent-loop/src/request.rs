//! The input of a turn.

use crate::{CallRepeatTracker, SteeringQueue, TurnEventSender};

/// What a turn begins with.
#[derive(Debug, Clone)]
pub enum TurnInput<'a> {
    /// A user message, which is added to the history.
    Message(&'a str),
    /// The history as it stands: continues an interrupted turn, e.g. after a restart of the
    /// process, with its last user message and the calls answered since. Holds the saved tracker of
    /// the turn's report; `None` rebuilds it from the history.
    ///
    /// Fails the turn when the history has nothing for the model to answer.
    Resume(Option<CallRepeatTracker>),
}

/// A turn to run.
#[derive(Debug)]
pub struct TurnRequest<'a> {
    /// What it begins with.
    pub input: TurnInput<'a>,
    /// Messages that the user sends while the turn runs; `None`: there are none.
    pub steering: Option<&'a SteeringQueue>,
    /// Receives the turn's events until the turn ends.
    pub events: TurnEventSender,
}

impl<'a> TurnRequest<'a> {
    /// A turn on a user message.
    #[must_use]
    pub fn from_message(text: &'a str, events: TurnEventSender) -> Self {
        Self { input: TurnInput::Message(text), steering: None, events }
    }

    /// A turn that continues an interrupted one.
    #[must_use]
    pub fn from_interrupted(repeats: Option<CallRepeatTracker>, events: TurnEventSender) -> Self {
        Self { input: TurnInput::Resume(repeats), steering: None, events }
    }

    /// The same turn, which the user can send messages to while it runs.
    #[must_use]
    pub fn with_steering(self, steering: &'a SteeringQueue) -> Self {
        Self { steering: Some(steering), ..self }
    }
}
