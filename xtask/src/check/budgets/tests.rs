//! Tests of budgets that hold, are exceeded, and are lowered.

use std::collections::{BTreeMap, BTreeSet};

use super::measure::Measured;
use super::{check, grouped, lower};
use crate::check::names::NameShares;

const BUDGETS: &str = r#"# Numbers.
lock-packages = 10
largest-source-file-lines = 300
release-binary-bytes = 9_000_000
one-word-type-names = 20
one-word-function-names = 40

[normal-dependencies]
openclaw-core = 3
openclaw-tools = 3
"openclaw-core + openclaw-tools" = 4
"#;

fn measured() -> Measured {
    let names = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<BTreeSet<_>>();
    Measured {
        lock_packages: 10,
        largest_source_file: ("crates/a/src/b.rs".to_owned(), 300),
        release_binary_bytes: Some(9_000_000),
        names: NameShares { type_percent: 20, function_percent: 40 },
        dependencies: BTreeMap::from([
            ("openclaw-core".to_owned(), names(&["a", "b", "c"])),
            ("openclaw-tools".to_owned(), names(&["b", "c", "d"])),
        ]),
    }
}

#[track_caller]
fn one_fault(change: impl FnOnce(&mut Measured), expected: &str) {
    let mut measured = measured();
    change(&mut measured);
    let faults: Vec<_> = check(BUDGETS, &measured).unwrap();
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(faults[0].to_string().starts_with(expected), "{}", faults[0]);
}

#[test]
fn numbers_at_their_budgets_are_sound() {
    assert_eq!(check(BUDGETS, &measured()).unwrap(), []);
    let unbuilt = Measured { release_binary_bytes: None, ..measured() };
    assert_eq!(check(BUDGETS, &unbuilt).unwrap(), []);
}

#[test]
fn each_number_over_its_budget_is_a_fault_at_its_line() {
    one_fault(|m| m.lock_packages = 11, "xtask/budgets.toml:2: packages in Cargo.lock: 11,");
    one_fault(|m| m.largest_source_file.1 = 301, "xtask/budgets.toml:3: lines of `crates/a/src/b");
    one_fault(|m| m.release_binary_bytes = Some(9_000_001), "xtask/budgets.toml:4: bytes of");
    one_fault(|m| m.names.type_percent = 21, "xtask/budgets.toml:5: per cent of the type names");
    one_fault(|m| m.names.function_percent = 41, "xtask/budgets.toml:6: per cent of the function");
}

#[test]
fn dependencies_are_counted_a_crate_and_together() {
    let mut more = measured();
    let core = more.dependencies.get_mut("openclaw-core").unwrap();
    core.insert("e".to_owned());
    let faults = check(BUDGETS, &more).unwrap();
    assert_eq!(faults.iter().map(|fault| fault.line).collect::<Vec<_>>(), [9, 11]);
}

#[test]
fn every_crate_has_a_budget_and_every_budget_a_crate() {
    let none = BTreeSet::new;
    one_fault(
        |m| drop(m.dependencies.insert("openclaw-new".to_owned(), none())),
        "xtask/budgets.toml:8: `openclaw-new` has no budget",
    );
    let text = format!("{BUDGETS}openclaw-gone = 1\n");
    let faults = check(&text, &measured()).unwrap();
    assert!(faults[0].what.contains("no crate `openclaw-gone`"), "{faults:?}");
}

#[test]
fn the_ratchet_lowers_and_never_raises() {
    let less = Measured {
        lock_packages: 9,
        largest_source_file: ("crates/a/src/b.rs".to_owned(), 999),
        release_binary_bytes: Some(8_000_000),
        ..measured()
    };
    let (text, lowered) = lower(BUDGETS, &less).unwrap();
    let expected = BUDGETS.replace("= 10", "= 9").replace("9_000_000", "8_000_000");
    assert_eq!(text, expected);
    assert_eq!(lowered.len(), 2);
}

#[test]
fn numbers_are_written_in_groups_of_three() {
    assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1_000", "1_234_567"]);
}
