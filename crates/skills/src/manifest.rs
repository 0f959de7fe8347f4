//! What a skill's file says about the skill.

use serde_json::{Map, Value};

use crate::front_matter::{ManifestError, parse_front_matter, parse_value};

/// The names of the block with this program's keys, the present one first.
const BLOCK_NAMES: [&str; 4] = ["openclaw", "clawdbot", "moltbot", "clawdis"];

/// The longest name, in characters.
const MAX_NAME_CHARS: usize = 64;

/// The longest description that the format permits, in characters.
const MAX_DESCRIPTION_CHARS: usize = 1024;

/// What a skill's file says about the skill.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SkillManifest {
    /// The name, without control characters.
    pub name: String,
    /// What it does and when to use it, in one line.
    pub description: String,
    /// What it needs.
    pub requirements: SkillRequirements,
    /// Whether it is used even where something that it needs is missing.
    pub is_always_ready: bool,
    /// The name of its entry in the config, where that is not its own.
    pub config_key: Option<String>,
    /// The variable that the `apiKey` of its entry is for.
    pub primary_variable: Option<String>,
    /// Whether the model is told about it.
    pub is_for_model: bool,
    /// A picture character.
    pub emoji: Option<String>,
    /// A page about it.
    pub homepage: Option<String>,
    /// Where the file differs from the format, each as a sentence without a full stop.
    pub notes: Vec<String>,
}

/// What a skill needs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SkillRequirements {
    /// Programs, all of them.
    pub bins: Vec<String>,
    /// Programs, one of them.
    pub any_bins: Vec<String>,
    /// Environment variables, all of them.
    pub env: Vec<String>,
    /// Keys of the config that must be set, all of them.
    pub config: Vec<String>,
    /// Operating systems, one of them: `linux`, `darwin` or `win32`; empty for all.
    pub os: Vec<String>,
}

impl SkillManifest {
    /// The name of its entry in the config.
    #[must_use]
    pub fn entry_name(&self) -> &str {
        self.config_key.as_deref().unwrap_or(&self.name)
    }
}

/// Reads the front matter of a `SKILL.md` in the folder with this name.
///
/// # Errors
/// When there is no front matter, when it is no YAML, and when it has no description.
pub fn parse_manifest(text: &str, folder: &str) -> Result<SkillManifest, ManifestError> {
    let matter = parse_front_matter(text)?;
    let values = &matter.values;
    let mut notes: Vec<String> = matter.note.into_iter().collect();
    let description = values.get("description").and_then(text_of).map(|text| to_one_line(&text));
    let description = description.filter(|text| !text.is_empty());
    let description = description.ok_or(ManifestError::NoDescription)?;
    let blocks = Blocks::from_values(values);
    let name = values.get("name").and_then(text_of).map(|text| to_one_line(&text));
    let name = name.filter(|name| !name.is_empty()).unwrap_or_else(|| {
        notes.push("it has no `name`; that of its folder is used".to_owned());
        to_one_line(folder)
    });
    check_name(&name, folder, &mut notes);
    if description.chars().count() > MAX_DESCRIPTION_CHARS {
        notes.push(format!("the description is longer than {MAX_DESCRIPTION_CHARS} characters"));
    }
    let flag = |key| values.get(key).is_some_and(is_true);
    Ok(SkillManifest {
        requirements: blocks.requirements(),
        is_always_ready: blocks.find("always").is_some_and(is_true),
        config_key: blocks.find("skillKey").and_then(text_of),
        primary_variable: blocks.find("primaryEnv").and_then(text_of),
        is_for_model: !flag("disable-model-invocation"),
        emoji: blocks.find("emoji").and_then(text_of),
        homepage: blocks.find("homepage").and_then(text_of),
        name,
        description,
        notes,
    })
}

fn check_name(name: &str, folder: &str, notes: &mut Vec<String>) {
    let is_plain = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '-';
    if !name.chars().all(is_plain) || name.chars().count() > MAX_NAME_CHARS {
        notes.push(format!(
            "the name `{name}` is not of small letters, digits and `-`, {MAX_NAME_CHARS} at most"
        ));
    } else if name != folder {
        notes.push(format!("the name `{name}` is not that of its folder, `{folder}`"));
    }
}

/// The mappings that may have a key of this program, the most specific first.
struct Blocks(Vec<Map<String, Value>>);

impl Blocks {
    fn from_values(values: &Map<String, Value>) -> Self {
        let metadata = values.get("metadata").and_then(mapping_of).unwrap_or_default();
        let named = |map: &Map<String, Value>| -> Vec<Map<String, Value>> {
            BLOCK_NAMES.iter().filter_map(|name| mapping_of(map.get(*name)?)).collect()
        };
        let mut blocks = named(&metadata);
        blocks.extend(named(values));
        blocks.push(metadata);
        blocks.push(values.clone());
        Self(blocks)
    }

    fn find(&self, key: &str) -> Option<&Value> {
        self.0.iter().find_map(|block| block.get(key))
    }

    fn requirements(&self) -> SkillRequirements {
        let requires = self.find("requires");
        let map = requires.and_then(mapping_of).unwrap_or_default();
        let list = |keys: &[&str]| {
            keys.iter().find_map(|key| map.get(*key)).map(list_of).unwrap_or_default()
        };
        let bins = match requires {
            Some(programs @ Value::Array(_)) => list_of(programs),
            _ => list(&["bins", "bin"]),
        };
        let os = self.find("os").or_else(|| map.get("os")).map(list_of).unwrap_or_default();
        SkillRequirements {
            bins,
            any_bins: list(&["anyBins", "any_bins"]),
            env: list(&["env"]),
            config: list(&["config"]),
            os: os.iter().map(|name| platform_name(name)).collect(),
        }
    }
}

