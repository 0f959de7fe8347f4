//! The keys of `exec-approvals.json`, where one that is misspelt would restrict nothing.
//!
//! The sections of the agents have no other keys than the known ones. At the top level and in an
//! entry of an allowlist only a key that resembles a restriction is refused: later versions of the
//! format add others there.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::{ANY_AGENT, agent_ids::is_agent_id};

/// The keys at the top level.
const TOP_KEYS: &[&str] = &["version", "socket", "defaults", "agents"];

/// The keys of a section.
const SECTION_KEYS: &[&str] =
    &["security", "ask", "askFallback", "autoAllowSkills", "allowlist", "mcpTools"];

/// The keys of an entry that make it narrower.
const NARROWING_KEYS: &[&str] = &["argPattern", "expiresAtMs"];

/// The keys of an entry of an allowlist.
const ENTRY_KEYS: &[&str] = &[
    "id",
    "pattern",
    "argPattern",
    "source",
    "lastUsedAt",
    "lastUsedCommand",
    "lastResolvedPath",
    "commandText",
    "expiresAtMs",
];

/// Keys at the top level that restrict, in other forms of the file or in the wrong place.
const TOP_RESTRICTIONS: &[&str] = &["default", "agent", "defaultAction", "rules", "deny", "allow"];

/// Keys of an entry that narrow it in other forms of the file.
const ENTRY_RESTRICTIONS: &[&str] =
    &["args", "argv", "arguments", "argsPattern", "expires", "expiresAt", "enabled", "action"];

/// Checks the keys of the file's text.
pub(super) fn check_keys(text: &[u8]) -> Result<(), serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_slice(text);
    KeyCheck { place: FilePlace::Top, path: String::new() }.deserialize(&mut reader)
}

/// A place in the file.
#[derive(Debug, Clone, Copy)]
enum FilePlace {
    Top,
    Agents,
    Section,
    Allowlist,
    Entry,
    /// A place without restrictions.
    Free,
}

impl FilePlace {
    /// The keys that the place has.
    fn known_keys(self) -> &'static [&'static str] {
        match self {
            Self::Top => TOP_KEYS,
            Self::Section => SECTION_KEYS,
            Self::Entry => ENTRY_KEYS,
            Self::Agents | Self::Allowlist | Self::Free => &[],
        }
    }

    /// The place below a key.
    fn below(self, key: &str) -> Self {
        match (self, key) {
            (Self::Top, "defaults") | (Self::Agents, _) => Self::Section,
            (Self::Top, "agents") => Self::Agents,
            (Self::Section, "allowlist") => Self::Allowlist,
            _ => Self::Free,
        }
    }

    /// Whether a key that the place doesn't have may have been meant as a restriction.
    fn is_restriction(self, key: &str) -> bool {
        let resembles = |names: &[&str]| names.iter().any(|name| is_similar(key, name));
        match self {
            Self::Top => {
                resembles(TOP_KEYS) || resembles(SECTION_KEYS) || resembles(TOP_RESTRICTIONS)
            }
            Self::Section => true,
            Self::Entry => resembles(NARROWING_KEYS) || resembles(ENTRY_RESTRICTIONS),
            Self::Agents | Self::Allowlist | Self::Free => false,
        }
    }
}

/// Reads a value and fails at a key that is refused.
#[derive(Debug)]
struct KeyCheck {
    place: FilePlace,
    /// The path of the value.
    path: String,
}

impl KeyCheck {
    fn below(&self, key: &str) -> Self {
        Self { place: self.place.below(key), path: self.join(key) }
    }

    fn join(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// What is wrong with a key, and how to mend it.
    fn find_problem(&self, key: &str) -> Option<String> {
        let at = self.join(key);
        if let FilePlace::Agents = self.place {
            return (key != ANY_AGENT && !is_agent_id(key)).then(|| {
                format!("`{at}` is no id of an agent: write the id, or `{ANY_AGENT}` for all")
            });
        }
        let known = self.place.known_keys();
        if known.contains(&key) || !self.place.is_restriction(key) {
            return None;
        }
        let meant = known.iter().find(|name| is_similar(key, name));
        let remedy = match meant {
            Some(name) => format!("write `{name}`"),
            None => format!("remove it, the keys here are `{}`", known.join("`, `")),
        };
        Some(format!("`{at}` is unknown and would restrict nothing: {remedy}"))
    }
}

impl<'de> DeserializeSeed<'de> for KeyCheck {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for KeyCheck {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        let place = match self.place {
            FilePlace::Allowlist => FilePlace::Entry,
            _ => FilePlace::Free,
        };
        let below = || Self { place, path: self.path.clone() };
        while elements.next_element_seed(below())?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if let Some(problem) = self.find_problem(&key) {
                return Err(A::Error::custom(problem));
            }
            map.next_value_seed(self.below(&key))?;
        }
        Ok(())
    }
}

/// Whether two keys differ in their case, their separators and a few letters at most.
fn is_similar(key: &str, name: &str) -> bool {
    let normalize = |key: &str| -> String {
        let letters = key.chars().filter(|c| c.is_alphanumeric()).take(64);
        letters.flat_map(char::to_lowercase).collect()
    };
    let (key, name) = (normalize(key), normalize(name));
    let letters = name.chars().count();
    edit_distance(&key, &name) <= (letters / 4).min(2)
}

/// How many letters must be added, removed or replaced to make one text from another.
fn edit_distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (line, letter) in from.chars().enumerate() {
        let mut left = line + 1;
        let mut next = vec![left];
        for (other, pair) in to.chars().zip(row.windows(2)) {
            let &[diagonal, above] = pair else { continue };
            let replaced = diagonal + usize::from(letter != other);
            left = replaced.min(above + 1).min(left + 1);
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}
