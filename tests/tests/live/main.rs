//! The product against real servers, whose addresses `OPENCLAW_LIVE_*` give; without one, every
//! test that wants it says that it is skipped. `cargo xtask live` starts them and runs this.
//!
//! The models may be random ones. So a test looks at what is true of any answer, or has the server
//! itself decide what the model writes: `structured_outputs` or a grammar binds it to a text, and a
//! proxy in between adds that to requests of the program, which does not know of it.

#[cfg(test)]
mod agent;
#[cfg(test)]
mod death;
#[cfg(test)]
mod doctor;
#[cfg(test)]
mod fallbacks;
#[cfg(test)]
mod gate;
#[cfg(test)]
mod infer;
#[cfg(test)]
mod instruct;
#[cfg(test)]
mod interrupt;
#[cfg(test)]
mod lab;
#[cfg(test)]
mod litellm;
#[cfg(test)]
mod llama;
#[cfg(test)]
mod messages;
#[cfg(test)]
mod models;
#[cfg(test)]
mod openai_sdk;
#[cfg(test)]
mod proxy;
#[cfg(test)]
mod responses;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod soak;
