//! Escapes untrusted text for a terminal: text of a model, a server or a command can neither move
//! the cursor nor recolour, hide or reorder what the program prints.

/// Escapes control characters other than line ends, and characters that reorder or hide text.
#[must_use]
pub fn escape_line(text: &str) -> String {
    escape_where(text, |c| is_unsafe(c) && c != '\n')
}

/// Escapes what [`escape_line`] escapes and line ends, so that the text cannot look like two lines.
#[must_use]
pub fn escape_row(text: &str) -> String {
    escape_where(text, is_unsafe)
}

/// Replaces what [`escape_line`] escapes, other than tabs, by characters of as many bytes, so that
/// byte offsets into the text stay valid.
#[must_use]
pub fn mask_unsafe(text: &str) -> String {
    let masked = |c: char| match c.len_utf8() {
        _ if !is_unsafe(c) || matches!(c, '\n' | '\r' | '\t') => c,
        1 => '?',
        2 => '\u{bf}',
        _ => '\u{fffd}',
    };
    text.chars().map(masked).collect()
}

/// Whether a character moves the cursor, recolours, hides or reorders text. All of them are below
/// U+10000.
#[must_use]
pub fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{ad}')
}

/// Escapes control characters in prose, and characters that reorder or hide text; keeps tabs, and
/// the joiners and direction marks that scripts and emoji need.
#[must_use]
pub fn escape_prose(text: &str) -> String {
    let is_needed = |c: char| matches!(c, '\n' | '\t' | '\u{200c}'..='\u{200f}' | '\u{ad}');
    escape_where(text, |c| is_unsafe(c) && !is_needed(c))
}

fn escape_where(text: &str, is_unsafe: impl Fn(char) -> bool) -> String {
    text.chars()
        .flat_map(|c| if is_unsafe(c) { c.escape_unicode().collect() } else { vec![c] })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_hide_is_shown() {
        assert_eq!(escape_line("ls\u{1b}[2K\u{202e}x\u{200b}"), "ls\\u{1b}[2K\\u{202e}x\\u{200b}");
        assert_eq!(escape_line("grep é *\nnext"), "grep é *\nnext");
        assert_eq!(escape_row("grep é *\nnext\u{7}"), "grep é *\\u{a}next\\u{7}");
    }

    #[test]
    fn a_mask_keeps_every_byte_offset() {
        let text = "a\u{9b}31m\u{1b}[0m\u{202e}\u{7f}\u{ad}\ttäxt\n\u{85}b";
        let masked = mask_unsafe(text);
        assert_eq!(masked, "a\u{bf}31m?[0m\u{fffd}?\u{bf}\ttäxt\n\u{bf}b");
        assert_eq!(masked.len(), text.len());
        for (at, c) in text.char_indices() {
            assert!(
                masked.is_char_boundary(at)
                    && masked[at..].chars().next().unwrap().len_utf8() == c.len_utf8()
            );
        }
    }

    #[test]
    fn prose_keeps_what_writing_needs() {
        assert_eq!(
            escape_prose("a\tb\n👩\u{200d}🔬\u{7}\r\u{1b}[0m"),
            "a\tb\n👩\u{200d}🔬\\u{7}\\u{d}\\u{1b}[0m"
        );
        assert_eq!(escape_prose("\u{9b}31m\u{202e}x\u{200b}"), "\\u{9b}31m\\u{202e}x\\u{200b}");
    }
}
