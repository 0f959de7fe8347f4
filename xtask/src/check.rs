//! Rules that the compiler and clippy cannot enforce: allowed dependencies, bans, tidiness,
//! budgets, names, and the claims of the documents.
//!
//! Every rule is a function from texts to [`Fault`]s, so that its test can plant a violation.

mod bans;
mod budgets;
mod docs;
mod layers;
mod names;
mod source;
#[cfg(test)]
mod tests;
mod tidy;

use std::fmt;
use std::path::Path;

use anyhow::Result;
use clap::ValueEnum;

pub(crate) use budgets::ratchet;

/// One violation of a rule and the way to fix it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Fault {
    /// The path relative to the workspace root.
    pub(crate) file: String,
    /// Counted from one; one when the whole file is meant.
    pub(crate) line: usize,
    pub(crate) what: String,
    pub(crate) mend: String,
}

impl Fault {
    pub(crate) fn new(
        file: impl Into<String>,
        line: usize,
        what: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self { file: file.into(), line, what: what.into(), mend: mend.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}; {}", self.file, self.line, self.what, self.mend)
    }
}

/// A family of rules that can be run alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// Dependencies between crates are those of `xtask/layers.toml`.
    Layers,
    /// Crates that only their owners may use, from `deny.toml`.
    Bans,
    /// The form of source files, manifests and lint settings.
    Tidy,
    /// Sizes and counts stay within `xtask/budgets.toml`.
    Budgets,
    /// Names are plain words of the field.
    Names,
    /// `ARCHITECTURE.md` and the links of the documents are true.
    Docs,
}

/// Runs `parts`, or all of them when none is named, on the workspace at `root`.
pub(crate) fn run(root: &Path, parts: &[Part]) -> Result<Vec<Fault>> {
    let parts = if parts.is_empty() { Part::value_variants() } else { parts };
    let mut faults = Vec::new();
    for part in parts {
        faults.extend(match part {
            Part::Layers => layers::run(root)?,
            Part::Bans => bans::run(root)?,
            Part::Tidy => tidy::run(root)?,
            Part::Budgets => budgets::run(root)?,
            Part::Names => names::run(root)?,
            Part::Docs => docs::run(root)?,
        });
    }
    faults.sort();
    Ok(faults)
}

/// Returns the number, counted from one, of the first line that `matches`; one when there is none.
fn line_where(text: &str, matches: impl Fn(&str) -> bool) -> usize {
    text.lines().position(matches).map_or(1, |index| index + 1)
}

/// Returns the line of a manifest or table that sets `key`.
fn line_of_key(text: &str, key: &str) -> usize {
    line_where(text, |line| {
        let rest = line.trim_start().trim_start_matches('"').strip_prefix(key);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', ' ', '=', '"']))
    })
}
