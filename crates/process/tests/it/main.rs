//! Real processes: their ends, their output, their trees.

#[cfg(test)]
mod ends;
#[cfg(test)]
mod environment;
#[cfg(test)]
mod output;
#[cfg(test)]
mod pipelines;
#[cfg(test)]
mod sandbox;
#[cfg(test)]
mod support;
#[cfg(test)]
mod trees;
