//! Measures, clips and wraps text in terminal cells.
//!
//! A row is text with escape sequences for colours and links, but no other control characters.
//! Terminals differ in the width of combined characters, e.g. a family emoji. This module assumes
//! the widest form, so that no row is wider than computed.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// A part of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowPiece<'a> {
    /// An escape sequence, which takes no cells.
    Escape(&'a str),
    /// A grapheme cluster, and the cells that it takes.
    Cluster(&'a str, usize),
}

/// The number of cells that a row takes.
#[must_use]
pub fn row_width(row: &str) -> usize {
    row_pieces(row)
        .map(|piece| if let RowPiece::Cluster(_, width) = piece { width } else { 0 })
        .sum()
}

/// Shortens a row to at most `cells` cells, with `…` where text was cut.
#[must_use]
pub fn clip_row(row: &str, cells: usize) -> String {
    if row_width(row) <= cells {
        return row.to_owned();
    }
    let (mut clipped, mut used, mut is_styled) = (String::new(), 0, false);
    for piece in row_pieces(row) {
        match piece {
            RowPiece::Escape(escape) => {
                is_styled = true;
                clipped.push_str(escape);
            }
            RowPiece::Cluster(_, width) if used + width >= cells => break,
            RowPiece::Cluster(cluster, width) => {
                used += width;
                clipped.push_str(cluster);
            }
        }
    }
    if cells > 0 {
        clipped.push('…');
    }
    if is_styled {
        clipped.push_str(RESET_STYLE);
    }
    clipped
}

/// Breaks a row into rows of at most `cells` cells, at least one. Each starts with the style at its
/// position. A character that is wider than a row is left out.
#[must_use]
pub fn wrap_row(row: &str, cells: usize) -> Vec<String> {
    break_row(row, cells, false)
}

/// Like [`wrap_row`], but breaks between words if possible; the space at a break is left out.
#[must_use]
pub fn wrap_words(row: &str, cells: usize) -> Vec<String> {
    break_row(row, cells, true)
}

fn break_row(row: &str, cells: usize, at_spaces: bool) -> Vec<String> {
    let mut rows = Vec::new();
    let mut current = RowBuilder::default();
    let mut style = String::new();
    for piece in row_pieces(row) {
        match piece {
            RowPiece::Escape(escape) => {
                current.text.push_str(escape);
                match escape {
                    "\x1b[0m" | "\x1b[m" => style.clear(),
                    _ if escape.ends_with('m') => style.push_str(escape),
                    _ => {}
                }
            }
            RowPiece::Cluster(_, width) if width > cells => {}
            RowPiece::Cluster(cluster, width) => {
                let is_space = at_spaces && cluster == " ";
                if current.used + width > cells {
                    // A space that does not fit is where the row breaks.
                    current.space.take_if(|_| is_space);
                    rows.push(current.take_full_row(&style));
                    if is_space {
                        continue;
                    }
                }
                current.text.push_str(cluster);
                current.used += width;
                // Leading space is no break point.
                if is_space && current.has_word {
                    current.space = Some(BreakPoint {
                        end: current.text.len(),
                        used: current.used,
                        style: style.clone(),
                    });
                }
                current.has_word |= !is_space;
            }
        }
    }
    rows.push(current.text);
    rows
}

/// A row that is being built.
#[derive(Debug, Default)]
struct RowBuilder {
    text: String,
    used: usize,
    has_word: bool,
    /// The last possible break point.
    space: Option<BreakPoint>,
}

/// The position after a space, and the state of the row there.
#[derive(Debug)]
struct BreakPoint {
    /// In bytes.
    end: usize,
    used: usize,
    style: String,
}

impl RowBuilder {
    /// Takes the row up to its last break point, if it has one, and continues with the rest.
    /// `style` is the style at the end.
    fn take_full_row(&mut self, style: &str) -> String {
        let Self { text, used, has_word, space } = std::mem::take(self);
        let (mut head, tail, left, style) = match space {
            Some(BreakPoint { end, used: before, style }) => {
                let (head, tail) = text.split_at(end);
                let head = head.strip_suffix(' ').unwrap_or(head);
                (head.to_owned(), tail.to_owned(), used - before, style)
            }
            None => (text, String::new(), 0, style.to_owned()),
        };
        if !style.is_empty() {
            head.push_str(RESET_STYLE);
        }
        self.text = style + &tail;
        (self.used, self.has_word) = (left, left > 0 && has_word);
        head
    }
}

/// Resets all styles.
pub(crate) const RESET_STYLE: &str = "\x1b[0m";

/// Splits a row into escape sequences and grapheme clusters, without control characters.
pub(crate) fn row_pieces(row: &str) -> impl Iterator<Item = RowPiece<'_>> {
    let mut rest = row;
    std::iter::from_fn(move || {
        loop {
            let first = rest.chars().next()?;
            let length = match first {
                '\x1b' => escape_length(rest),
                _ => cluster_length(rest),
            };
            let (piece, after) = rest.split_at(length);
            rest = after;
            if length > 1 && first == '\x1b' {
                return Some(RowPiece::Escape(piece));
            }
            if !first.is_control() {
                return Some(RowPiece::Cluster(piece, cluster_width(piece)));
            }
        }
    })
}

/// The most cells that a grapheme cluster takes on any terminal.
pub(crate) fn cluster_width(cluster: &str) -> usize {
    let sum = cluster.chars().map(|c| c.width().unwrap_or(0)).sum::<usize>();
    sum.max(cluster.width())
}

/// The length in bytes of the first grapheme cluster.
pub(crate) fn cluster_length(text: &str) -> usize {
    let mut chars = text.char_indices();
    let Some((_, first)) = chars.next() else { return 0 };
    if first.is_control() {
        return first.len_utf8();
    }
    let (mut last, mut has_flag_half) = (first, is_flag_half(first));
    for (at, c) in chars {
        let is_flag = has_flag_half && is_flag_half(c);
        has_flag_half = has_flag_half && !is_flag_half(c);
        if c.is_control() || !(joins_previous(c) || last == ZERO_WIDTH_JOINER || is_flag) {
            return at;
        }
        last = c;
    }
    text.len()
}

/// The zero-width joiner.
const ZERO_WIDTH_JOINER: char = '\u{200d}';

/// Returns whether a character joins the one before it: a combining mark, a joiner, a skin tone.
fn joins_previous(c: char) -> bool {
    c.width() == Some(0) || matches!(c, '\u{1f3fb}'..='\u{1f3ff}')
}

fn is_flag_half(c: char) -> bool {
    matches!(c, '\u{1f1e6}'..='\u{1f1ff}')
}

/// The length in bytes of an escape sequence: a control sequence (`ESC [ … final`) or a string
/// (`ESC ] … BEL`, `ESC ] … ESC \`). 1 when it is neither.
fn escape_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    match bytes.get(1) {
        Some(b'[') => {
            let end = bytes.iter().skip(2).position(|b| (0x40..=0x7e).contains(b));
            end.map_or(1, |end| end + 3)
        }
        Some(b']') => {
            let end = bytes.iter().position(|b| *b == 7);
            let other = text.get(2..).and_then(|rest| rest.find("\x1b\\")).map(|at| at + 4);
            match (end.map(|end| end + 1), other) {
                (Some(a), Some(b)) => a.min(b),
                (a, b) => a.or(b).unwrap_or(1),
            }
        }
        _ => 1,
    }
}

#[cfg(test)]
mod tests;
