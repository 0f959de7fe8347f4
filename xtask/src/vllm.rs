//! A real vLLM on this machine's CPU, with a tiny random model, under `target/vllm/`.
//!
//! The model's words are noise; the server is the real one, so the wire format, the limits, the
//! errors and the timing that tests meet are vLLM's own and not a mock's.

mod group;
mod install;
mod server;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};

pub(crate) use server::{MODEL, Server};

use crate::workspace;

/// Away from 8000, where a user's own server may be.
const PORT: u16 = 18_000;
const KEY: &str = "vllm-local";

#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Install vLLM and make the model; does nothing when that is done.
    Install,
    /// Start the server and wait until it answers.
    Up(Where),
    /// End the server with everything it started.
    Down,
    /// Say whether the server runs, and where.
    Status,
    /// Print where the parts are.
    Path,
}

/// How clients reach the server.
#[derive(Debug, Clone, Args)]
pub(crate) struct Where {
    /// Port on 127.0.0.1.
    #[arg(long, default_value_t = PORT)]
    port: u16,
    /// The key that clients must send.
    #[arg(long, default_value = KEY)]
    key: String,
}

impl Default for Where {
    fn default() -> Self {
        Self { port: PORT, key: KEY.to_owned() }
    }
}

/// The folders of the lab.
#[derive(Debug)]
struct Lab {
    /// What the repository gives: the pinned packages and the model's script.
    recipe: PathBuf,
    /// What is made from it.
    folder: PathBuf,
}

impl Lab {
    fn new() -> Result<Self> {
        let recipe = workspace::root().join("xtask/vllm");
        Ok(Self { recipe, folder: workspace::target_directory()?.join("vllm") })
    }

    fn env(&self) -> PathBuf {
        self.folder.join("env")
    }

    fn model(&self) -> PathBuf {
        self.folder.join("model")
    }

    fn log(&self) -> PathBuf {
        self.folder.join("server.log")
    }
}

/// Does what `cargo xtask vllm` was asked to; false when the answer is "no".
pub(crate) fn run(action: Action) -> Result<bool> {
    let lab = Lab::new()?;
    match action {
        Action::Install => install::install(&lab)?,
        Action::Up(wanted) => println!("{}", server::up(&lab, &wanted)?),
        Action::Down => println!("{}", if server::down(&lab)? { "ended" } else { "not running" }),
        Action::Status => {
            let running = server::running(&lab)?;
            match &running {
                Some(server) => println!("{server}"),
                None => println!("not running"),
            }
            return Ok(running.is_some());
        }
        Action::Path => {
            for path in [lab.env(), lab.model(), lab.log()] {
                println!("{}", path.display());
            }
        }
    }
    Ok(true)
}

/// Installs what is missing and returns a server that answers.
pub(crate) fn ensure() -> Result<Server> {
    let lab = Lab::new()?;
    install::install(&lab)?;
    match server::running(&lab)? {
        Some(server) => Ok(server),
        None => server::up(&lab, &Where::default()),
    }
}
