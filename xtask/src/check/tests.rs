//! Runs the rules on this workspace with `cargo test`.

use super::{Part, run};
use crate::workspace::root;

#[track_caller]
fn sound(part: Part) {
    let faults = run(&root(), &[part]).unwrap();
    let list = faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    assert!(faults.is_empty(), "`cargo xtask check` finds:\n{list}");
}

#[test]
fn the_layers_of_the_workspace_are_kept() {
    sound(Part::Layers);
}

#[test]
fn the_bans_of_the_workspace_are_kept() {
    sound(Part::Bans);
}

#[test]
fn the_workspace_is_tidy() {
    sound(Part::Tidy);
}

#[test]
fn the_budgets_of_the_workspace_are_kept() {
    sound(Part::Budgets);
}

#[test]
fn the_names_of_the_workspace_are_clear() {
    sound(Part::Names);
}

#[test]
fn the_documents_of_the_workspace_are_true() {
    sound(Part::Docs);
}
