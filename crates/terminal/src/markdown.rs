//! Markdown that is still being written, as lines for a terminal.
//!
//! A block is given out once nothing that follows can change it, so that it can stay above for
//! good: `blocks` tells line by line where that is, and each block is parsed and rendered once, for
//! itself. The block that is still open is rendered anew as often as the screen wants it.
//!
//! What that costs: a definition of a reference (`[name]: address`) may follow the text that uses
//! it, so neither is resolved; both are shown as they were written.

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

/// A character that no cleaned text holds; keeps a bracket from beginning a definition.
const DEFINITION_GUARD: char = '\u{fdd0}';

/// As much of an open block is rendered for [`MarkdownStream::pending`].
const MAX_PENDING_BYTES: usize = 16 * 1024;

/// How the lines are to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarkdownOptions {
    /// Columns of the terminal; fewer than 8 are taken as 8.
    pub width: u16,
    /// Whether escape sequences for weights and colours may be used. Without, the marks of emphasis,
    /// code and headings are written instead.
    pub colour: bool,
}

/// A text that comes piece by piece, turned into lines.
///
/// Whatever the pieces, [`push`](Self::push) and [`finish`](Self::finish) give the lines that
/// [`render`] gives of the whole. No line is wider than the terminal, except those of code, which
/// stay whole so that they can be copied; and no control character but the lines' ends and the
/// stream's own styles is in them, each of which ends with its line.
#[derive(Debug, Clone)]
pub struct MarkdownStream {
    options: MarkdownOptions,
    sanitizer: TextSanitizer,
    /// The line that has not ended.
    open_line: String,
    blocks: BlockTracker,
    /// The lines of the outermost block, or item, that is open.
    open_block: String,
    item_number: Option<u64>,
    is_separate: bool,
    has_output: bool,
}

impl MarkdownStream {
    /// A stream of which nothing has come yet.
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

    /// Takes the next piece and returns the lines that are final now, each ending in `\n`: often
    /// none.
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

    /// The lines of what is not final, as it stands, each ending in `\n`: to be drawn below the
    /// final ones and replaced by what comes next. Of a very long block only the end is rendered.
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
            // Marks alone would make a heading of the paragraph above, until their text comes.
            ahead.open_line.clear();
        }
        ahead.take_rest()
    }

    /// Goes on with another width; what was given out stays as it is.
    pub fn set_width(&mut self, width: u16) {
        self.options.width = width;
    }

    /// The remaining lines, each ending in `\n`, as nothing follows.
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

    /// Takes a whole line, and gives out what it makes final.
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

/// Renders a whole text: the same lines as a [`MarkdownStream`] gives out in pieces.
#[must_use]
pub fn render_markdown(text: &str, look: MarkdownOptions) -> String {
    let mut stream = MarkdownStream::new(look);
    let mut lines = stream.push_text(text);
    lines.push_str(&stream.finish());
    lines
}

/// Appends `line` with a [`MARK`] where it could begin the definition of a reference: before the
/// bracket that follows nothing but marks of containers.
fn push_guarded_line(line: &str, marked: &mut String) {
    let text = line.trim_start_matches(|c: char| c.is_ascii_digit() || " >*+-.)".contains(c));
    let (before, text) = line.split_at(line.len() - text.len());
    marked.push_str(before);
    if text.starts_with('[') && shape::strip_task_box(text).is_none() {
        marked.push(DEFINITION_GUARD);
    }
    marked.push_str(text);
}

/// The end of `text`, from the beginning of a line if there is one.
fn last_lines(text: &str) -> &str {
    if text.len() <= MAX_PENDING_BYTES {
        return text;
    }
    let end =
        text.get(text.ceil_char_boundary(text.len() - MAX_PENDING_BYTES)..).unwrap_or_default();
    end.split_once('\n').map(|(_, lines)| lines).filter(|lines| !lines.is_empty()).unwrap_or(end)
}
