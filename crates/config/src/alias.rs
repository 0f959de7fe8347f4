//! Spellings that OpenClaw changed over time, and which one is preferred.

use std::collections::BTreeSet;

use crate::{
    diagnostic::{Diagnostic, Severity},
    pattern::{Fit, Step, fit},
    text::{Node, Value},
};

/// A key that has another spelling.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Alias {
    /// The spelling that is accepted; `*` is any key or element.
    pub(crate) old: &'static str,
    /// What is preferred, to be read after "write" and "instead".
    pub(crate) preferred: &'static str,
}

const fn alias(old: &'static str, preferred: &'static str) -> Alias {
    Alias { old, preferred }
}

/// The first two are read; the others are known and have no effect in either spelling.
const ALIASES: &[Alias] = &[
    alias(
        "agents.defaults.experimental.localModelLean",
        "`agents.defaults.localModelMode: \"lean\"`",
    ),
    alias("tools.exec.timeoutSeconds", "`tools.exec.timeoutSec`"),
    alias("agents.list", "`agents.entries`, by the agents' ids"),
    alias("agents.defaults.embeddedPi", "`agents.defaults.embeddedAgent`"),
    alias("agents.defaults.imageGenerationModel", "`agents.defaults.mediaModels.image`"),
    alias("agents.defaults.musicGenerationModel", "`agents.defaults.mediaModels.music`"),
    alias("agents.defaults.videoGenerationModel", "`agents.defaults.mediaModels.video`"),
    alias("agents.defaults.pdfMaxBytesMb", "`agents.defaults.pdfMaxMb`"),
    alias(
        "agents.defaults.sandbox.browser.enableNoVnc",
        "`agents.defaults.sandbox.browser.noVncEnabled`",
    ),
    alias("gateway.nodes.allowCommands", "`gateway.nodes.commands.allow`"),
    alias("gateway.nodes.denyCommands", "`gateway.nodes.commands.deny`"),
    alias("session.idleMinutes", "`session.reset.idleMinutes`"),
    alias("session.resetByType.dm", "`session.resetByType.direct`"),
];

/// The alias that a path is.
pub(crate) fn of(steps: &[Step<'_>]) -> Option<&'static Alias> {
    ALIASES.iter().find(|alias| fit(alias.old, steps) == Fit::Exact)
}

/// Tells which keys of a text have a preferred spelling.
pub(crate) fn notes(root: &Node, left_out: &BTreeSet<u32>) -> Vec<Diagnostic> {
    let mut notes = Vec::new();
    for alias in ALIASES {
        root.select(alias.old, left_out, &mut |path, key_span, _| {
            let note =
                Diagnostic::new(Severity::Note, key_span, "another spelling of this is preferred");
            let help = format!("write {} instead", alias.preferred);
            notes.push(note.at(path).with_help(Some(help)));
        });
    }
    notes.extend(two_idle_limits(root, left_out));
    notes
}

/// The idle limit of later versions belongs to a provider, that of earlier ones to the agents.
fn two_idle_limits(root: &Node, left_out: &BTreeSet<u32>) -> Vec<Diagnostic> {
    let mut notes = Vec::new();
    let mut has_general = false;
    root.select("agents.defaults.llm.idleTimeoutSeconds", left_out, &mut |_, _, node| {
        has_general = !matches!(node.value, Value::Null);
    });
    if has_general {
        root.select("models.providers.*.timeoutSeconds", left_out, &mut |path, key_span, _| {
            let message =
                "for this provider this wins over `agents.defaults.llm.idleTimeoutSeconds`";
            notes.push(Diagnostic::new(Severity::Note, key_span, message).at(path));
        });
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        KeyPath,
        known::{Known, Lookup},
        pattern::steps_of,
    };

    #[test]
    fn both_spellings_are_known_keys() {
        for Alias { old, preferred } in ALIASES {
            let preferred = preferred.split('`').nth(1).unwrap().split(':').next().unwrap();
            for key in [old, preferred] {
                let path: KeyPath = key.parse().unwrap();
                let found = Known::at(&steps_of(&path));
                assert!(!matches!(found, Lookup::Unknown), "{key}");
            }
        }
    }
}
