//! Reads the dependencies in a crate's manifest and the words of its sources.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Result;

use crate::check::line_of_key;
use crate::check::source::{code_only, words};
use crate::workspace::{Metadata, Package, files, is_rust, read, relative};

/// One crate of the workspace: the dependencies in its manifest, and the words of its sources.
#[derive(Debug, Default, Clone)]
pub(super) struct CrateFacts {
    pub(super) package: String,
    /// The package name without the prefix.
    pub(super) key: String,
    /// The name of the folder that holds the manifest.
    pub(super) folder: String,
    /// The manifest's path from the workspace root.
    pub(super) manifest: String,
    pub(super) manifest_text: String,
    /// Workspace crates among the normal and build dependencies, by key.
    pub(super) internal: BTreeSet<String>,
    /// Other packages among the normal and build dependencies.
    pub(super) external: BTreeSet<String>,
    /// Dev-dependencies by package name.
    pub(super) dev: BTreeSet<String>,
    /// Renamed dependencies: the package, and its name in the manifest.
    pub(super) renames: BTreeMap<String, String>,
    /// The words of the code under `src`.
    pub(super) source_words: BTreeSet<String>,
    /// The words of all sources, including comments and their doctests.
    pub(super) dev_words: BTreeSet<String>,
}

impl CrateFacts {
    /// Returns the name that code uses for the package `name`.
    pub(super) fn ident(&self, name: &str) -> String {
        self.renames.get(name).map_or(name, String::as_str).replace('-', "_")
    }

    /// Returns the manifest's line for a dependency, given by key or by package.
    pub(super) fn line_of(&self, name: &str) -> usize {
        let own = format!("openclaw-{name}");
        let name = if self.internal.contains(name) { &own } else { name };
        line_of_key(&self.manifest_text, name)
    }
}

/// Reads every member of the workspace at `root`.
pub(super) fn gather(root: &Path, metadata: &Metadata) -> Result<Vec<CrateFacts>> {
    metadata.members().into_iter().map(|package| gather_one(root, package)).collect()
}

fn gather_one(root: &Path, package: &Package) -> Result<CrateFacts> {
    let folder = package.manifest_path.parent().unwrap_or(root);
    let mut facts = CrateFacts {
        package: package.name.clone(),
        key: key(&package.name).to_owned(),
        folder: folder.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        manifest: relative(root, &package.manifest_path),
        manifest_text: read(&package.manifest_path)?,
        ..CrateFacts::default()
    };
    for dependency in &package.dependencies {
        let name = &dependency.name;
        if let Some(rename) = &dependency.rename {
            facts.renames.insert(name.clone(), rename.clone());
        }
        match (dependency.kind.as_deref(), &dependency.path) {
            (Some("dev"), _) => facts.dev.insert(name.clone()),
            (_, Some(_)) => facts.internal.insert(key(name).to_owned()),
            (_, None) => facts.external.insert(name.clone()),
        };
    }
    for file in files(folder)? {
        if is_rust(&file) {
            let text = read(&file)?;
            facts.dev_words.extend(words(&text).map(str::to_owned));
            if file.starts_with(folder.join("src")) || file.ends_with("build.rs") {
                facts.source_words.extend(words(&code_only(&text)).map(str::to_owned));
            }
        }
    }
    Ok(facts)
}

fn key(package: &str) -> &str {
    package.strip_prefix("openclaw-").unwrap_or(package)
}
