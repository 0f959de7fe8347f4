//! Finished rows on their way to the terminal's scrollback.

/// What a row belongs to; a blank row separates two kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowKind {
    /// A message of the user.
    User,
    /// The model's answer.
    Answer,
    /// Tool results, notices and reasoning.
    Notice,
}

/// Collects rows until they are written to the scrollback.
#[derive(Debug, Default)]
pub(crate) struct ScrollbackBuffer {
    rows: Vec<String>,
    last_kind: Option<RowKind>,
    /// Forces a blank row before the next row of any kind.
    needs_gap: bool,
}

impl ScrollbackBuffer {
    /// Appends the rows of `text`.
    pub(crate) fn push_rows(&mut self, kind: RowKind, text: &str) {
        let needs_gap = std::mem::take(&mut self.needs_gap);
        if needs_gap || self.last_kind.is_some_and(|last| last != kind) {
            self.rows.push(String::new());
        }
        self.last_kind = Some(kind);
        self.rows.extend(split_rows(text));
    }

    /// Puts a blank row before the next rows, whatever their kind.
    pub(crate) fn request_gap(&mut self) {
        self.needs_gap = self.last_kind.is_some();
    }

    /// Takes the rows added since the last call.
    pub(crate) fn take_rows(&mut self) -> Vec<String> {
        std::mem::take(&mut self.rows)
    }
}

/// Splits a text into rows and expands each tab to four spaces.
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
