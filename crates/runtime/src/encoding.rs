//! What a turn tells, as the protocol's structs.
//!
//! The protocol knows neither the agent loop nor the models, and both the command line and a gateway
//! need the conversion, so it is where both are known first.

mod errors;
mod events;

pub use self::errors::{
    encode_connect_error, encode_model_error, encode_store_error, encode_turn_error,
};
pub use self::events::{EventEncoder, encode_skipped_model};
