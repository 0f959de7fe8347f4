//! What a turn is asked for.

use crate::{CallRepeats, EventSender, Steering};

/// What a turn begins with.
#[derive(Debug, Clone)]
pub enum Opening<'a> {
    /// What the user said, which is added to the history.
    Say(&'a str),
    /// The history as it stands: a turn that was interrupted goes on, e.g. after the end of its
    /// process, with what the user said last and the calls that were answered since. It holds what
    /// was kept of the turn's report; `None` reads it from the history.
    ///
    /// A history in which nothing waits for the model fails the turn.
    Resume(Option<CallRepeats>),
}

/// A turn to run.
#[derive(Debug)]
pub struct TurnRequest<'a> {
    /// What it begins with.
    pub opening: Opening<'a>,
    /// What the user says meanwhile; `None`: nothing.
    pub steering: Option<&'a Steering>,
    /// Where what happens is told. The events end when the turn does.
    pub events: EventSender,
}

impl<'a> TurnRequest<'a> {
    /// A turn on what the user said.
    #[must_use]
    pub fn say(text: &'a str, events: EventSender) -> Self {
        Self { opening: Opening::Say(text), steering: None, events }
    }

    /// A turn that goes on where it was interrupted.
    #[must_use]
    pub fn resume(repeats: Option<CallRepeats>, events: EventSender) -> Self {
        Self { opening: Opening::Resume(repeats), steering: None, events }
    }

    /// The same turn, which the user can say something to while it runs.
    #[must_use]
    pub fn with_steering(self, steering: &'a Steering) -> Self {
        Self { steering: Some(steering), ..self }
    }
}
