//! Texts that stand for a secret in examples, in templates and in other languages.

/// The words of such texts. A text is a placeholder when it has nothing else than these.
const WORDS: &[&str] = &[
    "a",
    "admin",
    "an",
    "any",
    "api",
    "auth",
    "bearer",
    "change",
    "changeit",
    "changeme",
    "default",
    "demo",
    "dummy",
    "enter",
    "example",
    "false",
    "fill",
    "foo",
    "bar",
    "baz",
    "gateway",
    "generate",
    "here",
    "hooks",
    "hook",
    "in",
    "insert",
    "it",
    "key",
    "letmein",
    "long",
    "me",
    "must",
    "my",
    "new",
    "nil",
    "none",
    "null",
    "openclaw",
    "or",
    "pass",
    "passphrase",
    "password",
    "paste",
    "placeholder",
    "please",
    "put",
    "qwerty",
    "random",
    "replace",
    "root",
    "sample",
    "secret",
    "secure",
    "set",
    "shared",
    "some",
    "string",
    "strong",
    "super",
    "test",
    "the",
    "this",
    "to",
    "todo",
    "token",
    "true",
    "undefined",
    "use",
    "value",
    "webhook",
    "with",
    "you",
    "your",
];

/// Runs of characters that are typed for want of a secret; a placeholder can have any part of one.
const RUNS: &[&str] = &["01234567890123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop"];

/// The fewest characters of such a run.
const MIN_RUN_CHARS: usize = 3;

/// The fewest different characters of a secret.
const MIN_DIFFERENT_CHARS: usize = 5;

/// Whether a text is a well-known placeholder: words such as `changeme` and `your-token-here`, runs
/// such as `1234`, or one character again and again, in whatever order and case.
pub(super) fn is_placeholder(text: &str) -> bool {
    let is_separator = |c: &char| c.is_ascii_punctuation() || c.is_whitespace();
    let text: String = text.chars().filter(|c| !is_separator(c)).collect();
    if text.is_empty() {
        return false;
    }
    let text = text.to_ascii_lowercase();
    // For each beginning of the text, whether it is such a sequence.
    let mut reached = vec![false; text.len() + 1];
    if let Some(first) = reached.first_mut() {
        *first = true;
    }
    for at in 0..text.len() {
        if !reached.get(at).is_some_and(|is| *is) {
            continue;
        }
        let rest = text.get(at..).unwrap_or_default();
        for length in piece_lengths(rest) {
            if let Some(end) = reached.get_mut(at + length) {
                *end = true;
            }
        }
    }
    reached.last().is_some_and(|is| *is)
}

/// Whether a text has so few different characters that it is no secret.
pub(super) fn is_monotonous(text: &str) -> bool {
    let different: std::collections::BTreeSet<char> = text.chars().collect();
    different.len() < MIN_DIFFERENT_CHARS
}

/// The lengths of the pieces of a placeholder with which a text begins.
fn piece_lengths(text: &str) -> Vec<usize> {
    let words = WORDS.iter().filter(|word| text.starts_with(**word)).map(|word| word.len());
    let mut lengths: Vec<usize> = words.collect();
    for run in RUNS {
        let longest = (MIN_RUN_CHARS..=run.len().min(text.len()))
            .take_while(|length| text.get(..*length).is_some_and(|start| run.contains(start)));
        lengths.extend(longest);
    }
    let first = text.bytes().next();
    let same = text.bytes().take_while(|byte| Some(*byte) == first).count();
    lengths.extend(MIN_RUN_CHARS..=same);
    lengths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_known_placeholders_are_known_in_each_spelling() {
        for text in [
            "changeme",
            "changemechangeme",
            "CHANGE-ME-CHANGE-ME-CHANGE-ME",
            "<gateway-token>",
            "your-token-here",
            "your_super_secret_token_here",
            "replace-this-with-a-long-random-string",
            "replace-with-your-token",
            "undefined",
            "null",
            "insert your gateway token here",
            "password123456789",
            "1234567890123456",
            "0123456789abcdef",
            "xxxxxxxxxxxxxxxxxxxxxxxx",
            "openclaw-gateway-token",
            "test-token-test-token",
            "qwertyuiop123456",
            "my-secret-gateway-password",
        ] {
            assert!(is_placeholder(text), "{text}");
        }
    }

    #[test]
    fn what_somebody_made_is_no_placeholder() {
        for text in [
            "the-token-of-this-gateway",
            "the-token-of-the-webhooks-here",
            "a-token-of-twenty-four-c",
            "correct-horse-battery-staple",
            "k3yb0ard-lamp-window-77",
            "f3a90c51d7e84b62a1c0",
            "пароль-token-secret",
            "!@#$%^&*()_+{}|:",
        ] {
            assert!(!is_placeholder(text) && !is_monotonous(text), "{text}");
        }
        assert!(is_monotonous("abababababababababab"));
    }

    #[test]
    fn no_random_secret_is_refused() {
        for _ in 0..1000 {
            let text = crate::random::random_hex(24).unwrap();
            assert!(!is_placeholder(&text) && !is_monotonous(&text), "{text}");
        }
    }
}
