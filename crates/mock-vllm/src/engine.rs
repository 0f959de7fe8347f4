//! The state behind the routes: models, script, requests seen, counts, and whether it is alive.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::ids::{Ids, now};
use crate::metrics::Seats;
use crate::prefix::{PrefixCache, PrefixUse, mix};
use crate::reply::{Pace, Reply};
use crate::{ModelSpec, Seen};

/// How a server was set up.
#[derive(Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a command-line switch of its own")]
pub(crate) struct Setup {
    pub(crate) models: Vec<ModelSpec>,
    pub(crate) api_key: Option<String>,
    /// Whether requests that the script has no reply for are answered by the rules.
    pub(crate) has_rules: bool,
    pub(crate) auto_tool_choice: bool,
    pub(crate) reasoning_parser: bool,
    pub(crate) keep_alive: Duration,
    pub(crate) pace: Pace,
    pub(crate) records: bool,
    /// Whether there is anything beside `/v1`.
    pub(crate) root_routes: bool,
    /// Whether the chat template shows tools to the model.
    pub(crate) template_has_tools: bool,
    /// What a request to the model must be like.
    pub(crate) request_rule: Option<RequestRule>,
}

/// Judges the body of a request to the model.
pub(crate) type RequestRule = Arc<dyn Fn(&serde_json::Value) -> bool + Send + Sync>;

impl fmt::Debug for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The key stays out.
        f.debug_struct("Setup").field("models", &self.models).finish_non_exhaustive()
    }
}

/// One server's state. It outlives a kill, except for what dies with the process.
#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) setup: Setup,
    pub(crate) seats: Arc<Seats>,
    pub(crate) ids: Arc<Ids>,
    pub(crate) started: u64,
    script: Mutex<VecDeque<Reply>>,
    seen: Mutex<Vec<Seen>>,
    seen_count: watch::Sender<usize>,
    cache: Mutex<PrefixCache>,
    life: watch::Sender<Life>,
    listener: Mutex<Option<TcpListener>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Life {
    Serving,
    /// The engine died: open responses end, nothing new is accepted.
    Ending,
    Killed,
}

impl Engine {
    pub(crate) fn new(setup: Setup, script: Vec<Reply>, seats: Seats) -> Self {
        Self {
            setup,
            seats: Arc::new(seats),
            ids: Arc::default(),
            started: now(),
            script: Mutex::new(script.into()),
            seen: Mutex::default(),
            seen_count: watch::Sender::new(0),
            cache: Mutex::default(),
            life: watch::Sender::new(Life::Killed),
            listener: Mutex::default(),
        }
    }

    pub(crate) fn pace(&self) -> Pace {
        self.setup.pace
    }

    pub(crate) fn push(&self, reply: Reply) {
        lock(&self.script).push_back(reply);
    }

    /// Takes the next reply, if it is one that `wanted` accepts.
    pub(crate) fn next_reply(&self, wanted: impl FnOnce(&Reply) -> bool) -> Option<Reply> {
        let mut script = lock(&self.script);
        script.front().is_some_and(wanted).then(|| script.pop_front())?
    }

    pub(crate) fn record(&self, seen: Seen) {
        let mut all = lock(&self.seen);
        all.push(seen);
        self.seen_count.send_replace(all.len());
    }

    pub(crate) fn requests(&self) -> Vec<Seen> {
        lock(&self.seen).clone()
    }

    pub(crate) async fn until_requests(&self, count: usize) {
        // An error means that the sender is gone, and `self` holds it.
        let _ = self.seen_count.subscribe().wait_for(|seen| *seen >= count).await;
    }

    /// Looks a prompt up in the prefix cache and keeps it.
    pub(crate) fn admit(&self, model: &str, salt: &str, prompt: &[u32]) -> PrefixUse {
        let parts = model.bytes().chain([0]).chain(salt.bytes());
        let salt = parts.fold(1, |hash, byte| mix(hash, u64::from(byte)));
        lock(&self.cache).admit(salt, prompt)
    }

    /// Takes a listener and serves from now on, as a new process with a cold cache.
    pub(crate) fn open(&self, listener: TcpListener) {
        *lock(&self.cache) = PrefixCache::default();
        *lock(&self.listener) = Some(listener);
        self.life.send_replace(Life::Serving);
    }

    /// Closes the port at once. Open connections stay.
    pub(crate) fn close(&self) {
        lock(&self.listener).take();
    }

    /// Closes the port and lets open responses be the last.
    pub(crate) fn die(&self) {
        self.close();
        self.life.send_replace(Life::Ending);
    }

    pub(crate) fn kill(&self) {
        self.close();
        self.life.send_replace(Life::Killed);
    }

    pub(crate) fn life(&self) -> watch::Receiver<Life> {
        self.life.subscribe()
    }

    /// The next connection; `None` once the port is closed.
    pub(crate) fn poll_accept(
        &self,
        context: &mut Context<'_>,
    ) -> Poll<Option<std::io::Result<TcpStream>>> {
        match &*lock(&self.listener) {
            None => Poll::Ready(None),
            Some(listener) => listener.poll_accept(context).map_ok(|(stream, _)| stream).map(Some),
        }
    }
}

/// Notices a client that leaves: dropped before it is told that all was served, it says so.
#[derive(Debug)]
pub(crate) struct Presence {
    left: Option<Arc<watch::Sender<bool>>>,
    engine: Arc<Engine>,
}

impl Presence {
    pub(crate) fn new(engine: Arc<Engine>, left: Arc<watch::Sender<bool>>) -> Self {
        Self { left: Some(left), engine }
    }

    /// All that the client was to get was handed over.
    pub(crate) fn is_served(&mut self) {
        self.left = None;
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        if let Some(left) = &self.left
            && *self.engine.life.borrow() != Life::Killed
        {
            left.send_replace(true);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
