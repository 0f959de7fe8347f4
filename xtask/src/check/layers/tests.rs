//! Tests of every rule about layers, kept and violated.

use std::collections::BTreeSet;

use super::facts::CrateFacts;
use super::{check, check_workspace_dependencies};

const TABLE: &str = r#"
longest-chain = 2

[crates.core]
floor = 0
external = ["serde"]

[crates.cli]
floor = 1
internal = ["core"]
dev = ["insta"]
"#;

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn facts(key: &str) -> CrateFacts {
    CrateFacts {
        package: format!("openclaw-{key}"),
        key: key.to_owned(),
        folder: key.to_owned(),
        manifest: format!("crates/{key}/Cargo.toml"),
        manifest_text: "[package]\nname = \"x\"\n[dependencies]\nserde = \"1\"\n".to_owned(),
        ..CrateFacts::default()
    }
}

fn sound() -> Vec<CrateFacts> {
    let core =
        CrateFacts { external: set(&["serde"]), source_words: set(&["serde"]), ..facts("core") };
    let cli = CrateFacts {
        internal: set(&["core"]),
        dev: set(&["insta"]),
        source_words: set(&["openclaw_core"]),
        dev_words: set(&["insta"]),
        ..facts("cli")
    };
    vec![core, cli]
}

/// Changes one crate of a valid workspace and returns the faults as text.
fn faults_after(table: &str, key: &str, change: impl Fn(&mut CrateFacts)) -> String {
    let mut crates = sound();
    crates.iter_mut().filter(|facts| facts.key == key).for_each(change);
    let faults = check(table, &crates).unwrap();
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_workspace_like_its_table_has_no_fault() {
    assert_eq!(faults_after(TABLE, "core", |_| ()), "");
}

#[test]
fn an_edge_that_is_not_listed_is_a_fault() {
    let faults = faults_after(TABLE, "core", |core| {
        core.external.insert("tokio".to_owned());
        core.source_words.insert("tokio".to_owned());
    });
    assert!(faults.starts_with("crates/core/Cargo.toml:1: `core` depends on `tokio`"), "{faults}");
    assert_eq!(faults.lines().count(), 1, "{faults}");
}

#[test]
fn a_listed_edge_that_is_not_there_is_a_fault() {
    let faults = faults_after(TABLE, "core", |core| core.external.clear());
    assert!(faults.starts_with("xtask/layers.toml:4: `core` lists `serde`"), "{faults}");
    let faults = faults_after(TABLE, "cli", |cli| cli.dev.clear());
    assert!(faults.contains("lists `insta` under `dev`"), "{faults}");
    let faults = faults_after(TABLE, "cli", |cli| cli.internal.clear());
    assert!(faults.contains("lists `core` under `internal`"), "{faults}");
}

#[test]
fn a_dependency_that_no_source_names_is_a_fault() {
    let faults = faults_after(TABLE, "core", |core| core.source_words.clear());
    assert!(faults.starts_with("crates/core/Cargo.toml:4: `core` depends on `serde`"), "{faults}");
    let faults = faults_after(TABLE, "cli", |cli| cli.source_words.clear());
    assert!(faults.contains("`openclaw-core` and never names it"), "{faults}");
    let faults = faults_after(TABLE, "cli", |cli| cli.dev_words.clear());
    assert!(faults.contains("`insta` and never names it"), "{faults}");
}

#[test]
fn a_renamed_dependency_is_looked_for_by_its_new_name() {
    let rename = |core: &mut CrateFacts, used: &str| {
        core.renames.insert("serde".to_owned(), "serde-one".to_owned());
        core.source_words = set(&[used]);
    };
    assert_eq!(faults_after(TABLE, "core", |core| rename(core, "serde_one")), "");
    assert!(faults_after(TABLE, "core", |core| rename(core, "serde")).contains("never names it"));
}

#[test]
fn a_folder_named_otherwise_than_its_package_is_a_fault() {
    let faults = faults_after(TABLE, "core", |core| core.folder = "kernel".to_owned());
    assert!(faults.contains("lies in a folder named `kernel`"), "{faults}");
}

#[test]
fn a_crate_without_a_table_and_a_table_without_a_crate_are_faults() {
    let faults = faults_after(TABLE, "core", |core| core.key = "new".to_owned());
    assert!(faults.contains("crate `new` is not in"), "{faults}");
    assert!(faults.contains("xtask/layers.toml:4: there is no crate `core`"), "{faults}");
}

#[test]
fn an_edge_to_the_same_or_a_higher_floor_is_a_fault() {
    let table = TABLE.replace("floor = 1", "floor = 0");
    let faults = faults_after(&table, "core", |_| ());
    assert!(faults.contains("`cli` (floor 0) depends on `core` (floor 0)"), "{faults}");
}

#[test]
fn a_chain_that_is_too_long_is_a_fault_unless_it_begins_in_the_workshop() {
    let table = TABLE.replace("longest-chain = 2", "longest-chain = 1");
    let faults = faults_after(&table, "core", |_| ());
    assert!(faults.contains("the chain cli -> core has 2 crates, more than 1"), "{faults}");
    let workshop = table.replace("floor = 1", "floor = 1\nworkshop = true");
    assert_eq!(faults_after(&workshop, "core", |_| ()), "");
}

#[test]
fn a_circle_in_the_table_ends_in_a_fault() {
    let table = TABLE.replace("external = [\"serde\"]", "internal = [\"cli\"]");
    let faults = faults_after(&table, "core", |_| ());
    assert!(faults.contains("more than 2"), "{faults}");
}

#[test]
fn a_dependency_of_the_workspace_is_used_by_a_crate() {
    let manifest =
        "[workspace.dependencies]\nserde = \"1\"\nopenclaw-core = \"1\"\ninsta = \"1\"\n";
    assert_eq!(check_workspace_dependencies(manifest, &sound()).unwrap(), []);
    let more = format!("{manifest}rand = \"1\"\n");
    let faults = check_workspace_dependencies(&more, &sound()).unwrap();
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(faults[0].to_string().starts_with("Cargo.toml:5: no crate depends on `rand`"));
}
