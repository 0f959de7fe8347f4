//! What a line looks like from its beginning: the marks by which blocks start, go on and end.
//!
//! Lines are clean (no tabs, no control characters) and come without their end. As the parser that
//! renders the blocks is the judge of what they are, these follow it where it is stricter or laxer
//! than the specification.

mod html;

pub(super) use html::{Html, html, interrupts_as_html};

/// A fence that opens code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fence {
    mark: char,
    length: usize,
    /// Columns before the fence, which the lines of the code lose too.
    pub(super) indent: usize,
}

/// The marker of a list's item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Marker {
    /// What all items of one list have in common: the bullet, or what follows the number.
    pub(super) kind: char,
    /// 0 for a bullet.
    pub(super) number: u64,
    /// Columns up to the item's text.
    pub(super) width: usize,
}

impl Fence {
    /// The fence that `text` opens.
    pub(super) fn open(text: &str, indent: usize) -> Option<Self> {
        let mark = text.chars().next().filter(|c| matches!(c, '`' | '~'))?;
        let info = text.trim_start_matches(mark);
        let length = text.len() - info.len();
        let opens = length >= 3 && (mark == '~' || !info.contains('`'));
        opens.then_some(Self { mark, length, indent })
    }

    /// Whether the line, without its containers' marks, ends the code.
    pub(super) fn closes(&self, line: &str) -> bool {
        let text = line.trim_start_matches(' ');
        let tail = text.trim_start_matches(self.mark);
        line.len() - text.len() < 4 && text.len() - tail.len() >= self.length && blank(tail)
    }
}

impl Marker {
    /// The marker at the beginning of `text`, which is no thematic break, and what follows it.
    pub(super) fn open(text: &str) -> Option<(Self, &str)> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let kind = text.get(digits..)?.chars().next()?;
        match (digits, kind) {
            (0, '-' | '+' | '*') | (1..=9, '.' | ')') => {}
            _ => return None,
        }
        let rest = text.get(digits + 1..)?;
        let space = indent(rest);
        // Code that is indented may stand right behind the marker and one space.
        let taken = match space {
            0 if !rest.is_empty() => return None,
            _ if blank(rest) => 1,
            1..=4 => space,
            _ => 1,
        };
        let number = text.get(..digits)?.parse().unwrap_or(0);
        let rest = rest.get(taken..).unwrap_or_default();
        Some((Self { kind, number, width: digits + 1 + taken }, rest))
    }

    /// Whether an item with this marker and `rest` may end a paragraph that it could belong to.
    pub(super) fn interrupts(self, rest: &str) -> bool {
        (matches!(self.kind, '-' | '+' | '*') || self.number == 1) && !blank(rest)
    }
}

/// Columns of space at the beginning.
pub(super) fn indent(text: &str) -> usize {
    text.len() - text.trim_start_matches(' ').len()
}

/// `text` without up to `columns` of space.
pub(super) fn dedent(text: &str, columns: usize) -> &str {
    text.get(indent(text).min(columns)..).unwrap_or_default()
}

/// Whether there is nothing but space.
pub(super) fn blank(text: &str) -> bool {
    text.bytes().all(|b| b == b' ')
}

/// Whether a line separates what is above from what is below, in a quote too.
pub(super) fn separates(line: &str) -> bool {
    line.bytes().all(|b| matches!(b, b' ' | b'>'))
}

/// Whether `text` is a thematic break.
pub(super) fn rule(text: &str) -> bool {
    stray(text).is_none()
}

/// How long `text` is from what keeps it from being a thematic break; absent if it is one.
pub(super) fn stray(text: &str) -> Option<usize> {
    let mark = text.bytes().next().filter(|b| b"*-_".contains(b));
    let Some(mark) = mark else { return Some(text.len()) };
    if let Some(at) = text.bytes().position(|b| b != mark && b != b' ') {
        return Some(text.len() - at);
    }
    (text.bytes().filter(|b| *b == mark).take(3).count() < 3).then_some(0)
}

