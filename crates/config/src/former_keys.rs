//! Keys of the original's first versions, which had `agent` for `agents.defaults`.

use crate::{
    diagnostic::{Diagnostic, Severity},
    openclaw_keys::{KeyLookup, KnownKeys},
    pattern::PathSegmentRef,
    text::{Json5Node, Json5Value, ObjectEntry},
};

const FORMER_SECTION: &str = "agent";

/// Moves what `agent` has to the places where it is read: to `agents.defaults`, and `agent.tools`
/// to `tools`. What is set there too stays, and so does in `agent` what has no place.
///
/// The values keep their positions in the text.
pub(crate) fn adopt_former_keys(root: &mut Json5Node) -> Option<Diagnostic> {
    let Json5Value::Object(top) = &mut root.value else { return None };
    let place = top.iter().position(|entry| entry.key == FORMER_SECTION)?;
    let former = top.get_mut(place)?;
    let key_span = former.key_span;
    let Json5Value::Object(entries) = &mut former.node.value else { return None };
    let is_default = |entry: &mut ObjectEntry| {
        let path = ["agents", "defaults", entry.key.as_str()].map(PathSegmentRef::Key);
        entry.key == "tools" || matches!(KnownKeys::lookup_path(&path), KeyLookup::Known(_))
    };
    let moved: Vec<ObjectEntry> = entries.extract_if(.., is_default).collect();
    if entries.is_empty() {
        top.remove(place);
    }
    if moved.is_empty() {
        return None;
    }
    for entry in moved {
        if entry.key == "tools" {
            insert_missing(root, &[], entry);
        } else {
            insert_missing(root, &["agents", "defaults"], entry);
        }
    }
    let message = "`agent` is the former name of `agents.defaults`, and is read as that";
    let note = Diagnostic::new(Severity::Note, key_span, message);
    Some(note.at_path("agents.defaults".parse().ok()?))
}

/// Inserts an entry below a path of keys, unless it is there.
fn insert_missing(node: &mut Json5Node, path: &[&str], entry: ObjectEntry) {
    let Json5Value::Object(entries) = &mut node.value else { return };
    let Some((first, rest)) = path.split_first() else {
        if !entries.iter().any(|present| present.key == entry.key) {
            entries.push(entry);
        }
        return;
    };
    let place = entries.iter().position(|present| present.key == *first).unwrap_or_else(|| {
        let object = Json5Node::new(Json5Value::Object(Vec::new()), entry.node.span);
        let parent =
            ObjectEntry { key: (*first).to_owned(), key_span: entry.key_span, node: object };
        entries.push(parent);
        entries.len() - 1
    });
    if let Some(present) = entries.get_mut(place) {
        insert_missing(&mut present.node, rest, entry);
    }
}

#[cfg(test)]
mod tests {
    use crate::{Config, Env};

    #[test]
    fn what_agent_sets_is_read_as_a_default_and_what_is_set_twice_stays() {
        let text = "{
            agent: { model: 'vllm/old', workspace: '~/clawd', tools: { deny: ['exec'] } },
            agents: { defaults: { model: 'vllm/new' } }, models: { providers: { vllm: {} } },
        }";
        let loaded = Config::parse(text, &Env::default()).unwrap();
        let defaults = &loaded.config.agents.defaults;
        assert_eq!(defaults.workspace.as_ref().unwrap().raw_text(), "~/clawd");
        let primary = loaded.config.primary_model(&Env::default()).unwrap();
        assert_eq!(primary.as_deref(), Some("vllm/new"));
        assert_eq!(loaded.config.tools.deny, ["exec"]);
        let origin = loaded.find_origin("agents.defaults.workspace").to_string();
        assert_eq!(origin, "agents.defaults.workspace (line 2)");
        let found: Vec<_> = loaded.diagnostics.iter().map(|found| &found.message).collect();
        assert_eq!(found, ["`agent` is the former name of `agents.defaults`, and is read as that"]);
    }

    #[test]
    fn what_has_no_place_is_reported_as_unknown() {
        let text = "{ agent: { model: 'vllm/m', nosuch: 1 }, agents: 5 }";
        let loaded = Config::parse(text, &Env::default()).unwrap();
        assert!(loaded.diagnostics.iter().any(|found| found.path.to_string() == "agent"));
        assert!(loaded.has_errors());
    }
}
