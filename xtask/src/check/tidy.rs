//! Rules for the form of source files, manifests and lint settings.

mod paths;
mod settings;
mod source_rules;
mod tree;

use std::path::Path;

use anyhow::Result;

use super::Fault;
use crate::workspace::{files, is_rust, read, relative};

/// Larger texts are data and are not checked.
const LARGEST_TEXT: u64 = 1 << 20;

/// Checks every file below `root` against the rules.
pub(super) fn run(root: &Path) -> Result<Vec<Fault>> {
    let paths = files(root)?;
    let names: Vec<String> = paths.iter().map(|path| relative(root, path)).collect();
    let local = paths::local_folders(root, std::env::home_dir().as_deref());
    let mut faults = Vec::new();
    for (path, name) in paths.iter().zip(&names) {
        if path.metadata()?.len() > LARGEST_TEXT || name == "Cargo.lock" {
            continue;
        }
        let Ok(text) = std::fs::read_to_string(path) else { continue };
        faults.extend(paths::check(name, &text, &local));
        if is_rust(path) {
            faults.extend(source_rules::check(name, &text));
        }
        if name.ends_with("Cargo.toml") && name != "Cargo.toml" {
            faults.extend(settings::check_manifest(name, &text)?);
        }
    }
    let modules = names.iter().filter(|name| is_rust(Path::new(name)));
    faults.extend(tree::check(modules, |name| read(&root.join(name)))?);
    faults.extend(settings::check_lints(&read(&root.join("Cargo.toml"))?)?);
    faults.extend(settings::check_clippy(&read(&root.join("clippy.toml"))?)?);
    Ok(faults)
}
