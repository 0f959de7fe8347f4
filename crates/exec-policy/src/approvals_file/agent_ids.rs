//! The ids of the agents in `exec-approvals.json`.

use std::collections::BTreeMap;

use serde::de::{Deserializer, Error as _, MapAccess, Visitor};

use super::ApprovalsSection;

/// Whether two ids name the same agent; case and outer blanks don't matter.
pub(super) fn is_same_agent(first: &str, second: &str) -> bool {
    first.trim().eq_ignore_ascii_case(second.trim())
}

/// Whether a text can be the id of an agent: one word, without wildcards or separators of paths.
pub(super) fn is_agent_id(text: &str) -> bool {
    let is_other = |c: char| c.is_whitespace() || c.is_control() || "*?/\\:,".contains(c);
    let id = text.trim();
    !id.is_empty() && !id.contains(is_other)
}

/// Reads the sections of agents, each once.
pub(super) fn unique_sections<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, ApprovalsSection>, D::Error> {
    struct SectionsVisitor;

    impl<'de> Visitor<'de> for SectionsVisitor {
        type Value = BTreeMap<String, ApprovalsSection>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("the agents by their ids")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut sections = BTreeMap::new();
            while let Some((name, section)) = map.next_entry::<String, ApprovalsSection>()? {
                if let Some(first) = sections.keys().find(|id: &&String| is_same_agent(id, &name)) {
                    let problem = format_args!(
                        "agent `{name}` is there twice, first as `{first}`: keep one of them"
                    );
                    return Err(A::Error::custom(problem));
                }
                sections.insert(name, section);
            }
            Ok(sections)
        }
    }

    deserializer.deserialize_map(SectionsVisitor)
}
