//! Checks that the lints behind the house rules are switched on in every crate.

use anyhow::{Context as _, Result};
use toml::{Table, Value};

use crate::check::{Fault, line_of_key};

/// Lints that `[workspace.lints]` must set, with the levels that count as on.
const RUST_LINTS: &[&str] =
    &["unsafe_code", "unreachable_pub", "missing_docs", "missing_debug_implementations"];

const CLIPPY_LINTS: &[&str] = &[
    "pedantic",
    "unwrap_used",
    "expect_used",
    "indexing_slicing",
    "panic",
    "print_stdout",
    "print_stderr",
    "allow_attributes",
    "dbg_macro",
    "todo",
    "unimplemented",
    "too_many_lines",
    "exit",
    "disallowed_methods",
];

/// The highest values that `clippy.toml` may set.
const THRESHOLDS: &[(&str, i64)] =
    &[("too-many-lines-threshold", 80), ("too-many-arguments-threshold", 5)];

/// Disallowed methods, each with one crate that may use it.
const OWNED_METHODS: &[&str] = &[
    "std::process::Command::new",
    "tokio::process::Command::new",
    "std::env::var",
    "std::env::var_os",
    "std::env::vars",
    "std::env::vars_os",
    "std::fs::write",
    "tokio::fs::write",
    "std::os::unix::fs::OpenOptionsExt::mode",
    "std::os::unix::fs::DirBuilderExt::mode",
    "std::fs::File::sync_all",
    "std::fs::File::lock",
    "std::fs::File::try_lock",
    "std::thread::sleep",
];

/// Checks that a member's manifest inherits the workspace's lints and sets no others.
pub(super) fn check_manifest(name: &str, text: &str) -> Result<Option<Fault>> {
    let manifest = table(name, text)?;
    if !manifest.contains_key("package") {
        return Ok(None);
    }
    let inherits = manifest.get("lints").and_then(|lints| lints.get("workspace"));
    let fault = || {
        Fault::new(
            name,
            line_of_key(text, "[lints]"),
            "the crate does not take the workspace's lints",
            "write `[lints]` with `workspace = true`",
        )
    };
    Ok((inherits != Some(&Value::Boolean(true))).then(fault))
}

/// Checks that the workspace's manifest sets every required lint.
pub(super) fn check_lints(text: &str) -> Result<Vec<Fault>> {
    let manifest = table("Cargo.toml", text)?;
    let lints = manifest.get("workspace").and_then(|workspace| workspace.get("lints"));
    let families = [("rust", RUST_LINTS), ("clippy", CLIPPY_LINTS)];
    let required = families.iter().flat_map(|(tool, lints)| lints.iter().map(move |l| (*tool, *l)));
    let off = required.filter(|(tool, lint)| {
        let level = lints.and_then(|lints| lints.get(tool)).and_then(|tool| tool.get(lint));
        let level = level.and_then(|level| level.as_str().or_else(|| level.get("level")?.as_str()));
        !matches!(level, Some("warn" | "deny" | "forbid"))
    });
    let fault = |(tool, lint): (&str, &str)| {
        Fault::new(
            "Cargo.toml",
            line_of_key(text, lint),
            format!("`[workspace.lints.{tool}]` does not switch on `{lint}`"),
            format!("write `{lint} = \"warn\"`, and expect exceptions where they are"),
        )
    };
    Ok(off.map(fault).collect())
}

