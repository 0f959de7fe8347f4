//! A faithful vLLM server on loopback, without a GPU, for tests and benches.
//!
//! [`MockVllm`] speaks as vLLM 0.32 was recorded to speak: the order of fields, the nulls, the
//! wording of refusals, the framing of streams. What the model says comes from [`Brain`]: a
//! script of [`Turn`]s, or a few rules. A [`Reply`] adds what goes wrong, from a slow prefill to
//! the death of the engine; a [`Gate`] holds a chunk back until a test lets it go, so that no
//! test has to sleep.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! use openclaw_mock_vllm::{Gate, MockVllm, Reply, Turn};
//!
//! let server = MockVllm::builder().start().await?;
//! let gate = Gate::new();
//! server.push(Reply::from(Turn::pieces(["Hel", "lo"])).gate(2, &gate));
//! // … a client asks server.base_url() and gets the role and "Hel" …
//! gate.open();
//! // … and now the rest.
//! server.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! The program `mock-vllm` serves the same to any client; its flags are in `mock-vllm --help`,
//! its script files in [`Reply::list_from_json`].
//!
//! Served are `/v1/models`, `/v1/chat/completions`, `/v1/responses`,
//! `/v1/messages`, `/v1/messages/count_tokens`, `/tokenize`, `/detokenize`, `/health`,
//! `/ping`, `/version`, `/load` and `/metrics`. Absent: the other APIs, `n` above 1, `echo`,
//! `logprobs` and token ids in answers (accepted and ignored), `structured_outputs`.
//! Tokens are counted by a stand-in: a few letters, one sign, or one character beyond ASCII each.

mod body;
mod brain;
mod builder;
mod chat;
mod engine;
mod gate;
mod ids;
mod messages;
mod metrics;
mod model;
mod prefix;
mod python;
mod reply;
mod response;
mod responses;
mod routes;
mod script;
mod seen;
mod server;
mod template;
mod tokenizer;
mod turn;
mod validate;

pub use brain::Brain;
pub use builder::MockVllmBuilder;
pub use gate::Gate;
pub use model::ModelSpec;
pub use reply::{ErrorBody, Pace, Reply};
pub use script::ScriptError;
pub use seen::Seen;
pub use server::MockVllm;
pub use turn::{Call, Finish, Turn, UsageOverride};
