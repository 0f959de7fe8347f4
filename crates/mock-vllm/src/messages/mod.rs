//! `/v1/messages`: the same model and the same prompt behind the words of another API.

mod events;
mod request;
mod wire;

pub(crate) use self::events::Events;
pub(crate) use self::request::{count, read};
pub(crate) use self::wire::{Envelope, refusal};
