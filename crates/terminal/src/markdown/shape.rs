//! Recognises lines by the marks with which blocks begin, continue and end.
//!
//! Lines are sanitized (no tabs, no control characters) and without line ends. These functions
//! agree with the parser that renders the blocks, also where it differs from the specification.

mod html;

pub(super) use html::{HtmlBlockEnd, html_block_end, interrupting_html_block};

/// The fence that opens a code block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CodeFence {
    mark: char,
    length: usize,
    /// The columns before the fence, which are removed from the code's lines too.
    pub(super) indent: usize,
}

/// The marker of a list item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ListMarker {
    /// The part that all items of a list share: the bullet, or the character after the number.
    pub(super) kind: char,
    /// 0 for a bullet.
    pub(super) number: u64,
    /// The columns before the item's text.
    pub(super) width: usize,
}

impl CodeFence {
    /// Parses the fence that `text` opens.
    pub(super) fn parse_fence(text: &str, indent: usize) -> Option<Self> {
        let mark = text.chars().next().filter(|c| matches!(c, '`' | '~'))?;
        let info = text.trim_start_matches(mark);
        let length = text.len() - info.len();
        let opens = length >= 3 && (mark == '~' || !info.contains('`'));
        opens.then_some(Self { mark, length, indent })
    }

    /// Returns whether the line, without its containers' marks, closes the code.
    pub(super) fn is_closed_by(&self, line: &str) -> bool {
        let text = line.trim_start_matches(' ');
        let tail = text.trim_start_matches(self.mark);
        line.len() - text.len() < 4 && text.len() - tail.len() >= self.length && is_blank(tail)
    }
}

impl ListMarker {
    /// Parses the marker at the beginning of `text`, which is no thematic break; also returns the
    /// rest.
    pub(super) fn parse_marker(text: &str) -> Option<(Self, &str)> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let kind = text.get(digits..)?.chars().next()?;
        match (digits, kind) {
            (0, '-' | '+' | '*') | (1..=9, '.' | ')') => {}
            _ => return None,
        }
        let rest = text.get(digits + 1..)?;
        let space = leading_spaces(rest);
        // Indented code may follow the marker and one space.
        let taken = match space {
            0 if !rest.is_empty() => return None,
            _ if is_blank(rest) => 1,
            1..=4 => space,
            _ => 1,
        };
        let number = text.get(..digits)?.parse().unwrap_or(0);
        let rest = rest.get(taken..).unwrap_or_default();
        Some((Self { kind, number, width: digits + 1 + taken }, rest))
    }

    /// Returns whether an item with this marker and text interrupts a paragraph.
    pub(super) fn interrupts_paragraph(self, rest: &str) -> bool {
        (matches!(self.kind, '-' | '+' | '*') || self.number == 1) && !is_blank(rest)
    }
}

/// The number of leading spaces.
pub(super) fn leading_spaces(text: &str) -> usize {
    text.len() - text.trim_start_matches(' ').len()
}

/// `text` without up to `columns` leading spaces.
pub(super) fn strip_indent(text: &str, columns: usize) -> &str {
    text.get(leading_spaces(text).min(columns)..).unwrap_or_default()
}

/// Returns whether `text` has only spaces.
pub(super) fn is_blank(text: &str) -> bool {
    text.bytes().all(|b| b == b' ')
}

/// Returns whether a line is blank, also inside a quote.
pub(super) fn is_separator(line: &str) -> bool {
    line.bytes().all(|b| matches!(b, b' ' | b'>'))
}

/// Returns whether `text` is a thematic break.
pub(super) fn is_thematic_break(text: &str) -> bool {
    thematic_break_remainder(text).is_none()
}

/// The length of `text` from the character that prevents a thematic break; `None` if it is one.
pub(super) fn thematic_break_remainder(text: &str) -> Option<usize> {
    let mark = text.bytes().next().filter(|b| b"*-_".contains(b));
    let Some(mark) = mark else { return Some(text.len()) };
    if let Some(at) = text.bytes().position(|b| b != mark && b != b' ') {
        return Some(text.len() - at);
    }
    (text.bytes().filter(|b| *b == mark).take(3).count() < 3).then_some(0)
}

