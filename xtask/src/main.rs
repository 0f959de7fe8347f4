//! Checks, generators, the lab and the benches of the workspace: `cargo xtask help`.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a developer's tool starts commands, writes files and prints"
)]

mod check;
mod http;
mod vllm;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "Checks, generators, the lab and the benches")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Hold the workspace against its rules; all of them unless some are named.
    Check { parts: Vec<check::Part> },
    /// Compare sizes and counts with `xtask/budgets.toml`.
    Budgets {
        /// Lower the numbers to the present ones.
        #[arg(long)]
        ratchet: bool,
    },
    /// A real vLLM on this machine's CPU, with a tiny random model.
    #[command(subcommand)]
    Vllm(vllm::Action),
}

fn main() -> ExitCode {
    match run(Arguments::parse().task) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<ExitCode> {
    match task {
        Task::Check { parts } => report(&parts),
        Task::Budgets { ratchet: true } => {
            let lowered = check::ratchet(&workspace::root())?;
            for sentence in lowered {
                println!("{sentence}");
            }
            Ok(ExitCode::SUCCESS)
        }
        Task::Budgets { ratchet: false } => report(&[check::Part::Budgets]),
        Task::Vllm(action) => Ok(exit(vllm::run(action)?)),
    }
}

/// Prints the faults that the checks find.
fn report(parts: &[check::Part]) -> Result<ExitCode> {
    let faults = check::run(&workspace::root(), parts)?;
    for fault in &faults {
        println!("{fault}");
    }
    Ok(exit(faults.is_empty()))
}

fn exit(well: bool) -> ExitCode {
    if well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
