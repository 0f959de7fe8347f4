//! The config as another crate meets it.

#[cfg(test)]
mod any_text;
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
