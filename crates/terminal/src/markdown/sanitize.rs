//! Text of a model made harmless for a terminal, and even for a parser: no control characters, no
//! characters that reorder text, one kind of line end, no tabs.

/// Between the stops of a tab, as Markdown counts indentation.
const TAB_WIDTH: usize = 4;

/// Cleans text that comes in pieces; what comes out does not depend on where they were cut.
#[derive(Debug, Clone, Default)]
pub(super) struct TextSanitizer {
    column: usize,
    has_pending_return: bool,
}

impl TextSanitizer {
    /// Appends the clean form of `text` to `clean`.
    pub(super) fn push_text(&mut self, text: &str, clean: &mut String) {
        for c in text.chars() {
            if std::mem::take(&mut self.has_pending_return) && c != '\n' {
                self.push_escaped('\r', clean);
            }
            match c {
                '\n' => {
                    clean.push('\n');
                    self.column = 0;
                }
                '\r' => self.has_pending_return = true,
                '\t' => {
                    let spaces = TAB_WIDTH - self.column % TAB_WIDTH;
                    clean.extend(std::iter::repeat_n(' ', spaces));
                    self.column += spaces;
                }
                c if needs_escape(c) => self.push_escaped(c, clean),
                c => {
                    clean.push(c);
                    self.column += 1;
                }
            }
        }
    }

    /// Appends what was held back, as nothing follows.
    pub(super) fn finish(&mut self, clean: &mut String) {
        if std::mem::take(&mut self.has_pending_return) {
            self.push_escaped('\r', clean);
        }
    }

    fn push_escaped(&mut self, c: char, clean: &mut String) {
        let before = clean.len();
        clean.extend(c.escape_unicode());
        self.column += clean.len() - before;
    }
}

/// Whether `c` would command the terminal, reorder what it shows, or is the [`super::MARK`] that
/// this module's readers put into the text themselves.
pub(super) fn needs_escape(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || c == super::DEFINITION_GUARD
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(pieces: &[&str]) -> String {
        let (mut cleaner, mut clean) = (TextSanitizer::default(), String::new());
        for piece in pieces {
            cleaner.push_text(piece, &mut clean);
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
