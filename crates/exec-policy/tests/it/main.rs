//! The policy against commands that got around those of others, and against real shells.

#[cfg(test)]
mod catalogue;
#[cfg(test)]
#[cfg(unix)]
mod oracle;
