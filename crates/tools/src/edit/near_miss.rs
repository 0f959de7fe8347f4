//! Why a text that is looked for is not there, for a model that is to do better.

use crate::edit::replacement::line_at;
use crate::workspace::shorten;

/// The most of the file's own text that is shown, in bytes.
const SHOWN_BYTES: usize = 600;

/// Says, as a sentence, what comes nearest to a text that does not occur.
pub(crate) fn describe(content: &str, old: &str, new: &str) -> String {
    if let Some(place) = same_but_for_white_space(content, old) {
        let shown = shorten(place.text, SHOWN_BYTES);
        let why = match (old.contains("\r\n"), place.text.contains("\r\n")) {
            (true, false) => "line ends (the file has LF, not CRLF)",
            (false, true) if old.contains('\n') => "line ends (the file has CRLF in some lines)",
            _ => "white space",
        };
        return format!("line {} differs only in {why}. The file has:\n{shown}", place.line);
    }
    if new.len() > 1
        && let Some(place) = content.find(new)
    {
        let line = line_at(content, place);
        return format!("`new_text` is already at line {line}");
    }
    if let Some(place) = first_line_only(content, old) {
        let shown = shorten(place.text, SHOWN_BYTES);
        return format!(
            "its first line is at line {}, but then it differs. The file has:\n{shown}",
            place.line
        );
    }
    "nothing is near it; read the file again".to_owned()
}

/// Some whole lines of a file.
struct Place<'a> {
    /// The first of them, from 1.
    line: usize,
    text: &'a str,
}

fn same_but_for_white_space<'a>(content: &'a str, old: &str) -> Option<Place<'a>> {
    let wanted: Vec<String> = old.lines().map(squeezed).collect();
    // Blank lines around are white space as well.
    let wanted = trim_blank(&wanted);
    if wanted.is_empty() {
        return None;
    }
    let lines: Vec<String> = content.lines().map(squeezed).collect();
    let found = lines.windows(wanted.len()).position(|window| window == wanted)?;
    lines_of(content, found, wanted.len())
}

fn first_line_only<'a>(content: &'a str, old: &str) -> Option<Place<'a>> {
    let mut wanted = old.lines().map(squeezed).filter(|line| !line.is_empty());
    let first = wanted.next()?;
    // A line of punctuation is everywhere; one alone is all of the text and not there.
    if !first.contains(char::is_alphanumeric) || wanted.next().is_none() {
        return None;
    }
    let found = content.lines().position(|line| squeezed(line) == first)?;
    lines_of(content, found, old.lines().count())
}

/// Some lines of a text, by index and count, as they are.
fn lines_of(content: &str, first: usize, count: usize) -> Option<Place<'_>> {
    let mut lines = content.split_inclusive('\n');
    let start: usize = lines.by_ref().take(first).map(str::len).sum();
    let length: usize = lines.take(count).map(str::len).sum();
    Some(Place { line: first + 1, text: content.get(start..start + length)? })
}

/// A line with every run of white space made one blank, and none around it.
fn squeezed(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn trim_blank(lines: &[String]) -> &[String] {
    let first = lines.iter().position(|line| !line.is_empty()).unwrap_or(lines.len());
    let end = lines.iter().rposition(|line| !line.is_empty()).map_or(first, |last| last + 1);
    lines.get(first..end).unwrap_or_default()
}
