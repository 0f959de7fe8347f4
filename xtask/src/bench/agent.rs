//! Benchmarks of the agent without its model: processor time of the loop, and memory of many
//! sessions in one process.

use anyhow::{Context as _, Result, bail};

use super::line::{Goal, line, median, number};
use super::peers::{Roles, cpu_us};
use crate::product::Scratch;

/// How often each figure is measured.
const TURNS: usize = 5;

/// The sessions of the longer run; the shorter run has one. Each has 20 turns of two model calls.
const SESSIONS: u32 = 26;
const CALLS_OF_A_SESSION: u32 = 40;

const CROWD: u32 = 500;

/// Measures everything and prints it.
pub(super) fn run() -> Result<()> {
    let agent_loop = Roles::of("openclaw-agent-loop", "turns")?;
    println!("\nagents, medians of {TURNS} runs; goal / measured\n");
    let words = agent_loop.words(&SESSIONS.to_string());
    let (many, one) = (words, agent_loop.words("1"));
    let mut costs = Vec::new();
    for _ in 0..TURNS {
        let took = cpu_us(&many, &[])? - cpu_us(&one, &[])?;
        costs.push(took / f64::from((SESSIONS - 1) * CALLS_OF_A_SESSION) / 1e3);
    }
    line("the loop: CPU ms a model call", Some(Goal::AtMost(2.0)), median(costs));
    crowd()
}

fn crowd() -> Result<()> {
    let roles = Roles::of("openclaw-runtime", "turns")?;
    let server = roles.serve(&["mock"])?;
    let scratch = Scratch::new("bench-agent", &server.address, "any-value")?;
    let workspace = scratch.home().join(".openclaw/workspace");
    std::fs::create_dir_all(&workspace)?;
    std::fs::write(workspace.join("notes.txt"), "a line of a file\n".repeat(100))?;
    let mut command = scratch.command(roles.program());
    let output = command.args(["crowd", "vllm/tiny", &CROWD.to_string()]).output();
    let output = output.context("failed to start the crowd")?;
    if !output.status.success() {
        bail!("the crowd failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let said = serde_json::from_slice(&output.stdout).context("failed to read its figures")?;
    let whole = Goal::AtLeast(CROWD.into());
    line(&format!("{CROWD} turns at a time: whole ones"), Some(whole), number(&said, "/whole")?);
    let peak = number(&said, "/peakKib")? / 1024.0;
    line("  MiB of memory at most, the process", Some(Goal::AtMost(150.0)), peak);
    Ok(())
}
