//! What the end-to-end tests share: the binary under test, a home to run it in, and its end.
//!
//! The tests start the program as a user does and look at nothing but its output, its exit code,
//! the files it leaves and the requests it sends. `tests/it` meets a mock server, `tests/live` a
//! real vLLM.
#![expect(
    clippy::disallowed_methods,
    reason = "the tests stand where a user stands: they start programs and prepare files"
)]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "what cannot be set up fails the test that wanted it"
)]

mod binary;
mod home;
mod run;
mod terminal;
mod tmux;

pub use home::{Home, make_fifo};
pub use run::{Ended, Running, kill, soon};
pub use terminal::Terminal;
pub use tmux::Tmux;
