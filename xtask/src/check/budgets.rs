//! Ceilings on sizes and counts, from `xtask/budgets.toml`. Lowering one is free, raising one needs
//! a reason.

mod measure;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::Deserialize;

use self::measure::Measured;
use super::{Fault, line_of_key};
use crate::workspace::read;

const BUDGETS: &str = "xtask/budgets.toml";

/// The contents of `xtask/budgets.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Budgets {
    lock_packages: u64,
    largest_source_file_lines: u64,
    release_binary_bytes: u64,
    /// Type names of one word, in per cent of all type names.
    one_word_type_names: u64,
    /// Function names of one word, in per cent of all function names.
    one_word_function_names: u64,
    /// The number of other packages below each crate, by normal dependencies, transitively. A key
    /// may join several crates with ` + `: then packages they share count once.
    normal_dependencies: BTreeMap<String, u64>,
}

/// A budget with its measured value.
#[derive(Debug)]
struct Line {
    key: String,
    budget: u64,
    present: u64,
    /// What the number counts, for the message.
    what: String,
}

/// Checks the workspace at `root` against its budgets.
pub(super) fn run(root: &Path) -> Result<Vec<Fault>> {
    check(&read(&root.join(BUDGETS))?, &measure::measure(root)?)
}

/// Lowers every number of `xtask/budgets.toml` to the measured one and reports which; never raises
/// one.
pub(crate) fn ratchet(root: &Path) -> Result<Vec<String>> {
    let path = root.join(BUDGETS);
    let (text, lowered) = lower(&read(&path)?, &measure::measure(root)?)?;
    std::fs::write(&path, text).context("failed to write the budgets")?;
    Ok(lowered)
}

fn check(text: &str, measured: &Measured) -> Result<Vec<Fault>> {
    let budgets: Budgets = toml::from_str(text).context("failed to read the budgets")?;
    let over = lines(&budgets, measured).into_iter().filter(|line| line.present > line.budget);
    let mut faults: Vec<Fault> = over
        .map(|line| {
            Fault::new(
                BUDGETS,
                line_of_key(text, &line.key),
                format!("{}: {}, more than {}", line.what, line.present, line.budget),
                "make it less, or raise the number with the reason in the commit",
            )
        })
        .collect();
    for name in measured.dependencies.keys() {
        if !budgets.normal_dependencies.contains_key(name) {
            faults.push(Fault::new(
                BUDGETS,
                line_of_key(text, "[normal-dependencies]"),
                format!("`{name}` has no budget"),
                "add it under `[normal-dependencies]`",
            ));
        }
    }
    let joined = budgets.normal_dependencies.keys().flat_map(|key| key.split(" + "));
    faults.extend(joined.filter(|name| !measured.dependencies.contains_key(*name)).map(|name| {
        Fault::new(
            BUDGETS,
            line_of_key(text, name),
            format!("there is no crate `{name}`"),
            "remove its budget",
        )
    }));
    Ok(faults)
}

fn lines(budgets: &Budgets, measured: &Measured) -> Vec<Line> {
    let line = |key: &str, budget, present, what: String| Line {
        key: key.to_owned(),
        budget,
        present,
        what,
    };
    let (file, longest) = &measured.largest_source_file;
    let mut lines = vec![
        line(
            "lock-packages",
            budgets.lock_packages,
            measured.lock_packages,
            "packages in Cargo.lock".to_owned(),
        ),
        line(
            "largest-source-file-lines",
            budgets.largest_source_file_lines,
            *longest,
            format!("lines of `{file}`, the longest file"),
        ),
        line(
            "one-word-type-names",
            budgets.one_word_type_names,
            measured.names.type_percent,
            "per cent of the type names are one word".to_owned(),
        ),
        line(
            "one-word-function-names",
            budgets.one_word_function_names,
            measured.names.function_percent,
            "per cent of the function names are one word".to_owned(),
        ),
    ];
    if let Some(bytes) = measured.release_binary_bytes {
        let what = "bytes of the release binary".to_owned();
        lines.push(line("release-binary-bytes", budgets.release_binary_bytes, bytes, what));
    }
    for (key, budget) in &budgets.normal_dependencies {
        let below = key.split(" + ").filter_map(|name| measured.dependencies.get(name));
        let present = below.flatten().collect::<std::collections::BTreeSet<_>>().len() as u64;
        let what = format!("packages that `{key}` builds on");
        lines.push(line(key, *budget, present, what));
    }
    lines
}

/// Returns the budgets' text with lowered numbers, and a sentence for each.
fn lower(text: &str, measured: &Measured) -> Result<(String, Vec<String>)> {
    let budgets: Budgets = toml::from_str(text).context("failed to read the budgets")?;
    let mut lowered = Vec::new();
    let mut rows: Vec<String> = text.lines().map(str::to_owned).collect();
    for line in lines(&budgets, measured).iter().filter(|line| line.present < line.budget) {
        let row = rows.get_mut(line_of_key(text, &line.key) - 1);
        let Some((row, (key, _))) = row.and_then(|row| {
            let parts = row.split_once('=').map(|(key, rest)| (key.to_owned(), rest.to_owned()))?;
            Some((row, parts))
        }) else {
            continue;
        };
        *row = format!("{} = {}", key.trim_end(), grouped(line.present));
        lowered.push(format!("{}: {} -> {}", line.what, line.budget, line.present));
    }
    Ok((rows.join("\n") + "\n", lowered))
}

/// Formats `1234567` as TOML's `1_234_567`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('_');
        }
        text.push(digit);
    }
    text
}
