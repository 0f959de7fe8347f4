//! Checks, generators, the lab and the benches of the workspace: `cargo xtask help`.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a developer's tool starts commands, writes files and prints"
)]

mod bench;
mod built;
mod check;
mod codegen;
mod demo;
mod http;
mod interrupt;
mod lab;
mod live;
mod product;
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
    /// Write what is generated from the code: schema, reference pages, completions, man pages.
    Codegen {
        /// Write nothing and fail when a file is not as generated.
        #[arg(long)]
        check: bool,
    },
    /// Show a turn of the agent with tools, live.
    Demo(demo::Demo),
    /// Measure what runs of the program cost.
    Bench(bench::Bench),
    /// Run a command and print what it used.
    #[command(hide = true)]
    Measure {
        #[arg(last = true)]
        command: Vec<String>,
    },
    /// Run the tests that meet real servers, which are brought up for it and ended afterwards.
    Live(live::Live),
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
        Task::Codegen { check } => generate(check),
        Task::Demo(demo) => demo::run(&demo).map(|()| ExitCode::SUCCESS),
        Task::Bench(bench) => bench::run(&bench).map(|()| ExitCode::SUCCESS),
        Task::Measure { command } => bench::measure(&command).map(|()| ExitCode::SUCCESS),
        Task::Live(live) => Ok(exit(live::run(&live)?)),
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

fn generate(check: bool) -> Result<ExitCode> {
    let root = workspace::root();
    if check {
        let stale = codegen::check(&root)?;
        for sentence in &stale {
            println!("{sentence}");
        }
        return Ok(exit(stale.is_empty()));
    }
    for path in codegen::write(&root)? {
        println!("{path}");
    }
    Ok(ExitCode::SUCCESS)
}

fn exit(well: bool) -> ExitCode {
    if well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
