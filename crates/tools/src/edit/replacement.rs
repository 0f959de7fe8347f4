//! Finds the text to replace, and replaces it.

use std::borrow::Cow;
use std::fmt;
use std::ops::RangeInclusive;

use crate::edit::near_miss;

/// The most line numbers that are listed.
const MAX_LISTED_LINES: usize = 20;

/// A replacement with its matches.
#[derive(Debug)]
pub(crate) struct TextReplacement<'a> {
    content: &'a str,
    old_text: Cow<'a, str>,
    new_text: Cow<'a, str>,
    /// The byte offsets of `old_text`; at least one, without overlaps.
    offsets: Vec<usize>,
}

/// Why no text was replaced.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ReplacementError {
    /// The text to find is empty.
    EmptyOldText,
    /// Both texts are equal.
    IdenticalTexts,
    /// The text does not occur; with the nearest match, as a sentence.
    NotFound(String),
    /// The text occurs more than once, at these lines.
    Ambiguous(Vec<usize>),
}

impl<'a> TextReplacement<'a> {
    /// Finds the matches of `old_text`. If every line of the file ends in CRLF, line ends of both
    /// texts are converted to CRLF: models write LF.
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

    /// Returns the new content and the line ranges of the new texts. For a removed text that is the
    /// line it was in.
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

/// Formats line ranges, e.g. `line 3`, `lines 3-5, 9`.
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

/// The line number of a byte offset, from 1.
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

/// All offsets of `old`, including overlapping ones: `aa` occurs twice in `aaa`, and either could
/// be meant.
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
