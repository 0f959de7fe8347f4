//! Rules for one Rust source file.

use crate::check::Fault;
use crate::check::source::{code_only, inline_tests_start, lines_without_tests};

/// The most lines a file may have before its trailing inline tests.
const MOST_LINES: usize = 400;

/// Code that no Rust file may contain, and what to do instead.
const FORBIDDEN: &[Forbidden] = &[
    Forbidden { code: "#[ignore", only_tests: false, mend: "make the test run, or remove it" },
    Forbidden {
        code: "#[should_panic",
        only_tests: false,
        mend: "assert on the error that is returned",
    },
    Forbidden {
        code: "#[allow(",
        only_tests: false,
        mend: "write `#[expect(lint, reason = \"...\")]`, which ends with its cause",
    },
    Forbidden { code: "#![allow(", only_tests: false, mend: "write `#![expect(lint, reason)]`" },
    Forbidden { code: "thread::sleep", only_tests: true, mend: "wait for an event: a channel" },
    Forbidden {
        code: "time::sleep(",
        only_tests: true,
        mend: "wait for an event, or pause the clock and advance it",
    },
];

#[derive(Debug)]
struct Forbidden {
    code: &'static str,
    only_tests: bool,
    mend: &'static str,
}

/// The first line of a crate whose documentation is its README.
const README_AS_DOCS: &str = "#![doc = include_str!(\"../README.md\")]\n";

/// Checks one file, named from the workspace root, against every rule for sources.
pub(super) fn check(name: &str, text: &str) -> Vec<Fault> {
    let code = code_only(text);
    let mut faults = Vec::new();
    if !text.starts_with("//!") && !text.starts_with(README_AS_DOCS) {
        faults.push(Fault::new(
            name,
            1,
            "the file does not begin with `//!`",
            "begin with a sentence on what the file is for",
        ));
    }
    let length = lines_without_tests(text);
    if length > MOST_LINES {
        faults.push(Fault::new(
            name,
            MOST_LINES + 1,
            format!("{length} lines without tests, more than {MOST_LINES}"),
            "split it by concern",
        ));
    }
    faults.extend(glob_exports(name, &code));
    let tests_from = if is_test_file(name) { Some(0) } else { inline_tests_start(text) };
    for (index, line) in code.lines().enumerate() {
        let in_tests = tests_from.is_some_and(|start| index >= start);
        let found = FORBIDDEN.iter().filter(|rule| in_tests || !rule.only_tests);
        faults.extend(found.filter(|rule| line.contains(rule.code)).map(|rule| {
            Fault::new(name, index + 1, format!("`{}` is not used here", rule.code), rule.mend)
        }));
    }
    faults
}

/// Finds `pub use a::*`, also when the tree spans several lines.
fn glob_exports(name: &str, code: &str) -> Vec<Fault> {
    let globs = code.match_indices("pub use ").filter(|(start, _)| {
        let statement = code.get(*start..).unwrap_or_default().split(';').next();
        statement.is_some_and(|statement| statement.contains('*'))
    });
    let fault = |(start, _): (usize, &str)| {
        let line = code.get(..start).unwrap_or_default().matches('\n').count() + 1;
        Fault::new(name, line, "a glob is exported", "name what is exported")
    };
    globs.map(fault).collect()
}

fn is_test_file(name: &str) -> bool {
    name.starts_with("tests/") || name.contains("/tests/") || name.ends_with("/tests.rs")
}

#[cfg(test)]
mod tests {
    use super::{MOST_LINES, check};

    #[track_caller]
    fn one_fault(name: &str, text: &str, expected: &str) {
        let faults: Vec<_> = check(name, text).iter().map(ToString::to_string).collect();
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].starts_with(expected), "{faults:?}");
    }

    #[track_caller]
    fn sound(name: &str, text: &str) {
        assert_eq!(check(name, text), []);
    }

    #[test]
    fn a_file_begins_with_its_reason() {
        one_fault("a.rs", "fn main() {}\n", "a.rs:1: the file does not begin");
        sound("a.rs", "//! Why.\nfn main() {}\n");
        sound("lib.rs", "#![doc = include_str!(\"../README.md\")]\nfn main() {}\n");
    }

    #[test]
    fn a_file_is_short_without_its_tests() {
        let long = format!("//! Why.\n{}", "const A: u8 = 1;\n".repeat(MOST_LINES - 1));
        sound("a.rs", &long);
        sound("a.rs", &format!("{long}#[cfg(test)]\nmod tests {{\n    const B: u8 = 1;\n}}\n"));
        one_fault("a.rs", &format!("{long}\n"), "a.rs:401: 401 lines");
    }

    #[test]
    fn globs_are_not_exported() {
        one_fault("a.rs", "//! A.\npub use b::*;\n", "a.rs:2: a glob");
        one_fault("a.rs", "//! A.\n\npub use b::{\n    c,\n    d::*,\n};\n", "a.rs:3: a glob");
        sound("a.rs", "//! A.\npub use b::{c, d};\nuse e::*;\n");
    }

    #[test]
    fn switched_off_tests_and_lints_are_faults_in_code_alone() {
        one_fault("a.rs", "//! A.\n#[ignore = \"slow\"]\n", "a.rs:2: `#[ignore`");
        one_fault("a.rs", "//! A.\n    #[should_panic(expected = \"\")]\n", "a.rs:2: ");
        one_fault("a.rs", "//! A.\n#[allow(dead_code)]\n", "a.rs:2: `#[allow(`");
        one_fault("a.rs", "//! A.\n#![allow(dead_code)]\n", "a.rs:2: `#![allow(`");
        sound("a.rs", "//! Never #[allow(x)].\nconst A: &str = \"#[ignore]\";\n#[expect(a)]\n");
    }

    #[test]
    fn tests_do_not_sleep() {
        let sleep = "//! A.\nfn f() { std::thread::sleep(d); }\n";
        one_fault("crates/a/tests/it/b.rs", sleep, "crates/a/tests/it/b.rs:2: `thread::sleep`");
        one_fault("crates/a/src/b/tests.rs", sleep, "crates/a/src/b/tests.rs:2: ");
        one_fault("tests/tests/it/b.rs", "//! A.\ntokio::time::sleep(d).await\n", "tests/tests/");
        sound("crates/a/src/b.rs", sleep);
        let inline = "//! A.\n\n#[cfg(test)]\nmod tests {\n    time::sleep(d);\n}\n";
        one_fault("crates/a/src/b.rs", inline, "crates/a/src/b.rs:5: `time::sleep(`");
    }
}
