//! Words of texts and queries, as the search in sessions indexes them.
//!
//! Scripts without spaces between words are split into pairs of characters that overlap: most of
//! their words have two characters, which trigrams find only by reading everything.

/// The most words of a query.
const MAX_QUERY_TERMS: usize = 24;

/// Whether words of the character's script are written without spaces between them, or with
/// endings.
fn is_unspaced(character: char) -> bool {
    matches!(u32::from(character),
        0x0E00..=0x0EFF | 0x1000..=0x109F | 0x1780..=0x17FF | 0x1100..=0x11FF
        | 0x2E80..=0x2FDF | 0x3005..=0x3007 | 0x3040..=0x30FF | 0x3130..=0x318F
        | 0x31F0..=0x31FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xA960..=0xA97F
        | 0xAC00..=0xD7FF | 0xF900..=0xFAFF | 0xFF66..=0xFF9F | 0x2_0000..=0x3_FFFF)
}

/// The words of a text in lower case. Each character of a run without spaces begins one, so that
/// the last of a run is a word of one character.
fn split_words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if is_unspaced(character) && character.is_alphanumeric() {
            if !word.is_empty() {
                words.push(std::mem::take(&mut word));
            }
            let mut pair = String::from(character);
            pair.extend(characters.peek().filter(|next| is_unspaced(**next)));
            words.push(pair);
        } else if character.is_alphanumeric() {
            word.extend(character.to_lowercase());
        } else if !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// The text as it is given to the tokenizer: its words, separated by spaces.
pub(crate) fn index_text(text: &str) -> String {
    split_words(text).join(" ")
}

/// The expressions of a query, one for each word, in quotes, so that no word is an operator.
pub(crate) fn query_expressions(query: &str) -> Vec<String> {
    let mut expressions: Vec<String> = Vec::new();
    let words = split_words(query);
    for (index, word) in words.iter().enumerate() {
        let mut characters = word.chars();
        let is_single = characters.next().is_some_and(is_unspaced) && characters.next().is_none();
        // The last character of a longer run is in the pair before it.
        let is_covered = is_single
            && index.checked_sub(1).and_then(|before| words.get(before)).is_some_and(|before| {
                before.chars().count() == 2 && before.ends_with(word.as_str())
            });
        let mark = if is_single { "*" } else { "" };
        let expression = format!("\"{word}\"{mark}");
        if !is_covered && !expressions.contains(&expression) {
            expressions.push(expression);
        }
    }
    expressions.truncate(MAX_QUERY_TERMS);
    expressions
}

/// The part of a text around the first word of a query, of at most `max` bytes.
pub(crate) fn snippet<'a>(text: &'a str, query: &str, max: usize) -> &'a str {
    let folded = text.to_ascii_lowercase();
    let words = query.split_whitespace().map(str::to_ascii_lowercase);
    let found = words.filter(|word| !word.is_empty()).find_map(|word| folded.find(&word));
    let start = text.floor_char_boundary(found.unwrap_or(0).saturating_sub(max / 3));
    let rest = text.get(start..).unwrap_or_default();
    rest.get(..rest.floor_char_boundary(max)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_every_script_are_found() {
        assert_eq!(index_text("The GPU's 4 fans"), "the gpu s 4 fans");
        assert_eq!(index_text("我的密码 ok"), "我的 的密 密码 码 ok");
        assert_eq!(query_expressions("密码"), ["\"密码\""]);
        assert_eq!(query_expressions("码"), ["\"码\"*"]);
        assert_eq!(query_expressions("AND \"x\" NEAR("), ["\"and\"", "\"x\"", "\"near\""]);
        assert!(query_expressions("*** --").is_empty());
    }

    #[test]
    fn a_snippet_is_around_the_word() {
        let text = format!("{}Needle{}", "é".repeat(500), "x".repeat(500));
        let cut = snippet(&text, "needle", 100);
        assert!(cut.contains("Needle") && cut.len() <= 100);
        assert_eq!(snippet("short", "absent", 100), "short");
    }
}
