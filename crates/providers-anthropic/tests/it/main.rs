//! The Messages API as a model, against servers on loopback.

#[cfg(test)]
#[path = "../../../providers-openai/tests/it/client.rs"]
mod client;
#[cfg(test)]
#[path = "../../../providers-openai/tests/it/conformance.rs"]
mod conformance;
#[cfg(test)]
mod live;
#[cfg(test)]
mod messages;
#[cfg(test)]
#[path = "../../../providers-openai/tests/it/raw.rs"]
mod raw;
#[cfg(test)]
mod streams;
#[cfg(test)]
mod talk;
#[cfg(test)]
mod wire;
