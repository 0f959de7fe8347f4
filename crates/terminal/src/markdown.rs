//! Renders streamed Markdown as lines for a terminal.
//!
//! A block is output once nothing that follows can change it, so that it is never redrawn: `blocks`
//! finds that point line by line, and each block is parsed and rendered once, on its own. The block
//! that is still open is rendered again for each redraw.
//!
//! The cost: a reference definition (`[name]: address`) may come after its use, so references are
//! not resolved; both are shown as written.

mod blocks;
mod painter;
mod render;
mod sanitize;
mod shape;
mod table;
#[cfg(test)]
mod tests;
mod wrap;

use blocks::{BlockTracker, LineRole};
use sanitize::TextSanitizer;

/// A character that sanitized text never contains; prevents a bracket from starting a definition.
const DEFINITION_GUARD: char = '\u{fdd0}';

/// How many bytes of an open block [`MarkdownStream::pending_lines`] renders at most.
const MAX_PENDING_BYTES: usize = 16 * 1024;

/// The appearance of rendered lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarkdownOptions {
    /// The columns of the terminal; at least 8 are used.
    pub width: u16,
    /// Whether to use escape sequences for styles. Without them, the marks of emphasis, code and
    /// headings are shown.
    pub colour: bool,
}

/// Renders a text that arrives in chunks.
///
/// However the text is split, [`push_text`](Self::push_text) and [`finish`](Self::finish) return
/// the lines that [`render_markdown`] returns for the whole. No line is wider than the terminal,
/// except code lines, which stay unbroken for copying. Lines contain no control characters but line
/// ends and the stream's own styles, which are reset at the end of each line.
#[derive(Debug, Clone)]
pub struct MarkdownStream {
    options: MarkdownOptions,
    sanitizer: TextSanitizer,
    /// The current line, which has not ended.
    open_line: String,
    blocks: BlockTracker,
    /// The lines of the open outermost block or item.
    open_block: String,
    item_number: Option<u64>,
    is_separate: bool,
    has_output: bool,
}

impl MarkdownStream {
    /// A stream without any text yet.
    #[must_use]
    pub fn new(options: MarkdownOptions) -> Self {
        Self {
            options,
            sanitizer: TextSanitizer::default(),
            open_line: String::new(),
            blocks: BlockTracker::default(),
            open_block: String::new(),
            item_number: None,
            is_separate: false,
            has_output: false,
        }
    }

    /// Adds text and returns the lines that have become final, each ending in `\n`; often none.
    #[must_use]
    pub fn push_text(&mut self, text: &str) -> String {
        let mut lines = String::new();
        let mut clean = String::new();
        self.sanitizer.push_text(text, &mut clean);
        for piece in clean.split_inclusive('\n') {
            match piece.strip_suffix('\n') {
                Some(end) => {
                    self.open_line.push_str(end);
                    let line = std::mem::take(&mut self.open_line);
                    self.push_line(&line, &mut lines);
                }
                None => self.open_line.push_str(piece),
            }
        }
        lines
    }

    /// The lines of the open block as it stands, each ending in `\n`: draw them below the final
    /// lines and replace them on the next update. Only the end of a very long block is rendered.
    #[must_use]
    pub fn pending_lines(&self) -> String {
        let mut ahead = Self {
            options: self.options,
            sanitizer: TextSanitizer::default(),
            open_line: last_lines(&self.open_line).to_owned(),
            blocks: self.blocks.clone(),
            open_block: last_lines(&self.open_block).to_owned(),
            ..*self
        };
        if ahead.open_line.chars().all(|c| c.is_ascii_punctuation() || c == ' ') {
            // Without its text, an underline would make the paragraph above a heading.
            ahead.open_line.clear();
        }
        ahead.take_rest()
    }

    /// Changes the width of the lines that follow.
    pub fn set_width(&mut self, width: u16) {
        self.options.width = width;
    }

    /// Ends the text and returns its remaining lines, each ending in `\n`.
    #[must_use]
    pub fn finish(mut self) -> String {
        let mut clean = String::new();
        self.sanitizer.finish(&mut clean);
        self.open_line.push_str(&clean);
        self.take_rest()
    }

    fn take_rest(mut self) -> String {
        let mut lines = String::new();
        if !self.open_line.is_empty() {
            let line = std::mem::take(&mut self.open_line);
            self.push_line(&line, &mut lines);
        }
        self.close_block(&mut lines);
        lines
    }

    /// Adds a complete line, and outputs what it makes final.
    fn push_line(&mut self, line: &str, lines: &mut String) {
        match self.blocks.push_line(line) {
            LineRole::Continuation => {}
            LineRole::BlockStart => self.begin_block(None, true, lines),
            LineRole::ItemStart { number, is_separate: apart } => {
                self.begin_block(Some(number), apart, lines);
            }
            LineRole::CodeStart => {
                self.begin_block(None, true, lines);
                self.emit_lines(&render::render_blocks(line, None, self.options), lines);
                return;
            }
            LineRole::Code(length) => {
                let code = line.get(line.len() - length..).unwrap_or_default();
                self.emit_lines(&render::render_code_line(code, self.options), lines);
                return;
            }
            LineRole::CodeEnd => return,
        }
        push_guarded_line(line, &mut self.open_block);
        self.open_block.push('\n');
        if self.blocks.is_closed() {
            self.close_block(lines);
        }
    }

    fn begin_block(&mut self, number: Option<u64>, apart: bool, lines: &mut String) {
        self.close_block(lines);
        self.item_number = number;
        self.is_separate = apart;
    }

    fn close_block(&mut self, lines: &mut String) {
        let open = std::mem::take(&mut self.open_block);
        if !open.is_empty() {
            let rendered = render::render_blocks(&open, self.item_number.take(), self.options);
            self.emit_lines(&rendered, lines);
        }
    }

    fn emit_lines(&mut self, rendered: &str, lines: &mut String) {
        if rendered.is_empty() {
            return;
        }
        if std::mem::take(&mut self.is_separate) && self.has_output {
            lines.push('\n');
        }
        self.has_output = true;
        lines.push_str(rendered);
    }
}

/// Renders a whole text, with the same lines as a [`MarkdownStream`].
#[must_use]
pub fn render_markdown(text: &str, look: MarkdownOptions) -> String {
    let mut stream = MarkdownStream::new(look);
    let mut lines = stream.push_text(text);
    lines.push_str(&stream.finish());
    lines
}

/// Appends `line`, with a [`DEFINITION_GUARD`] where it could begin a reference definition: before
/// a bracket that follows only container marks.
fn push_guarded_line(line: &str, marked: &mut String) {
    let text = line.trim_start_matches(|c: char| c.is_ascii_digit() || " >*+-.)".contains(c));
    let (before, text) = line.split_at(line.len() - text.len());
    marked.push_str(before);
    if text.starts_with('[') && shape::strip_task_box(text).is_none() {
        marked.push(DEFINITION_GUARD);
    }
    marked.push_str(text);
}

/// The end of `text`, starting at the beginning of a line if possible.
fn last_lines(text: &str) -> &str {
    if text.len() <= MAX_PENDING_BYTES {
        return text;
    }
    let end =
        text.get(text.ceil_char_boundary(text.len() - MAX_PENDING_BYTES)..).unwrap_or_default();
    end.split_once('\n').map(|(_, lines)| lines).filter(|lines| !lines.is_empty()).unwrap_or(end)
}
