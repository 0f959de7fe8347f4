//! `/v1/responses`: the same model and the same prompt behind other words.

mod events;
mod request;
mod wire;

pub(crate) use self::events::Events;
pub(crate) use self::request::{check_memory, not_kept, read};
pub(crate) use self::wire::{Echo, Envelope};