/// Whether `text` is a heading by its number signs.
pub(super) fn heading(text: &str) -> bool {
    let rest = text.trim_start_matches('#');
    (1..=6).contains(&(text.len() - rest.len())) && (rest.is_empty() || rest.starts_with(' '))
}

/// Whether `text` makes the paragraph above it a heading.
pub(super) fn underline(text: &str) -> bool {
    let Some(mark) = text.chars().next().filter(|c| matches!(c, '=' | '-')) else { return false };
    blank(text.trim_start_matches(mark))
}

/// What follows the box of a task at the beginning of an item's text.
pub(super) fn task(text: &str) -> Option<&str> {
    let rest = dedent(text, 3).strip_prefix('[')?;
    let rest = rest.strip_prefix([' ', 'x', 'X'])?.strip_prefix(']')?;
    (rest.is_empty() || rest.starts_with(' ')).then_some(rest)
}

/// Columns of the table that `text` would head, 0 without any pipe.
pub(super) fn columns(text: &str) -> usize {
    let bytes = text.as_bytes();
    let free = |at: usize| at == 0 || bytes.get(at - 1) != Some(&b'\\');
    let mut pipes = bytes.iter().enumerate().filter(|(at, b)| **b == b'|' && free(*at));
    let Some((first, _)) = pipes.next() else { return 0 };
    let (count, last) = pipes.fold((1, first), |(count, _), (at, _)| (count + 1, at));
    let open = !blank(text.get(last + 1..).unwrap_or_default());
    count - usize::from(text.trim_start().starts_with('|')) + usize::from(open)
}

/// Columns of the table whose head ends with the line `text`.
pub(super) fn delimiter(text: &str) -> Option<usize> {
    let inner = dedent(text, 3).trim_end_matches(' ');
    let marks = inner.bytes().all(|b| matches!(b, b' ' | b':' | b'-' | b'|'));
    if !marks || !inner.contains('|') || !inner.contains('-') || inner.starts_with(' ') {
        return None;
    }
    let inner = inner.strip_prefix('|').unwrap_or(inner);
    let cells = inner.strip_suffix('|').unwrap_or(inner);
    let closed = cells.split('|').count();
    let last_may_lack = cells.len() == inner.len();
    let lacking =
        |(at, cell): (usize, &str)| !(cell.contains('-') || last_may_lack && at + 1 == closed);
    (!cells.split('|').enumerate().any(lacking)).then_some(closed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_tells_where_its_text_begins() {
        let width = |text| Marker::open(text).map(|(marker, rest)| (marker.width, rest));
        assert_eq!(width("- a"), Some((2, "a")));
        assert_eq!(width("10)   a"), Some((6, "a")));
        assert_eq!(width("-      code"), Some((2, "     code")));
        assert_eq!(width("-"), Some((2, "")));
        assert_eq!((width("-a"), width("1234567890. a")), (None, None));
        assert_eq!((rule("- - -"), stray("- - a-"), stray("--")), (true, Some(2), Some(0)));
    }

    #[test]
    fn a_table_has_as_many_columns_above_as_below_the_line() {
        assert_eq!(
            (columns("a | b"), columns("| a | b |"), columns("a"), columns("|")),
            (2, 2, 0, 0)
        );
        assert_eq!(
            (delimiter("-|-"), delimiter("|:-:|"), delimiter("---")),
            (Some(2), Some(1), None)
        );
        assert_eq!((delimiter("||-"), delimiter("| a |")), (None, None));
    }

    #[test]
    fn a_fence_is_closed_by_one_as_long() {
        let fence = Fence::open("````rust ", 0).unwrap();
        let closes = ["```", "  ````` ", "````x", "    ````"].map(|line| fence.closes(line));
        assert_eq!(closes, [false, true, false, false]);
        assert_eq!(Fence::open("```a`", 0), None);
    }
}
