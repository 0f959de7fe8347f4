//! The permitted dependencies between crates, exactly those in `xtask/layers.toml`.

mod facts;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::Deserialize;

use self::facts::CrateFacts;
use super::{Fault, line_of_key, line_where};
use crate::workspace::{Metadata, read};

const TABLE: &str = "xtask/layers.toml";

/// The contents of `xtask/layers.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Table {
    /// The most crates in a chain of product crates.
    longest_chain: usize,
    crates: BTreeMap<String, Layer>,
}

/// The permitted dependencies of one crate. Workspace crates are named by folder in `internal`, and
/// by package name in `dev`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Layer {
    floor: u8,
    #[serde(default)]
    internal: BTreeSet<String>,
    #[serde(default)]
    external: BTreeSet<String>,
    #[serde(default)]
    dev: BTreeSet<String>,
    /// True for a development crate that is no part of the product.
    #[serde(default)]
    workshop: bool,
}

/// Checks the workspace at `root` against the table.
pub(super) fn run(root: &Path) -> Result<Vec<Fault>> {
    let text = read(&root.join(TABLE))?;
    let crates = facts::gather(root, &Metadata::manifests(root)?)?;
    let mut faults = check(&text, &crates)?;
    faults.extend(check_workspace_dependencies(&read(&root.join("Cargo.toml"))?, &crates)?);
    Ok(faults)
}

/// Reports workspace dependencies that no crate uses.
fn check_workspace_dependencies(manifest: &str, crates: &[CrateFacts]) -> Result<Vec<Fault>> {
    let document: toml::Table = toml::from_str(manifest).context("failed to read Cargo.toml")?;
    let shared = document.get("workspace").and_then(|table| table.get("dependencies"));
    let names = shared.and_then(toml::Value::as_table).into_iter().flat_map(toml::Table::keys);
    let is_used = |name: &str| {
        let own = name.strip_prefix("openclaw-").unwrap_or(name);
        crates.iter().any(|facts| {
            facts.internal.contains(own)
                || facts.external.contains(name)
                || facts.dev.contains(name)
        })
    };
    let unused = names.filter(|name| !is_used(name)).map(|name| {
        Fault::new(
            "Cargo.toml",
            line_of_key(manifest, name),
            format!("no crate depends on `{name}`"),
            "remove it from `[workspace.dependencies]`",
        )
    });
    Ok(unused.collect())
}

fn check(table_text: &str, crates: &[CrateFacts]) -> Result<Vec<Fault>> {
    let table: Table = toml::from_str(table_text).context("failed to read the layers table")?;
    let mut faults = Vec::new();
    for facts in crates {
        faults.extend(check_name(facts));
        let Some(layer) = table.crates.get(&facts.key) else {
            faults.push(Fault::new(
                &facts.manifest,
                1,
                format!("crate `{}` is not in {TABLE}", facts.key),
                "add it there with its floor and what it may depend on",
            ));
            continue;
        };
        faults.extend(check_edges(table_text, facts, layer));
        faults.extend(check_use(facts));
        faults.extend(check_floors(table_text, &table, facts));
    }
    for key in table.crates.keys().filter(|key| !crates.iter().any(|facts| facts.key == **key)) {
        faults.push(Fault::new(
            TABLE,
            table_line(table_text, key),
            format!("there is no crate `{key}`"),
            "remove its table",
        ));
    }
    faults.extend(check_chain(table_text, &table));
    Ok(faults)
}

fn check_name(facts: &CrateFacts) -> Option<Fault> {
    (facts.folder != facts.key).then(|| {
        Fault::new(
            &facts.manifest,
            line_of_key(&facts.manifest_text, "name"),
            format!("package `{}` lies in a folder named `{}`", facts.package, facts.folder),
            format!("name the folder `{}` or the package `openclaw-{}`", facts.key, facts.folder),
        )
    })
}

fn check_edges(table_text: &str, facts: &CrateFacts, layer: &Layer) -> Vec<Fault> {
    let tables = [
        ("internal", &facts.internal, &layer.internal),
        ("external", &facts.external, &layer.external),
        ("dev", &facts.dev, &layer.dev),
    ];
    let mut faults = Vec::new();
    for (list, present, listed) in tables {
        for name in present.difference(listed) {
            faults.push(Fault::new(
                &facts.manifest,
                facts.line_of(name),
                format!("`{}` depends on `{name}`, which {TABLE} does not allow", facts.key),
                format!("remove it, or list it under `{list}` with the reason in the commit"),
            ));
        }
        for name in listed.difference(present) {
            faults.push(Fault::new(
                TABLE,
                table_line(table_text, &facts.key),
                format!("`{}` lists `{name}` under `{list}` and does not depend on it", facts.key),
                "remove it from the list",
            ));
        }
    }
    faults
}

/// Reports dependencies whose name no source file contains.
fn check_use(facts: &CrateFacts) -> Vec<Fault> {
    let unused = |names: &BTreeSet<String>, words: &BTreeSet<String>| {
        let unused = names.iter().filter(|name| !words.contains(&facts.ident(name)));
        unused.cloned().collect::<Vec<_>>()
    };
    let internal = facts.internal.iter().map(|key| format!("openclaw-{key}")).collect();
    let mut names = unused(&internal, &facts.source_words);
    names.extend(unused(&facts.external, &facts.source_words));
    names.extend(unused(&facts.dev, &facts.dev_words));
    let fault = |name: String| {
        Fault::new(
            &facts.manifest,
            line_of_key(&facts.manifest_text, &name),
            format!("`{}` depends on `{name}` and never names it", facts.key),
            "remove the dependency",
        )
    };
    names.into_iter().map(fault).collect()
}

fn check_floors(table_text: &str, table: &Table, facts: &CrateFacts) -> Vec<Fault> {
    let Some(floor) = table.crates.get(&facts.key).map(|layer| layer.floor) else {
        return Vec::new();
    };
    let upward = facts.internal.iter().filter_map(|key| {
        let below = table.crates.get(key)?.floor;
        (below >= floor).then(|| {
            Fault::new(
                TABLE,
                table_line(table_text, &facts.key),
                format!("`{}` (floor {floor}) depends on `{key}` (floor {below})", facts.key),
                "dependencies go to a lower floor: turn the dependency round or move the code",
            )
        })
    });
    upward.collect()
}

fn check_chain(table_text: &str, table: &Table) -> Vec<Fault> {
    let product = table.crates.iter().filter(|(_, layer)| !layer.workshop);
    let too_long = product.filter_map(|(key, _)| {
        let chain = longest_chain(table, key, table.crates.len());
        (chain.len() > table.longest_chain).then(|| {
            Fault::new(
                TABLE,
                table_line(table_text, key),
                format!(
                    "the chain {} has {} crates, more than {}",
                    chain.join(" -> "),
                    chain.len(),
                    table.longest_chain
                ),
                "let the upper crate speak to a lower one, or merge two",
            )
        })
    });
    too_long.collect()
}

/// Returns the longest dependency chain from `key`; `depth` stops a cycle.
fn longest_chain<'a>(table: &'a Table, key: &'a str, depth: usize) -> Vec<&'a str> {
    let below = table.crates.get(key).filter(|_| depth > 0);
    let chains = below.into_iter().flat_map(|layer| &layer.internal);
    let longest = chains.map(|next| longest_chain(table, next, depth - 1)).max_by_key(Vec::len);
    std::iter::once(key).chain(longest.unwrap_or_default()).collect()
}

fn table_line(table_text: &str, key: &str) -> usize {
    let header = format!("[crates.{key}]");
    line_where(table_text, |line| line.trim() == header)
}
