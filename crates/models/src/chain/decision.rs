//! Decides what a failed model means for the rest of the chain.

use openclaw_core::{ModelErrorKind, TimeoutKind};

use crate::breaker::FailureScope;
use crate::error::{ConnectError, SetupErrorKind};

/// What happens after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FallbackDecision {
    /// Ask the next model, and record the failure in the breaker of this scope.
    TryNext(FailureScope),
    /// Ask the next model: this one cannot be used with its configuration.
    SkipUnusable,
    /// Ask only models with a larger context window.
    TryLargerWindow,
    /// Return the error: this program caused it, or every model would fail in the same way.
    Stop,
}

/// Decides by the error. `is_wanted` is whether the model was asked for by name.
pub(super) fn decide_fallback(error: &ConnectError, is_wanted: bool) -> FallbackDecision {
    let error = match error {
        ConnectError::Setup(error) if is_wanted && error.kind() == SetupErrorKind::Egress => {
            return FallbackDecision::Stop;
        }
        ConnectError::Setup(_) => return FallbackDecision::SkipUnusable,
        ConnectError::Model(error) => error,
    };
    let status = error.http_exchange().and_then(|exchange| exchange.status);
    match error.kind() {
        // Connection refused, unknown host, TLS failure, or nothing listening at the address.
        ModelErrorKind::Connect | ModelErrorKind::Timeout { kind: TimeoutKind::Connect, .. } => {
            FallbackDecision::TryNext(FailureScope::Server)
        }
        // A key may be valid for some models only.
        ModelErrorKind::Auth if status == Some(403) => {
            FallbackDecision::TryNext(FailureScope::Model)
        }
        ModelErrorKind::Auth => FallbackDecision::TryNext(FailureScope::Server),
        ModelErrorKind::Loading
        | ModelErrorKind::Overloaded
        | ModelErrorKind::RateLimited { .. }
        | ModelErrorKind::UnknownModel
        | ModelErrorKind::Protocol
        | ModelErrorKind::Interrupted => FallbackDecision::TryNext(FailureScope::Model),
        ModelErrorKind::ContextOverflow { .. } => FallbackDecision::TryLargerWindow,
        _ => FallbackDecision::Stop,
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
        let clock = |clock| ModelErrorKind::Timeout { kind: clock, after: Duration::from_secs(1) };
        let limited = |seconds: Option<u64>| ModelErrorKind::RateLimited {
            retry_after: seconds.map(Duration::from_secs),
        };
        let (server, model) = (
            FallbackDecision::TryNext(FailureScope::Server),
            FallbackDecision::TryNext(FailureScope::Model),
        );
        for (kind, status, expected) in [
            (ModelErrorKind::Connect, None, server),
            (clock(TimeoutKind::Connect), None, server),
            (clock(TimeoutKind::ResponseHeaders), None, FallbackDecision::Stop),
            (clock(TimeoutKind::FirstToken), Some(200), FallbackDecision::Stop),
            (clock(TimeoutKind::BetweenTokens), Some(200), FallbackDecision::Stop),
            (clock(TimeoutKind::Total), None, FallbackDecision::Stop),
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
            (ModelErrorKind::Rejected, Some(400), FallbackDecision::Stop),
            (
                ModelErrorKind::ContextOverflow { context_window: None, prompt_tokens: None },
                Some(400),
                FallbackDecision::TryLargerWindow,
            ),
        ] {
            let exchange = HttpExchange { status, ..HttpExchange::default() };
            let error = ModelError::new(kind, "answer").with_exchange(exchange);
            assert_eq!(
                decide_fallback(&ConnectError::Model(error), true),
                expected,
                "{kind:?} {status:?}"
            );
        }
    }

    #[test]
    fn what_is_set_up_wrongly_is_passed_over_but_a_no_is_a_no() {
        let of = |kind, is_wanted| {
            decide_fallback(&ConnectError::Setup(SetupError::new(kind, "do it")), is_wanted)
        };
        assert_eq!(of(SetupErrorKind::Secret, true), FallbackDecision::SkipUnusable);
        assert_eq!(of(SetupErrorKind::UnknownProvider, false), FallbackDecision::SkipUnusable);
        assert_eq!(of(SetupErrorKind::Egress, false), FallbackDecision::SkipUnusable);
        assert_eq!(of(SetupErrorKind::Egress, true), FallbackDecision::Stop);
    }
}
