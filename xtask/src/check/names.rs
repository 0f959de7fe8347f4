//! Rules for names: distinct types, functions with verb and object, nouns for modules.

mod measure;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Result;

use self::measure::{Declaration, SourceFile};
use super::Fault;
use crate::workspace::{files, is_rust, read, relative};

pub(super) use self::measure::NameShares;

/// The most crates that may declare the same type name.
const MOST_CRATES: usize = 3;

/// Development crates, whose names are not checked.
const WORKSHOP: [&str; 2] = ["mock-vllm", "test-support"];

/// Participles and adjectives that are no module names, because they do not say what is in it.
const NO_MODULE_NAMES: &[&str] = &[
    "awaited", "broken", "built", "done", "failed", "found", "given", "heard", "held", "kept",
    "known", "learned", "learnt", "loaded", "lost", "made", "missing", "parsed", "ready", "said",
    "sent", "settled", "shown", "spoken", "stored", "taken", "told", "tried", "used", "visible",
    "waiting", "wanted", "writing", "written",
];

/// Checks the product's crates below `root` against the rules for names.
pub(super) fn run(root: &Path) -> Result<Vec<Fault>> {
    Ok(check(&product_sources(root)?))
}

/// Measures the shares of one-word names in the product's crates below `root`.
pub(super) fn measure_shares(root: &Path) -> Result<NameShares> {
    Ok(NameShares::from_sources(&product_sources(root)?))
}

fn product_sources(root: &Path) -> Result<Vec<SourceFile>> {
    let mut sources = Vec::new();
    for path in files(&root.join("crates"))? {
        let name = relative(root, &path);
        if !is_rust(&path) || is_test_source(&name) {
            continue;
        }
        let mut parts = name.split('/').skip(1);
        let (Some(krate), Some("src")) = (parts.next(), parts.next()) else { continue };
        if !WORKSHOP.contains(&krate) {
            sources.push(SourceFile::read(krate, &name, &read(&path)?));
        }
    }
    sources.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(sources)
}

fn is_test_source(name: &str) -> bool {
    name.contains("/tests/") || name.ends_with("/tests.rs")
}

fn check(sources: &[SourceFile]) -> Vec<Fault> {
    let mut faults = shared_type_names(sources);
    for source in sources {
        faults.extend(source.tuple_parameters.iter().map(|line| {
            Fault::new(
                &source.name,
                *line,
                "a parameter takes a tuple apart",
                "pass a struct whose fields have names",
            )
        }));
        faults.extend(source.setting_predicates.iter().map(|found| {
            Fault::new(
                &source.name,
                found.line,
                format!("`{}` asks by its name and changes `self`", found.name),
                "name the change with a verb, e.g. `mark_…`",
            )
        }));
        let modules = source.modules.iter();
        let unclear = modules.filter(|module| NO_MODULE_NAMES.contains(&module.name.as_str()));
        faults.extend(unclear.map(|module| {
            Fault::new(
                &source.name,
                module.line,
                format!("the module `{}` is named by a participle or an adjective", module.name),
                "name it after the thing that is in it",
            )
        }));
    }
    faults
}

fn shared_type_names(sources: &[SourceFile]) -> Vec<Fault> {
    let mut uses: BTreeMap<&str, Vec<(&SourceFile, &Declaration)>> = BTreeMap::new();
    for source in sources {
        for found in &source.types {
            uses.entry(&found.name).or_default().push((source, found));
        }
    }
    let mut faults = Vec::new();
    for (name, places) in &uses {
        let mut crates = BTreeSet::new();
        for (source, found) in places {
            if !crates.insert(&source.krate) {
                faults.push(Fault::new(
                    &source.name,
                    found.line,
                    format!("`{}` has a second type named `{name}`", source.krate),
                    "give each a name that says what it alone is",
                ));
            }
        }
        if let Some((source, found)) = places.last().filter(|_| crates.len() > MOST_CRATES) {
            faults.push(Fault::new(
                &source.name,
                found.line,
                format!("{} crates have a type named `{name}`", crates.len()),
                format!("say what it is, so that at most {MOST_CRATES} have the same name"),
            ));
        }
    }
    faults
}
