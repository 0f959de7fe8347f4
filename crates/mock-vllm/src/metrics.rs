//! What the server is doing and has done, as `/metrics` and `/load` tell it.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::turn::Finish;

/// Counters of one server. All are of tokens or of requests.
#[derive(Debug, Default)]
pub(crate) struct Stats {
    running: AtomicU64,
    waiting: AtomicU64,
    prompt_tokens: AtomicU64,
    cached_tokens: AtomicU64,
    generation_tokens: AtomicU64,
    ended: [AtomicU64; ENDINGS.len()],
}

const ENDINGS: [&str; 5] = ["stop", "length", "abort", "error", "repetition"];
const ABORT: usize = 2;
const ERROR: usize = 3;

/// Places for requests that run at the same time, and for those that wait.
#[derive(Debug)]
pub(crate) struct Seats {
    pub(crate) places: Option<Arc<Semaphore>>,
    pub(crate) longest_queue: Option<u64>,
    pub(crate) stats: Stats,
}

impl Seats {
    /// True if one more request would exceed the limit on running and waiting ones.
    pub(crate) fn are_full(&self) -> bool {
        self.longest_queue.is_some_and(|most| self.stats.in_flight() >= most)
    }
}

impl Stats {
    /// Requests that are running or waiting.
    pub(crate) fn in_flight(&self) -> u64 {
        self.running.load(Ordering::Relaxed) + self.waiting.load(Ordering::Relaxed)
    }

    /// The Prometheus text, for one engine and one model name.
    pub(crate) fn render(&self, model: &str) -> String {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (prompt, cached) = (read(&self.prompt_tokens), read(&self.cached_tokens));
        let rows = [
            (
                "num_requests_running",
                "Number of requests in model execution batches.",
                "gauge",
                read(&self.running),
            ),
            (
                "num_requests_waiting",
                "Number of requests waiting to be processed.",
                "gauge",
                read(&self.waiting),
            ),
            (
                "prefix_cache_queries_total",
                "Prefix cache queries, in terms of number of queried tokens.",
                "counter",
                prompt,
            ),
            (
                "prefix_cache_hits_total",
                "Prefix cache hits, in terms of number of cached tokens.",
                "counter",
                cached,
            ),
            ("prompt_tokens_total", "Number of prefill tokens processed.", "counter", prompt),
            ("prompt_tokens_cached_total", "Number of cached prompt tokens.", "counter", cached),
            (
                "generation_tokens_total",
                "Number of generation tokens processed.",
                "counter",
                read(&self.generation_tokens),
            ),
        ];
        let labels = format!(
            "engine=\"0\",model_name=\"{}\"",
            model.replace('\\', "\\\\").replace('"', "\\\"")
        );
        let mut text = String::with_capacity(2048);
        // Writing to a String cannot fail.
        for (name, help, kind, value) in rows {
            let _ = writeln!(
                text,
                "# HELP vllm:{name} {help}\n# TYPE vllm:{name} {kind}\nvllm:{name}{{{labels}}} {value}.0"
            );
        }
        let name = "request_success_total";
        let _ = writeln!(
            text,
            "# HELP vllm:{name} Count of successfully processed requests.\n# TYPE vllm:{name} counter"
        );
        for (reason, count) in ENDINGS.iter().zip(&self.ended) {
            let count = read(count);
            let _ = writeln!(
                text,
                "vllm:{name}{{engine=\"0\",finished_reason=\"{reason}\",model_name=\"{}\"}} {count}.0",
                model.replace('\\', "\\\\").replace('"', "\\\"")
            );
        }
        text
    }
}

/// One request's place in the counts. Dropped before it is settled, it counts as aborted.
#[derive(Debug)]
pub(crate) struct Ticket {
    seats: Arc<Seats>,
    permit: Option<OwnedSemaphorePermit>,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    Running,
    Settled,
}

impl Ticket {
    /// Joins the queue.
    pub(crate) fn new(seats: Arc<Seats>) -> Self {
        seats.stats.waiting.fetch_add(1, Ordering::Relaxed);
        Self { seats, permit: None, state: State::Waiting }
    }

    /// The places, if they are limited.
    pub(crate) fn places(&self) -> Option<Arc<Semaphore>> {
        self.seats.places.clone()
    }

    /// Leaves the queue: the prompt counts from now on.
    pub(crate) fn run(&mut self, permit: Option<OwnedSemaphorePermit>, prompt: u32, cached: u32) {
        self.permit = permit;
        self.state = State::Running;
        let stats = &self.seats.stats;
        stats.waiting.fetch_sub(1, Ordering::Relaxed);
        stats.running.fetch_add(1, Ordering::Relaxed);
        stats.prompt_tokens.fetch_add(prompt.into(), Ordering::Relaxed);
        stats.cached_tokens.fetch_add(cached.into(), Ordering::Relaxed);
    }

    /// Counts tokens that were said.
    pub(crate) fn said(&self, tokens: u32) {
        self.seats.stats.generation_tokens.fetch_add(tokens.into(), Ordering::Relaxed);
    }

    /// Ends the request; `None` if it failed.
    pub(crate) fn settle(&mut self, finish: Option<Finish>) {
        self.end(match finish {
            Some(Finish::Stop | Finish::ToolCalls) => 0,
            Some(Finish::Length) => 1,
            Some(Finish::Abort) => ABORT,
            None => ERROR,
        });
    }

    fn end(&mut self, ending: usize) {
        let stats = &self.seats.stats;
        match self.state {
            State::Waiting => stats.waiting.fetch_sub(1, Ordering::Relaxed),
            State::Running => stats.running.fetch_sub(1, Ordering::Relaxed),
            State::Settled => return,
        };
        self.state = State::Settled;
        self.permit = None;
        if let Some(count) = stats.ended.get(ending) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.end(ABORT);
    }
}
