//! Measures what the budgets limit.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::check::names::{NameShares, measure_shares};
use crate::check::source::lines_without_tests;
use crate::workspace::{Metadata, files, is_rust, read, relative};

/// The measured sizes and counts of the workspace.
#[derive(Debug, Default)]
pub(super) struct Measured {
    pub(super) lock_packages: u64,
    /// The path of the longest Rust file and its lines without inline tests.
    pub(super) largest_source_file: (String, u64),
    /// `None` without a release build.
    pub(super) release_binary_bytes: Option<u64>,
    pub(super) names: NameShares,
    /// The other packages below each member of the workspace.
    pub(super) dependencies: BTreeMap<String, BTreeSet<String>>,
}

pub(super) fn measure(root: &Path) -> Result<Measured> {
    let metadata = Metadata::graph(root)?;
    let lock = read(&root.join("Cargo.lock"))?;
    let binary = metadata.target_directory.join("release/openclaw");
    Ok(Measured {
        lock_packages: lock.lines().filter(|line| *line == "[[package]]").count() as u64,
        largest_source_file: largest_source_file(root)?,
        names: measure_shares(root)?,
        release_binary_bytes: binary.metadata().ok().map(|file| file.len()),
        dependencies: dependencies(&metadata)?,
    })
}

fn largest_source_file(root: &Path) -> Result<(String, u64)> {
    let mut largest = (String::new(), 0);
    for path in files(root)? {
        if is_rust(&path) {
            let lines = lines_without_tests(&read(&path)?) as u64;
            if lines > largest.1 {
                largest = (relative(root, &path), lines);
            }
        }
    }
    Ok(largest)
}

/// Returns the transitive normal dependencies of each member, without the member itself.
fn dependencies(metadata: &Metadata) -> Result<BTreeMap<String, BTreeSet<String>>> {
    let graph = metadata.resolve.as_ref().context("cargo metadata gave no graph")?;
    let edges: HashMap<&str, Vec<&str>> = graph
        .nodes
        .iter()
        .map(|node| {
            let normal = node
                .deps
                .iter()
                .filter(|edge| edge.dep_kinds.iter().any(|kind| kind.kind.is_none()));
            (node.id.as_str(), normal.map(|edge| edge.pkg.as_str()).collect())
        })
        .collect();
    let below = |start: &str| {
        let mut seen = BTreeSet::new();
        let mut open = vec![start];
        while let Some(id) = open.pop() {
            for next in edges.get(id).into_iter().flatten() {
                if seen.insert((*next).to_owned()) {
                    open.push(next);
                }
            }
        }
        seen
    };
    let members = metadata.members();
    Ok(members.into_iter().map(|package| (package.name.clone(), below(&package.id))).collect())
}
