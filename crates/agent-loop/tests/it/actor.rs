//! Scripted tools that log what they do.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use openclaw_core::{
    InvalidToolArguments, PlannedToolCall, Tool, ToolCall, ToolConcurrency, ToolContext,
    ToolEffect, ToolOutput, ToolSpec,
};
use tokio::sync::Notify;
use tokio::task::yield_now;

use crate::script::{Log, pass};

/// What [`Act::Prepares`] reads.
pub(crate) const PREPARED_PATH: &str = "prepared";

/// What a tool does when it is called.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    Output(ToolOutput),
    /// Writes the pieces as progress, then returns `done`.
    Writes(Vec<&'static str>),
    RefusesArguments,
    /// Returns what the gate lets through, one line a call; may run in parallel.
    Shared(Arc<Gate>),
    /// Returns how often it ran.
    Counts,
    /// Writes a file and returns.
    Changes,
    /// Finds out what it would read when it is prepared.
    Prepares,
    /// Is never prepared.
    PreparesForEver,
    /// Never ends.
    Hangs,
    /// Returns when its time limit is over.
    EndsInTime,
}

/// Blocks tools until `together` of them run at once.
#[derive(Debug)]
pub(crate) struct Gate {
    pub(crate) together: usize,
    pub(crate) running: AtomicUsize,
    pub(crate) most: AtomicUsize,
    pub(crate) open: Notify,
}

impl Gate {
    pub(crate) fn new(together: usize) -> Arc<Self> {
        let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Arc::new(Self { together, running, most, open: Notify::new() })
    }

    async fn pass(&self) {
        let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(running, Ordering::SeqCst);
        if running == self.together {
            self.open.notify_waiters();
        } else {
            self.open.notified().await;
        }
        self.running.fetch_sub(1, Ordering::SeqCst);
    }
}

#[derive(Debug)]
pub(crate) struct Actor {
    pub(crate) spec: ToolSpec,
    pub(crate) act: Act,
    pub(crate) live: Arc<AtomicUsize>,
    pub(crate) log: Log,
}

#[derive(Debug)]
struct ActorCall {
    call: ToolCall,
    effect: ToolEffect,
    act: Act,
    live: Arc<AtomicUsize>,
    log: Log,
}

/// Counts running tools; one less when its future is dropped.
struct Live<'a>(&'a AtomicUsize);

impl Drop for Live<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Tool for Actor {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn plan_call(&self, call: &ToolCall) -> Result<Box<dyn PlannedToolCall>, InvalidToolArguments> {
        self.log.lock().unwrap().push(format!("plan {}", call.id));
        if matches!(self.act, Act::RefusesArguments) {
            let problem = "`path` is missing".to_owned();
            return Err(InvalidToolArguments { tool: call.name.clone(), problem });
        }
        let path = call.arguments.to_json();
        Ok(Box::new(ActorCall {
            call: call.clone(),
            effect: match self.act {
                Act::Changes => ToolEffect::Write { path, protection: None, change: None },
                _ => ToolEffect::Read { path },
            },
            act: self.act.clone(),
            live: Arc::clone(&self.live),
            log: Arc::clone(&self.log),
        }))
    }
}

#[async_trait]
impl PlannedToolCall for ActorCall {
    fn effect(&self) -> &ToolEffect {
        &self.effect
    }

    fn concurrency(&self) -> ToolConcurrency {
        match self.act {
            Act::Shared(_) => ToolConcurrency::Shared,
            _ => ToolConcurrency::Exclusive,
        }
    }

    async fn prepare(&mut self) {
        if matches!(self.act, Act::Prepares | Act::PreparesForEver) {
            self.live.fetch_add(1, Ordering::SeqCst);
            let _live = Live(&self.live);
            self.log.lock().unwrap().push(format!("prepare {}", self.call.id));
            yield_now().await;
            if matches!(self.act, Act::PreparesForEver) {
                std::future::pending::<()>().await;
            }
            self.effect = ToolEffect::Read { path: PREPARED_PATH.to_owned() };
        }
    }

    async fn run(self: Box<Self>, context: ToolContext<'_>) -> ToolOutput {
        self.live.fetch_add(1, Ordering::SeqCst);
        let _live = Live(&self.live);
        self.log.lock().unwrap().push(format!("run {}", self.call.id));
        yield_now().await;
        match &self.act {
            Act::Output(output) => output.clone(),
            Act::Writes(pieces) => {
                for piece in pieces {
                    context.progress.write_output(piece);
                }
                ToolOutput::from_text("done").with_summary("a summary")
            }
            Act::RefusesArguments => panic!("called with arguments that it refuses"),
            Act::Shared(gate) => {
                gate.pass().await;
                ToolOutput::from_text(format!("passed with {}", self.call.arguments.to_json()))
            }
            Act::Counts => {
                let runs = self.log.lock().unwrap();
                let runs = runs.iter().filter(|line| line.starts_with("run ")).count();
                ToolOutput::from_text(format!("run {runs}"))
            }
            Act::Changes => ToolOutput::from_text("changed"),
            Act::Prepares => match self.effect {
                ToolEffect::Read { path } => ToolOutput::from_text(format!("read {path}")),
                _ => panic!("it reads"),
            },
            Act::Hangs | Act::PreparesForEver => std::future::pending().await,
            Act::EndsInTime => {
                pass(context.time_limit.expect("a limit")).await;
                ToolOutput::from_error("ended by itself")
            }
        }
    }
}
