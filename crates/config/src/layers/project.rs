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
    text::{Json5Node, Json5Value},
    tree::ConfigTree,
};

/// The keys that a project may set, including everything below them.
const ALLOWED_KEYS: &[&str] = &[
    "$schema",
    "agents.defaults.model",
    "agents.defaults.models.*.alias",
    "agents.defaults.models.*.localModelMode",
    "agents.defaults.models.*.params.frequency_penalty",
    "agents.defaults.models.*.params.max_completion_tokens",
    "agents.defaults.models.*.params.max_output_tokens",
    "agents.defaults.models.*.params.max_tokens",
    "agents.defaults.models.*.params.maxTokens",
    "agents.defaults.models.*.params.min_p",
    "agents.defaults.models.*.params.presence_penalty",
    "agents.defaults.models.*.params.reasoning_effort",
    "agents.defaults.models.*.params.repetition_penalty",
    "agents.defaults.models.*.params.seed",
    "agents.defaults.models.*.params.stop",
    "agents.defaults.models.*.params.temperature",
    "agents.defaults.models.*.params.top_k",
    "agents.defaults.models.*.params.top_p",
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
    ("agents.defaults.models.*.params", "only parameters that shape the answer are for a project"),
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

/// Adds the keys that a project may not set to `ignored`, and reports why. `below` is the config
/// without the project file.
pub(super) fn restrict_keys(
    root: &Json5Node,
    ignored: &mut BTreeSet<u32>,
    below: Option<&ConfigTree>,
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    root.walk_nodes(&mut |steps, key_span, node| {
        if ignored.contains(&node.id) {
            return false;
        }
        match relation_to_allowed(steps) {
            PathRelation::Equal | PathRelation::Descendant => {
                let Some(problem) = value_problem(steps, node, below) else { return true };
                ignored.insert(node.id);
                found.push(
                    Diagnostic::new(Severity::Warning, key_span, problem)
                        .at_path(to_key_path(steps))
                        .with_help(Some("set it in your own config file".to_owned())),
                );
                false
            }
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

/// Why a project may not set an allowed key to this value.
fn value_problem(
    steps: &[PathSegmentRef<'_>],
    node: &Json5Node,
    below: Option<&ConfigTree>,
) -> Option<&'static str> {
    let text = node.as_text()?;
    if text.contains("${") {
        return Some("a project may not use variables, it is ignored: they may be secrets");
    }
    let is_alias = matches!(steps, [.., PathSegmentRef::Key("alias")]);
    (is_alias && is_name_in_use(text, below))
        .then_some("a project may not give a name that is in use, the alias is ignored")
}

/// Whether the user's config uses a name for a model or a provider, or it looks like a reference.
fn is_name_in_use(name: &str, below: Option<&ConfigTree>) -> bool {
    const NAMING_KEYS: &[&str] = &[
        "agents.defaults.model",
        "agents.defaults.model.primary",
        "agents.defaults.model.fallbacks.*",
        "agents.defaults.models.*.alias",
        "agents.entries.*.model",
        "agents.entries.*.model.primary",
        "agents.entries.*.model.fallbacks.*",
        "agents.list.*.model",
        "agents.list.*.model.primary",
        "agents.list.*.model.fallbacks.*",
        "models.providers.*.models.*.id",
    ];
    let Some(tree) = below else { return name.contains('/') };
    let is_key_of = |path: &str| {
        let node = path.parse().ok().and_then(|path| tree.find_node(&path));
        matches!(node.map(|(_, node)| &node.value), Some(Json5Value::Object(entries))
            if entries.iter().any(|entry| entry.key.eq_ignore_ascii_case(name)))
    };
    let mut is_used = name.contains('/') || is_key_of("models.providers");
    for key in NAMING_KEYS {
        tree.root.select_matching(key, &tree.ignored, &mut |_, _, node| {
            is_used = is_used
                || node.as_text().is_some_and(|text| text.trim().eq_ignore_ascii_case(name));
        });
    }
    is_used
}

fn relation_to_allowed(steps: &[PathSegmentRef<'_>]) -> PathRelation {
    let fits = ALLOWED_KEYS.iter().map(|key| compare_to_pattern(key, steps));
    fits.fold(PathRelation::Disjoint, |best, fit| match (best, fit) {
        (PathRelation::Equal | PathRelation::Descendant, _) | (_, PathRelation::Disjoint) => best,
        (_, fit) => fit,
    })
}
