//! Finds the text to replace, and replaces it.

use std::borrow::Cow;
use std::fmt;
use std::ops::RangeInclusive;

use crate::edit::near_miss;

/// The most line numbers that are listed.
const MAX_LISTED_LINES: usize = 20;

/// A text to replace in a file, as a model gives it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TextEdit<'a> {
    pub(crate) old_text: &'a str,
    pub(crate) new_text: &'a str,
    /// Whether every match is replaced, else there must be exactly one.
    pub(crate) all: bool,
}

/// The replacements in a file, each found in its unchanged content.
#[derive(Debug)]
pub(crate) struct TextReplacement<'a> {
    content: &'a str,
    /// The new text of each edit.
    new_texts: Vec<Cow<'a, str>>,
    /// At least one, in order, without overlaps.
    matches: Vec<TextMatch>,
}

#[derive(Debug)]
struct TextMatch {
    start: usize,
    end: usize,
    /// Which edit it is of.
    edit: usize,
}

/// Why no text was replaced.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ReplacementError {
    /// The number of the edit, from 1; `None` when there is one only.
    edit: Option<usize>,
    problem: ReplacementProblem,
}

#[derive(Debug, PartialEq, Eq)]
enum ReplacementProblem {
    /// The text to find is empty.
    EmptyOldText,
    /// Both texts are equal.
    IdenticalTexts,
    /// The text does not occur; with the nearest match, as a sentence.
    NotFound(String),
    /// The text occurs more than once, at these lines.
    Ambiguous(Vec<usize>),
    /// The text overlaps that of another edit, by its number.
    Overlapping(usize),
}

impl<'a> TextReplacement<'a> {
    /// Finds the matches of all edits. If every line of the file ends in CRLF, line ends of the
    /// texts are converted to CRLF: models write LF.
    pub(crate) fn find_matches(
        content: &'a str,
        edits: &[TextEdit<'a>],
    ) -> Result<Self, ReplacementError> {
        let is_crlf = uses_crlf(content);
        let mut found = Self { content, new_texts: Vec::new(), matches: Vec::new() };
        for (edit, wanted) in edits.iter().enumerate() {
            let number = (edits.len() > 1).then_some(edit + 1);
            let refuse = |problem| ReplacementError { edit: number, problem };
            let [old_text, new_text] = [wanted.old_text, wanted.new_text]
                .map(|text| if is_crlf { to_crlf(text) } else { Cow::Borrowed(text) });
            let offsets =
                find_offsets(content, &old_text, &new_text, wanted.all).map_err(refuse)?;
            found.matches.extend(offsets.into_iter().map(|start| TextMatch {
                start,
                end: start + old_text.len(),
                edit,
            }));
            found.new_texts.push(new_text);
        }
        found.matches.sort_by_key(|it| it.start);
        for pair in found.matches.windows(2) {
            if let [before, after] = pair
                && before.end > after.start
            {
                let problem = ReplacementProblem::Overlapping(before.edit + 1);
                return Err(ReplacementError { edit: Some(after.edit + 1), problem });
            }
        }
        Ok(found)
    }

    /// Returns the new content and the line ranges of the new texts. For a removed text that is the
    /// line it was in.
    pub(crate) fn apply_replacement(&self) -> (String, Vec<RangeInclusive<usize>>) {
        let mut new_content = String::with_capacity(self.content.len());
        let mut lines = Vec::with_capacity(self.matches.len());
        let (mut copied_bytes, mut line) = (0, 1);
        for TextMatch { start, end, edit } in &self.matches {
            let new_text = self.new_texts.get(*edit).map_or("", |text| text);
            let inner_newlines = count_newlines(new_text.strip_suffix('\n').unwrap_or(new_text));
            let unchanged_text = self.content.get(copied_bytes..*start).unwrap_or_default();
            new_content.push_str(unchanged_text);
            new_content.push_str(new_text);
            line += count_newlines(unchanged_text);
            lines.push(line..=line + inner_newlines);
            line += count_newlines(new_text);
            copied_bytes = *end;
        }
        new_content.push_str(self.content.get(copied_bytes..).unwrap_or_default());
        (new_content, lines)
    }
}

/// The offsets of a text without overlaps; exactly one unless `all`.
fn find_offsets(
    content: &str,
    old_text: &str,
    new_text: &str,
    all: bool,
) -> Result<Vec<usize>, ReplacementProblem> {
    if old_text.is_empty() {
        return Err(ReplacementProblem::EmptyOldText);
    }
    if old_text == new_text {
        return Err(ReplacementProblem::IdenticalTexts);
    }
    let offsets: Vec<usize> = if all {
        content.match_indices(old_text).map(|(offset, _)| offset).collect()
    } else {
        overlapping_offsets(content, old_text)
    };
    match offsets.len() {
        0 => Err(ReplacementProblem::NotFound(near_miss::describe_near_miss(
            content, old_text, new_text,
        ))),
        1 => Ok(offsets),
        _ if all => Ok(offsets),
        _ => {
            let lines = offsets.iter().map(|offset| line_number_at(content, *offset)).collect();
            Err(ReplacementProblem::Ambiguous(lines))
        }
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
        if let Some(edit) = self.edit {
            write!(f, "edit {edit}: ")?;
        }
        match &self.problem {
            ReplacementProblem::EmptyOldText => {
                f.write_str("`old_text` is empty; use `write` for a whole file")
            }
            ReplacementProblem::IdenticalTexts => {
                f.write_str("`old_text` and `new_text` are the same")
            }
            ReplacementProblem::NotFound(near) => {
                write!(f, "`old_text` does not occur; {near}")
            }
            ReplacementProblem::Ambiguous(lines) => {
                let line_ranges: Vec<_> = lines.iter().map(|line| *line..=*line).collect();
                write!(
                    f,
                    "`old_text` occurs {} times, at {}; give more of the text around the one \
                     that is meant, or set `all`",
                    lines.len(),
                    describe_lines(&line_ranges)
                )
            }
            ReplacementProblem::Overlapping(other) => write!(
                f,
                "`old_text` overlaps that of edit {other}; all are found in the unchanged file"
            ),
        }
    }
}
