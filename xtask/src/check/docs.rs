//! Checks that the files and names in `ARCHITECTURE.md` and the links of all documents exist.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use anyhow::Result;
use clap::ValueEnum as _;

use super::source::{code_only, words};
use super::{Fault, Part, line_where};
use crate::workspace::{Metadata, files, is_rust, read, relative};

const ARCHITECTURE: &str = "ARCHITECTURE.md";

/// The names that a document may refer to.
#[derive(Debug, Default)]
struct Named {
    /// The workspace's crates by folder.
    crates: Vec<String>,
    /// Every file and folder, relative to the workspace root.
    paths: BTreeSet<String>,
    /// Every function, including tests.
    functions: BTreeSet<String>,
    /// Every lint that the workspace's manifest sets.
    lints: BTreeSet<String>,
}

/// Checks the documents of the workspace at `root`.
pub(super) fn run(root: &Path) -> Result<Vec<Fault>> {
    let paths = files(root)?;
    let named = gather(root, &paths)?;
    let mut faults = Vec::new();
    match read(&root.join(ARCHITECTURE)) {
        Ok(text) => faults.extend(check_architecture(&text, &named)),
        Err(_) => faults.push(Fault::new(
            ARCHITECTURE,
            1,
            "the file is missing",
            "write down the crates, their floors and the invariants",
        )),
    }
    for path in paths.iter().filter(|path| path.extension().is_some_and(|e| e == "md")) {
        faults.extend(check_links(&relative(root, path), &read(path)?, &named.paths));
    }
    Ok(faults)
}

fn gather(root: &Path, paths: &[PathBuf]) -> Result<Named> {
    let mut named = Named::default();
    for package in Metadata::manifests(root)?.members() {
        let key = package.name.strip_prefix("openclaw-").unwrap_or(&package.name);
        named.crates.push(key.to_owned());
    }
    for path in paths {
        let name = relative(root, path);
        named.paths.extend(Path::new(&name).ancestors().map(|path| relative(root, path)));
        if is_rust(path) {
            let code = code_only(&read(path)?);
            let mut previous = "";
            named.functions.extend(
                words(&code)
                    .filter(|word| std::mem::replace(&mut previous, word) == "fn")
                    .map(str::to_owned),
            );
        }
    }
    let manifest = read(&root.join("Cargo.toml"))?;
    let lints = manifest.split("[workspace.lints.").skip(1).flat_map(str::lines);
    named.lints.extend(lints.filter_map(|line| Some(line.split_once(" =")?.0.to_owned())));
    Ok(named)
}

fn check_architecture(text: &str, named: &Named) -> Vec<Fault> {
    let spans: BTreeSet<&str> = backticked(text).collect();
    let listed = |key: &str| spans.contains(key) || spans.contains(&*format!("openclaw-{key}"));
    let missing = named.crates.iter().filter(|key| !listed(key));
    let mut faults: Vec<Fault> = missing
        .map(|key| {
            Fault::new(
                ARCHITECTURE,
                1,
                format!("the crate `{key}` is not named"),
                "say what it is for and what it must not know",
            )
        })
        .collect();
    for (start, paragraph) in invariants(text) {
        if !backticked(&paragraph).any(|name| holds(name, named)) {
            faults.push(Fault::new(
                ARCHITECTURE,
                start,
                "the invariant names no check that holds it",
                "name a check, a lint, a test function or a settings file in backticks",
            ));
        }
    }
    faults
}

/// Returns the paragraphs that begin with `**Invariant`, with the number of their first line.
fn invariants(text: &str) -> Vec<(usize, String)> {
    let begins = |line: &str| {
        line.trim_start().trim_start_matches(['-', '*', '|', ' ']).starts_with("Invariant")
            && line.contains("**Invariant")
    };
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut open = false;
    for (index, line) in text.lines().enumerate() {
        if begins(line) {
            found.push((index + 1, String::new()));
            open = true;
        } else if line.trim().is_empty() {
            open = false;
        }
        if let (true, Some((_, paragraph))) = (open, found.last_mut()) {
            paragraph.push_str(line);
            paragraph.push('\n');
        }
    }
    found
}

/// Returns true when `name` is a check, test, lint or file that fails when an invariant breaks.
fn holds(name: &str, named: &Named) -> bool {
    let part = name.strip_prefix("cargo xtask check ").or_else(|| name.strip_prefix("check "));
    let function = name.rsplit("::").next().unwrap_or(name).trim_end_matches("()");
    let lint = name.strip_prefix("clippy::").unwrap_or(name);
    let settings = name.split(' ').next().unwrap_or(name);
    name == "cargo xtask codegen --check"
        || part.is_some_and(|part| Part::from_str(part, false).is_ok())
        || name.contains('_') && named.functions.contains(function)
        || named.lints.contains(lint)
        || named.paths.contains(settings) && Path::new(settings).extension().is_some()
}

fn backticked(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Checks that every relative link of a document leads to a file or folder.
fn check_links(name: &str, text: &str, paths: &BTreeSet<String>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (start, _) in text.match_indices("](") {
        let target = text.get(start + 2..).and_then(|rest| rest.split([')', ' ', '\n']).next());
        let target = target.and_then(|target| target.split('#').next()).unwrap_or_default();
        let elsewhere = target.is_empty() || target.contains("://") || target.contains(':');
        if elsewhere || leads_to(name, target).is_some_and(|path| paths.contains(&path)) {
            continue;
        }
        let line = line_where(text, |line| line.contains(&format!("]({target}")));
        faults.push(Fault::new(
            name,
            line,
            format!("the link to `{target}` leads nowhere"),
            "write the path from this file's folder, or remove the link",
        ));
    }
    faults
}

/// Resolves `target` in the document `name` to a path from the workspace root; `None` when it leads
/// out of the workspace.
fn leads_to(name: &str, target: &str) -> Option<String> {
    let folder = Path::new(name).parent()?;
    let mut parts: Vec<String> = Vec::new();
    for component in folder.join(target).components() {
        match component {
            Component::ParentDir => drop(parts.pop()?),
            Component::Normal(part) => parts.push(part.to_string_lossy().into_owned()),
            _ => {}
        }
    }
    Some(parts.join("/"))
}
