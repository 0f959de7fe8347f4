//! Explains to the model why a text was not found in a file.

use crate::edit::replacement::line_number_at;
use crate::workspace::shorten_text;

/// The most bytes of the file's text that are quoted.
const MAX_EXCERPT_BYTES: usize = 600;

/// Describes the nearest match of a text that does not occur, as a sentence.
pub(crate) fn describe_near_miss(content: &str, old: &str, new: &str) -> String {
    if let Some(excerpt) = find_ignoring_white_space(content, old) {
        let shown_text = shorten_text(excerpt.text, MAX_EXCERPT_BYTES);
        let difference = match (old.contains("\r\n"), excerpt.text.contains("\r\n")) {
            (true, false) => "line ends (the file has LF, not CRLF)",
            (false, true) if old.contains('\n') => "line ends (the file has CRLF in some lines)",
            _ => "white space",
        };
        return format!(
            "line {} differs only in {difference}. The file has:\n{shown_text}",
            excerpt.first_line
        );
    }
    if new.len() > 1
        && let Some(offset) = content.find(new)
    {
        let line = line_number_at(content, offset);
        return format!("`new_text` is already at line {line}");
    }
    if let Some(excerpt) = find_first_line(content, old) {
        let shown_text = shorten_text(excerpt.text, MAX_EXCERPT_BYTES);
        return format!(
            "its first line is at line {}, but then it differs. The file has:\n{shown_text}",
            excerpt.first_line
        );
    }
    "nothing is near it; read the file again".to_owned()
}

/// An excerpt of whole lines of a file.
struct FileExcerpt<'a> {
    /// The number of the first line, from 1.
    first_line: usize,
    text: &'a str,
}

fn find_ignoring_white_space<'a>(content: &'a str, old: &str) -> Option<FileExcerpt<'a>> {
    let old_lines: Vec<String> = old.lines().map(collapse_white_space).collect();
    // Blank lines around the text are ignored like other white space.
    let trimmed_lines = trim_blank_lines(&old_lines);
    if trimmed_lines.is_empty() {
        return None;
    }
    let lines: Vec<String> = content.lines().map(collapse_white_space).collect();
    let first_index =
        lines.windows(trimmed_lines.len()).position(|window| window == trimmed_lines)?;
    excerpt_lines(content, first_index, trimmed_lines.len())
}

fn find_first_line<'a>(content: &'a str, old: &str) -> Option<FileExcerpt<'a>> {
    let mut old_lines = old.lines().map(collapse_white_space).filter(|line| !line.is_empty());
    let first = old_lines.next()?;
    // A line of punctuation occurs everywhere; a text of one line is known not to occur.
    if !first.contains(char::is_alphanumeric) || old_lines.next().is_none() {
        return None;
    }
    let first_index = content.lines().position(|line| collapse_white_space(line) == first)?;
    excerpt_lines(content, first_index, old.lines().count())
}

/// Lines of a text by index and count, unchanged.
fn excerpt_lines(content: &str, first: usize, count: usize) -> Option<FileExcerpt<'_>> {
    let mut lines = content.split_inclusive('\n');
    let start: usize = lines.by_ref().take(first).map(str::len).sum();
    let length: usize = lines.take(count).map(str::len).sum();
    Some(FileExcerpt { first_line: first + 1, text: content.get(start..start + length)? })
}

/// Collapses each run of white space to one blank, and trims the line.
fn collapse_white_space(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn trim_blank_lines(lines: &[String]) -> &[String] {
    let first = lines.iter().position(|line| !line.is_empty()).unwrap_or(lines.len());
    let end = lines.iter().rposition(|line| !line.is_empty()).map_or(first, |last| last + 1);
    lines.get(first..end).unwrap_or_default()
}
