//! Makes a model's text safe for the terminal and the parser: no control characters, no
//! characters that reorder or hide text, one kind of line end, no tabs.

/// The columns between tab stops, as in Markdown.
const TAB_WIDTH: usize = 4;

/// Sanitizes text in chunks; the result does not depend on where the text is split.
#[derive(Debug, Clone, Default)]
pub(super) struct TextSanitizer {
    column: usize,
    has_pending_return: bool,
}

impl TextSanitizer {
    /// Appends the sanitized `text` to `clean`.
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

    /// Appends what was held back, at the end of the text.
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

/// Returns whether `c` is a control character, reorders text, or is the [`super::DEFINITION_GUARD`]
/// that this module inserts itself.
pub(super) fn needs_escape(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
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
