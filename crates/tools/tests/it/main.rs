//! The tools as a model uses them: a call in, a text out.

#[cfg(test)]
mod background;
#[cfg(test)]
mod catalogue;
#[cfg(test)]
mod confinement;
#[cfg(test)]
mod edit;
#[cfg(test)]
mod exec;
#[cfg(test)]
mod exec_without_shell;
#[cfg(test)]
mod list;
#[cfg(test)]
mod memory;
#[cfg(test)]
mod named_roots;
#[cfg(test)]
mod nodes;
#[cfg(test)]
mod outputs;
#[cfg(test)]
mod protection;
#[cfg(test)]
mod read;
#[cfg(test)]
mod sandbox;
#[cfg(test)]
mod schema;
mod sessions;
#[cfg(test)]
mod support;
#[cfg(test)]
mod write;
