//! Real servers on this machine, for tests and demonstrations, under `target/`.
//!
//! Each has its packages pinned, in a virtual environment of its own, and a model that is made on
//! the spot. The words of such a model are noise; the server is the real one, so the wire format,
//! the limits, the errors and the timing that tests meet are its own and not a mock's. All of them
//! listen on 127.0.0.1 only and are told to ask nobody else for anything.

mod group;
mod python;
mod server;

pub(crate) mod litellm;
pub(crate) mod llama;
pub(crate) mod vllm;

pub(crate) use server::{Part, Place, Server};
