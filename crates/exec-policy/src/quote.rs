//! Words as a shell would read them.

/// Joins words with spaces and quotes those that a shell would not take literally. Two different
/// lists of words give different texts.
#[must_use]
pub fn quote_words(words: &[String]) -> String {
    let mut text = String::new();
    for word in words {
        if !text.is_empty() {
            text.push(' ');
        }
        push_quoted(&mut text, word);
    }
    text
}

fn push_quoted(text: &mut String, word: &str) {
    let is_plain = !word.is_empty()
        && word.chars().all(|char| char.is_ascii_alphanumeric() || "_-./:,@%+=".contains(char));
    if is_plain {
        text.push_str(word);
        return;
    }
    text.push('\'');
    text.push_str(&word.replace('\'', r"'\''"));
    text.push('\'');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::CommandScript;

    proptest! {
        #[test]
        fn what_is_quoted_is_read_back(words in proptest::collection::vec("[ -~]{0,12}", 1..5)) {
            let mut expected = vec!["ls".to_owned()];
            expected.extend(words);
            let script = CommandScript::parse(&quote_words(&expected)).unwrap();
            prop_assert_eq!(&script.pipelines[0].commands[0].words, &expected);
        }
    }

    #[test]
    fn only_words_that_need_it_are_quoted() {
        let words = ["a-b.c", "a b", "", "it's", "$x", "ü"].map(str::to_owned);
        assert_eq!(quote_words(&words), r"a-b.c 'a b' '' 'it'\''s' '$x' 'ü'");
    }
}
