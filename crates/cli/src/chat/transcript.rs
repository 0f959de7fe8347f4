//! What was said, as rows that stay on the terminal.

/// What a row belongs to; a blank row is between two kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// What the user said.
    User,
    /// What the model answered.
    Answer,
    /// Tools, notes, thoughts.
    Aside,
}

/// Rows on their way to the terminal.
#[derive(Debug, Default)]
pub(crate) struct Transcript {
    rows: Vec<String>,
    last: Option<Kind>,
    /// Whether a blank row comes before the next one, whatever that is.
    is_parted: bool,
}

impl Transcript {
    /// Adds the rows of a text.
    pub(crate) fn put(&mut self, kind: Kind, text: &str) {
        let is_parted = std::mem::take(&mut self.is_parted);
        if is_parted || self.last.is_some_and(|last| last != kind) {
            self.rows.push(String::new());
        }
        self.last = Some(kind);
        self.rows.extend(rows(text));
    }

    /// Lets a blank row be before the next rows, whatever they are.
    pub(crate) fn part(&mut self) {
        self.is_parted = self.last.is_some();
    }

    /// Takes the rows that were added since the last time.
    pub(crate) fn take(&mut self) -> Vec<String> {
        std::mem::take(&mut self.rows)
    }
}

/// The rows of a text, with spaces for tabs.
pub(crate) fn rows(text: &str) -> impl Iterator<Item = String> {
    text.strip_suffix('\n').unwrap_or(text).split('\n').map(|row| row.replace('\t', "    "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blank_row_is_between_two_kinds_and_nowhere_else() {
        let mut transcript = Transcript::default();
        transcript.put(Kind::User, "› hi");
        transcript.put(Kind::Answer, "one\ntwo\n");
        transcript.put(Kind::Answer, "three\n");
        transcript.put(Kind::Aside, "done");
        transcript.part();
        transcript.put(Kind::User, "› next");
        let expected = ["› hi", "", "one", "two", "three", "", "done", "", "› next"];
        assert_eq!(transcript.take(), expected);
        assert!(transcript.take().is_empty());
    }
}
