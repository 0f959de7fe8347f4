//! Text of a model, a server or a command, made harmless for a terminal: it can neither move the
//! cursor nor recolour, hide or reorder what the program itself says.

/// Shows in a line what would hide or command: control characters other than the line's end, and
/// the characters that reorder or blank out text.
pub(crate) fn line(text: &str) -> String {
    let hides = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{ad}')
    };
    escape(text, hides)
}

/// Shows control characters in prose, which may have tabs and what scripts and emoji are made of.
pub(crate) fn prose(text: &str) -> String {
    escape(text, |c| c.is_control() && !matches!(c, '\n' | '\t'))
}

fn escape(text: &str, hides: impl Fn(char) -> bool) -> String {
    text.chars()
        .flat_map(|c| if hides(c) { c.escape_unicode().collect() } else { vec![c] })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_hide_is_shown() {
        assert_eq!(line("ls\u{1b}[2K\u{202e}x\u{200b}"), "ls\\u{1b}[2K\\u{202e}x\\u{200b}");
        assert_eq!(line("grep é *\nnext"), "grep é *\nnext");
    }

    #[test]
    fn prose_keeps_what_writing_needs() {
        assert_eq!(
            prose("a\tb\n👩\u{200d}🔬\u{7}\r\u{1b}[0m"),
            "a\tb\n👩\u{200d}🔬\\u{7}\\u{d}\\u{1b}[0m"
        );
    }
}
