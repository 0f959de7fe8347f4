//! Characters that could mislead a person, and how they are shown.

use std::fmt::Write as _;

/// Whether a character can't be seen, looks like a space, or changes the order of the text beside
/// it: controls, format characters, fillers, variation selectors, tags, private use.
#[must_use]
pub fn is_deceptive_char(char: char) -> bool {
    if char.is_ascii() {
        return char.is_ascii_control();
    }
    matches!(
        char,
        // Controls, spaces and separators.
        '\u{80}'..='\u{a0}' | '\u{ad}' | '\u{1680}' | '\u{2000}'..='\u{200f}'
            | '\u{2028}'..='\u{202f}' | '\u{205f}'..='\u{206f}' | '\u{3000}'
        // Format characters of scripts, joiners and fillers.
            | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{8e2}'
            | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{2800}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffd}'
            | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
        // Variation selectors, private use and tags.
            | '\u{fe00}'..='\u{fe0f}' | '\u{e000}'..='\u{f8ff}' | '\u{e0000}'..='\u{10ffff}'
    )
}

/// Whether a character is shown as it is: printable ASCII, and letters and digits that are not
/// variants of ASCII ones. Everything else is shown as an escape sequence.
fn is_shown_literally(char: char) -> bool {
    if char.is_ascii() {
        return char == ' ' || char.is_ascii_graphic();
    }
    // Mathematical, letter-like, enclosed and full-width forms look like ASCII letters.
    let is_variant = matches!(
        char,
        '\u{2100}'..='\u{214f}' | '\u{2460}'..='\u{24ff}' | '\u{ff00}'..='\u{ffef}'
            | '\u{1d400}'..='\u{1d7ff}' | '\u{1f100}'..='\u{1f2ff}'
    );
    char.is_alphanumeric() && !is_deceptive_char(char) && !is_variant
}

/// Appends a character, escaped when it isn't a plain letter, digit or ASCII punctuation.
pub(crate) fn push_escaped(out: &mut String, char: char) {
    match char {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\0' => out.push_str("\\0"),
        '\u{1b}' => out.push_str("\\e"),
        '\\' => out.push_str("\\\\"),
        _ if is_shown_literally(char) => out.push(char),
        _ => {
            // Writing to a string can't fail.
            let _ = write!(out, "\\u{{{:x}}}", u32::from(char));
        }
    }
}

/// Returns the text on one line, complete, with every character that could mislead as an escape
/// sequence. A backslash is doubled, so that a text can't pretend to hold an escape.
#[must_use]
pub fn escape_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len() + 8);
    for char in text.chars() {
        push_escaped(&mut line, char);
    }
    line
}

/// Whether a word has ASCII letters beside letters of a script that looks alike.
pub(crate) fn has_mixed_scripts(text: &str) -> bool {
    text.split(|char: char| !char.is_alphanumeric()).any(|word| {
        word.chars().any(|char| char.is_ascii_alphabetic()) && word.chars().any(|char| {
            matches!(
                char,
                // Greek, Cyrillic, Armenian, Cherokee and their supplements.
                '\u{370}'..='\u{58f}' | '\u{13a0}'..='\u{13ff}' | '\u{1c80}'..='\u{1c8f}'
                    | '\u{1f00}'..='\u{1fff}' | '\u{2c80}'..='\u{2cff}' | '\u{a640}'..='\u{a69f}'
                    | '\u{ab70}'..='\u{abbf}'
            )
        })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_escaped_line_has_no_control_and_no_deceptive_character(text: String) {
            let line = escape_line(&text);
            prop_assert!(!line.chars().any(is_deceptive_char), "{line:?}");
        }

        #[test]
        fn different_texts_are_shown_differently(one: String, other: String) {
            prop_assert_eq!(one == other, escape_line(&one) == escape_line(&other));
        }
    }

    #[test]
    fn spoofing_characters_are_escaped() {
        for char in "\u{200b}\u{3164}\u{115f}\u{ffa0}\u{2060}\u{202e}\u{2066}\u{feff}\u{e0041}\u{a0}\u{37e}ｅ；".chars() {
            let shown = escape_line(&char.to_string());
            assert_eq!(shown, format!("\\u{{{:x}}}", u32::from(char)));
        }
        assert_eq!(escape_line("Grüße, 世界 \\ \u{7}"), "Grüße, 世界 \\\\ \\u{7}");
    }

    #[test]
    fn a_word_of_two_scripts_is_noticed() {
        assert!(has_mixed_scripts("cat p\u{430}sswd"));
        assert!(!has_mixed_scripts("cat привет größe"));
    }
}
