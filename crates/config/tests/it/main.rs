//! The config as used by another crate.

#[cfg(test)]
mod any_text;
#[cfg(test)]
mod fence;
#[cfg(test)]
mod key_sources;
#[cfg(test)]
mod layers;
#[cfg(test)]
mod loading;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod secrecy;
