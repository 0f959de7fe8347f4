//! Builds runtimes from configs and environments, and runs them against mock vLLM servers.

#[cfg(test)]
mod agent;
#[cfg(test)]
mod conversation;
#[cfg(test)]
mod exec_node;
#[cfg(test)]
mod fitting;
#[cfg(test)]
mod gateway_commands;
#[cfg(test)]
mod lab;
#[cfg(test)]
mod memory;
#[cfg(test)]
mod prefix;
#[cfg(test)]
mod subagents;
