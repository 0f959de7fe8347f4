//! What the tests of several crates share.
//!
//! [`conformance`] is the suite that every [`ChatModel`](openclaw_core::ChatModel) passes, and
//! [`client`] reads what one answers. [`raw_server`] stands in for a server where `mock-vllm` is
//! too well-behaved, and [`bot_api`] for the server of a bot of Telegram.
//!
//! Unit tests of `core`, `mock-vllm` and `transport` cannot use this crate: it is built on those
//! crates as they are without their tests, whose types are others than the ones under test.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "what cannot be set up fails the test that wanted it"
)]
#![expect(clippy::print_stdout, reason = "a test says which cases it skips")]

pub mod bot_api;
pub mod client;
pub mod conformance;
pub mod raw_server;
