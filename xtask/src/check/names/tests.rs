//! Tests with a violation of each rule for names.

use super::measure::{NameShares, SourceFile, count_words};
use super::{check, measure_shares};

fn source(krate: &str, file: &str, text: &str) -> SourceFile {
    SourceFile::read(krate, &format!("crates/{krate}/src/{file}.rs"), text)
}

#[track_caller]
fn one_fault(sources: &[SourceFile], expected: &str) {
    let faults: Vec<_> = check(sources).iter().map(ToString::to_string).collect();
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(faults[0].starts_with(expected), "{faults:?}");
}

#[test]
fn a_crate_has_each_type_name_once() {
    let first = source("a", "b", "pub struct RetryPolicy;\n");
    let second = source("a", "c", "\npub(crate) enum RetryPolicy {}\n");
    one_fault(&[first, second], "crates/a/src/c.rs:2: `a` has a second type named `RetryPolicy`");
}

#[test]
fn three_crates_may_share_a_type_name_and_four_may_not() {
    let named = |krate| source(krate, "lib", "trait CallModel {}\n");
    assert_eq!(check(&["a", "b", "c"].map(named)), []);
    one_fault(&["a", "b", "c", "d"].map(named), "crates/d/src/lib.rs:1: 4 crates have a type");
}

#[test]
fn parameters_are_not_tuples() {
    let breach = "fn send(&self, (id, name): (u8, &str)) {}\n";
    one_fault(&[source("a", "b", breach)], "crates/a/src/b.rs:1: a parameter takes a tuple apart");
    let broken = "fn send(\n    (id, name): (u8, &str),\n) {}\n";
    one_fault(&[source("a", "b", broken)], "crates/a/src/b.rs:2: a parameter takes");
    let sound = "let (a, b): (u8, u8) = c;\nfor (a, b) in c {}\nf(|(a, b)| a);\n";
    assert_eq!(check(&[source("a", "b", sound)]), []);
}

#[test]
fn a_predicate_changes_nothing() {
    let breach = source("a", "b", "    pub fn is_open(&mut self) {}\n");
    one_fault(&[breach], "crates/a/src/b.rs:1: `is_open` asks by its name and changes `self`");
    assert_eq!(check(&[source("a", "b", "fn is_open(&self) -> bool { true }\n")]), []);
}

#[test]
fn a_module_is_named_after_a_thing() {
    one_fault(&[source("a", "lib", "mod learnt;\n")], "crates/a/src/lib.rs:1: the module `learnt`");
    assert_eq!(check(&[source("a", "lib", "pub mod capability_store;\n")]), []);
}

#[test]
fn inline_tests_and_comments_are_not_read() {
    let text = "// struct Twice;\nstruct Twice;\n#[cfg(test)]\nmod tests {\n    struct Twice;\n}\n";
    assert_eq!(check(&[source("a", "b", text)]), []);
}

#[test]
fn shares_are_rounded_up() {
    let text =
        "struct One;\nstruct TwoWords;\nstruct ThreeWordsHere;\nfn do_it() {}\nfn new() {}\n";
    let shares = NameShares::from_sources(&[source("a", "b", text)]);
    assert_eq!(shares, NameShares { type_percent: 34, function_percent: 50 });
}

#[test]
fn words_are_counted_by_capital_letters() {
    let counts = ["Tool", "ToolSpec", "SSE", "SSEvent", "HttpError2", "ToolOutputStore"];
    assert_eq!(counts.map(count_words), [1, 2, 1, 2, 2, 3]);
}

#[test]
fn the_workspace_is_read() {
    let shares = measure_shares(&crate::workspace::root()).unwrap();
    assert!(shares.type_percent > 0 && shares.function_percent > 0, "{shares:?}");
}
