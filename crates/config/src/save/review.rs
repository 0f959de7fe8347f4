//! Reviews a change before it is written.

use std::{
    collections::{BTreeSet, HashSet},
    path::PathBuf,
};

use super::{ConfigChange, SaveError};
use crate::{
    diagnostic::{Diagnostic, Severity},
    edit::ConfigDocument,
    env::Env,
    load::LoadError,
    loaded_config::LoadedConfig,
    path::KeyPath,
    pattern::to_key_path,
    sections::Config,
    text::redact_secrets,
};

/// Parses both texts as configs and collects the new diagnostics.
pub(super) fn prepare_change(
    path: PathBuf,
    before: Option<String>,
    after: &str,
    env: &Env,
) -> Result<ConfigChange, SaveError> {
    let loaded = Config::parse(after, env).map_err(SaveError::InvalidText)?;
    let old = before.as_deref().map(|text| Config::parse(text, env));
    let old_diagnostics: HashSet<_> = match &old {
        Some(Ok(old)) => old.diagnostics.iter().map(diagnostic_identity).collect(),
        _ => HashSet::new(),
    };
    let introduced = loaded
        .diagnostics
        .iter()
        .filter(|found| !old_diagnostics.contains(&diagnostic_identity(found)));
    let new_diagnostics = introduced.cloned().collect();
    let redacted_before = match &old {
        Some(Ok(old)) => old.redacted_text(),
        Some(Err(_)) => before.as_deref().map(|text| redact_secrets(text, &BTreeSet::new())),
        None => None,
    };
    let redacted_before = redacted_before.unwrap_or_default();
    Ok(ConfigChange {
        path,
        before,
        after: after.to_owned(),
        loaded,
        redacted_before,
        new_diagnostics,
    })
}

/// What identifies a diagnostic regardless of its position.
fn diagnostic_identity(diagnostic: &Diagnostic) -> (Severity, &KeyPath, &str) {
    (diagnostic.severity, &diagnostic.path, &diagnostic.message)
}

pub(super) fn is_error(diagnostic: &Diagnostic) -> bool {
    diagnostic.severity == Severity::Error
}

/// Whether a warning is about an unknown key.
pub(super) fn is_unknown_key(loaded: &LoadedConfig, diagnostic: &Diagnostic) -> bool {
    diagnostic.severity == Severity::Warning && loaded.find_position(&diagnostic.path).is_none()
}

/// Rejects a new document that lost keys which no edit touched.
pub(super) fn check_lost_keys(old: &ConfigDocument, new: &ConfigDocument) -> Result<(), SaveError> {
    let mut kept = HashSet::new();
    new.root_node().walk_nodes(&mut |steps, _, _| kept.insert(to_key_path(steps)));
    let touched = |path: &KeyPath| {
        new.touched_paths().iter().any(|touched| path.segments().starts_with(touched.segments()))
    };
    let mut keys = Vec::new();
    old.root_node().walk_nodes(&mut |steps, _, _| {
        let path = to_key_path(steps);
        if touched(&path) {
            return false;
        }
        let is_kept = kept.contains(&path);
        if !is_kept {
            keys.push(path);
        }
        is_kept
    });
    if keys.is_empty() { Ok(()) } else { Err(SaveError::KeysLost { keys }) }
}

/// Adds the path of the file to an error about its text.
pub(super) fn with_file_path(error: LoadError, path: PathBuf) -> LoadError {
    match error {
        LoadError::Broken { mut diagnostics, redacted_text, .. } => {
            for diagnostic in &mut diagnostics {
                diagnostic.file = Some(path.as_path().into());
            }
            LoadError::Broken { path: Some(path), diagnostics, redacted_text }
        }
        other => other,
    }
}
