//! Converts the events, errors and results of a turn to the types of `openclaw-protocol`.
//!
//! The protocol knows neither the agent loop nor the models. The command line and a gateway both
//! need the conversion, and this is the lowest crate that knows both sides.

mod errors;
mod events;

pub use self::errors::{
    encode_agent_error, encode_connect_error, encode_model_error, encode_store_error,
    encode_turn_error,
};
pub use self::events::{EventEncoder, encode_skipped_model};
