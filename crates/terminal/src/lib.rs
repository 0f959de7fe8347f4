#![doc = include_str!("../README.md")]

mod cells;
mod editor;
mod history;
mod keys;
mod line;
mod markdown;
mod printer;
pub mod sanitize;
mod screen;
mod tty;

pub use cells::{clip_row, row_width, wrap_row, wrap_words};
pub use editor::{EditorAction, EditorLayout, LineEditor};
pub use history::InputHistory;
pub use keys::{KeyDecoder, KeyPress};
pub use markdown::{MarkdownOptions, MarkdownStream, render_markdown};
pub use printer::{
    MessageLevel, MessageLog, OutputBuffer, OutputPrinter, OutputVerbosity, TextStyle,
};
pub use screen::{LiveRegion, Screen};
pub use tty::{
    RawMode, ask_for_line, discard_type_ahead, stdin_has_data, stop_process, terminal_size,
};
