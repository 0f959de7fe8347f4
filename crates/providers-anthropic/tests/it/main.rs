//! The Messages API as a model, against servers on loopback.

#[cfg(test)]
mod live;
#[cfg(test)]
mod messages;
#[cfg(test)]
mod streams;
#[cfg(test)]
mod talk;
#[cfg(test)]
mod wire;
