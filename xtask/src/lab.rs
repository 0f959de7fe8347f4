//! Real servers on this machine, for tests and demonstrations, under `target/`.
//!
//! Each has pinned packages in a virtual environment of its own, and a random model made on the
//! spot. The answers are noise, but the server is real, and so are the wire format, the limits, the
//! errors and the timing that tests meet. All servers listen on 127.0.0.1 only and are configured
//! to contact no other host.

mod group;
mod python;
mod server;

pub(crate) mod litellm;
pub(crate) mod llama;
pub(crate) mod vllm;

pub(crate) use server::{Part, Place, Server};
