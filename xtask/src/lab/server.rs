//! Starts and ends a server, and keeps its record between two commands.

use std::fs::File;
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use clap::ValueEnum;
use nix::sys::signal::Signal;
use serde::{Deserialize, Serialize};

use super::group;
use crate::{http, interrupt};

/// A start takes up to half a minute, and several times that on a busy machine.
const PATIENCE: Duration = Duration::from_mins(5);
/// How many lines of the log a failure shows.
const LOG_TAIL: usize = 25;

/// The folder of one server: its record, its log and whatever it writes beside them.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(super) folder: PathBuf,
}

/// How a server is started.
#[derive(Debug)]
pub(super) struct Start {
    /// The display name.
    pub(super) name: &'static str,
    pub(super) command: Command,
    pub(super) port: u16,
    pub(super) key: String,
    /// A path that answers 200 without a key once the server is ready.
    pub(super) ready: &'static str,
}

/// A started server, as recorded for the next command.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Server {
    /// The process id of the started process, which is also its group's.
    group: u32,
    pub(crate) port: u16,
    pub(crate) key: String,
}

/// The part of a server that a signal is sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// The started process, which serves HTTP.
    Front,
    /// The vLLM process that runs the model.
    Engine,
    /// Every process.
    All,
}

impl Server {
    pub(crate) fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}/v1", self.port)
    }

    /// Describes the server for the user.
    pub(crate) fn describe(&self, model: &str) -> String {
        format!("url    {}\nmodel  {model}\nkey    {}", self.base_url(), self.key)
    }
}

impl Place {
    pub(crate) fn log(&self) -> PathBuf {
        self.folder.join("server.log")
    }

    /// Returns the running server, if any; it may still be loading, or be partly dead.
    pub(crate) fn running(&self) -> Result<Option<Server>> {
        let Ok(text) = std::fs::read_to_string(self.record()) else { return Ok(None) };
        let server: Server = serde_json::from_str(&text).context("failed to read the record")?;
        Ok(group::alive(server.group, &self.folder).then_some(server))
    }

    /// Returns a server as described by `start`, started if needed.
    pub(super) fn up(&self, start: Start) -> Result<Server> {
        let Start { name, mut command, port, key, ready } = start;
        if let Some(server) = self.running()? {
            if server.port != port || server.key != key {
                bail!("a {name} with another port or key runs at {}; end it", server.base_url());
            }
            self.wait(name, (server.port, ready), None)?;
            return Ok(server);
        }
        if TcpListener::bind(("127.0.0.1", port)).is_err() {
            bail!("port {port} for {name} is taken by another program; choose one with --port");
        }
        std::fs::create_dir_all(&self.folder).context("failed to make the folder")?;
        let log = File::create(self.log()).context("failed to make the log")?;
        let mut child = command
            .env_remove("PYTHONDONTWRITEBYTECODE")
            .env_remove("PYTHONHOME")
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone().context("failed to share the log")?)
            .stderr(log)
            .process_group(0)
            .spawn()
            .with_context(|| format!("failed to start {name}"))?;
        let server = Server { group: child.id(), port, key };
        let started = std::fs::write(self.record(), serde_json::to_string(&server)?)
            .context("failed to write the record")
            .and_then(|()| self.wait(name, (port, ready), Some(&mut child)));
        if let Err(error) = started {
            group::end(server.group, &self.folder)?;
            return Err(error);
        }
        Ok(server)
    }

    /// Ends the server and everything it started; false when none ran.
    pub(crate) fn down(&self) -> Result<bool> {
        let Some(server) = self.running()? else { return Ok(false) };
        group::end(server.group, &self.folder)?;
        // Another command may have removed it already.
        std::fs::remove_file(self.record()).ok();
        Ok(true)
    }

    /// Sends a signal to a part of the server; its record stays as it is.
    pub(crate) fn signal(&self, part: Part, signal: Signal) -> Result<()> {
        let Some(server) = self.running()? else { bail!("no server runs there") };
        let members = group::members(server.group, &self.folder);
        let is_meant = |process: &group::Process| match part {
            Part::All => true,
            Part::Front => process.id == server.group,
            Part::Engine => process.name.starts_with("VLLM::Engine"),
        };
        let meant: Vec<_> = members.into_iter().filter(is_meant).collect();
        if meant.is_empty() {
            bail!("the server has no such process");
        }
        meant.iter().try_for_each(|process| process.signal(signal))
    }

    fn record(&self) -> PathBuf {
        self.folder.join("server.json")
    }

    /// Waits for the server to be ready; until then it refuses connections.
    fn wait(
        &self,
        name: &str,
        (port, ready): (u16, &str),
        mut child: Option<&mut Child>,
    ) -> Result<()> {
        let begin = Instant::now();
        while http::get_status(port, ready).ok() != Some(200) {
            let ended = child.as_mut().and_then(|child| child.try_wait().ok().flatten());
            if let Some(status) = ended {
                bail!("{name} ended with {status}; the end of its log:\n{}", tail(&self.log()));
            }
            if interrupt::came() {
                bail!("interrupted");
            }
            if begin.elapsed() > PATIENCE {
                let seconds = PATIENCE.as_secs();
                let tail = tail(&self.log());
                bail!("{name} did not answer within {seconds} s; the end of its log:\n{tail}");
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        Ok(())
    }
}

fn tail(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    let start = lines.len().saturating_sub(LOG_TAIL);
    lines.get(start..).unwrap_or_default().join("\n")
}
