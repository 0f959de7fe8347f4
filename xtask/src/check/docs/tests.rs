//! Tests of documents that are correct and of documents that are not.

use std::collections::BTreeSet;

use super::{Named, check_architecture, check_links, holds};

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn named() -> Named {
    Named {
        crates: vec!["core".to_owned()],
        paths: set(&["", "deny.toml", "docs", "docs/guide", "docs/guide/a.md"]),
        functions: set(&["history_is_always_valid", "new"]),
        lints: set(&["unsafe_code"]),
    }
}

#[track_caller]
fn faults(text: &str) -> Vec<String> {
    check_architecture(text, &named()).iter().map(ToString::to_string).collect()
}

#[test]
fn every_crate_is_named() {
    assert!(faults("The crate `core`.").is_empty());
    assert!(faults("The crate `openclaw-core`.").is_empty());
    assert!(faults("The core.")[0].contains("the crate `core` is not named"));
}

#[test]
fn every_invariant_names_what_holds_it() {
    let held =
        "`core`\n\n**Invariant:** `core` knows no HTTP.\nHeld by `cargo xtask check layers`.";
    assert!(faults(held).is_empty());
    let loose = "`core`\n\n**Invariant:** `core` knows no HTTP.\n\n`cargo xtask check layers`\n";
    let found = faults(loose);
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("ARCHITECTURE.md:3: the invariant names no check"), "{found:?}");
    let list = "`core`\n- **Invariant** a: `deny.toml`\n- **Invariant** b.\n";
    assert!(faults(list)[0].starts_with("ARCHITECTURE.md:3:"), "{list}");
}

#[test]
fn only_what_exists_and_can_fail_holds_an_invariant() {
    for name in [
        "cargo xtask check tidy",
        "check bans",
        "cargo xtask codegen --check",
        "clippy::unsafe_code",
        "history_is_always_valid",
        "history::tests::history_is_always_valid",
        "deny.toml",
        "deny.toml [bans]",
    ] {
        assert!(holds(name, &named()), "{name}");
    }
    for name in ["cargo xtask check sense", "core", "new", "gone_test", "gone.toml", "docs"] {
        assert!(!holds(name, &named()), "{name}");
    }
}

#[test]
fn links_lead_somewhere() {
    let check = |name: &str, text: &str| check_links(name, text, &named().paths);
    assert_eq!(check("README.md", "[a](docs/guide/a.md#top) [b](https://x.invalid) [c](#d)"), []);
    assert_eq!(check("docs/guide/a.md", "[up](../../deny.toml) [own](a.md) [dir](..)"), []);
    let found = check("README.md", "x\n[a](docs/gone.md)\n[b](../out.md)");
    assert_eq!(found.iter().map(|fault| fault.line).collect::<Vec<_>>(), [2, 3]);
}
