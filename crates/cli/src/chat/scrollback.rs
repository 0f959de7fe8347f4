//! What was said, as rows that stay on the terminal.

/// What a row belongs to; a blank row is between two kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowKind {
    /// What the user said.
    User,
    /// What the model answered.
    Answer,
    /// Tools, notes, thoughts.
    Notice,
}

/// Rows on their way to the terminal.
#[derive(Debug, Default)]
pub(crate) struct ScrollbackBuffer {
    rows: Vec<String>,
    last_kind: Option<RowKind>,
    /// Whether a blank row comes before the next one, whatever that is.
    needs_gap: bool,
}

impl ScrollbackBuffer {
    /// Adds the rows of a text.
    pub(crate) fn push_rows(&mut self, kind: RowKind, text: &str) {
        let needs_gap = std::mem::take(&mut self.needs_gap);
        if needs_gap || self.last_kind.is_some_and(|last| last != kind) {
            self.rows.push(String::new());
        }
        self.last_kind = Some(kind);
        self.rows.extend(split_rows(text));
    }

    /// Lets a blank row be before the next rows, whatever they are.
    pub(crate) fn request_gap(&mut self) {
        self.needs_gap = self.last_kind.is_some();
    }

    /// Takes the rows that were added since the last time.
    pub(crate) fn take_rows(&mut self) -> Vec<String> {
        std::mem::take(&mut self.rows)
    }
}

/// The rows of a text, with spaces for tabs.
pub(crate) fn split_rows(text: &str) -> impl Iterator<Item = String> {
    text.strip_suffix('\n').unwrap_or(text).split('\n').map(|row| row.replace('\t', "    "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blank_row_is_between_two_kinds_and_nowhere_else() {
        let mut scrollback = ScrollbackBuffer::default();
        scrollback.push_rows(RowKind::User, "› hi");
        scrollback.push_rows(RowKind::Answer, "one\ntwo\n");
        scrollback.push_rows(RowKind::Answer, "three\n");
        scrollback.push_rows(RowKind::Notice, "done");
        scrollback.request_gap();
        scrollback.push_rows(RowKind::User, "› next");
        let expected = ["› hi", "", "one", "two", "three", "", "done", "", "› next"];
        assert_eq!(scrollback.take_rows(), expected);
        assert!(scrollback.take_rows().is_empty());
    }
}
