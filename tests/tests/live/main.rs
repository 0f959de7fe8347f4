//! The product against a real vLLM server, whose address `OPENCLAW_LIVE_VLLM` gives; without it
//! every test says that it is skipped. `cargo xtask vllm up` starts such a server.
//!
//! The model may be a random one. So a test looks at what is true of any answer, or has the server
//! itself decide what the model writes: `structured_outputs` binds it to a text, and a proxy in
//! between adds that to requests of the program, which does not know of it.

#[cfg(test)]
mod agent;
#[cfg(test)]
mod infer;
#[cfg(test)]
mod interrupt;
#[cfg(test)]
mod lab;
#[cfg(test)]
mod models;
#[cfg(test)]
mod proxy;
