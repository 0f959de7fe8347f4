//! Recognises the beginning of tool calls that cannot be read.

use super::families::call_families;
use super::family::CallFamily;
use super::{MAX_CALL_BYTES, UnreadableMatch};

/// Matches the beginning of a text that is no call of any family: a family's mark with something
/// behind it that is written like a call. Prose about a mark is not. At the start of a line any
/// mark counts, elsewhere only one that no other text has. More text never changes a decision.
pub(crate) fn match_unreadable(text: &str, is_line_start: bool, is_end: bool) -> UnreadableMatch {
    for family in call_families().filter(|it| it.is_marked() && !it.has_common_marks) {
        for mark in family.opening_marks() {
            if !(is_line_start || is_special(mark)) || mark.starts_with(char::is_alphabetic) {
                continue;
            }
            let Some(rest) = text.strip_prefix(mark) else { continue };
            return match is_like_call(rest) {
                Some(true) => find_end(text, family, is_end),
                None if !is_end => UnreadableMatch::Undecided,
                Some(false) | None => UnreadableMatch::Other,
            };
        }
    }
    UnreadableMatch::Other
}

/// Whether a mark is a special token, and not a tag.
fn is_special(mark: &str) -> bool {
    mark.starts_with(['[', ']']) || mark.contains(['|', '｜'])
}

/// Whether text behind a mark is written like a call: a bracket, or a word with one behind it.
/// `None` if the text is too short to tell.
fn is_like_call(rest: &str) -> Option<bool> {
    let rest = rest.trim_ascii_start();
    let word_len = rest
        .bytes()
        .take_while(|byte| byte.is_ascii_alphanumeric() || b"_-.:\"'".contains(byte))
        .count();
    let behind = rest.get(word_len..).unwrap_or_default();
    let behind = behind.strip_prefix('>').unwrap_or(behind).trim_ascii_start();
    let next = behind.chars().next()?;
    Some(matches!(next, '{' | '[' | '<' | '(' | ']'))
}

fn find_end(text: &str, family: &'static CallFamily, is_end: bool) -> UnreadableMatch {
    let section_end = family.section.closes.iter().filter_map(|mark| end_of(text, mark)).min();
    let has_section = family.section.opens.iter().any(|mark| text.starts_with(mark));
    let call_end = || {
        let marks = family.closing_marks();
        marks.iter().filter_map(|mark| end_of(text, mark)).min()
    };
    let end =
        if has_section && !family.section.closes.is_empty() { section_end } else { call_end() };
    match end {
        Some(len) if len <= MAX_CALL_BYTES => UnreadableMatch::Unreadable { family, len },
        // Whatever follows so much text, it is no call: this also keeps the work linear.
        _ if text.len() > MAX_CALL_BYTES => {
            let len = text.floor_char_boundary(MAX_CALL_BYTES);
            UnreadableMatch::Unreadable { family, len }
        }
        _ if is_end => UnreadableMatch::Unreadable { family, len: text.len() },
        _ => UnreadableMatch::Undecided,
    }
}

fn end_of(text: &str, mark: &str) -> Option<usize> {
    text.find(mark).map(|start| start + mark.len())
}
