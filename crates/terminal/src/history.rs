//! The history of submitted texts.

/// The most entries kept.
const MAX_ENTRIES: usize = 1000;

/// The most bytes that are written; older entries are dropped first.
const MAX_BYTES: usize = 512 * 1024;

/// Submitted texts, the oldest first.
///
/// The text form has one entry per line; `\n` and `\\` stand for a line break and a backslash.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InputHistory {
    entries: Vec<String>,
}

impl InputHistory {
    /// Parses the text form of [`to_text`](Self::to_text). Accepts any text.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        let mut history = Self::default();
        for line in text.lines() {
            history.add_entry(&unescape_line(line));
        }
        history
    }

    /// Writes the text form, one entry per line.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut lines: Vec<String> = Vec::new();
        let mut bytes = 0;
        for entry in self.entries.iter().rev() {
            let line = entry.replace('\\', "\\\\").replace('\n', "\\n") + "\n";
            bytes += line.len();
            if bytes > MAX_BYTES {
                break;
            }
            lines.push(line);
        }
        lines.reverse();
        lines.concat()
    }

    /// Adds the newest entry. Skips text that is blank, begins with a space, is too long, or
    /// repeats the last entry; returns whether it was added.
    pub fn add_entry(&mut self, text: &str) -> bool {
        let text: String = text.chars().filter(|c| !c.is_control() || *c == '\n').collect();
        let is_kept = !text.trim().is_empty()
            && !text.starts_with(' ')
            && text.len() <= MAX_BYTES / 8
            && self.entries.last() != Some(&text);
        if is_kept {
            self.entries.push(text);
            let surplus = self.entries.len().saturating_sub(MAX_ENTRIES);
            self.entries.drain(..surplus);
        }
        is_kept
    }

    /// The number of entries.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The entry at an index, 0 being the oldest.
    pub(crate) fn get(&self, place: usize) -> Option<&str> {
        self.entries.get(place).map(String::as_str)
    }

    /// The index of the newest entry before `before` that contains a text.
    pub(crate) fn find_before(&self, text: &str, before: usize) -> Option<usize> {
        let older = self.entries.get(..before.min(self.entries.len()))?;
        older.iter().rposition(|entry| entry.contains(text))
    }
}

fn unescape_line(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => text.push('\n'),
                Some(other) => text.push(other),
                None => text.push('\\'),
            },
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn blank_hidden_and_repeated_texts_are_not_kept() {
        let mut history = InputHistory::default();
        let kept = ["a", "a", " secret", "  ", "", "b", "a"].map(|text| history.add_entry(text));
        assert_eq!(kept, [true, false, false, false, false, true, true]);
        assert_eq!(history.to_text(), "a\nb\na\n");
    }

    #[test]
    fn it_is_bounded_in_entries_and_in_bytes() {
        let mut history = InputHistory::default();
        for number in 0..MAX_ENTRIES + 10 {
            history.add_entry(&number.to_string());
        }
        assert_eq!((history.len(), history.get(0)), (MAX_ENTRIES, Some("10")));
        for number in 0..MAX_ENTRIES {
            history.add_entry(&format!("{number}{}", "x".repeat(10_000)));
        }
        assert!(history.to_text().len() <= MAX_BYTES);
        assert!(!history.add_entry(&"x".repeat(MAX_BYTES)));
        assert_eq!(history.find_before("999x", usize::MAX), Some(MAX_ENTRIES - 1));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(
            texts in prop::collection::vec("[a-z\\\\n\n\t \u{7}é]{0,12}", 0..12),
        ) {
            let mut history = InputHistory::default();
            for text in &texts {
                history.add_entry(text);
            }
            prop_assert_eq!(InputHistory::from_text(&history.to_text()), history);
        }

        #[test]
        fn any_text_can_be_read(text in any::<String>()) {
            let history = InputHistory::from_text(&text);
            prop_assert_eq!(InputHistory::from_text(&history.to_text()), history);
        }
    }
}
