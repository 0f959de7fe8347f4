//! Benchmarks of a gateway, which is the program in a process of its own: when it is ready, what it
//! takes while it does nothing, and what its clients notice.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::line::{Goal, line, line_with_ratio, median, number};
use super::peers::Roles;
use crate::built::Build;
use crate::product::{Product, Scratch};

const TOKEN: &str = "a-token-of-the-bench-of-the-gateway";

/// How often a gateway is started.
const STARTS: usize = 11;

/// How long an idle gateway is watched, after it has settled.
const SETTLING: Duration = Duration::from_secs(2);
const IDLE: Duration = Duration::from_secs(5);

/// How long a gateway may take to be ready.
const PATIENCE: Duration = Duration::from_secs(30);

/// A gateway in a process of its own, ended when this value is dropped.
struct Gateway {
    process: Child,
    address: SocketAddr,
    ready_after: Duration,
}

/// Measures a gateway and prints the figures.
pub(super) fn run(product: &Product, build: Build) -> Result<()> {
    let roles = Roles::built("openclaw-gateway", "clients", build)?;
    let (source, mock) = (roles.serve(&["source"])?, product.start_mock()?);
    let scratch = Scratch::new("bench-gateway", &mock.base_url, "any-value")?;
    std::fs::write(scratch.config(), config_text(&mock.base_url, &source.address))?;

    // The first start makes the files of the state folder.
    drop(Gateway::start(product, &scratch)?);
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        starts.push(Gateway::start(product, &scratch)?.ready_after.as_secs_f64() * 1e3);
    }
    println!("\na gateway; goal / measured, and the measured part of the goal\n");
    line_with_ratio("ready, ms", Goal::AtMost(50.0), median(starts));

    let gateway = Gateway::start(product, &scratch)?;
    std::thread::sleep(SETTLING);
    let pid = gateway.process.id();
    let (before, begin) = (cpu_time(pid)?, Instant::now());
    std::thread::sleep(IDLE);
    let busy = cpu_time(pid)?.saturating_sub(before).as_secs_f64() / begin.elapsed().as_secs_f64();
    line_with_ratio("idle, MiB resident", Goal::AtMost(30.0), status_mib(pid, "VmRSS:")?);
    line_with_ratio("idle, % of a processor", Goal::AtMost(0.1), busy * 1e2);

    let address = gateway.address.to_string();
    let said = roles.ask(&["load", &address, TOKEN, "vllm/tiny"])?;
    print_load(&said)?;
    line("  MiB resident at most", None, status_mib(pid, "VmHWM:")?);
    Ok(())
}

fn print_load(said: &Value) -> Result<()> {
    let is_met = |name: &str, goal, path: &str| -> Result<()> {
        line_with_ratio(name, goal, number(said, path)?);
        Ok(())
    };
    is_met("an event, ms late, p50", Goal::AtMost(2.0), "/delayMs/p50")?;
    is_met("  p99", Goal::AtMost(2.0), "/delayMs/p99")?;
    let beside = number(said, "/largeBesideStalledMs/p50")? / number(said, "/largeMs/p50")?;
    line("large events, ms late, p50", None, number(said, "/largeMs/p50")?);
    line("  beside a client that reads nothing", None, number(said, "/largeBesideStalledMs/p50")?);
    line_with_ratio("  that is times as late", Goal::AtMost(2.0), beside);
    is_met("500 clients at once: let in", Goal::AtLeast(500.0), "/clients")?;
    if let Some(refusal) = said["refusals"].as_str() {
        println!("  the first that was not let in: {refusal}");
    }
    line("  ms until all are", None, number(said, "/connectingMs")?);
    is_met("100 runs at once: whole ones", Goal::AtLeast(100.0), "/wholeRuns")?;
    line("  ms until all have ended, 500 clients watching", None, number(said, "/runsMs")?);
    line("an event for 400 clients, ms late, p50", None, number(said, "/delayInCrowdMs/p50")?);
    line("  p99", None, number(said, "/delayInCrowdMs/p99")?);
    Ok(())
}

/// The config of a gateway with a mock of vLLM, and a server whose tokens are times.
fn config_text(mock: &str, source: &str) -> String {
    format!(
        "{{\n  models: {{ providers: {{\n    vllm: {{ baseUrl: \"{mock}\" }},\n    \
         source: {{ baseUrl: \"{source}\", api: \"openai-completions\", \
         models: [{{ id: \"stamps\", contextWindow: 32000, maxTokens: 8000 }}] }},\n  }} }},\n  \
         agents: {{ defaults: {{ model: \"vllm/tiny\" }} }},\n  \
         gateway: {{ mode: \"local\", auth: {{ mode: \"token\", token: \"{TOKEN}\" }} }},\n}}\n"
    )
}

impl Gateway {
    /// Starts a gateway and waits until it is ready.
    fn start(product: &Product, scratch: &Scratch) -> Result<Self> {
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let mut command = scratch.command(&product.openclaw);
        command.args(["gateway", "run", "--port", &port.to_string()]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let begin = Instant::now();
        let process = command.spawn().context("failed to start the gateway")?;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let mut gateway = Self { process, address, ready_after: Duration::ZERO };
        while !is_ready(address) {
            if let Some(status) = gateway.process.try_wait()? {
                bail!(
                    "the gateway ended with {status}; `{}` has its log",
                    scratch.home().display()
                );
            }
            if begin.elapsed() > PATIENCE {
                bail!("the gateway is not ready after {} s", PATIENCE.as_secs());
            }
            std::thread::sleep(Duration::from_micros(200));
        }
        gateway.ready_after = begin.elapsed();
        Ok(gateway)
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn is_ready(address: SocketAddr) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect(address)?;
        let head = format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer.starts_with("HTTP/1.1 200"))
    };
    ask().unwrap_or(false)
}

/// The processor time of all threads of a process.
fn cpu_time(pid: u32) -> Result<Duration> {
    let mut nanos = 0;
    for thread in std::fs::read_dir(format!("/proc/{pid}/task"))? {
        let path = thread?.path().join("schedstat");
        let text = std::fs::read_to_string(path)?;
        let spent = text.split_whitespace().next().context("a thread has no time")?;
        nanos += spent.parse::<u64>()?;
    }
    Ok(Duration::from_nanos(nanos))
}

/// A size of a process.
fn status_mib(pid: u32, name: &str) -> Result<f64> {
    let path = format!("/proc/{pid}/status");
    let text = std::fs::read_to_string(Path::new(&path))?;
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.and_then(|rest| rest.split_whitespace().next());
    Ok(kib.with_context(|| format!("{path} has no {name}"))?.parse::<f64>()? / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::{cpu_time, status_mib};

    #[test]
    fn this_process_has_a_size_and_a_time() {
        let pid = std::process::id();
        assert!(status_mib(pid, "VmRSS:").unwrap() > 1.0);
        assert!(!cpu_time(pid).unwrap().is_zero());
        assert!(status_mib(pid, "VmNothing:").is_err());
    }
}
