//! Running a command on Linux: pidfds for its end, `/proc` for its tree.

mod leader;
mod procfs;
mod pump;
mod tree;
mod watch;

use std::time::{Duration, Instant};

use crate::linux::leader::Leader;
use crate::linux::pump::Pump;
use crate::{Bounds, CommandSpec, End, Finished, ProcessError, Stream};

/// How long output is read after the tree has ended. What the tree wrote is in the pipes by
/// then and is read in no time; only a process outside the tree can keep a pipe open.
const DRAIN: Duration = Duration::from_millis(500);

/// See [`run`](crate::run).
pub(crate) async fn run(
    spec: CommandSpec,
    bounds: Bounds,
    on_output: impl FnMut(Stream, &[u8]),
) -> Result<Finished, ProcessError> {
    let started = Instant::now();
    let (mut leader, pipes) = Leader::start(spec)?;
    let mut pump = Pump::new(pipes, bounds.output_bytes, on_output);

    let timed_out = tokio::select! {
        ended = leader.ended() => { ended?; None }
        limit = limit(bounds.time) => Some(limit),
        never = pump.forever() => match never {},
    };
    pump.close_stdin();
    let survivors = tokio::select! {
        survivors = leader.tree().end(bounds.grace) => survivors,
        never = pump.forever() => match never {},
    };
    // A bound that runs out is no error: what was read until then is the output.
    let _ = tokio::time::timeout(DRAIN, pump.drain()).await;

    let end = match timed_out {
        Some(limit) => End::TimedOut(limit),
        None => leader.end()?,
    };
    Ok(Finished { end, output: pump.finish(), duration: started.elapsed(), survivors })
}

/// Comes back with the limit when it has passed; never without one.
async fn limit(limit: Option<Duration>) -> Duration {
    match limit {
        Some(limit) => {
            tokio::time::sleep(limit).await;
            limit
        }
        None => std::future::pending().await,
    }
}
