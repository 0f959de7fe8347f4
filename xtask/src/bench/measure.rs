//! Runs a program once and measures what it used.
//!
//! The system keeps the peak memory of ended children as one number for all of them, so each run
//! gets a parent process of its own: this program again, as `cargo xtask measure`.

use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use serde::{Deserialize, Serialize};

/// The resources that one run used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sample {
    pub(super) wall_us: u64,
    /// User and system time together.
    pub(super) cpu_us: u64,
    pub(super) peak_kib: u64,
}

/// The path of this program, valid even when a build replaces its file meanwhile.
pub(super) const OWN: &str = "/proc/self/exe";

/// Measures a command in a process of its own, started with `own`: [`OWN`] with an environment.
pub(super) fn in_own_process(mut own: Command, command: &[String]) -> Result<Sample> {
    let output = own
        .args(["measure", "--"])
        .args(command)
        .stdin(Stdio::null())
        .output()
        .context("failed to start the measurer")?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
    }
    serde_json::from_slice(&output.stdout).context("failed to read the measurer's answer")
}

/// Runs `command` to its end and prints a [`Sample`] as JSON.
pub(crate) fn measure(command: &[String]) -> Result<()> {
    println!("{}", serde_json::to_string(&sample(command)?)?);
    Ok(())
}

fn sample(command: &[String]) -> Result<Sample> {
    let (program, arguments) = command.split_first().context("there is nothing to run")?;
    // Asking for the same user makes the standard library fork instead of lending this process's
    // memory, which would count as the child's own.
    let user = std::fs::metadata("/proc/self").context("failed to ask who runs this")?.uid();
    let begin = Instant::now();
    let status = Command::new(program)
        .args(arguments)
        .uid(user)
        .stdout(Stdio::null())
        .status()
        .with_context(|| format!("failed to start {program}"))?;
    let wall = begin.elapsed();
    if !status.success() {
        bail!("{program} {} ended with {status}", arguments.join(" "));
    }
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).context("failed to ask what was used")?;
    Ok(Sample {
        wall_us: u64::try_from(wall.as_micros())?,
        cpu_us: micros(usage.user_time())? + micros(usage.system_time())?,
        // Linux counts in KiB.
        peak_kib: u64::try_from(usage.max_rss())?,
    })
}

fn micros(time: TimeVal) -> Result<u64> {
    Ok(u64::try_from(time.tv_sec())? * 1_000_000 + u64::try_from(time.tv_usec())?)
}

#[cfg(test)]
mod tests {
    use super::sample;

    fn words(command: &[&str]) -> Vec<String> {
        command.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn a_run_has_a_wall_time_and_a_peak() {
        let sample = sample(&words(&["sh", "-c", "exit 0"])).unwrap();
        assert!(sample.wall_us > 0 && sample.peak_kib > 100, "{sample:?}");
    }

    #[test]
    fn a_run_that_fails_is_not_measured() {
        assert!(sample(&words(&["sh", "-c", "exit 3"])).is_err());
        assert!(sample(&[]).is_err());
    }
}
