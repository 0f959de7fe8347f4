//! vLLM as a model, against a mock of it.

#[cfg(test)]
mod advice;
#[cfg(test)]
mod body_copies;
#[cfg(test)]
mod budget;
#[cfg(test)]
mod counting;
#[cfg(test)]
mod discovery;
#[cfg(test)]
mod liveness;
#[cfg(test)]
mod messages;
#[cfg(test)]
mod patience;
#[cfg(test)]
mod quirks;
#[cfg(test)]
mod recovery;
#[cfg(test)]
mod tool_template;
#[cfg(test)]
mod vllm;
