//! Runs a command on Linux, with pidfds to wait for its exit and `/proc` to find its tree.

mod leader;
mod procfs;
mod pump;
mod stdio;
mod tree;
mod watch;

use std::time::{Duration, Instant};

use crate::linux::leader::LeaderProcess;
use crate::linux::pump::PipePump;
use crate::{CommandEnd, CommandLimits, CommandResult, OutputStream, PipelineSpec, ProcessError};

/// How long output is read after the tree has ended. The tree's own output is in the pipes by then
/// and read at once; only a process outside the tree can keep a pipe open.
const DRAIN_TIMEOUT: Duration = Duration::from_millis(500);

/// See [`run_pipeline`](crate::run_pipeline).
pub(crate) async fn run(
    spec: PipelineSpec,
    limits: CommandLimits,
    on_output: impl FnMut(OutputStream, &[u8]),
) -> Result<CommandResult, ProcessError> {
    let started_at = Instant::now();
    let (mut leader, pipes) = LeaderProcess::start_pipeline(spec)?;
    let mut pump = PipePump::new(pipes, limits.max_output_bytes, on_output);

    let timed_out = tokio::select! {
        ended = leader.wait_for_exit() => { ended?; None }
        limit = wait_for_limit(limits.time_limit) => Some(limit),
        never = pump.pump_forever() => match never {},
    };
    pump.close_stdin();
    let survivors = tokio::select! {
        survivors = leader.tree().terminate_all(limits.grace_period) => survivors,
        never = pump.pump_forever() => match never {},
    };
    // Running out of time is no error: the output read so far is kept.
    let _ = tokio::time::timeout(DRAIN_TIMEOUT, pump.drain_output()).await;

    let end = match timed_out {
        Some(limit) => CommandEnd::TimedOut(limit),
        None => leader.reap_process()?,
    };
    Ok(CommandResult { end, output: pump.into_output(), duration: started_at.elapsed(), survivors })
}

/// Returns the limit when it has passed; never returns without a limit.
async fn wait_for_limit(limit: Option<Duration>) -> Duration {
    match limit {
        Some(limit) => {
            tokio::time::sleep(limit).await;
            limit
        }
        None => std::future::pending().await,
    }
}