/// The name of an operating system as the format has it.
fn platform_name(name: &str) -> String {
    match name.to_ascii_lowercase().as_str() {
        "macos" | "mac" | "osx" => "darwin".to_owned(),
        "windows" | "win" => "win32".to_owned(),
        other => other.to_owned(),
    }
}

/// A mapping, also one that is written as a text of JSON.
fn mapping_of(value: &Value) -> Option<Map<String, Value>> {
    match value {
        Value::Object(map) => Some(map.clone()),
        Value::String(text) if text.trim_start().starts_with('{') => {
            // JSON is YAML, and YAML permits a comma at the end, as authors do.
            match parse_value(text).ok()? {
                Value::Object(map) => Some(map),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The texts of a list; a single text is split at commas.
fn list_of(value: &Value) -> Vec<String> {
    let texts: Vec<String> = match value {
        Value::Array(items) => items.iter().filter_map(item_text).collect(),
        other => text_of(other)
            .map(|text| text.split(',').map(|part| part.trim().to_owned()).collect())
            .unwrap_or_default(),
    };
    texts.into_iter().filter(|text| !text.is_empty()).collect()
}

/// An item of a list: a text, or a mapping with a name.
fn item_text(item: &Value) -> Option<String> {
    match item {
        Value::Object(map) => map.get("name").and_then(text_of),
        other => text_of(other),
    }
    .map(|text| text.trim().to_owned())
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

fn is_true(value: &Value) -> bool {
    match value {
        Value::Bool(flag) => *flag,
        Value::String(text) => matches!(text.to_ascii_lowercase().as_str(), "true" | "yes" | "on"),
        _ => false,
    }
}

/// Joins a text to one line without control characters.
fn to_one_line(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    words.chars().filter(|char| !char.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(front_matter: &str) -> SkillManifest {
        parse_manifest(&format!("---\n{front_matter}\n---\nBody"), "tea").unwrap()
    }

    #[test]
    fn requirements_are_found_under_each_name_of_the_block() {
        let block = "{requires: {bins: [a], anyBins: [b, c], env: D, config: [e.f]}, os: [macos], \
                     primaryEnv: D, skillKey: k, always: true, emoji: 'T'}";
        for metadata in [
            format!("metadata: {{openclaw: {block}}}"),
            format!("metadata: {{clawdbot: {block}}}"),
            format!("metadata:\n  moltbot: {block}"),
            format!("metadata:\n  clawdis:\n    {block}"),
            format!("openclaw: {block}"),
            format!("metadata: {block}"),
            "metadata: '{\"clawdbot\":{\"requires\":{\"bins\":[\"a\"],\"anyBins\":[\"b\",\"c\"],\
             \"env\":[\"D\"],\"config\":[\"e.f\"]},\"os\":[\"darwin\"],\"primaryEnv\":\"D\",\
             \"skillKey\":\"k\",\"always\":true,\"emoji\":\"T\"}}'"
                .to_owned(),
            "metadata:\n  {\n    \"openclaw\":\n      {\n        \"emoji\": \"T\",\n        \
             \"requires\": { \"bins\": [\"a\"], \"anyBins\": [\"b\", \"c\"], \"env\": [\"D\"], \
             \"config\": [\"e.f\"], },\n        \"os\": [\"darwin\"], \"primaryEnv\": \"D\", \
             \"skillKey\": \"k\",\n        \"always\": true,\n      },\n  }"
                .to_owned(),
        ] {
            let found = manifest(&format!("name: tea\ndescription: d\n{metadata}"));
            let needs = &found.requirements;
            assert_eq!(
                (needs.bins.join(" "), needs.any_bins.join(" ")),
                ("a".into(), "b c".into())
            );
            assert_eq!((needs.env.join(" "), needs.config.join(" ")), ("D".into(), "e.f".into()));
            assert_eq!(needs.os, ["darwin"], "{metadata}");
            assert_eq!((found.entry_name(), found.primary_variable.as_deref()), ("k", Some("D")));
            assert!(found.is_always_ready && found.is_for_model && found.notes.is_empty());
            assert_eq!(found.emoji.as_deref(), Some("T"));
        }
    }

    #[test]
    fn a_skill_without_a_description_is_refused() {
        for front_matter in ["name: tea", "name: tea\ndescription: ''", "description: \"  \"", ""] {
            let text = format!("---\n{front_matter}\n---\n");
            assert_eq!(parse_manifest(&text, "tea"), Err(ManifestError::NoDescription));
        }
    }

    #[test]
    fn where_a_file_differs_from_the_format_is_noted() {
        for (front_matter, part) in [
            ("description: d", "no `name`"),
            ("name: Tea Time\ndescription: d", "small letters"),
            ("name: other\ndescription: d", "not that of its folder"),
            ("name: tea\ndescription: Use when: late", "line 3"),
        ] {
            let found = manifest(front_matter);
            assert!(found.notes.iter().any(|note| note.contains(part)), "{found:?}");
        }
        let plain = manifest("name: tea\ndescription: |\n  Two\n  lines\nlicense: MIT");
        assert_eq!((plain.description.as_str(), plain.notes.len()), ("Two lines", 0));
        assert!(!manifest("name: tea\ndescription: d\ndisable-model-invocation: yes").is_for_model);
    }
}
