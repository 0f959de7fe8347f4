//! A whole gateway over TCP, with a mock vLLM behind its agents.

#[cfg(test)]
mod attacks;
#[cfg(test)]
mod devices;
#[cfg(test)]
mod front;
#[cfg(test)]
mod hooks;
#[cfg(test)]
mod http;
#[cfg(test)]
mod jobs;
#[cfg(test)]
mod lab;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod node_approvals;
#[cfg(test)]
mod node_exec;
#[cfg(test)]
mod node_names;
#[cfg(test)]
mod nodes;
#[cfg(test)]
mod open_gateway;
#[cfg(test)]
mod runs;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod socket;
#[cfg(test)]
mod test_device;
#[cfg(test)]
mod test_node;
#[cfg(test)]
mod ws_cases;
