//! What the tests of several crates share.
//!
//! [`conformance`] is the suite that every [`ChatModel`](openclaw_core::ChatModel) passes, and
//! [`client`] reads what one answers. [`raw_server`] stands in for a server where `mock-vllm` is
//! too well-behaved.
//!
//! Only integration tests may use this crate, and only of crates that it does not depend on: in
//! others the types of `core` and `transport` are not the ones that it speaks of.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "what cannot be set up fails the test that wanted it"
)]
#![expect(clippy::print_stdout, reason = "a test says which cases it skips")]

pub mod client;
pub mod conformance;
pub mod raw_server;
