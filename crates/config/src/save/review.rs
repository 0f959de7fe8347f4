//! Judges a change before it is written.

use std::{
    collections::{BTreeSet, HashSet},
    path::PathBuf,
};

use super::{Change, SaveError};
use crate::{
    diagnostic::{Diagnostic, Severity},
    edit::Document,
    env::Env,
    load::LoadError,
    loaded::Loaded,
    path::KeyPath,
    pattern::path_of,
    sections::Config,
    text::mask,
};

/// Reads both texts as configs and tells what is new about the second.
pub(super) fn change(
    path: PathBuf,
    before: Option<String>,
    after: &str,
    env: &Env,
) -> Result<Change, SaveError> {
    let loaded = Config::parse(after, env).map_err(SaveError::Broken)?;
    let old = before.as_deref().map(|text| Config::parse(text, env));
    let known: HashSet<_> = match &old {
        Some(Ok(old)) => old.diagnostics.iter().map(gist).collect(),
        _ => HashSet::new(),
    };
    let introduced = loaded.diagnostics.iter().filter(|found| !known.contains(&gist(found)));
    let introduced = introduced.cloned().collect();
    let before_to_show = match &old {
        Some(Ok(old)) => old.text_to_show(),
        Some(Err(_)) => before.as_deref().map(|text| mask(text, &BTreeSet::new())),
        None => None,
    };
    let before_to_show = before_to_show.unwrap_or_default();
    Ok(Change { path, before, after: after.to_owned(), loaded, before_to_show, introduced })
}

/// What a diagnostic says, wherever it stands.
fn gist(diagnostic: &Diagnostic) -> (Severity, &KeyPath, &str) {
    (diagnostic.severity, &diagnostic.path, &diagnostic.message)
}

pub(super) fn is_error(diagnostic: &Diagnostic) -> bool {
    diagnostic.severity == Severity::Error
}

/// Whether a warning is about a key that is not in the config because nothing knows it.
pub(super) fn is_unknown(loaded: &Loaded, diagnostic: &Diagnostic) -> bool {
    diagnostic.severity == Severity::Warning && loaded.where_set(&diagnostic.path).is_none()
}

/// Refuses a document without keys that the old one had and that no edit touched.
pub(super) fn keys_lost(old: &Document, new: &Document) -> Result<(), SaveError> {
    let mut kept = HashSet::new();
    new.root().walk(&mut |steps, _, _| kept.insert(path_of(steps)));
    let touched = |path: &KeyPath| {
        new.touched().iter().any(|touched| path.segments().starts_with(touched.segments()))
    };
    let mut keys = Vec::new();
    old.root().walk(&mut |steps, _, _| {
        let path = path_of(steps);
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

/// Names the file in what was found in its text.
pub(super) fn in_file(error: LoadError, path: PathBuf) -> LoadError {
    match error {
        LoadError::Broken { mut diagnostics, text_to_show, .. } => {
            for diagnostic in &mut diagnostics {
                diagnostic.file = Some(path.as_path().into());
            }
            LoadError::Broken { path: Some(path), diagnostics, text_to_show }
        }
        other => other,
    }
}
