//! The roles of a bench program: built once, then started as servers, measured or queried.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::measure;
use crate::built::{self, Build};

/// The bench program that has all the roles.
#[derive(Debug)]
pub(super) struct Roles(PathBuf);

/// A server in a process of its own, ended when this value is dropped.
#[derive(Debug)]
pub(super) struct Server {
    process: Child,
    pub(super) address: String,
}

impl Roles {
    /// Builds the bench `streams`.
    pub(super) fn build() -> Result<Self> {
        Self::of("openclaw-providers-openai", "streams")
    }

    /// Builds a bench of a package.
    pub(super) fn of(package: &str, bench: &str) -> Result<Self> {
        Self::built(package, bench, Build::Measured)
    }

    /// Builds a bench of a package in a profile.
    pub(super) fn built(package: &str, bench: &str, build: Build) -> Result<Self> {
        built::bench(package, bench, build).map(Self)
    }

    /// Starts a server and waits until it prints its address.
    pub(super) fn serve(&self, role: &[&str]) -> Result<Server> {
        let mut command = Command::new(&self.0);
        command.args(role).stdin(Stdio::null()).stdout(Stdio::piped());
        let process = command.spawn().context("failed to start a server")?;
        let mut server = Server { process, address: String::new() };
        let output = server.process.stdout.take().context("the server has no output")?;
        BufReader::new(output).read_line(&mut server.address)?;
        server.address.truncate(server.address.trim_end().len());
        if server.address.is_empty() {
            bail!("the server ended without saying where it listens");
        }
        Ok(server)
    }

    /// Runs a role to its end and returns its output.
    pub(super) fn ask(&self, role: &[&str]) -> Result<Value> {
        let output = Command::new(&self.0)
            .args(role)
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .context("failed to start a role")?;
        if !output.status.success() {
            bail!("the role {role:?} failed");
        }
        serde_json::from_slice(&output.stdout).context("failed to read what a role says")
    }

    pub(super) fn program(&self) -> &Path {
        &self.0
    }

    /// Returns the command line of a role.
    pub(super) fn words(&self, role: &str) -> Vec<String> {
        vec![self.0.to_string_lossy().into_owned(), role.to_owned()]
    }
}

/// Returns the processor time of a command, in microseconds.
pub(super) fn cpu_us(words: &[String], arguments: &[&str]) -> Result<f64> {
    let arguments = arguments.iter().map(|&argument| argument.to_owned());
    let command: Vec<String> = words.iter().cloned().chain(arguments).collect();
    let sample = measure::in_own_process(Command::new(Path::new(measure::OWN)), &command)?;
    Ok(Duration::from_micros(sample.cpu_us).as_secs_f64() * 1e6)
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
