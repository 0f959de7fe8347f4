//! The YAML front matter of a `SKILL.md`.

use std::borrow::Cow;

use serde_json::{Map, Value};
use serde_saphyr::{DuplicateKeyPolicy, Options};

/// The longest front matter, in bytes.
const MAX_FRONT_MATTER_BYTES: usize = 64 << 10;

/// The most collections inside each other.
const MAX_DEPTH: usize = 32;

/// A skill's file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// The first line is not `---`.
    #[error("it has no front matter: the first line must be `---`")]
    NoFrontMatter,
    /// There is no second `---`.
    #[error("the front matter has no end: a line `---` must follow it within 64 KiB")]
    Unclosed,
    /// The front matter is not YAML.
    #[error("line {line}: the front matter is not YAML: {problem}")]
    InvalidYaml {
        /// The line in the file, from 1.
        line: u64,
        /// What is wrong.
        problem: String,
    },
    /// The front matter is YAML, but not a mapping.
    #[error("the front matter must be a mapping of keys to values")]
    NotAMapping,
    /// There is no description.
    #[error(
        "it has no `description`, so a model cannot know when to use it: add the line \
         `description: WHAT IT DOES AND WHEN TO USE IT`"
    )]
    NoDescription,
}

/// The front matter of a text.
#[derive(Debug)]
pub(crate) struct FrontMatter {
    pub(crate) values: Map<String, Value>,
    /// Why it is not quite YAML, if it was read all the same.
    pub(crate) note: Option<String>,
}

/// Reads the front matter at the beginning of a text.
pub(crate) fn parse_front_matter(text: &str) -> Result<FrontMatter, ManifestError> {
    let yaml = cut_front_matter(text)?;
    match parse_mapping(yaml) {
        Ok(values) => Ok(FrontMatter { values, note: None }),
        Err(error @ ManifestError::InvalidYaml { .. }) => {
            // Many authors write `description: Use when: …`, which other programs accept.
            let quoted = quote_plain_values(yaml);
            match parse_mapping(&quoted) {
                Ok(values) => Ok(FrontMatter { values, note: Some(error.to_string()) }),
                Err(_) => Err(error),
            }
        }
        Err(error) => Err(error),
    }
}

/// The text between the first two lines `---`.
fn cut_front_matter(text: &str) -> Result<&str, ManifestError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let first = text.split_inclusive('\n').next().unwrap_or_default();
    if first.trim_end() != "---" {
        return Err(ManifestError::NoFrontMatter);
    }
    let rest = text.get(first.len()..).unwrap_or_default();
    let mut end = 0;
    for line in rest.split_inclusive('\n') {
        if matches!(line.trim_end(), "---" | "...") && !line.starts_with([' ', '\t']) {
            return Ok(rest.get(..end).unwrap_or_default());
        }
        end += line.len();
        if end > MAX_FRONT_MATTER_BYTES {
            break;
        }
    }
    Err(ManifestError::Unclosed)
}

fn parse_mapping(yaml: &str) -> Result<Map<String, Value>, ManifestError> {
    match parse_value(yaml)? {
        Value::Object(values) => Ok(values),
        Value::Null => Ok(Map::new()),
        _ => Err(ManifestError::NotAMapping),
    }
}

/// Parses YAML of bounded depth and size, aliases included.
pub(crate) fn parse_value(yaml: &str) -> Result<Value, ManifestError> {
    let mut options = Options::default();
    options.duplicate_keys = DuplicateKeyPolicy::FirstWins;
    options.with_snippet = false;
    if let Some(budget) = &mut options.budget {
        budget.max_depth = MAX_DEPTH;
        budget.max_nodes = MAX_FRONT_MATTER_BYTES;
        budget.max_aliases = 64;
    }
    // An empty document is no error for an author, who has no keys yet.
    if yaml.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
        return Ok(Value::Null);
    }
    serde_saphyr::from_str_with_options::<Value>(yaml, options).map_err(|error| {
        // The first line of the file is before the text.
        let line = error.location().map_or(1, |location| location.line());
        let problem = error.without_snippet().to_string();
        let problem = problem.lines().next().unwrap_or_default().to_owned();
        ManifestError::InvalidYaml { line: line.saturating_add(1), problem }
    })
}

/// Quotes the values of keys at the beginning of a line that are neither quoted nor a collection nor
/// a block.
fn quote_plain_values(yaml: &str) -> String {
    let lines = yaml.lines().map(|line| {
        let Some((key, value)) = line.split_once(':') else { return Cow::Borrowed(line) };
        let is_key = !key.is_empty()
            && key.chars().all(|char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_'));
        let value = value.trim();
        let is_other = value.is_empty()
            || value.starts_with(['{', '[', '|', '>', '&', '*', '!'])
            || (value.starts_with('"') && value.ends_with('"') && value.len() > 1)
            || (value.starts_with('\'') && value.ends_with('\'') && value.len() > 1);
        if !is_key || is_other {
            return Cow::Borrowed(line);
        }
        Cow::Owned(format!("{key}: '{}'", value.replace('\'', "''")))
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use std::fmt::Write as _;

    use super::*;

    #[test]
    fn front_matter_is_read_as_yaml() {
        for (yaml, key, expected) in [
            ("a: >-\n  x\n  y\n", "a", "x y"),
            ("a: 'it''s'\n", "a", "it's"),
            ("a: \"x: y\"\r\nb: z\r\n", "b", "z"),
            ("# a comment\na: |\n  x\n  y\n", "a", "x\ny\n"),
            ("a: first\na: second\n", "a", "first"),
        ] {
            let text = format!("---\n{yaml}---\nBody: [");
            let matter = parse_front_matter(&text).unwrap();
            assert_eq!(matter.values[key], expected, "{yaml}");
            assert_eq!(matter.note, None, "{yaml}");
        }
    }

    #[test]
    fn a_colon_in_a_plain_value_is_noted_and_read() {
        let text = "---\nname: x\ndescription: Use when: it's \"late\"\nother:\n  - 1\n---\n";
        let matter = parse_front_matter(text).unwrap();
        assert_eq!(matter.values["description"], "Use when: it's \"late\"");
        assert!(matter.note.unwrap().starts_with("line 3: the front matter is not YAML"));
        let text = "---\ndescription: \"It\" is: quoted at first\n---\n";
        let matter = parse_front_matter(text).unwrap();
        assert_eq!(matter.values["description"], "\"It\" is: quoted at first");
    }

    #[test]
    fn what_is_no_front_matter_is_told_with_its_line() {
        for (text, part) in [
            ("name: x\n", "first line"),
            ("", "first line"),
            ("---\nname: x\n", "no end"),
            ("---\n- a\n---\n", "mapping"),
            ("---\na: [1\nb: 2\n---\n", "line "),
        ] {
            let error = parse_front_matter(text).unwrap_err().to_string();
            assert!(error.contains(part), "{text:?}: {error}");
        }
        assert!(parse_front_matter("---\n---\n").unwrap().values.is_empty());
    }

    #[test]
    fn aliases_that_grow_without_end_are_refused() {
        let mut yaml = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let before = format!("*a{}", level - 1);
            let items = [before.as_str(); 9].join(", ");
            writeln!(yaml, "a{level}: &a{level} [{items}]").unwrap();
        }
        assert!(parse_front_matter(&format!("---\n{yaml}---\n")).is_err());
        let deep = format!("---\na: {}{}\n---\n", "[".repeat(5_000), "]".repeat(5_000));
        assert!(parse_front_matter(&deep).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "(---\n)?[ -~\n\t]{0,200}(\n---\n)?") {
            let _ = parse_front_matter(&text);
        }
    }
}
