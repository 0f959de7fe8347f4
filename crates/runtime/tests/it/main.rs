//! Builds runtimes from configs and environments, and runs them against mock vLLM servers.

#[cfg(test)]
mod agent;
#[cfg(test)]
mod anthropic;
#[cfg(test)]
mod catalogue;
#[cfg(test)]
mod chain;
#[cfg(test)]
mod connect;
#[cfg(test)]
mod conversation;
#[cfg(test)]
mod doctor;
#[cfg(test)]
mod fitting;
#[cfg(test)]
mod hints;
#[cfg(test)]
mod hosted;
#[cfg(test)]
mod lab;
#[cfg(test)]
mod prefix;
#[cfg(test)]
mod remembered;
#[cfg(test)]
mod secret_commands;
#[cfg(test)]
mod status;
