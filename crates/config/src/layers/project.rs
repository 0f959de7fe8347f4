//! The file of a project, which comes with files that others wrote.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use crate::{
    defaults::{PROJECT_FILE_NAME, STATE_DIR_NAME},
    diagnostic::{Diagnostic, Severity},
    paths::Paths,
    pattern::{Fit, Step, fit, path_of},
    text::Node,
};

/// The keys that a project may set, with all below them.
const HARMLESS: &[&str] = &[
    "$schema",
    "agents.defaults.model",
    "agents.defaults.models",
    "agents.defaults.localModelMode",
    "agents.defaults.experimental.localModelLean",
    "agents.defaults.timeoutSeconds",
    "agents.defaults.llm",
    "agents.defaults.compaction",
];

/// Why a project may not set a key; the first that fits counts.
const REASONS: &[(&str, &str)] = &[
    ("models", "it could send your keys and your text to another server"),
    ("agents.defaults.workspace", "it could give the tools another folder"),
    ("tools.exec", "it could run commands unasked"),
    ("tools", "it could give the model more tools"),
    ("gateway", "it could let others connect"),
    ("env", "it could change the environment of commands"),
];

/// The nearest project's file from a directory up. The folder of the state is no project's.
pub(super) fn find(start: &Path, paths: &Paths) -> Option<PathBuf> {
    let canonical = |path: &Path| path.canonicalize().ok();
    let state = canonical(paths.state_dir());
    let user = canonical(paths.config());
    start.ancestors().find_map(|directory| {
        let folder = directory.join(STATE_DIR_NAME);
        let file = folder.join(PROJECT_FILE_NAME);
        let file_is = canonical(&file)?;
        let is_other = canonical(&folder) != state && Some(file_is) != user;
        (is_other && file.is_file()).then_some(file)
    })
}

/// Leaves out what a project may not set, and says why.
pub(super) fn restrict(root: &Node, left_out: &mut BTreeSet<u32>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    root.walk(&mut |steps, key_span, node| {
        if left_out.contains(&node.id) {
            return false;
        }
        match standing(steps) {
            Fit::Exact | Fit::Below => false,
            Fit::Above => true,
            Fit::Apart => {
                left_out.insert(node.id);
                let reason = REASONS.iter().find(|(key, _)| fit(key, steps) != Fit::Apart);
                let reason = reason.map_or("it is not among the harmless keys", |(_, why)| why);
                let message = format!("a project may not set this, it is ignored: {reason}");
                let help = "set it in your own config file";
                found.push(
                    Diagnostic::new(Severity::Warning, key_span, message)
                        .at(path_of(steps))
                        .with_help(Some(help.to_owned())),
                );
                false
            }
        }
    });
    found
}

fn standing(steps: &[Step<'_>]) -> Fit {
    let fits = HARMLESS.iter().map(|key| fit(key, steps));
    fits.fold(Fit::Apart, |best, fit| match (best, fit) {
        (Fit::Exact | Fit::Below, _) | (_, Fit::Apart) => best,
        (_, fit) => fit,
    })
}
