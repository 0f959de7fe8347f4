//! A text buffer with a cursor.

use crate::cells::cluster_length;

/// A text with a cursor, which is always between two grapheme clusters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LineBuffer {
    text: String,
    /// In bytes.
    cursor: usize,
}

/// The unit of a motion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MotionUnit {
    /// One grapheme cluster.
    Character,
    /// A word of letters and digits, and the other characters before it.
    Word,
    /// Everything up to white space.
    Argument,
    /// To the end or the beginning of the line.
    Line,
}

impl LineBuffer {
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

    pub(crate) fn text_before_cursor(&self) -> &str {
        self.text.get(..self.cursor).unwrap_or_default()
    }

    pub(crate) fn text_after_cursor(&self) -> &str {
        self.text.get(self.cursor..).unwrap_or_default()
    }

    pub(crate) fn insert(&mut self, text: &str) {
        self.text.insert_str(self.cursor, text);
        self.cursor += text.len();
        self.snap_cursor();
    }

    /// The cursor position after a motion forward.
    pub(crate) fn position_after(&self, reach: MotionUnit) -> usize {
        let after = self.text_after_cursor();
        let length = match reach {
            MotionUnit::Character => cluster_length(after),
            MotionUnit::Word | MotionUnit::Argument => {
                let is_part = unit_char_test(reach);
                let gap = after.find(is_part).unwrap_or(after.len());
                let word = after.get(gap..).unwrap_or_default();
                gap + word.find(|c| !is_part(c)).unwrap_or(word.len())
            }
            MotionUnit::Line => after.find('\n').unwrap_or(after.len()),
        };
        self.cursor + length
    }

    /// The cursor position after a motion backward.
    pub(crate) fn position_before(&self, reach: MotionUnit) -> usize {
        let before = self.text_before_cursor();
        match reach {
            MotionUnit::Character => {
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
            MotionUnit::Word | MotionUnit::Argument => {
                let is_part = unit_char_test(reach);
                let word = before.trim_end_matches(|c| !is_part(c));
                word.trim_end_matches(is_part).len()
            }
            MotionUnit::Line => before.rfind('\n').map_or(0, |at| at + 1),
        }
    }

    pub(crate) fn move_cursor(&mut self, to: usize) {
        self.cursor = to;
        self.snap_cursor();
    }

    /// Cuts and returns the text between the cursor and a position.
    pub(crate) fn cut_to(&mut self, to: usize) -> String {
        let (from, to) = (self.cursor.min(to), self.cursor.max(to));
        let cut: String = self.text.drain(from..to).collect();
        self.cursor = from;
        self.snap_cursor();
        cut
    }

    /// The cursor position one line up or down; `None` when there is no such line.
    pub(crate) fn vertical_position(&self, down: bool) -> Option<usize> {
        let start = self.position_before(MotionUnit::Line);
        let column = self.text.get(start..self.cursor)?.chars().count();
        let target = if down {
            self.cursor + self.text_after_cursor().find('\n')? + 1
        } else {
            let above = self.text.get(..start.checked_sub(1)?)?;
            above.rfind('\n').map_or(0, |at| at + 1)
        };
        let line = self.text.get(target..)?.lines().next().unwrap_or_default();
        let length = line.char_indices().nth(column).map_or(line.len(), |(at, _)| at);
        Some(target + length)
    }

    /// Moves the cursor to the end of a cluster, if an edit left it inside one.
    fn snap_cursor(&mut self) {
        self.cursor = self.cursor.min(self.text.len());
        let mut at = 0;
        while at < self.cursor {
            at += cluster_length(self.text.get(at..).unwrap_or_default()).max(1);
        }
        self.cursor = at;
    }
}

fn unit_char_test(reach: MotionUnit) -> fn(char) -> bool {
    match reach {
        MotionUnit::Argument => |c| !c.is_whitespace(),
        _ => char::is_alphanumeric,
    }
}
