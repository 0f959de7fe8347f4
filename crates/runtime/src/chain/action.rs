//! What a failure means for the rest of the chain.

use openclaw_core::{Clock, ModelErrorKind};

use crate::breaker::Blame;
use crate::error::{ConnectError, SetupErrorKind};

/// What is done about a failed model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// The next model is asked, and the breaker of whom it speaks against is told.
    Next(Blame),
    /// The next model is asked: this one cannot be used as it is set up.
    Unusable,
    /// Only a model with a larger window is asked.
    Larger,
    /// The failure stands: it is this program's own, or it would be the same everywhere.
    Stop,
}

/// Decides by what failed. `is_wanted` is whether the model was asked for by name.
pub(super) fn action(error: &ConnectError, is_wanted: bool) -> Action {
    let error = match error {
        ConnectError::Setup(error) if is_wanted && error.kind() == SetupErrorKind::Egress => {
            return Action::Stop;
        }
        ConnectError::Setup(_) => return Action::Unusable,
        ConnectError::Model(error) => error,
    };
    let status = error.exchange().and_then(|exchange| exchange.status);
    match error.kind() {
        // Refused, unknown hosts, TLS, and addresses behind which nobody takes connections.
        ModelErrorKind::Connect | ModelErrorKind::Timeout { clock: Clock::Connect, .. } => {
            Action::Next(Blame::Server)
        }
        // A key may be good for some models only.
        ModelErrorKind::Auth if status == Some(403) => Action::Next(Blame::Model),
        ModelErrorKind::Auth => Action::Next(Blame::Server),
        ModelErrorKind::Loading
        | ModelErrorKind::Overloaded
        | ModelErrorKind::RateLimited { .. }
        | ModelErrorKind::UnknownModel
        | ModelErrorKind::Protocol
        | ModelErrorKind::Interrupted => Action::Next(Blame::Model),
        ModelErrorKind::ContextOverflow { .. } => Action::Larger,
        _ => Action::Stop,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use openclaw_core::{HttpExchange, ModelError};

    use super::*;
    use crate::error::SetupError;

    #[test]
    fn each_kind_of_failure_has_its_action() {
        let clock = |clock| ModelErrorKind::Timeout { clock, after: Duration::from_secs(1) };
        let limited = |seconds: Option<u64>| ModelErrorKind::RateLimited {
            retry_after: seconds.map(Duration::from_secs),
        };
        let (server, model) = (Action::Next(Blame::Server), Action::Next(Blame::Model));
        for (kind, status, expected) in [
            (ModelErrorKind::Connect, None, server),
            (clock(Clock::Connect), None, server),
            (clock(Clock::ResponseHeaders), None, Action::Stop),
            (clock(Clock::FirstToken), Some(200), Action::Stop),
            (clock(Clock::BetweenTokens), Some(200), Action::Stop),
            (clock(Clock::Total), None, Action::Stop),
            (ModelErrorKind::Loading, Some(503), model),
            (ModelErrorKind::Overloaded, Some(503), model),
            (ModelErrorKind::Overloaded, Some(529), model),
            (limited(None), Some(429), model),
            (limited(Some(3600)), Some(429), model),
            (ModelErrorKind::Auth, Some(401), server),
            (ModelErrorKind::Auth, Some(403), model),
            (ModelErrorKind::UnknownModel, Some(404), model),
            (ModelErrorKind::Protocol, Some(200), model),
            (ModelErrorKind::Interrupted, None, model),
            (ModelErrorKind::Interrupted, Some(500), model),
            (ModelErrorKind::Rejected, Some(400), Action::Stop),
            (
                ModelErrorKind::ContextOverflow { window: None, prompt: None },
                Some(400),
                Action::Larger,
            ),
        ] {
            let exchange = HttpExchange { status, ..HttpExchange::default() };
            let error = ModelError::new(kind, "answer").with_exchange(exchange);
            assert_eq!(action(&ConnectError::Model(error), true), expected, "{kind:?} {status:?}");
        }
    }

    #[test]
    fn what_is_set_up_wrongly_is_passed_over_but_a_no_is_a_no() {
        let of = |kind, is_wanted| {
            action(&ConnectError::Setup(SetupError::new(kind, "do it")), is_wanted)
        };
        assert_eq!(of(SetupErrorKind::Secret, true), Action::Unusable);
        assert_eq!(of(SetupErrorKind::UnknownProvider, false), Action::Unusable);
        assert_eq!(of(SetupErrorKind::Egress, false), Action::Unusable);
        assert_eq!(of(SetupErrorKind::Egress, true), Action::Stop);
    }
}
