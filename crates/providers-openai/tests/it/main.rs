//! OpenAI-compatible servers as models, against a mock of vLLM, recordings and arbitrary bytes.

#[cfg(test)]
mod adapts;
#[cfg(test)]
mod any_stream;
#[cfg(test)]
mod catalogue;
#[cfg(test)]
mod compat;
#[cfg(test)]
mod counts;
#[cfg(test)]
mod forms;
#[cfg(test)]
mod native;
#[cfg(test)]
mod openai;
#[cfg(test)]
mod other_servers;
#[cfg(test)]
mod quirks;
#[cfg(test)]
mod recordings;
#[cfg(test)]
mod rescue;
#[cfg(test)]
mod responses;
#[cfg(test)]
mod shapes;
#[cfg(test)]
mod talk;
#[cfg(test)]
mod windows;
#[cfg(test)]
mod wire;
