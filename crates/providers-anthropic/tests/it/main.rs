//! The Messages API as a model, against servers on loopback.

#[cfg(test)]
#[path = "../../../providers-openai/tests/it/client.rs"]
mod client;
#[cfg(test)]
mod live;
#[cfg(test)]
mod talk;
