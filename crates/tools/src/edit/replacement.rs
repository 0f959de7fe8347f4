//! Finding what is to be replaced, and replacing it.

use std::borrow::Cow;
use std::fmt;
use std::ops::RangeInclusive;

use crate::edit::near_miss;

/// How many line numbers are told.
const MAX_LISTED_LINES: usize = 20;

/// A replacement whose places are known.
#[derive(Debug)]
pub(crate) struct TextReplacement<'a> {
    content: &'a str,
    old_text: Cow<'a, str>,
    new_text: Cow<'a, str>,
    /// Where `old` begins, in bytes; at least one place, without overlaps.
    offsets: Vec<usize>,
}

/// Why nothing is replaced.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ReplacementError {
    /// There is nothing to look for.
    EmptyOldText,
    /// Both texts are the same.
    IdenticalTexts,
    /// It occurs nowhere; with what comes near it, as a sentence.
    NotFound(String),
    /// It occurs more than once, at these lines.
    Ambiguous(Vec<usize>),
}

impl<'a> TextReplacement<'a> {
    /// Finds where `old` is. In a file whose every line ends in CRLF, line ends of either kind
    /// are taken for CRLF, in both texts: models write LF.
    pub(crate) fn find_matches(
        content: &'a str,
        old_text: &'a str,
        new_text: &'a str,
        all: bool,
    ) -> Result<Self, ReplacementError> {
        if old_text.is_empty() {
            return Err(ReplacementError::EmptyOldText);
        }
        let (old_text, new_text) = if uses_crlf(content) {
            (to_crlf(old_text), to_crlf(new_text))
        } else {
            (Cow::Borrowed(old_text), Cow::Borrowed(new_text))
        };
        if old_text == new_text {
            return Err(ReplacementError::IdenticalTexts);
        }
        let offsets: Vec<usize> = if all {
            content.match_indices(&*old_text).map(|(offset, _)| offset).collect()
        } else {
            overlapping_offsets(content, &old_text)
        };
        match offsets.len() {
            0 => Err(ReplacementError::NotFound(near_miss::describe_near_miss(
                content, &old_text, &new_text,
            ))),
            1 => Ok(Self { content, old_text, new_text, offsets }),
            _ if all => Ok(Self { content, old_text, new_text, offsets }),
            _ => {
                let lines = offsets.iter().map(|offset| line_number_at(content, *offset)).collect();
                Err(ReplacementError::Ambiguous(lines))
            }
        }
    }

    /// Makes the new content, with the lines in it that the new texts take. A text that is
    /// removed takes the line it was in.
    pub(crate) fn apply_replacement(&self) -> (String, Vec<RangeInclusive<usize>>) {
        let mut new_content = String::with_capacity(self.content.len() + self.new_text.len());
        let mut lines = Vec::with_capacity(self.offsets.len());
        let (mut copied_bytes, mut line) = (0, 1);
        let inner_newlines =
            count_newlines(self.new_text.strip_suffix('\n').unwrap_or(&self.new_text));
        for offset in &self.offsets {
            let unchanged_text = self.content.get(copied_bytes..*offset).unwrap_or_default();
            new_content.push_str(unchanged_text);
            new_content.push_str(&self.new_text);
            line += count_newlines(unchanged_text);
            lines.push(line..=line + inner_newlines);
            line += count_newlines(&self.new_text);
            copied_bytes = offset + self.old_text.len();
        }
        new_content.push_str(self.content.get(copied_bytes..).unwrap_or_default());
        (new_content, lines)
    }
}

/// Writes lines for people: `line 3`, `lines 3-5, 9`.
pub(crate) fn describe_lines(lines: &[RangeInclusive<usize>]) -> String {
    let listed_lines: Vec<String> = lines
        .iter()
        .take(MAX_LISTED_LINES)
        .map(|range| match (range.start(), range.end()) {
            (start, end) if start == end => start.to_string(),
            (start, end) => format!("{start}-{end}"),
        })
        .collect();
    let is_single_line = lines.len() == 1 && lines.iter().all(|range| range.start() == range.end());
    let omitted_lines = lines.len().saturating_sub(MAX_LISTED_LINES);
    let omitted_note =
        if omitted_lines > 0 { format!(" and {omitted_lines} more places") } else { String::new() };
    format!(
        "{} {}{omitted_note}",
        if is_single_line { "line" } else { "lines" },
        listed_lines.join(", ")
    )
}

/// The number of the line, from 1, that a place is in.
pub(crate) fn line_number_at(content: &str, offset: usize) -> usize {
    count_newlines(content.get(..offset).unwrap_or_default()) + 1
}

fn count_newlines(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'\n').count()
}

fn uses_crlf(content: &str) -> bool {
    let crlf_count = content.matches("\r\n").count();
    crlf_count > 0 && crlf_count == count_newlines(content)
}

fn to_crlf(text: &str) -> Cow<'_, str> {
    if text.contains('\n') {
        Cow::Owned(text.replace("\r\n", "\n").replace('\n', "\r\n"))
    } else {
        Cow::Borrowed(text)
    }
}

/// Every place where `old` begins. `aa` begins twice in `aaa`: either could be meant.
fn overlapping_offsets(content: &str, old: &str) -> Vec<usize> {
    let step = old.chars().next().map_or(1, char::len_utf8);
    let mut offsets = Vec::new();
    let mut search_start = 0;
    while let Some(match_offset) = content.get(search_start..).and_then(|rest| rest.find(old)) {
        offsets.push(search_start + match_offset);
        search_start += match_offset + step;
    }
    offsets
}

impl fmt::Display for ReplacementError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmptyOldText => f.write_str("`old_text` is empty; use `write` for a whole file"),
            Self::IdenticalTexts => f.write_str("`old_text` and `new_text` are the same"),
            Self::NotFound(near) => write!(f, "`old_text` does not occur; {near}"),
            Self::Ambiguous(lines) => {
                let line_ranges: Vec<_> = lines.iter().map(|line| *line..=*line).collect();
                write!(
                    f,
                    "`old_text` occurs {} times, at {}; give more of the text around the one \
                     that is meant, or set `all`",
                    lines.len(),
                    describe_lines(&line_ranges)
                )
            }
        }
    }
}
