//! Collects the figures measured by this program and by the tests that it runs.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::workspace;

/// The variable with the path of the file to which tests append `NAME<TAB>VALUE` lines.
pub(super) const VARIABLE: &str = "OPENCLAW_LIVE_FIGURES";

/// The figures of one run.
#[derive(Debug)]
pub(super) struct Figures {
    path: PathBuf,
}

impl Figures {
    /// Creates an empty file.
    pub(super) fn new() -> Result<Self> {
        let folder = workspace::target_directory()?.join("live");
        std::fs::create_dir_all(&folder).context("failed to make the folder for the figures")?;
        let path = folder.join("figures.txt");
        File::create(&path).context("failed to make the file for the figures")?;
        Ok(Self { path })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn note(&self, name: &str, time: Duration) -> Result<()> {
        let mut file =
            OpenOptions::new().append(true).open(&self.path).context("failed to note a figure")?;
        writeln!(file, "{name}\t{:.1} s", time.as_secs_f64()).context("failed to note a figure")
    }

    /// Prints the figures in the order of measurement.
    pub(super) fn print(&self) -> Result<()> {
        let text = std::fs::read_to_string(&self.path).context("failed to read the figures")?;
        let lines: Vec<_> = text.lines().filter_map(|line| line.split_once('\t')).collect();
        let width = lines.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
        for (name, value) in lines {
            eprintln!("{name:<width$}  {value}");
        }
        Ok(())
    }
}
