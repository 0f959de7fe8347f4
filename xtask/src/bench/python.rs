//! The Python client that is measured as a peer, installed under `target/`.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::workspace;

/// The measured release.
pub(super) const CLIENT: &str = "openai==3.52.0";

/// Returns the command line of the client, and installs it if needed.
pub(super) fn client() -> Result<Vec<String>> {
    let folder = workspace::target_directory()?.join("bench-python");
    let python = folder.join("bin/python");
    let stamp = folder.join(CLIENT);
    if !stamp.exists() {
        let venv = ["-m", "venv", "--clear"].map(Into::into).into_iter().chain([folder.clone()]);
        step(Command::new("python3").args(venv))?;
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", CLIENT];
        step(Command::new(&python).args(pip))?;
        std::fs::write(&stamp, "").context("failed to note what is installed")?;
    }
    let script: PathBuf = workspace::root().join("xtask/bench/openai_stream.py");
    Ok([python, script].map(|path| path.to_string_lossy().into_owned()).to_vec())
}

fn step(command: &mut Command) -> Result<()> {
    let output = command.stdin(Stdio::null()).output();
    let output = output.with_context(|| format!("failed to start {command:?}"))?;
    if !output.status.success() {
        bail!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}
