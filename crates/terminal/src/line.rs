//! A text that is being written, and the place in it where the next character goes.

use crate::cells::cluster_length;

/// A text with a cursor, which is always between two characters as a person sees them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Line {
    text: String,
    /// In bytes.
    cursor: usize,
}

/// How far something reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// One character as a person sees it.
    Character,
    /// A word of letters and digits, with what is before it.
    Word,
    /// All up to white space.
    Argument,
    /// The line, up to its end or beginning.
    Line,
}

impl Line {
    pub(crate) fn new(text: String) -> Self {
        let cursor = text.len();
        Self { text, cursor }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn cursor(&self) -> usize {
        self.cursor
    }

    pub(crate) fn before(&self) -> &str {
        self.text.get(..self.cursor).unwrap_or_default()
    }

    pub(crate) fn after(&self) -> &str {
        self.text.get(self.cursor..).unwrap_or_default()
    }

    pub(crate) fn insert(&mut self, text: &str) {
        self.text.insert_str(self.cursor, text);
        self.cursor += text.len();
        self.settle();
    }

    /// Where the cursor would be, further on.
    pub(crate) fn ahead(&self, reach: Reach) -> usize {
        let after = self.after();
        let length = match reach {
            Reach::Character => cluster_length(after),
            Reach::Word | Reach::Argument => {
                let is_part = part_of(reach);
                let gap = after.find(is_part).unwrap_or(after.len());
                let word = after.get(gap..).unwrap_or_default();
                gap + word.find(|c| !is_part(c)).unwrap_or(word.len())
            }
            Reach::Line => after.find('\n').unwrap_or(after.len()),
        };
        self.cursor + length
    }

    /// Where the cursor would be, further back.
    pub(crate) fn back(&self, reach: Reach) -> usize {
        let before = self.before();
        match reach {
            Reach::Character => {
                let mut at = 0;
                while let Some(rest) = before.get(at..).filter(|rest| !rest.is_empty()) {
                    let next = at + cluster_length(rest);
                    if next >= before.len() {
                        break;
                    }
                    at = next;
                }
                at
            }
            Reach::Word | Reach::Argument => {
                let is_part = part_of(reach);
                let word = before.trim_end_matches(|c| !is_part(c));
                word.trim_end_matches(is_part).len()
            }
            Reach::Line => before.rfind('\n').map_or(0, |at| at + 1),
        }
    }

    pub(crate) fn go(&mut self, to: usize) {
        self.cursor = to;
        self.settle();
    }

    /// Takes out what is between the cursor and a place.
    pub(crate) fn cut(&mut self, to: usize) -> String {
        let (from, to) = (self.cursor.min(to), self.cursor.max(to));
        let cut: String = self.text.drain(from..to).collect();
        self.cursor = from;
        self.settle();
        cut
    }

    /// Where the cursor would be a line higher or lower; `None` when there is none.
    pub(crate) fn vertically(&self, down: bool) -> Option<usize> {
        let start = self.back(Reach::Line);
        let column = self.text.get(start..self.cursor)?.chars().count();
        let target = if down {
            self.cursor + self.after().find('\n')? + 1
        } else {
            let above = self.text.get(..start.checked_sub(1)?)?;
            above.rfind('\n').map_or(0, |at| at + 1)
        };
        let line = self.text.get(target..)?.lines().next().unwrap_or_default();
        let length = line.char_indices().nth(column).map_or(line.len(), |(at, _)| at);
        Some(target + length)
    }

    /// Moves a cursor that is inside what became one character behind it.
    fn settle(&mut self) {
        self.cursor = self.cursor.min(self.text.len());
        let mut at = 0;
        while at < self.cursor {
            at += cluster_length(self.text.get(at..).unwrap_or_default()).max(1);
        }
        self.cursor = at;
    }
}

fn part_of(reach: Reach) -> fn(char) -> bool {
    match reach {
        Reach::Argument => |c| !c.is_whitespace(),
        _ => char::is_alphanumeric,
    }
}
