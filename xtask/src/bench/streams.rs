//! The cost of reading token streams: compared with a bare socket and with Python's client, and
//! with many streams at once.
//!
//! Peers are measured in turn and compared by the ratio within a turn, so that load on the machine
//! affects all alike. Processor time is that of whole processes less that of a run with hardly any
//! tokens.

use anyhow::{Context as _, Result};
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use super::line::{Goal, line, median, number};
use super::peers::{Roles, cpu_us};
use super::python;

/// How often each figure is measured.
const TURNS: usize = 5;

/// A kind of stream, by the pause between its tokens.
struct Kind {
    name: &'static str,
    tokens: u32,
    pause_us: u32,
}

const KINDS: [Kind; 2] = [
    // One token per read, as a server sends them to a single reader.
    Kind { name: "one by one", tokens: 20_000, pause_us: 50 },
    // Many tokens per read, as when the reader is slower than the server.
    Kind { name: "all at once", tokens: 200_000, pause_us: 0 },
];

const CROWD: u32 = 1000;
const CROWD_TOKENS: u32 = 500;
const CROWD_RATE: u32 = 50;

/// Event sizes in bytes: one that fits into the caches, and one that does not.
const MEDIUM: &str = "65536";
const LARGE: &str = "16777216";

const MIB: f64 = 1024.0 * 1024.0;

/// Measures everything and prints it.
pub(super) fn run() -> Result<()> {
    let roles = Roles::build()?;
    println!("\nstreams, medians of {TURNS} turns; goal / measured; {}\n", load()?);
    decoder(&roles)?;
    let python = python::client();
    if let Err(error) = &python {
        println!("{} is left out: {error:#}", python::CLIENT);
    }
    let server = roles.serve(&["serve"])?;
    for kind in &KINDS {
        tokens(&roles, &server.address, kind, python.as_deref().ok())?;
    }
    let said = roles.ask(&["overhead", &server.address, "2000"])?;
    let (socket, client) = (number(&said, "/socket_us")?, number(&said, "/client_us")?);
    line("first token over a socket, ms", None, socket / 1e3);
    line("first token over the client, ms more", Some(Goal::AtMost(1.0)), (client - socket) / 1e3);
    drop(server);
    crowd(&roles)?;
    println!("\nat the end, {}", load()?);
    Ok(())
}

/// Returns the load of the machine: ratios are robust to it, other figures get worse.
fn load() -> Result<String> {
    let all = std::fs::read_to_string("/proc/loadavg").context("failed to ask for the load")?;
    let cores = std::thread::available_parallelism().context("failed to count the cores")?;
    Ok(format!("a load of {} on {cores} cores", all.split(' ').next().unwrap_or_default()))
}

fn decoder(roles: &Roles) -> Result<()> {
    let per_byte = |role: &str, event: &str| {
        let words = roles.words(role);
        let (few, many) = (cpu_us(&words, &[event, "8"])?, cpu_us(&words, &[event, "40"])?);
        Ok::<_, anyhow::Error>((many - few) / (32.0 * 16.0 * MIB))
    };
    let ratio = |role| Ok::<_, anyhow::Error>(per_byte(role, LARGE)? / per_byte(role, MEDIUM)?);
    let (mut small, mut ratios, mut copied) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..TURNS {
        small.push(1.0 / per_byte("decode", "200")? / 1e3);
        ratios.push(ratio("decode")?);
        copied.push(ratio("copy")?);
    }
    line("decoder, events of 200 B, GB per CPU second", Some(Goal::AtLeast(1.0)), median(small));
    line("decoder, a byte of 16 MiB / of 64 KiB", Some(Goal::AtMost(1.3)), median(ratios));
    // How much slower memory itself is beyond the caches.
    line("  the same of copying alone", None, median(copied));
    Ok(())
}

/// Measures what a token costs each reader of one kind of stream.
fn tokens(roles: &Roles, address: &str, kind: &Kind, python: Option<&[String]>) -> Result<()> {
    let all = [roles.words("socket"), roles.words("client")].map(|words| (words, kind.tokens));
    // The Python client is so slow that fewer tokens suffice.
    let python = python.map(|words| (words.to_vec(), kind.tokens / 4));
    let readers: Vec<(Vec<String>, u32)> = all.into_iter().chain(python).collect();
    let model = |tokens| format!("tokens-{tokens}-every-{}-us", kind.pause_us);
    let mut costs = vec![Vec::new(); readers.len()];
    for turn in 0..=TURNS {
        for ((reader, tokens), costs) in readers.iter().zip(&mut costs) {
            let few = cpu_us(reader, &[address, &model(1)])?;
            let many = cpu_us(reader, &[address, &model(*tokens)])?;
            // The first turn warms the caches.
            if turn > 0 {
                costs.push((many - few) / f64::from(tokens - 1));
            }
        }
    }
    let [socket, client, rest @ ..] = costs.as_slice() else { return Ok(()) };
    let name = kind.name;
    line(&format!("{name}: CPU µs a token, bare socket"), None, median(socket.clone()));
    line(&format!("{name}: CPU µs a token, client"), None, median(client.clone()));
    let goal = Some(Goal::AtMost(2.0));
    line(&format!("{name}: client / bare socket"), goal, median(ratios(client, socket)));
    if let Some(python) = rest.first() {
        line(&format!("{name}: CPU µs a token, Python"), None, median(python.clone()));
        let goal = Some(Goal::AtLeast(10.0));
        line(&format!("{name}: Python / client"), goal, median(ratios(python, client)));
    }
    Ok(())
}

fn crowd(roles: &Roles) -> Result<()> {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, most, most).context("failed to allow many connections")?;
    let server = roles.serve(&["mock", &CROWD_RATE.to_string()])?;
    let (streams, tokens) = (CROWD.to_string(), CROWD_TOKENS.to_string());
    let said = roles.ask(&["crowd", &server.address, &streams, &tokens])?;
    let whole = Goal::AtLeast(CROWD.into());
    line(&format!("{streams} streams: whole ones"), Some(whole), number(&said, "/whole")?);
    let rate = Goal::AtLeast(f64::from(CROWD_RATE) * 0.95);
    line("  tokens a second of the slowest", Some(rate), number(&said, "/slowest_per_second")?);
    let memory = Goal::AtMost(60.0);
    line("  KiB more of memory for each", Some(memory), number(&said, "/kib_per_stream")?);
    line("  ms between tokens, median", None, number(&said, "/gap_ms/p50")?);
    line("  ms between tokens, 99 %", Some(Goal::AtMost(100.0)), number(&said, "/gap_ms/p99")?);
    line("  ms between tokens, longest", Some(Goal::AtMost(1000.0)), number(&said, "/gap_ms/max")?);
    Ok(())
}

fn ratios(ones: &[f64], others: &[f64]) -> Vec<f64> {
    ones.iter().zip(others).map(|(one, other)| one / other).collect()
}

#[cfg(test)]
mod tests {
    use super::ratios;
    use crate::bench::line::median;

    #[test]
    fn ratios_are_within_a_turn() {
        let all = ratios(&[2.0, 30.0, 4.0], &[1.0, 10.0, 1.0]);
        assert!((median(all) - 3.0).abs() < 1e-9);
    }
}
