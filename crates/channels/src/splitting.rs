//! Splits a long text into messages that a chat service accepts.

/// A line that begins or ends a code block.
#[derive(Debug, Clone, PartialEq, Eq)]
struct CodeFence {
    /// The marks, e.g. three backticks.
    marks: String,
    /// The whole line that began it, with which it begins again in the next part.
    opening: String,
}

/// The longest line with which a code block is begun again; of a longer one the marks are kept.
const MAX_OPENING_CHARS: usize = 40;

/// The most marks of a fence. A longer row of them is text.
const MAX_FENCE_MARKS: usize = 16;

/// The number of UTF-16 units of a text, in which chat services count.
#[must_use]
pub fn utf16_length(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// Splits a text into parts of at most `limit` UTF-16 units, between lines or words where that is
/// possible, and never within a character. A code block that is split is closed and begun again, so
/// that each part is whole. A limit below 128 is 128. Parts of white space only are left out.
#[must_use]
pub fn split_message(text: &str, limit: usize) -> Vec<String> {
    let limit = limit.max(128);
    if utf16_length(text) <= limit {
        return if text.trim().is_empty() { Vec::new() } else { vec![text.to_owned()] };
    }
    let mut splitter = MessageSplitter { limit, ..MessageSplitter::default() };
    for line in text.split_inclusive('\n') {
        splitter.add_line(line);
    }
    splitter.end_part();
    splitter.parts
}

#[derive(Debug, Default)]
struct MessageSplitter {
    limit: usize,
    parts: Vec<String>,
    part: String,
    units: usize,
    /// Whether the part has more than the beginning of a code block.
    has_content: bool,
    fence: Option<CodeFence>,
}

impl MessageSplitter {
    fn add_line(&mut self, line: &str) {
        let fence = read_fence(line);
        let closes = match (&self.fence, &fence) {
            (Some(open), Some(found)) => {
                found.marks.starts_with(&open.marks) && found.opening == found.marks
            }
            _ => false,
        };
        // The fence that a line opens must fit with the line that closes it again.
        let reserve = match (&self.fence, &fence) {
            (Some(open), _) if !closes => open.marks.len() + 1,
            (None, Some(opened)) => opened.marks.len() + 1,
            _ => 0,
        };
        let mut rest = line;
        while self.units + utf16_length(rest.trim_end_matches('\n')) + reserve > self.limit {
            if self.has_content {
                self.end_part();
                continue;
            }
            let (head, tail) = split_line(rest, self.limit - self.units - reserve);
            self.push_text(head);
            self.end_part();
            rest = tail;
        }
        self.push_text(rest);
        if closes {
            self.fence = None;
        } else if self.fence.is_none() {
            self.fence = fence;
        }
    }

    fn push_text(&mut self, text: &str) {
        self.part.push_str(text);
        self.units += utf16_length(text);
        self.has_content = true;
    }

    fn end_part(&mut self) {
        let mut part = std::mem::take(&mut self.part);
        let has_content = std::mem::replace(&mut self.has_content, false);
        self.units = 0;
        if let Some(fence) = &self.fence {
            if !part.ends_with('\n') {
                part.push('\n');
            }
            part.push_str(&fence.marks);
            self.part = format!("{}\n", fence.opening);
            self.units = utf16_length(&self.part);
        }
        let part = part.trim_end();
        if has_content && !part.is_empty() {
            self.parts.push(part.to_owned());
        }
    }
}

fn read_fence(line: &str) -> Option<CodeFence> {
    let line = line.trim_end();
    let bare = line.trim_start_matches(' ');
    let mark = bare.chars().next().filter(|mark| matches!(mark, '`' | '~'))?;
    let count = bare.chars().take_while(|c| *c == mark).count();
    let is_indented = line.len() - bare.len() > 3;
    let marks = bare.get(..count)?;
    let info = bare.get(count..)?;
    if is_indented || !(3..=MAX_FENCE_MARKS).contains(&count) || info.contains('`') {
        return None;
    }
    let is_short = bare.chars().count() <= MAX_OPENING_CHARS;
    let opening = if is_short { bare } else { marks };
    Some(CodeFence { marks: marks.to_owned(), opening: opening.to_owned() })
}

/// The most of a line that has at most `limit` units, up to a space where there is one in its second
/// half, and the rest.
fn split_line(line: &str, limit: usize) -> (&str, &str) {
    let (mut units, mut end, mut space) = (0, line.len(), None);
    for (at, c) in line.char_indices() {
        if units + c.len_utf16() > limit {
            end = at;
            break;
        }
        units += c.len_utf16();
        if c.is_whitespace() && units * 2 > limit {
            space = Some(at + c.len_utf8());
        }
    }
    line.split_at_checked(space.unwrap_or(end)).unwrap_or((line, ""))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fence_count(part: &str) -> usize {
        part.lines().filter(|line| line.trim_start().starts_with("```")).count()
    }

    #[test]
    fn a_code_block_is_closed_and_begun_again() {
        let code = (0..60).fold(String::new(), |code, n| code + &format!("let a{n} = {n};\n"));
        let text = format!("Before\n```rust\n{code}```\nAfter\n");
        let parts = split_message(&text, 200);
        assert!(parts.len() > 3);
        for part in &parts {
            assert!(utf16_length(part) <= 200, "{part}");
            assert_eq!(fence_count(part) % 2, 0, "{part}");
        }
        assert!(parts[1].starts_with("```rust\n"), "{}", parts[1]);
        let lines = parts.iter().flat_map(|part| part.lines());
        let kept: Vec<&str> = lines.filter(|line| !line.starts_with("```")).collect();
        let expected: Vec<&str> = text.lines().filter(|line| !line.starts_with("```")).collect();
        assert_eq!(kept, expected);
    }

    #[test]
    fn the_limit_counts_utf16_units_and_no_character_is_cut() {
        let text = "🦞".repeat(2100);
        let parts = split_message(&text, 4096);
        assert_eq!(parts.iter().map(|part| utf16_length(part)).collect::<Vec<_>>(), [4096, 104]);
        assert_eq!(parts.concat(), text);
        assert_eq!(split_message(&"a".repeat(4096), 4096).len(), 1);
        assert_eq!(split_message(&"a".repeat(4097), 4096).len(), 2);
        assert!(split_message(" \n", 4096).is_empty());
    }

    proptest! {
        #[test]
        fn every_part_is_short_and_nothing_is_lost(
            lines in proptest::collection::vec("(```|~~~~|```rust|[a-zé🦞 ]{0,200})", 0..40),
            limit in 128_usize..400,
        ) {
            let text = lines.join("\n");
            let parts = split_message(&text, limit);
            let visible = |text: &str| -> String {
                text.lines()
                    .filter(|line| !line.starts_with("```") && !line.starts_with("~~~"))
                    .flat_map(str::chars)
                    .filter(|c| !c.is_whitespace())
                    .collect()
            };
            for part in &parts {
                prop_assert!(utf16_length(part) <= limit, "{} {part:?}", utf16_length(part));
                prop_assert!(!part.trim().is_empty());
            }
            let joined = parts.join("\n");
            prop_assert_eq!(visible(&joined), visible(&text));
        }
    }
}
