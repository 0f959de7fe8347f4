//! The server's start, its end and what is known of it between two commands.

use std::fmt;
use std::fs::File;
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};

use super::{Lab, Where, group, install};
use crate::http;

/// The name that clients ask for.
pub(crate) const MODEL: &str = "tiny";
/// Twenty seconds are usual; a busy machine may take several times that.
const PATIENCE: Duration = Duration::from_mins(5);
/// How much of the log a failure shows.
const LOG_TAIL: usize = 25;

/// A server that was started, as it is written down for the next command.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Server {
    /// The process that was started, and the number of its group.
    group: u32,
    pub(crate) port: u16,
    pub(crate) key: String,
}

impl Server {
    pub(crate) fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}/v1", self.port)
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "url    {}", self.base_url())?;
        writeln!(f, "model  {MODEL}")?;
        write!(f, "key    {}", self.key)
    }
}

/// The server that runs, if one does; it may still be loading.
pub(super) fn running(lab: &Lab) -> Result<Option<Server>> {
    let Ok(text) = std::fs::read_to_string(record(lab)) else { return Ok(None) };
    let server: Server = serde_json::from_str(&text).context("failed to read the record")?;
    Ok(group::alive(server.group, &lab.folder).then_some(server))
}

/// Returns a server that answers where `wanted` says, started if need be.
pub(super) fn up(lab: &Lab, wanted: &Where) -> Result<Server> {
    if let Some(server) = running(lab)? {
        if server.port != wanted.port || server.key != wanted.key {
            bail!(
                "a server with another port or key runs at {}; end it with `cargo xtask vllm down`",
                server.base_url()
            );
        }
        wait(lab, &server, None)?;
        return Ok(server);
    }
    if !install::is_installed(lab)? {
        bail!("vLLM is not installed as it should be; run `cargo xtask vllm install`");
    }
    if TcpListener::bind(("127.0.0.1", wanted.port)).is_err() {
        bail!("port {} is taken by another program; choose one with --port", wanted.port);
    }
    let mut child = command(lab, wanted)?.spawn().context("failed to start vLLM")?;
    let server = Server { group: child.id(), port: wanted.port, key: wanted.key.clone() };
    let started = std::fs::write(record(lab), serde_json::to_string(&server)?)
        .context("failed to write the record")
        .and_then(|()| wait(lab, &server, Some(&mut child)));
    if let Err(error) = started {
        group::end(server.group, &lab.folder)?;
        return Err(error);
    }
    Ok(server)
}

/// Ends the server; false when none ran.
pub(super) fn down(lab: &Lab) -> Result<bool> {
    let Some(server) = running(lab)? else { return Ok(false) };
    group::end(server.group, &lab.folder)?;
    std::fs::remove_file(record(lab)).context("failed to remove the record")?;
    Ok(true)
}

fn record(lab: &Lab) -> PathBuf {
    lab.folder.join("server.json")
}

/// Waits for `GET /health` to be 200; vLLM refuses connections until it has loaded.
fn wait(lab: &Lab, server: &Server, mut child: Option<&mut Child>) -> Result<()> {
    let begin = Instant::now();
    while http::get_status(server.port, "/health").ok() != Some(200) {
        let ended = child.as_mut().and_then(|child| child.try_wait().ok().flatten());
        if let Some(status) = ended {
            bail!("vLLM ended with {status}; the end of its log:\n{}", tail(&lab.log()));
        }
        if begin.elapsed() > PATIENCE {
            let seconds = PATIENCE.as_secs();
            bail!("vLLM did not answer within {seconds} s; its log:\n{}", tail(&lab.log()));
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    Ok(())
}

fn tail(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    let start = lines.len().saturating_sub(LOG_TAIL);
    lines.get(start..).unwrap_or_default().join("\n")
}

fn command(lab: &Lab, wanted: &Where) -> Result<Command> {
    let log = File::create(lab.log()).context("failed to make the log")?;
    let mut command = Command::new(lab.env().join("bin/vllm"));
    command
        .arg("serve")
        .arg(lab.model())
        .args(["--served-model-name", MODEL, "--host", "127.0.0.1"])
        .args(["--port", &wanted.port.to_string(), "--max-model-len", "8192"])
        .args(["--dtype", "float32", "--kv-cache-memory-bytes", "268435456"])
        .args(["--enable-auto-tool-choice", "--tool-call-parser", "hermes"])
        .args(["--enable-prompt-tokens-details", "--enforce-eager"])
        // The model runs inside the engine's process, on one thread: a worker process would be
        // asked by polling, which starves everything else on a machine with few cores.
        .args(["--distributed-executor-backend", "uni"])
        .env("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
        .env("OMP_NUM_THREADS", "1")
        // In the environment and not among the arguments, which every user of a machine may see.
        .env("VLLM_API_KEY", &wanted.key)
        .env("VLLM_CACHE_ROOT", lab.folder.join("cache"))
        .env("VLLM_CONFIG_ROOT", lab.folder.join("config"))
        .envs([("HF_HUB_OFFLINE", "1"), ("TRANSFORMERS_OFFLINE", "1")])
        .envs([("VLLM_NO_USAGE_STATS", "1"), ("DO_NOT_TRACK", "1")])
        .env_remove("PYTHONDONTWRITEBYTECODE")
        .env_remove("PYTHONHOME")
        .current_dir(&lab.folder)
        .stdin(Stdio::null())
        .stdout(log.try_clone().context("failed to share the log")?)
        .stderr(log)
        .process_group(0);
    Ok(command)
}
