//! Alternative spellings of keys across OpenClaw versions, and the preferred ones.

use std::collections::BTreeSet;

use crate::{
    diagnostic::{Diagnostic, Severity},
    pattern::{PathRelation, PathSegmentRef, compare_to_pattern},
    text::{Json5Node, Json5Value},
};

/// A key with a preferred spelling.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeyAlias {
    /// The accepted spelling; `*` is any key or index.
    pub(crate) old_key: &'static str,
    /// The preferred spelling, a phrase between "write" and "instead".
    pub(crate) preferred: &'static str,
}

const fn key_alias(old_key: &'static str, preferred: &'static str) -> KeyAlias {
    KeyAlias { old_key, preferred }
}

/// `localModelLean`, `timeoutSeconds` and `denyCommands` are read; the others have no effect in
/// either spelling.
const ALIASES: &[KeyAlias] = &[
    key_alias(
        "agents.defaults.experimental.localModelLean",
        "`agents.defaults.localModelMode: \"lean\"`",
    ),
    key_alias("tools.exec.timeoutSeconds", "`tools.exec.timeoutSec`"),
    key_alias("agents.defaults.embeddedPi", "`agents.defaults.embeddedAgent`"),
    key_alias("agents.defaults.imageGenerationModel", "`agents.defaults.mediaModels.image`"),
    key_alias("agents.defaults.musicGenerationModel", "`agents.defaults.mediaModels.music`"),
    key_alias("agents.defaults.videoGenerationModel", "`agents.defaults.mediaModels.video`"),
    key_alias("agents.defaults.pdfMaxBytesMb", "`agents.defaults.pdfMaxMb`"),
    key_alias(
        "agents.defaults.sandbox.browser.enableNoVnc",
        "`agents.defaults.sandbox.browser.noVncEnabled`",
    ),
    key_alias("gateway.nodes.allowCommands", "`gateway.nodes.commands.allow`"),
    key_alias("gateway.nodes.denyCommands", "`gateway.nodes.commands.deny`"),
    key_alias("session.idleMinutes", "`session.reset.idleMinutes`"),
    key_alias("session.resetByType.dm", "`session.resetByType.direct`"),
];

/// Finds the alias that matches a path.
pub(crate) fn find_alias(steps: &[PathSegmentRef<'_>]) -> Option<&'static KeyAlias> {
    ALIASES.iter().find(|alias| compare_to_pattern(alias.old_key, steps) == PathRelation::Equal)
}

/// Reports the keys of a text that have a preferred spelling.
pub(crate) fn report_aliases(root: &Json5Node, ignored: &BTreeSet<u32>) -> Vec<Diagnostic> {
    let mut notes = Vec::new();
    for alias in ALIASES {
        root.select_matching(alias.old_key, ignored, &mut |path, key_span, _| {
            let note =
                Diagnostic::new(Severity::Note, key_span, "another spelling of this is preferred");
            let help = format!("write {} instead", alias.preferred);
            notes.push(note.at_path(path).with_help(Some(help)));
        });
    }
    notes.extend(report_idle_conflicts(root, ignored));
    notes
}

/// Reports idle timeouts set both for a provider, as in later versions, and for the agents.
fn report_idle_conflicts(root: &Json5Node, ignored: &BTreeSet<u32>) -> Vec<Diagnostic> {
    let mut notes = Vec::new();
    let mut has_general = false;
    root.select_matching("agents.defaults.llm.idleTimeoutSeconds", ignored, &mut |_, _, node| {
        has_general = !matches!(node.value, Json5Value::Null);
    });
    if has_general {
        root.select_matching(
            "models.providers.*.timeoutSeconds",
            ignored,
            &mut |path, key_span, _| {
                let message =
                    "for this provider this wins over `agents.defaults.llm.idleTimeoutSeconds`";
                notes.push(Diagnostic::new(Severity::Note, key_span, message).at_path(path));
            },
        );
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        KeyPath,
        openclaw_keys::{KeyLookup, KnownKeys},
        pattern::to_segment_refs,
    };

    #[test]
    fn both_spellings_are_known_keys() {
        for KeyAlias { old_key: old, preferred } in ALIASES {
            let preferred = preferred.split('`').nth(1).unwrap().split(':').next().unwrap();
            for key in [old, preferred] {
                let path: KeyPath = key.parse().unwrap();
                let found = KnownKeys::lookup_path(&to_segment_refs(&path));
                assert!(!matches!(found, KeyLookup::Unknown), "{key}");
            }
        }
    }
}
