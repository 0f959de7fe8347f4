//! Errors of a client.

use std::io;
use std::time::Duration;

use openclaw_protocol::gateway::GatewayError;

/// Why a gateway could not be asked. `Display` fits "failed to {…}".
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// Nothing listens at the address.
    #[error("connect to the gateway at {address}")]
    Unreachable {
        /// The address.
        address: String,
        /// The cause.
        source: io::Error,
    },
    /// What listens there is no gateway.
    #[error("speak with {address}: it is no gateway ({reason})")]
    NotGateway {
        /// The address.
        address: String,
        /// What was found.
        reason: String,
    },
    /// The gateway did not let the client in, or refused a request.
    #[error("get an answer from the gateway at {address}: {error}")]
    Refused {
        /// The address.
        address: String,
        /// Why.
        error: Box<GatewayError>,
    },
    /// The connection ended.
    #[error("hear from the gateway at {address}: it closed the connection{reason}")]
    Closed {
        /// The address.
        address: String,
        /// The gateway's reason, in parentheses; empty without one.
        reason: String,
    },
    /// The gateway did not answer in time.
    #[error("hear from the gateway at {address} within {} ms", limit.as_millis())]
    TimedOut {
        /// The address.
        address: String,
        /// The time limit.
        limit: Duration,
    },
    /// The gateway sent nothing for longer than it may be silent.
    #[error("hear from the gateway at {address}: it was silent for {} ms", limit.as_millis())]
    Silent {
        /// The address.
        address: String,
        /// How long it may be silent.
        limit: Duration,
    },
}
