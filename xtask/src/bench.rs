//! Benchmarks: wall time, processor time and peak memory of whole runs of the program, the cost of
//! reading token streams and of running turns, and what a gateway takes and how late its events are.
//!
//! Each figure of the program is the median over whole processes against the mock server without
//! delays. It covers everything a user waits for except the model.

mod agent;
mod fallback;
mod gateway;
mod line;
mod measure;
mod peers;
mod python;
mod streams;
mod table;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use clap::{Args, ValueEnum};

pub(crate) use measure::measure;

use self::measure::Sample;
use self::table::{Measured, print};
use crate::built::Build;
use crate::product::{Product, Scratch};

#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// What is measured; all of it unless some is named.
    parts: Vec<Part>,
    /// A peer, run in turn with this program on the same work: a command with `{message}`, and
    /// where it needs them `{url}` and `{model}`; without `{message}` it gets the same arguments.
    #[arg(long, value_name = "COMMAND")]
    vs: Option<String>,
    /// The program that is measured; built in the release profile unless it is named.
    #[arg(long, value_name = "PATH")]
    binary: Option<PathBuf>,
    /// Build the clients of the gateway without optimisation, to try the bench itself.
    #[arg(long)]
    quick: bool,
    /// How many times each is run.
    #[arg(long, default_value_t = 21, value_parser = clap::value_parser!(u16).range(1..))]
    runs: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Whole runs of the program.
    Program,
    /// The decoder of streams, and the client beside a bare socket and Python's client.
    Streams,
    /// The loop of an agent, and many turns in one process.
    Agent,
    /// A gateway: idle, with many clients and with many runs.
    Gateway,
}

/// A run to measure.
#[derive(Debug)]
struct Case {
    name: &'static str,
    /// The limits that the run should meet.
    goal: Goal,
    arguments: Vec<String>,
}

/// The limits for one run.
#[derive(Debug, Clone, Copy)]
struct Goal {
    wall_ms: u32,
    peak_mib: u32,
}

/// Runs the requested benchmarks and prints tables to stdout.
pub(crate) fn run(bench: &Bench) -> Result<()> {
    let is_wanted = |part| bench.parts.is_empty() || bench.parts.contains(&part);
    if is_wanted(Part::Program) {
        program(bench)?;
    }
    if is_wanted(Part::Streams) {
        streams::run()?;
    }
    if is_wanted(Part::Agent) {
        agent::run()?;
    }
    if is_wanted(Part::Gateway) {
        let build = if bench.quick { Build::Tested } else { Build::Measured };
        gateway::run(&Product::at(bench.binary.as_deref())?, build)?;
    }
    Ok(())
}

fn program(bench: &Bench) -> Result<()> {
    let product = Product::at(bench.binary.as_deref())?;
    let mock = product.start_mock()?;
    let scratch = Scratch::new("bench", &mock.base_url, "any-value")?;
    std::fs::write(scratch.workspace().join("notes.txt"), "one\ntwo\nthree\n")?;

    let own = product.openclaw.to_string_lossy().into_owned();
    let model = model(&product, &scratch)?;
    let mut rows = Vec::new();
    for case in cases(&model) {
        let mut programs = vec![with_arguments(&own, &case)];
        let places = [("{url}", mock.base_url.as_str()), ("{model}", &model)];
        programs.extend(bench.vs.as_deref().and_then(|vs| peer(vs, &case, &places)));
        let samples = compare(&scratch, &programs, case.name, bench.runs)?;
        rows.push(Measured { case, samples });
    }
    let floor = compare(&scratch, &[vec!["true".to_owned()]], "nothing", bench.runs)?;
    print(&rows, floor.first().map_or(&[], Vec::as_slice), bench.runs);
    fallback::run(&product, &scratch, &model, bench.runs)?;
    describe(&product.openclaw)
}

/// Measures every program `runs` times, in turn, so that load on the machine affects all alike.
fn compare(
    scratch: &Scratch,
    programs: &[Vec<String>],
    name: &str,
    runs: u16,
) -> Result<Vec<Vec<Sample>>> {
    let mut samples = vec![Vec::new(); programs.len()];
    for round in 0..=runs {
        for (program, samples) in programs.iter().zip(&mut samples) {
            let own = scratch.command(Path::new(measure::OWN));
            let sample = measure::in_own_process(own, program)
                .with_context(|| format!("failed to measure {name}"))?;
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
        case("--version", 4, 14, &["--version"]),
        case("models list", 12, 14, &["models", "list", "--provider", "vllm"]),
        case(
            "infer model run",
            12,
            14,
            &["infer", "model", "run", "--model", model, "--prompt", "hi"],
        ),
        case("agent, hi", 15, 16, &agent("hi")),
        case("agent, one read", 25, 18, &agent("read notes.txt")),
    ]
}

/// Returns a program with a case's arguments.
fn with_arguments(program: &str, case: &Case) -> Vec<String> {
    std::iter::once(program.to_owned()).chain(case.arguments.iter().cloned()).collect()
}

/// Returns the peer's command for a case: with its placeholders filled in, or else with the same
/// arguments. `None` when the peer has a placeholder for a message and the case has no message.
fn peer(command: &str, case: &Case, places: &[(&str, &str)]) -> Option<Vec<String>> {
    let mut words: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
    if !command.contains("{message}") {
        words.extend(case.arguments.iter().cloned());
        return Some(words);
    }
    let flag = case.arguments.iter().position(|word| word == "--message" || word == "--prompt")?;
    let message = case.arguments.get(flag + 1)?;
    for word in &mut words {
        *word = word.replace("{message}", message);
        for (place, value) in places {
            *word = word.replace(place, value);
        }
    }
    Some(words)
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
