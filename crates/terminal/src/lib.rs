//! A conversation on a terminal: streamed Markdown above, a line being written below.
//!
//! Knows nothing of models and agents.

mod markdown;

pub use markdown::{Look, MarkdownStream, render};
