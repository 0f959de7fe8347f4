//! `cargo xtask vllm`: controls the lab's vLLM by hand.

use anyhow::Result;
use clap::{Args, Subcommand, ValueEnum};
use nix::sys::signal::Signal;

use crate::lab::Part;
use crate::lab::vllm::{self, KEY, LabModel, Wanted};

#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Install vLLM and make the model; does nothing when that is done.
    Install,
    /// Start the server and wait until it answers. Another model than the tiny one is made first.
    Up(Up),
    /// End the server with everything it started.
    Down(Instance),
    /// Send the server a signal as an accident would; it is not told otherwise.
    Signal(Accident),
    /// Say whether the server runs, and where.
    Status(Instance),
    /// Print where the parts are.
    Path,
}

/// Selects the server.
#[derive(Debug, Clone, Args)]
pub(crate) struct Instance {
    /// Another server than the usual one, by a name of your choice.
    #[arg(long, value_name = "NAME")]
    instance: Option<String>,
    /// The model that is served. Each has a usual server of its own.
    #[arg(long, value_enum, default_value_t)]
    model: LabModel,
}

impl Instance {
    fn name(&self) -> Option<String> {
        self.instance.clone().or_else(|| self.model.instance())
    }
}

/// How clients reach the server.
#[derive(Debug, Clone, Args)]
pub(crate) struct Up {
    #[command(flatten)]
    instance: Instance,
    /// Port on 127.0.0.1; 18000 by default, and 18010 for `smollm2`.
    #[arg(long)]
    port: Option<u16>,
    /// The key that clients must send.
    #[arg(long, default_value = KEY)]
    key: String,
    /// Read prompts in steps of so many tokens, which is slow when they are few.
    #[arg(long, value_name = "TOKENS")]
    prefill_step: Option<u32>,
}

/// A signal and whom it is for.
#[derive(Debug, Clone, Args)]
pub(crate) struct Accident {
    #[command(flatten)]
    instance: Instance,
    #[arg(long, value_enum, default_value_t = Part::All)]
    part: Part,
    signal: Accidental,
}

/// What happens to a server.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Accidental {
    /// It is gone at once.
    Kill,
    /// It is asked to end.
    Term,
    /// It stands still.
    Stop,
    /// It goes on.
    Cont,
}

/// Runs the action; false when the answer is "no".
pub(crate) fn run(action: Action) -> Result<bool> {
    match action {
        Action::Install => vllm::install(LabModel::Tiny)?,
        Action::Up(Up { instance, port, key, prefill_step }) => {
            let model = instance.model;
            if model != LabModel::Tiny {
                vllm::install(model)?;
            }
            let port = port.unwrap_or(model.port());
            let wanted = Wanted { port, key, instance: instance.name(), prefill_step, model };
            println!("{}", vllm::up(&wanted)?.describe(model.name()));
        }
        Action::Down(instance) => {
            let ended = vllm::place(instance.name().as_deref())?.down()?;
            println!("{}", if ended { "ended" } else { "not running" });
        }
        Action::Signal(Accident { instance, part, signal }) => {
            let signal = match signal {
                Accidental::Kill => Signal::SIGKILL,
                Accidental::Term => Signal::SIGTERM,
                Accidental::Stop => Signal::SIGSTOP,
                Accidental::Cont => Signal::SIGCONT,
            };
            vllm::place(instance.name().as_deref())?.signal(part, signal)?;
        }
        Action::Status(instance) => {
            let running = vllm::place(instance.name().as_deref())?.running()?;
            match &running {
                Some(server) => println!("{}", server.describe(instance.model.name())),
                None => println!("not running"),
            }
            return Ok(running.is_some());
        }
        Action::Path => {
            for path in vllm::paths()?.into_iter().chain([vllm::place(None)?.log()]) {
                println!("{}", path.display());
            }
        }
    }
    Ok(true)
}
