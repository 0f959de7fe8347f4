//! Every Rust file must be part of a module tree, and a crate has one integration test binary.
//!
//! A file that no `mod` declares is never compiled, so its tests never run.

use std::collections::BTreeMap;

use anyhow::Result;

use crate::check::Fault;
use crate::check::source::{code_only, words};

/// Checks the Rust files `names`; `read` returns a file's text.
pub(super) fn check<'a>(
    names: impl Iterator<Item = &'a String>,
    read: impl Fn(&str) -> Result<String>,
) -> Result<Vec<Fault>> {
    let mut faults = Vec::new();
    let mut codes: BTreeMap<String, String> = BTreeMap::new();
    let names: Vec<&str> = names.map(String::as_str).collect();
    for name in &names {
        if is_lone_test(name) {
            faults.push(Fault::new(
                *name,
                1,
                "this is a test binary of its own",
                "move it to `tests/it/` and declare it in its `main.rs`",
            ));
        }
        let Some((parents, module)) = parents(name) else { continue };
        let Some(parent) = parents.iter().find(|parent| names.contains(&parent.as_str())) else {
            faults.push(Fault::new(
                *name,
                1,
                "no file declares this module",
                format!("declare `mod {module};` in `{}`", parents.join("` or `")),
            ));
            continue;
        };
        if !codes.contains_key(parent) {
            codes.insert(parent.clone(), code_only(&read(parent)?));
        }
        let code = codes.get(parent).map(String::as_str).unwrap_or_default();
        if !declares(code, &module) {
            faults.push(Fault::new(
                *name,
                1,
                format!("`{parent}` does not declare this module"),
                format!("add `mod {module};` there, or remove the file"),
            ));
        }
    }
    Ok(faults)
}

/// Returns the files that may declare the module in `name`, and the module's name; `None` for a
/// crate root and for files outside a module tree.
fn parents(name: &str) -> Option<(Vec<String>, String)> {
    let (folder, file) = name.rsplit_once('/')?;
    let in_tree = ["src", "tests/it"].iter().any(|tree| {
        folder == *tree
            || folder.ends_with(&format!("/{tree}"))
            || format!("{folder}/").contains(&format!("/{tree}/"))
    });
    let (folder, module) = match file {
        "mod.rs" => folder.rsplit_once('/')?,
        _ => (folder, file.strip_suffix(".rs")?),
    };
    let is_root = folder.ends_with("src") || folder.ends_with("tests/it");
    if !in_tree || folder.contains("/bin") || is_root && matches!(module, "lib" | "main") {
        return None;
    }
    let parents = if is_root {
        vec![format!("{folder}/lib.rs"), format!("{folder}/main.rs")]
    } else {
        vec![format!("{folder}.rs"), format!("{folder}/mod.rs")]
    };
    Some((parents, module.to_owned()))
}

fn declares(code: &str, module: &str) -> bool {
    let mut previous = "";
    words(code).any(|word| std::mem::replace(&mut previous, word) == "mod" && word == module)
}

/// Returns true for `crates/x/tests/y.rs`, of which cargo makes a test binary of its own.
fn is_lone_test(name: &str) -> bool {
    let Some((folder, _)) = name.rsplit_once('/') else { return false };
    folder.ends_with("/tests") && !folder.contains("/src/")
}

#[cfg(test)]
mod tests {
    use super::check;

    #[track_caller]
    fn faults(files: &[(&str, &str)]) -> Vec<String> {
        let names: Vec<String> = files.iter().map(|(name, _)| (*name).to_owned()).collect();
        let text = |wanted: &str| {
            let file = files.iter().find(|(name, _)| *name == wanted).unwrap();
            Ok(file.1.to_owned())
        };
        check(names.iter(), text).unwrap().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_tree_in_which_every_file_is_declared_is_sound() {
        let none: &[String] = &[];
        let files = [
            ("crates/a/src/lib.rs", "mod b;\npub mod tests;"),
            ("crates/a/src/main.rs", ""),
            ("crates/a/src/tests.rs", ""),
            ("crates/a/src/b.rs", "#[cfg(test)]\nmod tests;"),
            ("crates/a/src/b/tests.rs", ""),
            ("crates/a/tests/it/main.rs", "mod c;\nmod d;"),
            ("crates/a/tests/it/c.rs", ""),
            ("crates/a/tests/it/d/mod.rs", "mod e;"),
            ("crates/a/tests/it/d/e.rs", ""),
            ("crates/a/examples/f.rs", ""),
            ("tests/src/lib.rs", ""),
            ("tests/tests/it/main.rs", "mod g;"),
            ("tests/tests/it/g.rs", ""),
            ("tests/tests/live/main.rs", ""),
        ];
        assert_eq!(faults(&files), none);
    }

    #[test]
    fn a_file_that_is_not_declared_is_a_fault() {
        let main = ("crates/a/tests/it/main.rs", "// mod c;\nuse c;");
        let found = faults(&[main, ("crates/a/tests/it/c.rs", "")]);
        assert!(found[0].starts_with("crates/a/tests/it/c.rs:1: "), "{found:?}");
        assert!(found[0].contains("`crates/a/tests/it/main.rs` does not declare"), "{found:?}");
        let found = faults(&[("crates/a/src/lib.rs", ""), ("crates/a/src/b/c.rs", "")]);
        assert!(found[0].contains("no file declares this module"), "{found:?}");
    }

    #[test]
    fn a_second_test_binary_is_a_fault() {
        let found = faults(&[("crates/a/tests/extra.rs", "")]);
        assert!(found[0].contains("a test binary of its own"), "{found:?}");
    }
}
