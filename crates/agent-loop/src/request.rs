//! What a turn is asked for.

use crate::{CallRepeatTracker, SteeringQueue, TurnEventSender};

/// What a turn begins with.
#[derive(Debug, Clone)]
pub enum TurnInput<'a> {
    /// What the user said, which is added to the history.
    Message(&'a str),
    /// The history as it stands: a turn that was interrupted goes on, e.g. after the end of its
    /// process, with what the user said last and the calls that were answered since. It holds what
    /// was kept of the turn's report; `None` reads it from the history.
    ///
    /// A history in which nothing waits for the model fails the turn.
    Resume(Option<CallRepeatTracker>),
}

/// A turn to run.
#[derive(Debug)]
pub struct TurnRequest<'a> {
    /// What it begins with.
    pub input: TurnInput<'a>,
    /// What the user says meanwhile; `None`: nothing.
    pub steering: Option<&'a SteeringQueue>,
    /// Where what happens is told. The events end when the turn does.
    pub events: TurnEventSender,
}

impl<'a> TurnRequest<'a> {
    /// A turn on what the user said.
    #[must_use]
    pub fn from_message(text: &'a str, events: TurnEventSender) -> Self {
        Self { input: TurnInput::Message(text), steering: None, events }
    }

    /// A turn that goes on where it was interrupted.
    #[must_use]
    pub fn from_interrupted(repeats: Option<CallRepeatTracker>, events: TurnEventSender) -> Self {
        Self { input: TurnInput::Resume(repeats), steering: None, events }
    }

    /// The same turn, which the user can say something to while it runs.
    #[must_use]
    pub fn with_steering(self, steering: &'a SteeringQueue) -> Self {
        Self { steering: Some(steering), ..self }
    }
}
