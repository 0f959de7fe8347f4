//! A whole node over TCP, with a scripted gateway.

#[cfg(test)]
mod connections;
#[cfg(test)]
mod crashes;
#[cfg(test)]
mod fake_gateway;
#[cfg(test)]
mod invocations;
#[cfg(test)]
mod lab;
#[cfg(test)]
mod policies;
