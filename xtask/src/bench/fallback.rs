//! The extra time of an answer that comes from a fallback because the primary model's server is
//! down.

use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::line::{Goal, line, median};
use super::measure;
use crate::product::{Product, Scratch};

/// A server that refuses connections: nothing listens on its port.
const DOWN: &str = "models.providers.down.baseUrl=http://127.0.0.1:9/v1";

/// The most extra time, in milliseconds.
const GOAL: Goal = Goal::AtMost(50.0);

/// Measures a turn of `model` in the home `scratch`, as the primary model and as the fallback of
/// one that refuses connections, and prints the difference.
pub(super) fn run(product: &Product, scratch: &Scratch, model: &str, runs: u16) -> Result<()> {
    let own = product.openclaw.to_string_lossy().into_owned();
    let words = |primary: &str, fallback: &str| -> Vec<String> {
        let primary = format!("agents.defaults.model.primary={primary}");
        let fallbacks = format!("agents.defaults.model.fallbacks=[\"{fallback}\"]");
        let agent = [own.as_str(), "agent", "--yes", "--message", "hi"];
        let set = ["--set", DOWN, "--set", &primary, "--set", &fallbacks];
        agent.iter().chain(&set).map(|word| (*word).to_owned()).collect()
    };
    let (straight, refused) = (words(model, "down/m"), words("down/m", model));
    let wall_ms = |words: &[String]| {
        let own = scratch.command(Path::new(measure::OWN));
        let sample = measure::in_own_process(own, words).context("failed to measure fallbacks")?;
        #[expect(clippy::cast_precision_loss, reason = "a run takes no centuries")]
        let millis = sample.wall_us as f64 / 1e3;
        Ok::<_, anyhow::Error>(millis)
    };
    let (mut first, mut known) = (Vec::new(), Vec::new());
    for round in 0..=runs {
        forget(scratch)?;
        let straight = wall_ms(&straight)?;
        let refused_first = wall_ms(&refused)?;
        // The second failure opens the breaker; from the third run on it is open.
        wall_ms(&refused)?;
        let refused_known = wall_ms(&refused)?;
        // The first round warms the caches.
        if round > 0 {
            first.push(refused_first - straight);
            known.push(refused_known - straight);
        }
    }
    println!("\nfallbacks, medians of {runs} rounds; goal / measured\n");
    line("after a refused primary, ms more", Some(GOAL), median(first));
    line("after one that is known to refuse, ms more", Some(GOAL), median(known));
    Ok(())
}

/// Closes all breakers.
fn forget(scratch: &Scratch) -> Result<()> {
    let path = scratch.home().join(".openclaw/cache/breakers.json");
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).context("failed to forget what failed")
        }
        _ => Ok(()),
    }
}
