//! Converts the events, errors and results of a turn to the types of `openclaw-protocol`.
//!
//! The protocol knows neither the agent loop nor the models. The command line and a gateway both
//! need the conversion, and this is the lowest crate that knows both sides.

mod errors;
mod event_decoder;
mod events;
mod models;
mod session_state;
mod turn_result;
mod turn_start;
mod turn_timings;

pub use self::errors::{
    encode_agent_error, encode_connect_error, encode_model_error, encode_store_error,
    encode_turn_error,
};
pub use self::event_decoder::{decode_attempt, decode_change, decode_event, decode_usage};
pub use self::events::{EventEncoder, encode_skipped_model};
pub use self::models::describe_catalogue;
pub use self::session_state::{describe_commands, describe_session};
pub use self::turn_result::{
    FinishedTurn, TurnlessRun, cancelled_error, needs_input_message, tool_names,
};
pub use self::turn_start::{encode_session, encode_start};
pub use self::turn_timings::TurnTimings;
