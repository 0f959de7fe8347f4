//! Text of a model made harmless for a terminal, and even for a parser: no control characters, no
//! characters that reorder text, one kind of line end, no tabs.

/// Between the stops of a tab, as Markdown counts indentation.
const TAB: usize = 4;

/// Cleans text that comes in pieces; what comes out does not depend on where they were cut.
#[derive(Debug, Clone, Default)]
pub(super) struct Cleaner {
    column: usize,
    carriage_return: bool,
}

impl Cleaner {
    /// Appends the clean form of `text` to `clean`.
    pub(super) fn push(&mut self, text: &str, clean: &mut String) {
        for c in text.chars() {
            if std::mem::take(&mut self.carriage_return) && c != '\n' {
                self.show('\r', clean);
            }
            match c {
                '\n' => {
                    clean.push('\n');
                    self.column = 0;
                }
                '\r' => self.carriage_return = true,
                '\t' => {
                    let spaces = TAB - self.column % TAB;
                    clean.extend(std::iter::repeat_n(' ', spaces));
                    self.column += spaces;
                }
                c if hides(c) => self.show(c, clean),
                c => {
                    clean.push(c);
                    self.column += 1;
                }
            }
        }
    }

    /// Appends what was held back, as nothing follows.
    pub(super) fn finish(&mut self, clean: &mut String) {
        if std::mem::take(&mut self.carriage_return) {
            self.show('\r', clean);
        }
    }

    fn show(&mut self, c: char, clean: &mut String) {
        let before = clean.len();
        clean.extend(c.escape_unicode());
        self.column += clean.len() - before;
    }
}

/// Whether `c` would command the terminal, reorder what it shows, or is the [`super::MARK`] that
/// this module's readers put into the text themselves.
pub(super) fn hides(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || c == super::MARK
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(pieces: &[&str]) -> String {
        let (mut cleaner, mut clean) = (Cleaner::default(), String::new());
        for piece in pieces {
            cleaner.push(piece, &mut clean);
        }
        cleaner.finish(&mut clean);
        clean
    }

    #[test]
    fn what_commands_a_terminal_is_shown() {
        assert_eq!(clean(&["a\u{1b}[2J\u{9b}b\0\u{7f}"]), "a\\u{1b}[2J\\u{9b}b\\u{0}\\u{7f}");
        assert_eq!(clean(&["x\u{202e}y\u{2067}\u{2028}"]), "x\\u{202e}y\\u{2067}\\u{2028}");
        assert_eq!(clean(&["👩\u{200d}🔬 עברית"]), "👩\u{200d}🔬 עברית");
    }

    #[test]
    fn line_ends_and_tabs_are_evened_out_wherever_the_text_is_cut() {
        assert_eq!(clean(&["a\r", "\nb\rc\r"]), "a\nb\\u{d}c\\u{d}");
        assert_eq!(clean(&["a\t", "b\n\t", "c\td"]), "a   b\n    c   d");
    }
}
