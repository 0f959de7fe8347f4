//! Escapes untrusted text for a terminal: text of a model, a server or a command can neither move
//! the cursor nor recolour, hide or reorder what the program prints.

/// Escapes control characters other than line ends, and characters that reorder or hide text.
#[must_use]
pub fn escape_line(text: &str) -> String {
    let is_unsafe = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{ad}')
    };
    escape_where(text, is_unsafe)
}

/// Escapes control characters in prose; keeps tabs and the joiners of scripts and emoji.
#[must_use]
pub fn escape_prose(text: &str) -> String {
    escape_where(text, |c| c.is_control() && !matches!(c, '\n' | '\t'))
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
    }

    #[test]
    fn prose_keeps_what_writing_needs() {
        assert_eq!(
            escape_prose("a\tb\n👩\u{200d}🔬\u{7}\r\u{1b}[0m"),
            "a\tb\n👩\u{200d}🔬\\u{7}\\u{d}\\u{1b}[0m"
        );
    }
}
