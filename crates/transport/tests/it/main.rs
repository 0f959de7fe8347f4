//! The client against a server of scripted bytes on loopback.

#[cfg(test)]
mod allocations;
#[cfg(test)]
mod calls;
#[cfg(test)]
mod connections;
#[cfg(test)]
mod failures;
#[cfg(test)]
mod quirks;
#[cfg(test)]
mod retries;
#[cfg(test)]
mod server;
#[cfg(test)]
mod trace;
