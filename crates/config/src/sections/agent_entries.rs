//! `agents.entries`: the entries of single agents by id, in the order of the file.

use std::{collections::BTreeMap, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

use super::AgentEntry;

/// The entries of agents by id. The order of the file is kept, because the first agent may be the
/// default one.
#[derive(Debug, Clone, Default)]
pub struct AgentEntries {
    entries: Vec<(String, AgentEntry)>,
}

impl AgentEntries {
    /// The entries with their keys as written, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &AgentEntry)> {
        self.entries.iter().map(|(key, entry)| (key.as_str(), entry))
    }

    /// The entries, to be changed.
    pub(super) fn entries_mut(&mut self) -> impl Iterator<Item = &mut AgentEntry> {
        self.entries.iter_mut().map(|(_, entry)| entry)
    }

    /// The ids in the order of the file, without outer blanks.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.iter().map(|(key, _)| key.trim())
    }

    /// The entries of an agent; case and outer blanks do not matter.
    pub fn find_agent<'s>(&'s self, id: &str) -> impl Iterator<Item = &'s AgentEntry> {
        self.iter().filter(move |(key, _)| is_same_agent(key, id)).map(|(_, entry)| entry)
    }
}

/// Whether two ids name the same agent; case and outer blanks do not matter.
pub(crate) fn is_same_agent(first: &str, second: &str) -> bool {
    first.trim().eq_ignore_ascii_case(second.trim())
}

impl<'de> Deserialize<'de> for AgentEntries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor;

        impl<'de> Visitor<'de> for EntriesVisitor {
            type Value = AgentEntries;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<AgentEntries, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(AgentEntries { entries })
            }
        }

        deserializer.deserialize_map(EntriesVisitor)
    }
}

impl JsonSchema for AgentEntries {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        BTreeMap::<String, AgentEntry>::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        BTreeMap::<String, AgentEntry>::json_schema(generator)
    }
}
