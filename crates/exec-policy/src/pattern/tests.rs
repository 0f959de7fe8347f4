//! Globs against a plain matcher, and patterns for arguments.

use proptest::prelude::*;

use super::*;

fn matches(pattern: &str, path: &str) -> bool {
    PathPattern::parse(pattern, Some("/h/me")).is_some_and(|pattern| pattern.matches(path))
}

#[test]
fn globs_match_within_and_across_directories() {
    for (pattern, path) in [
        ("/usr/bin/ls", "/usr/bin/ls"),
        ("/usr/bin/l?", "/usr/bin/ls"),
        ("/usr/bin/*", "/usr/bin/ls"),
        ("/usr/*/ls", "/usr/bin/ls"),
        ("/usr/**", "/usr/local/bin/ls"),
        ("/opt/**/rg", "/opt/a/b/bin/rg"),
        ("/opt/**/rg", "/opt/rg"),
        ("**/rg", "/opt/a/rg"),
        ("~/bin/*", "/h/me/bin/x"),
        ("~/**/rg", "/h/me/a/b/rg"),
        ("rg", "rg"),
        ("r*", "rg"),
        ("*", "anything"),
    ] {
        assert!(matches(pattern, path), "{pattern} {path}");
    }
    for (pattern, path) in [
        ("/usr/bin/l?", "/usr/bin/LS"),
        ("/usr/bin/l?", "/usr/bin/l/"),
        ("/usr/bin/LS", "/usr/bin/ls"),
        ("/usr/bin/*", "/usr/bin/a/b"),
        ("/usr/*/ls", "/usr/local/bin/ls"),
        ("/usr/bin/ls", "/usr/bin/lsx"),
        ("/usr/bin/ls", "x/usr/bin/ls"),
        ("/opt/**/rg", "/optx/rg"),
        ("/opt/**/rg", "/opt/xrg"),
        ("~/bin/*", "/h/other/bin/x"),
        ("~other/x", "/h/other/x"),
    ] {
        assert!(!matches(pattern, path), "{pattern} {path}");
    }
    assert_eq!(PathPattern::parse("~/x", None), None);
    assert_eq!(PathPattern::parse("  ", None), None);
    assert_eq!(PathPattern::parse("~/x", Some("/h/*")), None);
}

/// Tries every way; slow and plain.
fn matches_slowly(glob: &[u8], text: &[u8]) -> bool {
    match (glob, text) {
        ([b'*', b'*', b'/', rest @ ..], _) if matches_slowly(rest, text) => true,
        ([b'*', b'*', rest @ ..], _) => {
            (0..=text.len()).any(|start| matches_slowly(rest, &text[start..]))
        }
        ([b'*', rest @ ..], _) => (0..=text.len())
            .any(|start| !text[..start].contains(&b'/') && matches_slowly(rest, &text[start..])),
        ([b'?', rest @ ..], [byte, text @ ..]) => *byte != b'/' && matches_slowly(rest, text),
        ([char, rest @ ..], [byte, text @ ..]) => char == byte && matches_slowly(rest, text),
        ([], []) => true,
        _ => false,
    }
}

proptest! {
    #[test]
    fn a_glob_matches_what_trying_every_way_finds(
        // `**/` stands for no directory only at the start and after a `/`.
        glob in "(\\*\\*/)?([ab?]|\\*|/|/\\*\\*/|/\\*\\*b){0,7}", text in "[ab/]{0,8}"
    ) {
        prop_assume!(!glob.contains("***") && !glob.contains("*/**/**"));
        let is_inner = glob.match_indices("**/").any(|(at, _)| at > 0 && glob.as_bytes()[at - 1] != b'/');
        prop_assume!(!is_inner);
        prop_assert_eq!(
            matches_glob(glob.as_bytes(), text.as_bytes()),
            matches_slowly(glob.as_bytes(), text.as_bytes())
        );
    }
}

fn argv(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[test]
fn the_exact_pattern_is_the_one_of_other_programs() {
    // A published vector of the format.
    let pattern =
        exact_argument_pattern(&argv(&["/usr/bin/printf", "hello world", ""]), "/workspace");
    assert_eq!(
        pattern,
        "sha256:cwd-argv:v1:2b4f4aed226aa1fd771c852b8f74e4c162d440aafaf60bfef19746f3b2ee5890"
    );
    let parsed = ArgumentPattern::parse(Some(&pattern), true);
    assert!(parsed.matches(&argv(&["printf", "hello world", ""]), "/workspace"));
    assert!(!parsed.matches(&argv(&["printf", "hello world"]), "/workspace"));
    assert!(!parsed.matches(&argv(&["printf", "hello world", "", ""]), "/workspace"));
    assert!(!parsed.matches(&argv(&["printf", "hello world", ""]), "/other"));
    assert_ne!(
        exact_argument_pattern(&argv(&["a", "b c"]), "/"),
        exact_argument_pattern(&argv(&["a", "b", "c"]), "/")
    );
}

#[test]
fn arguments_are_matched_by_regular_expressions() {
    let matches = |pattern: &str, words: &[&str]| {
        ArgumentPattern::parse(Some(pattern), false).matches(&argv(words), "/w")
    };
    assert!(matches("^status$", &["git", "status"]));
    assert!(matches("^log( -n \\d+)?$", &["git", "log", "-n", "5"]));
    assert!(!matches("^status$", &["git", "status", "-v"]));
    assert!(matches("^$", &["git"]));
    assert!(!matches("^a b$", &["x", "a b"]), "two arguments, not one with a space");
    assert!(!matches("^a\nb$", &["x", "a\nb"]));
    assert!(matches("^a b\0c\0$", &["x", "a b", "c"]));
    assert!(!matches("^a\0b\0c\0$", &["x", "a b", "c"]));
    assert!(matches("^\0\0$", &["x"]));
    assert!(!matches("(", &["x", "("]), "not a regular expression");
    assert!(!matches("(?=a)a", &["x", "a"]), "not supported");
}

#[test]
fn generated_entries_without_a_directory_match_nothing() {
    for text in [None, Some(""), Some("^a$"), Some("sha256:argv:00"), Some("sha256:cwd-argv:v2:00")]
    {
        let parsed = ArgumentPattern::parse(text, true);
        assert!(!parsed.matches(&argv(&["x", "a"]), "/w"), "{text:?}");
    }
    assert!(ArgumentPattern::parse(None, false).matches(&argv(&["x", "a"]), "/w"));
    assert!(!ArgumentPattern::parse(Some("sha256:argv:00"), false).matches(&argv(&["x"]), "/w"));
}
