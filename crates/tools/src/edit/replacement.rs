//! Finding what is to be replaced, and replacing it.

use std::borrow::Cow;
use std::fmt;
use std::ops::RangeInclusive;

use crate::edit::near_miss;

/// How many line numbers are told.
const TOLD: usize = 20;

/// A replacement whose places are known.
#[derive(Debug)]
pub(crate) struct Replacement<'a> {
    content: &'a str,
    old: Cow<'a, str>,
    new: Cow<'a, str>,
    /// Where `old` begins, in bytes; at least one place, without overlaps.
    places: Vec<usize>,
}

/// Why nothing is replaced.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NoReplacement {
    /// There is nothing to look for.
    NothingToFind,
    /// Both texts are the same.
    NoDifference,
    /// It occurs nowhere; with what comes near it, as a sentence.
    Absent(String),
    /// It occurs more than once, at these lines.
    Ambiguous(Vec<usize>),
}

impl<'a> Replacement<'a> {
    /// Finds where `old` is. In a file whose every line ends in CRLF, line ends of either kind
    /// are taken for CRLF, in both texts: models write LF.
    pub(crate) fn find(
        content: &'a str,
        old: &'a str,
        new: &'a str,
        all: bool,
    ) -> Result<Self, NoReplacement> {
        if old.is_empty() {
            return Err(NoReplacement::NothingToFind);
        }
        let (old, new) = if is_crlf(content) {
            (to_crlf(old), to_crlf(new))
        } else {
            (Cow::Borrowed(old), Cow::Borrowed(new))
        };
        if old == new {
            return Err(NoReplacement::NoDifference);
        }
        let places: Vec<usize> = if all {
            content.match_indices(&*old).map(|(place, _)| place).collect()
        } else {
            places_with_overlaps(content, &old)
        };
        match places.len() {
            0 => Err(NoReplacement::Absent(near_miss::describe(content, &old, &new))),
            1 => Ok(Self { content, old, new, places }),
            _ if all => Ok(Self { content, old, new, places }),
            _ => {
                let lines = places.iter().map(|place| line_at(content, *place)).collect();
                Err(NoReplacement::Ambiguous(lines))
            }
        }
    }

    /// Makes the new content, with the lines in it that the new texts take. A text that is
    /// removed takes the line it was in.
    pub(crate) fn apply(&self) -> (String, Vec<RangeInclusive<usize>>) {
        let mut content = String::with_capacity(self.content.len() + self.new.len());
        let mut lines = Vec::with_capacity(self.places.len());
        let (mut copied, mut line) = (0, 1);
        let inner_newlines = newlines(self.new.strip_suffix('\n').unwrap_or(&self.new));
        for place in &self.places {
            let between = self.content.get(copied..*place).unwrap_or_default();
            content.push_str(between);
            content.push_str(&self.new);
            line += newlines(between);
            lines.push(line..=line + inner_newlines);
            line += newlines(&self.new);
            copied = place + self.old.len();
        }
        content.push_str(self.content.get(copied..).unwrap_or_default());
        (content, lines)
    }
}

/// Writes lines for people: `line 3`, `lines 3-5, 9`.
pub(crate) fn describe_lines(lines: &[RangeInclusive<usize>]) -> String {
    let told: Vec<String> = lines
        .iter()
        .take(TOLD)
        .map(|range| match (range.start(), range.end()) {
            (start, end) if start == end => start.to_string(),
            (start, end) => format!("{start}-{end}"),
        })
        .collect();
    let one = lines.len() == 1 && lines.iter().all(|range| range.start() == range.end());
    let more = lines.len().saturating_sub(TOLD);
    let more = if more > 0 { format!(" and {more} more places") } else { String::new() };
    format!("{} {}{more}", if one { "line" } else { "lines" }, told.join(", "))
}

/// The number of the line, from 1, that a place is in.
pub(crate) fn line_at(content: &str, place: usize) -> usize {
    newlines(content.get(..place).unwrap_or_default()) + 1
}

fn newlines(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'\n').count()
}

fn is_crlf(content: &str) -> bool {
    let with_return = content.matches("\r\n").count();
    with_return > 0 && with_return == newlines(content)
}

fn to_crlf(text: &str) -> Cow<'_, str> {
    if text.contains('\n') {
        Cow::Owned(text.replace("\r\n", "\n").replace('\n', "\r\n"))
    } else {
        Cow::Borrowed(text)
    }
}

/// Every place where `old` begins. `aa` begins twice in `aaa`: either could be meant.
fn places_with_overlaps(content: &str, old: &str) -> Vec<usize> {
    let step = old.chars().next().map_or(1, char::len_utf8);
    let mut places = Vec::new();
    let mut from = 0;
    while let Some(found) = content.get(from..).and_then(|rest| rest.find(old)) {
        places.push(from + found);
        from += found + step;
    }
    places
}

impl fmt::Display for NoReplacement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NothingToFind => f.write_str("`old_text` is empty; use `write` for a whole file"),
            Self::NoDifference => f.write_str("`old_text` and `new_text` are the same"),
            Self::Absent(near) => write!(f, "`old_text` does not occur; {near}"),
            Self::Ambiguous(lines) => {
                let places: Vec<_> = lines.iter().map(|line| *line..=*line).collect();
                write!(
                    f,
                    "`old_text` occurs {} times, at {}; give more of the text around the one \
                     that is meant, or set `all`",
                    lines.len(),
                    describe_lines(&places)
                )
            }
        }
    }
}
