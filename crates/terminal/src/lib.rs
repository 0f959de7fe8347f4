//! A conversation on a terminal: streamed Markdown above, a line being written below.
//!
//! Knows nothing of models and agents.

mod cells;
mod editor;
mod history;
mod keys;
mod line;
mod markdown;
mod screen;
mod tty;

pub use cells::{clip, width, wrap, wrap_words};
pub use editor::{Action, Editor, Layout};
pub use history::InputHistory;
pub use keys::{Key, KeyDecoder};
pub use markdown::{Look, MarkdownStream, render};
pub use screen::{Live, Screen};
pub use tty::{RawMode, stop_process, terminal_size};
