//! Many concurrent streams: whether each gets its tokens in time, and the cost of one more.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use openclaw_providers_openai::OpenAiModel;
use tokio::task::JoinSet;

use crate::{Result, client};

/// The resolution of the histogram of gaps, and its number of steps.
const STEP: Duration = Duration::from_micros(100);
const STEPS: usize = 50_000;

/// The streams start spread over this time.
const SPREAD: Duration = Duration::from_secs(2);

thread_local! {
    /// Counts the gaps between two tokens of a stream by length. The runtime has one thread.
    static GAPS: RefCell<Vec<u32>> = const { RefCell::new(Vec::new()) };
}

/// The result of one stream.
struct Outcome {
    tokens: u64,
    /// From its first token to its last.
    took: Duration,
}

pub(crate) async fn run(address: &str, streams: u32, tokens: u32) -> Result<()> {
    let model = Arc::new(client::model(address, "tiny")?);
    GAPS.set(vec![0; STEPS + 1]);
    // A first stream, so that one-time allocations are not counted.
    read(Arc::clone(&model), 2).await?;
    let before = resident_kib()?;
    let mut all = JoinSet::new();
    for place in 0..streams {
        let model = Arc::clone(&model);
        all.spawn(async move {
            tokio::time::sleep(SPREAD * place / streams).await;
            read(model, tokens).await
        });
    }
    let mut most = before;
    let mut outcomes = Vec::new();
    let mut looks = tokio::time::interval(Duration::from_millis(250));
    while outcomes.len() < streams as usize {
        tokio::select! {
            Some(outcome) = all.join_next() => outcomes.push(outcome??),
            _ = looks.tick() => most = most.max(resident_kib()?),
        }
    }
    let whole = outcomes.iter().filter(|outcome| outcome.tokens == u64::from(tokens)).count();
    let slowest = outcomes.iter().map(|outcome| outcome.took).max().unwrap_or_default();
    let rate = f64::from(tokens.saturating_sub(1)) / slowest.as_secs_f64();
    println!(
        "{{\"whole\":{whole},\"kib_per_stream\":{:.1},\"slowest_per_second\":{rate:.1},\
         \"gap_ms\":{{\"p50\":{:.1},\"p99\":{:.1},\"p9999\":{:.1},\"max\":{:.1}}}}}",
        f64::from(most - before) / f64::from(streams),
        gap(0.5),
        gap(0.99),
        gap(0.9999),
        gap(1.0),
    );
    Ok(())
}

/// Streams one answer of this many tokens.
async fn read(model: Arc<OpenAiModel>, tokens: u32) -> Result<Outcome> {
    let words = (1..tokens).map(|_| " go");
    let message = ["reply exactly: go"].into_iter().chain(words).collect::<String>();
    let mut ends: Option<(Instant, Instant)> = None;
    let count = client::read(&model, client::request(&message), || {
        let now = Instant::now();
        let (first, last) = ends.unwrap_or((now, now));
        if ends.is_some() {
            note(now - last);
        }
        ends = Some((first, now));
    });
    let tokens = count.await?;
    let took = ends.map(|(first, last)| last - first).unwrap_or_default();
    Ok(Outcome { tokens, took })
}

fn note(gap: Duration) {
    let step = usize::try_from(gap.as_micros() / STEP.as_micros()).unwrap_or(STEPS).min(STEPS);
    GAPS.with_borrow_mut(|gaps| {
        if let Some(count) = gaps.get_mut(step) {
            *count += 1;
        }
    });
}

/// The quantile of all gaps, in milliseconds.
fn gap(part: f64) -> f64 {
    GAPS.with_borrow(|gaps| {
        let all: f64 = gaps.iter().copied().map(f64::from).sum();
        let mut seen = 0.0;
        for (step, &count) in (1_u32..).zip(gaps) {
            seen += f64::from(count);
            if seen >= all * part {
                return (STEP * step).as_secs_f64() * 1000.0;
            }
        }
        0.0
    })
}

fn resident_kib() -> Result<u32> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.trim().strip_suffix(" kB"));
    Ok(number.ok_or("the system does not say how much memory is used")?.trim().parse()?)
}