/// Checks the thresholds and the disallowed methods of `clippy.toml`.
pub(super) fn check_clippy(text: &str) -> Result<Vec<Fault>> {
    let settings = table("clippy.toml", text)?;
    let mut faults = Vec::new();
    for (key, most) in THRESHOLDS {
        let value = settings.get(*key).and_then(Value::as_integer);
        if value.is_none_or(|value| value > *most) {
            faults.push(Fault::new(
                "clippy.toml",
                line_of_key(text, key),
                format!("`{key}` is not set to {most} or less"),
                format!("write `{key} = {most}`"),
            ));
        }
    }
    let entries = settings.get("disallowed-methods").and_then(Value::as_array);
    let listed = |path: &str| {
        let mut entries = entries.into_iter().flatten();
        entries.any(|entry| {
            let entry = entry.as_str().or_else(|| entry.get("path")?.as_str());
            entry == Some(path)
        })
    };
    faults.extend(OWNED_METHODS.iter().filter(|path| !listed(path)).map(|path| {
        Fault::new(
            "clippy.toml",
            line_of_key(text, "disallowed-methods"),
            format!("`{path}` is not disallowed"),
            "list it under `disallowed-methods` with its owner as the reason",
        )
    }));
    Ok(faults)
}

fn table(name: &str, text: &str) -> Result<Table> {
    text.parse().with_context(|| format!("failed to read {name}"))
}

#[cfg(test)]
mod tests {
    use super::{
        CLIPPY_LINTS, OWNED_METHODS, RUST_LINTS, check_clippy, check_lints, check_manifest,
    };

    fn sound_lints() -> String {
        let rust = RUST_LINTS
            .iter()
            .map(|lint| format!("{lint} = \"warn\"\n"))
            .collect::<Vec<_>>()
            .concat();
        let clippy = CLIPPY_LINTS
            .iter()
            .map(|lint| format!("{lint} = {{ level = \"warn\" }}\n"))
            .collect::<Vec<_>>()
            .concat();
        format!("[workspace.lints.rust]\n{rust}\n[workspace.lints.clippy]\n{clippy}")
    }

    fn sound_clippy() -> String {
        let methods = OWNED_METHODS
            .iter()
            .map(|path| format!("  {{ path = \"{path}\" }},\n"))
            .collect::<Vec<_>>()
            .concat();
        format!(
            "too-many-lines-threshold = 80\ntoo-many-arguments-threshold = 5\n\
             disallowed-methods = [\n{methods}]\n"
        )
    }

    #[test]
    fn a_crate_takes_the_lints_of_the_workspace() {
        let fault = |text| check_manifest("crates/a/Cargo.toml", text).unwrap();
        assert_eq!(fault("[package]\nname = \"a\"\n[lints]\nworkspace = true\n"), None);
        assert!(fault("[package]\nname = \"a\"\n").is_some());
        assert!(fault("[package]\nname = \"a\"\n[lints]\nrust.missing_docs = \"allow\"").is_some());
    }

    #[test]
    fn each_lint_that_is_switched_off_or_missing_is_a_fault() {
        assert_eq!(check_lints(&sound_lints()).unwrap(), []);
        for lint in RUST_LINTS.iter().chain(CLIPPY_LINTS) {
            let line = sound_lints();
            let line = line.lines().find(|line| line.starts_with(lint)).unwrap();
            for weaker in [String::new(), line.replace("warn", "allow")] {
                let faults = check_lints(&sound_lints().replace(line, &weaker)).unwrap();
                assert_eq!(faults.len(), 1, "{lint}: {faults:?}");
                assert!(faults[0].what.contains(lint), "{faults:?}");
            }
        }
    }

    #[test]
    fn each_owned_method_and_threshold_that_is_missing_is_a_fault() {
        assert_eq!(check_clippy(&sound_clippy()).unwrap(), []);
        for path in OWNED_METHODS {
            let without = sound_clippy().replace(&format!("  {{ path = \"{path}\" }},\n"), "");
            let faults = check_clippy(&without).unwrap();
            assert_eq!(faults.len(), 1, "{path}: {faults:?}");
        }
        let loose = sound_clippy().replace("threshold = 80", "threshold = 200");
        assert_eq!(check_clippy(&loose).unwrap().len(), 1);
        let unset = sound_clippy().replace("too-many-arguments-threshold = 5", "");
        assert_eq!(check_clippy(&unset).unwrap().len(), 1);
    }
}
