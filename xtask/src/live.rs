//! `cargo xtask live`: runs a command, by default the live tests, with real servers up.

mod figures;

use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use clap::{Args, ValueEnum};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::built::{self, Build};
use crate::lab::vllm::LabModel;
use crate::lab::{Place, Server, litellm, llama, vllm};
use crate::{interrupt, workspace};
use figures::Figures;

/// How long a command may take to end after SIGTERM.
const POLITE: Duration = Duration::from_secs(5);

#[derive(Debug, Args)]
pub(crate) struct Live {
    /// Add `LiteLLM` and llama.cpp to vLLM; the first time takes minutes.
    #[arg(long)]
    all: bool,
    /// Test against this server alone.
    #[arg(long, value_enum, value_name = "NAME", conflicts_with = "all")]
    only: Vec<Name>,
    /// What is run while the servers are up instead of the live tests; it is told of them by
    /// `OPENCLAW_LIVE_*`.
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

/// A server of the lab.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Name {
    Vllm,
    Litellm,
    Llama,
}

const NAMES: [Name; 3] = [Name::Vllm, Name::Litellm, Name::Llama];

impl Name {
    /// The test module of this server.
    fn module(self) -> &'static str {
        match self {
            Self::Vllm => "vllm",
            Self::Litellm => "litellm",
            Self::Llama => "llama",
        }
    }

    /// The variable with the server's address for tests; the variable with its key ends with
    /// `_KEY`.
    fn variable(self) -> &'static str {
        match self {
            Self::Vllm => "OPENCLAW_LIVE_VLLM",
            Self::Litellm => "OPENCLAW_LIVE_LITELLM",
            Self::Llama => "OPENCLAW_LIVE_LLAMA",
        }
    }

    fn place(self) -> Result<Place> {
        match self {
            Self::Vllm => vllm::place(None),
            Self::Litellm => litellm::place(),
            Self::Llama => llama::place(),
        }
    }
}

/// Starts the servers, runs the command and ends whatever was started; returns true on success.
pub(crate) fn run(live: &Live) -> Result<bool> {
    interrupt::watch()?;
    let figures = Figures::new()?;
    let mut started = Vec::new();
    let result = perform(live, &mut started, &figures);
    // An interrupted test cannot end the servers that it started.
    started.extend(vllm::instances()?);
    for place in started.iter().rev() {
        place.down()?;
    }
    figures.print()?;
    Ok(result?.success())
}

fn perform(live: &Live, started: &mut Vec<Place>, figures: &Figures) -> Result<ExitStatus> {
    let wanted: Vec<Name> = NAMES
        .into_iter()
        .filter(|name| match &*live.only {
            [] => live.all || *name == Name::Vllm,
            only => only.contains(name),
        })
        .collect();
    let mut command = command(live, &wanted);
    let mut behind = None;
    for name in NAMES {
        command.env_remove(name.variable()).env_remove(format!("{}_KEY", name.variable()));
        // The proxy stands in front of vLLM.
        let is_needed = name == Name::Vllm && wanted.contains(&Name::Litellm);
        if !wanted.contains(&name) && !is_needed {
            continue;
        }
        let server = bring_up(name, behind.as_ref(), started, figures)?;
        eprintln!("{:<8} {}", name.module(), server.base_url());
        let url = server.base_url();
        command.env(name.variable(), url.trim_end_matches("/v1"));
        command.env(format!("{}_KEY", name.variable()), &server.key);
        if name == Name::Vllm {
            let [environment, _] = vllm::paths()?;
            command.env("OPENCLAW_LIVE_PYTHON", environment.join("bin/python"));
            behind = Some(server);
        }
    }
    if wanted.contains(&Name::Vllm) && live.command.is_empty() {
        let turns = built::bench("openclaw-runtime", "turns", Build::Tested)?;
        command.env("OPENCLAW_LIVE_TURNS", turns);
    }
    let own = std::env::current_exe().context("failed to find this program")?;
    command.env("OPENCLAW_LIVE_XTASK", own).env(figures::VARIABLE, figures.path());
    let begin = Instant::now();
    let status = supervise(&mut command)?;
    figures.note("the command", begin.elapsed())?;
    Ok(status)
}

/// Returns a server that answers. A server that already runs is used, and is not ended afterwards.
fn bring_up(
    name: Name,
    behind: Option<&Server>,
    started: &mut Vec<Place>,
    figures: &Figures,
) -> Result<Server> {
    let place = name.place()?;
    let is_new = place.running()?.is_none();
    if is_new {
        started.push(place);
    }
    let begin = Instant::now();
    let server = match (name, behind) {
        (Name::Vllm, _) => vllm::ensure(LabModel::Tiny)?,
        (Name::Llama, _) => llama::ensure()?,
        (Name::Litellm, Some(behind)) => litellm::ensure(behind)?,
        (Name::Litellm, None) => bail!("the proxy has no server behind it"),
    };
    if is_new {
        figures.note(&format!("{} made ready", name.module()), begin.elapsed())?;
    }
    Ok(server)
}

/// Returns the command with its arguments; by default the live tests.
fn command(live: &Live, wanted: &[Name]) -> Command {
    let mut command = if let [program, arguments @ ..] = &*live.command {
        let mut command = Command::new(program);
        command.args(arguments);
        command
    } else {
        let mut command = Command::new("cargo");
        command.args(["test", "--locked", "-p", "openclaw-tests", "--test", "live", "--"]);
        if !live.only.is_empty() && !wanted.contains(&Name::Vllm) {
            command.args(wanted.iter().map(|name| format!("{}::", name.module())));
        }
        command
    };
    // A process group of its own, so that it can be ended with everything it started.
    command.current_dir(workspace::root()).stdin(Stdio::null()).process_group(0);
    command
}

/// Runs a command until it ends or an exit is requested.
fn supervise(command: &mut Command) -> Result<ExitStatus> {
    let program = command.get_program().to_string_lossy().into_owned();
    let mut child = command.spawn().with_context(|| format!("failed to start {program}"))?;
    let mut asked: Option<Instant> = None;
    loop {
        if let Some(status) = child.try_wait().context("failed to wait")? {
            return if asked.is_some() { bail!("interrupted") } else { Ok(status) };
        }
        match asked {
            None if interrupt::came() => {
                end(&child, Signal::SIGTERM);
                asked = Some(Instant::now());
            }
            Some(at) if at.elapsed() > POLITE => end(&child, Signal::SIGKILL),
            _ => {}
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn end(child: &Child, signal: Signal) {
    if let Ok(group) = i32::try_from(child.id()) {
        // It may have ended in the meantime.
        killpg(Pid::from_raw(group), signal).ok();
    }
}