/// Returns whether `text` is a heading with number signs.
pub(super) fn is_heading(text: &str) -> bool {
    let rest = text.trim_start_matches('#');
    (1..=6).contains(&(text.len() - rest.len())) && (rest.is_empty() || rest.starts_with(' '))
}

/// Returns whether `text` underlines the paragraph above it as a heading.
pub(super) fn is_setext_underline(text: &str) -> bool {
    let Some(mark) = text.chars().next().filter(|c| matches!(c, '=' | '-')) else { return false };
    is_blank(text.trim_start_matches(mark))
}

/// The text after the task box at the beginning of an item.
pub(super) fn strip_task_box(text: &str) -> Option<&str> {
    let rest = strip_indent(text, 3).strip_prefix('[')?;
    let rest = rest.strip_prefix([' ', 'x', 'X'])?.strip_prefix(']')?;
    (rest.is_empty() || rest.starts_with(' ')).then_some(rest)
}

/// The number of columns of a table with the head `text`; 0 without a pipe.
pub(super) fn table_columns(text: &str) -> usize {
    let bytes = text.as_bytes();
    let free = |at: usize| at == 0 || bytes.get(at - 1) != Some(&b'\\');
    let mut pipes = bytes.iter().enumerate().filter(|(at, b)| **b == b'|' && free(*at));
    let Some((first, _)) = pipes.next() else { return 0 };
    let (count, last) = pipes.fold((1, first), |(count, _), (at, _)| (count + 1, at));
    let open = !is_blank(text.get(last + 1..).unwrap_or_default());
    count - usize::from(text.trim_start().starts_with('|')) + usize::from(open)
}

/// The number of columns of a table whose delimiter row is `text`; `None` if it is none.
pub(super) fn delimiter_columns(text: &str) -> Option<usize> {
    let inner = strip_indent(text, 3).trim_end_matches(' ');
    let marks = inner.bytes().all(|b| matches!(b, b' ' | b':' | b'-' | b'|'));
    if !marks || !inner.contains('|') || !inner.contains('-') || inner.starts_with(' ') {
        return None;
    }
    let inner = inner.strip_prefix('|').unwrap_or(inner);
    let cells = inner.strip_suffix('|').unwrap_or(inner);
    let closed = cells.split('|').count();
    let last_may_lack = cells.len() == inner.len();
    let mut numbered = cells.split('|').zip(1..);
    let is_delimiter_row =
        numbered.all(|(cell, n)| cell.contains('-') || last_may_lack && n == closed);
    is_delimiter_row.then_some(closed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_tells_where_its_text_begins() {
        let width =
            |text| ListMarker::parse_marker(text).map(|(marker, rest)| (marker.width, rest));
        assert_eq!(width("- a"), Some((2, "a")));
        assert_eq!(width("10)   a"), Some((6, "a")));
        assert_eq!(width("-      code"), Some((2, "     code")));
        assert_eq!(width("-"), Some((2, "")));
        assert_eq!((width("-a"), width("1234567890. a")), (None, None));
        assert_eq!(
            (
                is_thematic_break("- - -"),
                thematic_break_remainder("- - a-"),
                thematic_break_remainder("--")
            ),
            (true, Some(2), Some(0))
        );
    }

    #[test]
    fn a_table_has_as_many_columns_above_as_below_the_line() {
        assert_eq!(
            (
                table_columns("a | b"),
                table_columns("| a | b |"),
                table_columns("a"),
                table_columns("|")
            ),
            (2, 2, 0, 0)
        );
        assert_eq!(
            (delimiter_columns("-|-"), delimiter_columns("|:-:|"), delimiter_columns("---")),
            (Some(2), Some(1), None)
        );
        assert_eq!((delimiter_columns("||-"), delimiter_columns("| a |")), (None, None));
    }

    #[test]
    fn a_fence_is_closed_by_one_as_long() {
        let fence = CodeFence::parse_fence("````rust ", 0).unwrap();
        let closes = ["```", "  ````` ", "````x", "    ````"].map(|line| fence.is_closed_by(line));
        assert_eq!(closes, [false, true, false, false]);
        assert_eq!(CodeFence::parse_fence("```a`", 0), None);
    }
}
