//! What a run of the program costs as a whole: wall time, processor time and peak memory.
//!
//! Each figure is the median over whole processes against the mock server without delays, so it
//! holds everything that a user waits for but the model.

mod measure;
mod table;

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use clap::Args;

pub(crate) use measure::measure;

use self::measure::Sample;
use self::table::{Measured, print};
use crate::product::{Product, Scratch};

#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// Another command with the same arguments, run in turn with this one.
    #[arg(long, value_name = "COMMAND")]
    vs: Option<String>,
    /// How many times each is run.
    #[arg(long, default_value_t = 21, value_parser = clap::value_parser!(u16).range(1..))]
    runs: u16,
}

/// A run that is measured.
#[derive(Debug)]
struct Case {
    name: &'static str,
    /// What the run should stay within.
    goal: Goal,
    arguments: Vec<String>,
}

/// The most that a run should take.
#[derive(Debug, Clone, Copy)]
struct Goal {
    wall_ms: u32,
    peak_mib: u32,
}

/// Runs everything and prints a table to stdout.
pub(crate) fn run(bench: &Bench) -> Result<()> {
    let product = Product::build()?;
    let mock = product.start_mock()?;
    let scratch = Scratch::new("bench", &mock.base_url, "any-value")?;
    std::fs::write(scratch.workspace().join("notes.txt"), "one\ntwo\nthree\n")?;

    let own = vec![product.openclaw.to_string_lossy().into_owned()];
    let other = bench.vs.as_deref().map(|vs| vs.split_whitespace().map(str::to_owned).collect());
    let programs: Vec<Vec<String>> = std::iter::once(own).chain(other).collect();

    let mut rows = Vec::new();
    for case in cases(&model(&product, &scratch)?) {
        rows.push(Measured { samples: compare(&scratch, &programs, &case, bench.runs)?, case });
    }
    let floor = compare(&scratch, &[vec!["true".to_owned()]], &nothing(), bench.runs)?;
    print(&rows, floor.first().map_or(&[], Vec::as_slice), bench.runs);
    describe(&product.openclaw)
}

/// Measures every program `runs` times, in turn, so that a busy moment meets all alike.
fn compare(
    scratch: &Scratch,
    programs: &[Vec<String>],
    case: &Case,
    runs: u16,
) -> Result<Vec<Vec<Sample>>> {
    let mut samples = vec![Vec::new(); programs.len()];
    for round in 0..=runs {
        for (program, samples) in programs.iter().zip(&mut samples) {
            let sample = measure::in_own_process(scratch, program, &case.arguments)
                .with_context(|| format!("failed to measure {}", case.name))?;
            // The first round warms the caches.
            if round > 0 {
                samples.push(sample);
            }
        }
    }
    Ok(samples)
}

fn cases(model: &str) -> Vec<Case> {
    let case = |name, wall_ms, peak_mib, arguments: &[&str]| Case {
        name,
        goal: Goal { wall_ms, peak_mib },
        arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(),
    };
    let agent = |message| ["agent", "--yes", "--model", model, "--message", message];
    vec![
        case("--version", 5, 5, &["--version"]),
        case("models list", 20, 10, &["models", "list", "--provider", "vllm"]),
        case(
            "infer model run",
            20,
            10,
            &["infer", "model", "run", "--model", model, "--prompt", "hi"],
        ),
        case("agent, hi", 20, 15, &agent("hi")),
        case("agent, one read", 25, 15, &agent("read notes.txt")),
    ]
}

/// What starting and measuring cost by themselves.
fn nothing() -> Case {
    Case { name: "true", goal: Goal { wall_ms: 0, peak_mib: 0 }, arguments: Vec::new() }
}

fn model(product: &Product, scratch: &Scratch) -> Result<String> {
    let output = scratch
        .command(&product.openclaw)
        .args(["models", "list", "--provider", "vllm", "--plain"])
        .stderr(Stdio::inherit())
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().next().map(str::to_owned).context("the mock server lists no model")
}

/// Prints the binary's size and the libraries that it needs.
fn describe(binary: &Path) -> Result<()> {
    let bytes = binary.metadata()?.len();
    println!("\nsize       {bytes} bytes, stripped");
    let output = Command::new("ldd").arg(binary).output().context("failed to start ldd")?;
    if !output.status.success() {
        bail!("ldd failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let libraries: Vec<&str> =
        text.lines().filter_map(|line| line.split_whitespace().next()).collect();
    println!("libraries  {}", libraries.join(", "));
    Ok(())
}
