//! vLLM as a model, against a mock of it.

#[cfg(test)]
mod advice;
#[cfg(test)]
mod budget;
#[cfg(test)]
#[path = "../../../providers-openai/tests/it/client.rs"]
mod client;
#[cfg(test)]
#[path = "../../../providers-openai/tests/it/conformance.rs"]
mod conformance;
#[cfg(test)]
mod counting;
#[cfg(test)]
mod liveness;
#[cfg(test)]
mod messages;
#[cfg(test)]
mod patience;
#[cfg(test)]
mod quirks;
#[cfg(test)]
#[path = "../../../providers-openai/tests/it/raw.rs"]
mod raw;
#[cfg(test)]
mod recovery;
#[cfg(test)]
mod vllm;
