//! Tests of the store's public interface.

#[cfg(test)]
mod append_cost;
#[cfg(test)]
mod damage;
#[cfg(test)]
mod entries;
#[cfg(test)]
mod import;
#[cfg(test)]
mod processes;
#[cfg(test)]
mod reload;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod talk;
