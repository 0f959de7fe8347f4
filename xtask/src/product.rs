//! Builds the release binaries, and makes a scratch home to run them in.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, bail};
use openclaw_config::env_vars;

use crate::workspace;

/// The release binaries.
#[derive(Debug)]
pub(crate) struct Product {
    pub(crate) openclaw: PathBuf,
    mock: PathBuf,
}

impl Product {
    /// Builds the binaries with cargo.
    pub(crate) fn build() -> Result<Self> {
        let folder = release(&["openclaw-cli", "openclaw-mock-vllm"])?;
        Ok(Self { openclaw: folder.join("openclaw"), mock: folder.join("mock-vllm") })
    }

    /// Uses a binary that is there, or builds it. The mock server of the same folder is used, or
    /// built.
    pub(crate) fn at(binary: Option<&Path>) -> Result<Self> {
        let Some(binary) = binary else { return Self::build() };
        let openclaw = binary.canonicalize().context("failed to find the binary")?;
        let beside = openclaw.with_file_name("mock-vllm");
        let mock = if beside.exists() {
            beside
        } else {
            release(&["openclaw-mock-vllm"])?.join("mock-vllm")
        };
        Ok(Self { openclaw, mock })
    }

    /// Starts a mock server on a free port.
    pub(crate) fn start_mock(&self) -> Result<Mock> {
        let mut process = Command::new(&self.mock)
            .args(["--port", "0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("failed to start the mock server")?;
        let output = process.stdout.take().context("the mock server has no output")?;
        let mut mock = Mock { process, base_url: String::new() };
        let mut lines = BufReader::new(output).lines();
        let url = lines.by_ref().map_while(Result::ok).find_map(|line| url_in(&line));
        mock.base_url = url.context("the mock server ended without saying where it listens")?;
        // Drains the output, so that the pipe never fills.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(mock)
    }
}

/// Builds the binaries of packages, and returns their folder.
fn release(packages: &[&str]) -> Result<PathBuf> {
    let packages = packages.iter().flat_map(|package| ["--package", package]);
    let status = Command::new("cargo")
        .args(["build", "--release", "--locked"])
        .args(packages)
        .current_dir(workspace::root())
        .status()
        .context("failed to start cargo")?;
    if !status.success() {
        bail!("the release build failed");
    }
    Ok(workspace::target_directory()?.join("release"))
}

/// A mock server, ended when this value is dropped.
#[derive(Debug)]
pub(crate) struct Mock {
    process: Child,
    /// The URL including `/v1`.
    pub(crate) base_url: String,
}

impl Drop for Mock {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// A home folder with a config, and a workspace, under `target/`.
#[derive(Debug)]
pub(crate) struct Scratch {
    home: PathBuf,
    key: String,
}

impl Scratch {
    /// Recreates the folders, with a config that points at `base_url`.
    pub(crate) fn new(name: &str, base_url: &str, key: &str) -> Result<Self> {
        let home = workspace::target_directory()?.join(name);
        if home.exists() {
            std::fs::remove_dir_all(&home).context("failed to clear the scratch folder")?;
        }
        let scratch = Self { home, key: key.to_owned() };
        std::fs::create_dir_all(scratch.home.join(".openclaw"))?;
        std::fs::create_dir_all(scratch.workspace())?;
        std::fs::write(scratch.config(), config_text(base_url))?;
        Ok(scratch)
    }

    pub(crate) fn home(&self) -> &Path {
        &self.home
    }

    /// Returns the agent's workspace.
    pub(crate) fn workspace(&self) -> PathBuf {
        self.home.join("workspace")
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.home.join(".openclaw/openclaw.json")
    }

    /// Limits the answers of `model` to `tokens` tokens in the config.
    pub(crate) fn limit_answers(&self, base_url: &str, model: &str, tokens: u32) -> Result<()> {
        let text = format!(
            "{{ models: {{ providers: {{ vllm: {{ baseUrl: \"{base_url}\", \
             models: [{{ id: \"{model}\", maxTokens: {tokens} }}] }} }} }} }}\n"
        );
        std::fs::write(self.config(), text).context("failed to write the config")
    }

    /// Returns a command for `program` in this home, without the caller's own settings.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        for variable in env_vars::ALL {
            command.env_remove(variable.name);
        }
        command.env("HOME", &self.home).env("VLLM_API_KEY", &self.key);
        command.current_dir(self.workspace());
        command
    }
}

/// Returns the config of a user whose vLLM is at `base_url`.
pub(crate) fn config_text(base_url: &str) -> String {
    format!("{{ models: {{ providers: {{ vllm: {{ baseUrl: \"{base_url}\" }} }} }} }}\n")
}

/// Returns the server's address with `/v1` appended if missing.
pub(crate) fn with_v1(url: &str) -> String {
    let url = url.trim_end_matches('/');
    if url.ends_with("/v1") { url.to_owned() } else { format!("{url}/v1") }
}

/// Returns the first address in `line`, with `/v1`.
fn url_in(line: &str) -> Option<String> {
    let start = line.find("http://")?;
    let url = line.get(start..)?.split(|char: char| char.is_whitespace() || char == '"').next()?;
    Some(with_v1(url))
}

#[cfg(test)]
mod tests {
    use super::{url_in, with_v1};

    #[test]
    fn an_address_gets_its_path_once() {
        assert_eq!(with_v1("http://a:8000"), "http://a:8000/v1");
        assert_eq!(with_v1("http://a:8000/v1/"), "http://a:8000/v1");
        assert_eq!(url_in("listening on http://127.0.0.1:1 now").unwrap(), "http://127.0.0.1:1/v1");
        assert_eq!(url_in("{\"url\":\"http://127.0.0.1:1\"}").unwrap(), "http://127.0.0.1:1/v1");
        assert_eq!(url_in("loading"), None);
    }
}
