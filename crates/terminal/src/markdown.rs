//! Markdown that is still being written, as lines for a terminal.
//!
//! A block is given out once nothing that follows can change it, so that it can stay above for
//! good: `blocks` tells line by line where that is, and each block is parsed and rendered once, for
//! itself. The block that is still open is rendered anew as often as the screen wants it.
//!
//! What that costs: a definition of a reference (`[name]: address`) may follow the text that uses
//! it, so neither is resolved; both are shown as they were written.

mod blocks;
mod clean;
mod paint;
mod render;
mod shape;
mod table;
#[cfg(test)]
mod tests;
mod wrap;

use blocks::{Blocks, Step};
use clean::Cleaner;

/// A character that no cleaned text holds; keeps a bracket from beginning a definition.
const MARK: char = '\u{fdd0}';

/// As much of an open block is rendered for [`MarkdownStream::pending`].
const PENDING: usize = 16 * 1024;

/// How the lines are to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
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
    look: Look,
    cleaner: Cleaner,
    /// The line that has not ended.
    line: String,
    blocks: Blocks,
    /// The lines of the outermost block, or item, that is open.
    open: String,
    number: Option<u64>,
    apart: bool,
    begun: bool,
}

impl MarkdownStream {
    /// A stream of which nothing has come yet.
    #[must_use]
    pub fn new(look: Look) -> Self {
        Self {
            look,
            cleaner: Cleaner::default(),
            line: String::new(),
            blocks: Blocks::default(),
            open: String::new(),
            number: None,
            apart: false,
            begun: false,
        }
    }

    /// Takes the next piece and returns the lines that are final now, each ending in `\n`: often
    /// none.
    #[must_use]
    pub fn push(&mut self, text: &str) -> String {
        let mut lines = String::new();
        let mut clean = String::new();
        self.cleaner.push(text, &mut clean);
        for piece in clean.split_inclusive('\n') {
            match piece.strip_suffix('\n') {
                Some(end) => {
                    self.line.push_str(end);
                    let line = std::mem::take(&mut self.line);
                    self.take(&line, &mut lines);
                }
                None => self.line.push_str(piece),
            }
        }
        lines
    }

    /// The lines of what is not final, as it stands, each ending in `\n`: to be drawn below the
    /// final ones and replaced by what comes next. Of a very long block only the end is rendered.
    #[must_use]
    pub fn pending(&self) -> String {
        let mut ahead = Self {
            look: self.look,
            cleaner: Cleaner::default(),
            line: tail(&self.line).to_owned(),
            blocks: self.blocks.clone(),
            open: tail(&self.open).to_owned(),
            ..*self
        };
        if ahead.line.chars().all(|c| c.is_ascii_punctuation() || c == ' ') {
            // Marks alone would make a heading of the paragraph above, until their text comes.
            ahead.line.clear();
        }
        ahead.rest()
    }

    /// Goes on with another width; what was given out stays as it is.
    pub fn resize(&mut self, width: u16) {
        self.look.width = width;
    }

    /// The remaining lines, each ending in `\n`, as nothing follows.
    #[must_use]
    pub fn finish(mut self) -> String {
        let mut clean = String::new();
        self.cleaner.finish(&mut clean);
        self.line.push_str(&clean);
        self.rest()
    }

    fn rest(mut self) -> String {
        let mut lines = String::new();
        if !self.line.is_empty() {
            let line = std::mem::take(&mut self.line);
            self.take(&line, &mut lines);
        }
        self.close(&mut lines);
        lines
    }

    /// Takes a whole line, and gives out what it makes final.
    fn take(&mut self, line: &str, lines: &mut String) {
        match self.blocks.line(line) {
            Step::On => {}
            Step::Block => self.begin(None, true, lines),
            Step::Item { number, apart } => self.begin(Some(number), apart, lines),
            Step::Opens => {
                self.begin(None, true, lines);
                self.give(&render::blocks(line, None, self.look), lines);
                return;
            }
            Step::Code(length) => {
                let code = line.get(line.len() - length..).unwrap_or_default();
                self.give(&render::code_line(code, self.look), lines);
                return;
            }
            Step::Closes => return,
        }
        mark(line, &mut self.open);
        self.open.push('\n');
        if self.blocks.closed() {
            self.close(lines);
        }
    }

    fn begin(&mut self, number: Option<u64>, apart: bool, lines: &mut String) {
        self.close(lines);
        self.number = number;
        self.apart = apart;
    }

    fn close(&mut self, lines: &mut String) {
        let open = std::mem::take(&mut self.open);
        if !open.is_empty() {
            let rendered = render::blocks(&open, self.number.take(), self.look);
            self.give(&rendered, lines);
        }
    }

    fn give(&mut self, rendered: &str, lines: &mut String) {
        if rendered.is_empty() {
            return;
        }
        if std::mem::take(&mut self.apart) && self.begun {
            lines.push('\n');
        }
        self.begun = true;
        lines.push_str(rendered);
    }
}

/// Renders a whole text: the same lines as a [`MarkdownStream`] gives out in pieces.
#[must_use]
pub fn render(text: &str, look: Look) -> String {
    let mut stream = MarkdownStream::new(look);
    let mut lines = stream.push(text);
    lines.push_str(&stream.finish());
    lines
}

/// Appends `line` with a [`MARK`] where it could begin the definition of a reference: before the
/// bracket that follows nothing but marks of containers.
fn mark(line: &str, marked: &mut String) {
    let text = line.trim_start_matches(|c: char| c.is_ascii_digit() || " >*+-.)".contains(c));
    let (before, text) = line.split_at(line.len() - text.len());
    marked.push_str(before);
    if text.starts_with('[') && shape::task(text).is_none() {
        marked.push(MARK);
    }
    marked.push_str(text);
}

/// The end of `text`, from the beginning of a line if there is one.
fn tail(text: &str) -> &str {
    if text.len() <= PENDING {
        return text;
    }
    let end = text.get(text.ceil_char_boundary(text.len() - PENDING)..).unwrap_or_default();
    end.split_once('\n').map(|(_, lines)| lines).filter(|lines| !lines.is_empty()).unwrap_or(end)
}
