//! The project file, which may come from someone else's repository.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use crate::{
    defaults::{PROJECT_FILE_NAME, STATE_DIR_NAME},
    diagnostic::{Diagnostic, Severity},
    paths::AppPaths,
    pattern::{PathRelation, PathSegmentRef, compare_to_pattern, to_key_path},
    text::Json5Node,
};

/// The keys that a project may set, including everything below them.
const ALLOWED_KEYS: &[&str] = &[
    "$schema",
    "agents.defaults.model",
    "agents.defaults.models",
    "agents.defaults.localModelMode",
    "agents.defaults.experimental.localModelLean",
    "agents.defaults.timeoutSeconds",
    "agents.defaults.llm",
    "agents.defaults.compaction",
];

/// Why a project may not set a key; the first match is used.
const DENIAL_REASONS: &[(&str, &str)] = &[
    ("models", "it could send your keys and your text to another server"),
    ("agents.defaults.workspace", "it could give the tools another folder"),
    ("tools.exec", "it could run commands unasked"),
    ("tools", "it could give the model more tools"),
    ("gateway", "it could let others connect"),
    ("env", "it could change the environment of commands"),
];

/// Finds the nearest project file from a directory upwards. The state folder does not count.
pub(super) fn find_project_file(start: &Path, paths: &AppPaths) -> Option<PathBuf> {
    let canonical = |path: &Path| path.canonicalize().ok();
    let state = canonical(paths.state_dir());
    let user = canonical(paths.config_file());
    start.ancestors().find_map(|directory| {
        let project_dir = directory.join(STATE_DIR_NAME);
        let file = project_dir.join(PROJECT_FILE_NAME);
        let file_is = canonical(&file)?;
        let is_other = canonical(&project_dir) != state && Some(file_is) != user;
        (is_other && file.is_file()).then_some(file)
    })
}

/// Adds the keys that a project may not set to `ignored`, and reports why.
pub(super) fn restrict_keys(root: &Json5Node, ignored: &mut BTreeSet<u32>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    root.walk_nodes(&mut |steps, key_span, node| {
        if ignored.contains(&node.id) {
            return false;
        }
        match relation_to_allowed(steps) {
            PathRelation::Equal | PathRelation::Descendant => false,
            PathRelation::Ancestor => true,
            PathRelation::Disjoint => {
                ignored.insert(node.id);
                let reason = DENIAL_REASONS
                    .iter()
                    .find(|(key, _)| compare_to_pattern(key, steps) != PathRelation::Disjoint);
                let reason = reason.map_or("it is not among the harmless keys", |(_, why)| why);
                let message = format!("a project may not set this, it is ignored: {reason}");
                let help = "set it in your own config file";
                found.push(
                    Diagnostic::new(Severity::Warning, key_span, message)
                        .at_path(to_key_path(steps))
                        .with_help(Some(help.to_owned())),
                );
                false
            }
        }
    });
    found
}

fn relation_to_allowed(steps: &[PathSegmentRef<'_>]) -> PathRelation {
    let fits = ALLOWED_KEYS.iter().map(|key| compare_to_pattern(key, steps));
    fits.fold(PathRelation::Disjoint, |best, fit| match (best, fit) {
        (PathRelation::Equal | PathRelation::Descendant, _) | (_, PathRelation::Disjoint) => best,
        (_, fit) => fit,
    })
}
