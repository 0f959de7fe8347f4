//! Reads the workspace from `cargo metadata` and the file tree.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

/// The part of `cargo metadata`'s answer that the checks read.
#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
    pub(crate) workspace_members: Vec<String>,
    pub(crate) target_directory: PathBuf,
    pub(crate) resolve: Option<Resolve>,
}

/// One package with its declared dependencies.
#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) manifest_path: PathBuf,
    pub(crate) dependencies: Vec<Dependency>,
}

/// One line of a manifest's dependency tables.
#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// `None` for a normal dependency, else `dev` or `build`.
    pub(crate) kind: Option<String>,
    pub(crate) rename: Option<String>,
    /// Present for a dependency inside the workspace.
    pub(crate) path: Option<PathBuf>,
}

/// The resolved dependency graph.
#[derive(Debug, Deserialize)]
pub(crate) struct Resolve {
    pub(crate) nodes: Vec<Node>,
}

/// A package in the graph and its outgoing edges.
#[derive(Debug, Deserialize)]
pub(crate) struct Node {
    pub(crate) id: String,
    pub(crate) deps: Vec<Edge>,
}

/// A dependency edge with its kinds.
#[derive(Debug, Deserialize)]
pub(crate) struct Edge {
    pub(crate) pkg: String,
    pub(crate) dep_kinds: Vec<EdgeKind>,
}

/// The kind of one dependency line behind an edge.
#[derive(Debug, Deserialize)]
pub(crate) struct EdgeKind {
    /// `None` for a normal dependency, else `dev` or `build`.
    pub(crate) kind: Option<String>,
}

impl Metadata {
    /// Reads the manifests only, without the graph.
    pub(crate) fn manifests(root: &Path) -> Result<Self> {
        Self::read(root, &["--no-deps"])
    }

    /// Reads the manifests and the locked graph for the host platform.
    pub(crate) fn graph(root: &Path) -> Result<Self> {
        let platform = host_platform()?;
        Self::read(root, &["--locked", "--filter-platform", &platform])
    }

    fn read(root: &Path, arguments: &[&str]) -> Result<Self> {
        let metadata = |offline: &[&str]| {
            Command::new("cargo")
                .args(["metadata", "--format-version", "1"])
                .args(offline)
                .args(arguments)
                .current_dir(root)
                .output()
                .context("failed to start cargo")
        };
        // Offline is faster and enough on a machine that has built the workspace once. A fresh
        // clone has not fetched the packages that only other systems build.
        let mut output = metadata(&["--offline"])?;
        if !output.status.success() {
            output = metadata(&[])?;
        }
        if !output.status.success() {
            bail!("cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        serde_json::from_slice(&output.stdout).context("failed to read cargo's metadata")
    }

    /// Returns the workspace's own packages, sorted by name.
    pub(crate) fn members(&self) -> Vec<&Package> {
        let mut members: Vec<_> =
            self.packages.iter().filter(|p| self.workspace_members.contains(&p.id)).collect();
        members.sort_by(|a, b| a.name.cmp(&b.name));
        members
    }
}

/// Returns the workspace root.
pub(crate) fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_path_buf()
}

/// Returns cargo's target directory.
pub(crate) fn target_directory() -> Result<PathBuf> {
    Ok(Metadata::manifests(&root())?.target_directory)
}

/// Returns `path` relative to `root` with forward slashes, for messages.
pub(crate) fn relative(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/")
}

/// Returns every file below `root`, without build output and hidden folders other than `.ci` and
/// `.cargo`.
pub(crate) fn files(root: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder)
            .with_context(|| format!("failed to list {}", folder.display()))?;
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let kind = entry.file_type()?;
            let hidden = name.starts_with('.') && name != ".ci" && name != ".cargo";
            if kind.is_dir() && !hidden && name != "target" {
                folders.push(entry.path());
            } else if kind.is_file() {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Returns true for a Rust source file.
pub(crate) fn is_rust(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "rs")
}

/// Reads a text file, and names it when that fails.
pub(crate) fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("failed to read {}", path.display()))
}

fn host_platform() -> Result<String> {
    let output = Command::new("rustc").arg("-vV").output().context("failed to start rustc")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("`rustc -vV` names no host")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{files, relative};

    #[test]
    fn build_output_and_hidden_folders_are_not_listed() {
        let folder = tempfile::tempdir().unwrap();
        for file in ["a.rs", "src/b.rs", "target/c.rs", ".git/d", ".ci/run", "crates/x/target/e"] {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let found = files(folder.path()).unwrap();
        let names: Vec<_> = found.iter().map(|path| relative(folder.path(), path)).collect();
        assert_eq!(names, [".ci/run", "a.rs", "src/b.rs"]);
    }
}
