//! Builds registries from configs and environments, and runs their models against mock servers.

#[cfg(test)]
mod anthropic;
#[cfg(test)]
mod catalogue;
#[cfg(test)]
mod chain;
#[cfg(test)]
mod connect;
#[cfg(test)]
mod hints;
#[cfg(test)]
mod hosted;
#[cfg(test)]
mod lab;
#[cfg(test)]
mod provider_keys;
#[cfg(test)]
mod remembered;
#[cfg(test)]
mod secret_commands;
#[cfg(test)]
mod status;
