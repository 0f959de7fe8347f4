//! Builds programs of the workspace other than the product: benches, which have roles.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::workspace;

/// The profile that a bench is built with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Build {
    /// The bench profile, for measuring.
    Measured,
    /// The test profile, which builds faster.
    Tested,
}

/// Builds a bench of a package and returns its program.
pub(crate) fn bench(package: &str, bench: &str, build: Build) -> Result<PathBuf> {
    let verb = if build == Build::Measured { "bench" } else { "test" };
    let output = Command::new("cargo")
        .args([verb, "--no-run", "--locked", "--message-format", "json"])
        .args(["--package", package, "--bench", bench])
        .current_dir(workspace::root())
        .stderr(Stdio::inherit())
        .output()
        .context("failed to start cargo")?;
    if !output.status.success() {
        bail!("the build of the bench failed");
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut programs = text.lines().filter_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        Some(PathBuf::from(message.get("executable")?.as_str()?))
    });
    programs.next_back().context("cargo does not say where the bench is")
}
