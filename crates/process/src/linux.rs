//! Runs a command on Linux, with pidfds to wait for its exit and `/proc` to find its tree.

mod member;
mod pipeline;
mod procfs;
mod pump;
mod stdio;
mod supervisor;
mod tree;
mod watch;
mod wire;

use std::pin::pin;
use std::time::{Duration, Instant};

use crate::control::CommandOrder;
use crate::linux::pipeline::{PipelineEvent, SupervisedPipeline};
use crate::linux::pump::PipePump;
use crate::{
    CommandEnd, CommandHandle, CommandLimits, CommandResult, OutputStream, PipelineSpec,
    ProcessError,
};

pub(crate) use supervisor::supervise;

/// How long output is read after the tree has ended. The tree's own output is in the pipes by then
/// and read at once; only a process outside the tree can keep a pipe open.
const DRAIN_TIMEOUT: Duration = Duration::from_millis(500);

/// How much longer than the grace period a supervisor may take to end its tree before it counts as
/// stopped by its own commands.
const SUPERVISOR_MARGIN: Duration = Duration::from_secs(5);

/// See [`run_pipeline`](crate::run_pipeline).
pub(crate) async fn run(
    spec: PipelineSpec,
    limits: CommandLimits,
    handle: &mut CommandHandle,
    on_output: impl FnMut(OutputStream, &[u8]),
) -> Result<CommandResult, ProcessError> {
    let started_at = Instant::now();
    let (mut pipeline, pipes) = SupervisedPipeline::start(spec, limits.grace_period).await?;
    let mut pump = PipePump::new(pipes, limits.max_output_bytes, on_output);
    let mut limit = pin!(wait_for_limit(limits.time_limit));
    let end = loop {
        let order = tokio::select! {
            event = pipeline.next_event() => match event {
                Ok(PipelineEvent::Started { first_pid }) => {
                    handle.set_pid(first_pid);
                    continue;
                }
                Ok(PipelineEvent::Ended(end)) => break end,
                Err(error) => {
                    if !pipeline.has_started() {
                        // What was started before the failure has ended when this returns.
                        pipeline.end_tree(SUPERVISOR_MARGIN).await;
                    }
                    return Err(error);
                }
            },
            limit = &mut limit => break CommandEnd::TimedOut(limit),
            order = handle.next_order() => order,
            written = pump.pump_until_written() => {
                handle.record_read(written);
                continue;
            }
        };
        match order {
            CommandOrder::WriteInput(bytes) => pump.add_input(&bytes),
            CommandOrder::CloseInput => pump.finish_input(),
            CommandOrder::Stop => break CommandEnd::Stopped,
        }
    };
    pump.close_stdin();
    let survivors = tokio::select! {
        survivors = pipeline.end_tree(limits.grace_period + SUPERVISOR_MARGIN) => survivors,
        never = pump.pump_forever() => match never {},
    };
    // Running out of time is no error: the output read so far is kept.
    let _ = tokio::time::timeout(DRAIN_TIMEOUT, pump.drain_output()).await;
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
