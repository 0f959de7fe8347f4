//! Which models failed by their servers' own doing, so that others are asked before them.
//!
//! A breaker belongs to a model, or to a whole server where no model of it could answer. It opens
//! with the second failure of a kind in a row and stays open for a time that grows from failure to
//! failure, but not where the server is near; then the model is tried again as if nothing had been,
//! and an answer closes it. What is open is asked last, never left out.
//!
//! They are one file, `cache/breakers.json` in the folder of the state, so that the next run knows.
//! Nothing that is wrong with it stops anything.

mod file;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use openclaw_config::StateFile;
use openclaw_core::{ModelErrorKind, ModelRef};
use openclaw_transport::Endpoint;
use tokio::time::Instant;

use self::file::{Contents, Failed, now};
use crate::notices::Notices;
use crate::setup::Setup;

/// A model that failed is not asked first for so long, whatever its breaker says.
const PAUSE: Duration = Duration::from_secs(15);

/// The breakers. Clones share what was noted in this process.
#[derive(Debug, Clone)]
pub(crate) struct Breakers {
    file: StateFile,
    notices: Notices,
    /// What failed in this process, by name.
    paused: Arc<Mutex<HashMap<String, Pause>>>,
}

/// A failure in this process.
#[derive(Debug)]
struct Pause {
    /// By a clock that nobody sets.
    until: Instant,
    is_absence: bool,
    problem: String,
}

/// A model and the config of its provider, with which a breaker holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Circuit {
    pub(crate) reference: ModelRef,
    /// Changes with the config of the provider.
    pub(crate) config: String,
    /// Where the server is; `None` unless it is on this machine or in its network.
    pub(crate) near: Option<Endpoint>,
}

/// What failed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Failure<'a> {
    /// Its kind, as named in JSON.
    pub(crate) kind: &'a str,
    /// A fragment that fits "failed to {…}".
    pub(crate) problem: &'a str,
}

/// That a model is asked after the others, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Held {
    /// For how much longer.
    pub(crate) remaining: Duration,
    /// What failed, as a fragment that fits "failed to {…}".
    pub(crate) problem: String,
    /// Nobody took connections where its server is; that it fails otherwise is not known.
    pub(crate) is_absence: bool,
}

/// Whom a failure speaks against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Blame {
    /// The server: no model of it can answer.
    Server,
    /// The model alone.
    Model,
}

/// A breaker that is not closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenBreaker {
    /// What it stands for: `provider/model-id`, or a provider's id for the whole server.
    pub name: String,
    /// The kind of the failures, as named in JSON.
    pub kind: String,
    /// The last failure, as a fragment that fits "failed to {…}".
    pub reason: String,
    /// The failures in a row.
    pub failures: u32,
    /// How long ago the last one was.
    pub age: Duration,
    /// How long it stays open; `None` when it is half open: what it stands for is tried again by
    /// the next request.
    pub remaining: Option<Duration>,
    /// What it stands for is nearby and could not be reached: it is tried again as soon as it takes
    /// connections.
    pub is_watched: bool,
}

impl Breakers {
    pub(crate) fn new(folder: &Path, notices: Notices) -> Self {
        Self { file: StateFile::new(folder.join("breakers.json")), notices, paused: Arc::default() }
    }

    /// Why each of some models is asked after the others now; `None` where it is not.
    pub(crate) fn held(&self, circuits: &[Circuit]) -> Vec<Option<Held>> {
        let (contents, now) = (self.read(), now());
        let paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner);
        let held = |circuit: &Circuit| {
            let holds = circuit.names().into_iter().flat_map(|name| {
                let breaker = contents.find(&name, &circuit.config);
                let paused = paused.get(&name);
                [breaker.and_then(|breaker| breaker.held(&name, now)), paused.and_then(Pause::held)]
            });
            let holds: Vec<Held> = holds.flatten().collect();
            let is_absence = holds.iter().all(|held| held.is_absence);
            let longest = holds.into_iter().max_by_key(|held| held.remaining)?;
            Some(Held { is_absence, ..longest })
        };
        circuits.iter().map(held).collect()
    }

    /// Notes a failure of a server's own doing.
    pub(crate) fn failed(&self, circuit: &Circuit, blame: Blame, failure: Failure<'_>) {
        let [model, server] = circuit.names();
        let name = match blame {
            Blame::Server => server,
            Blame::Model => model,
        };
        self.pause(&name, failure);
        let is_near = circuit.near.is_some();
        self.change(|contents| {
            contents.failed(name, Failed { config: &circuit.config, failure, is_near }, now());
            true
        });
    }

    /// Asks a model last for a while, in this process alone.
    pub(crate) fn hold(&self, circuit: &Circuit, failure: Failure<'_>) {
        let [model, _] = circuit.names();
        self.pause(&model, failure);
    }

    /// Notes an answer.
    pub(crate) fn answered(&self, circuit: &Circuit) {
        let names = circuit.names();
        let mut paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner);
        paused.retain(|name, _| !names.contains(name));
        drop(paused);
        let is_noted = |contents: &Contents| names.iter().any(|name| contents.has(name));
        if is_noted(&self.read()) {
            self.change(|contents| contents.remove(|name| names.iter().any(|own| own == name)) > 0);
        }
    }

    /// The breakers that are not closed. `circuit` tells how a model is set up now.
    pub(crate) fn open(&self, circuit: impl Fn(ModelRef) -> Circuit) -> Vec<OpenBreaker> {
        let now = now();
        let contents = self.read();
        let shown = contents.iter().filter(|(_, breaker)| breaker.has_tripped()).filter_map(
            |(name, breaker)| {
                // Of a whole server, any model will do.
                let reference = name.parse().or_else(|_| format!("{name}/-").parse()).ok()?;
                let circuit = circuit(reference);
                let is_near = circuit.near.is_some();
                breaker.is_of(&circuit.config).then(|| breaker.shown(name, now, is_near))
            },
        );
        shown.collect()
    }

    /// Closes those breakers whose name fits; returns their names.
    pub(crate) fn reset(&self, fits: impl Fn(&str) -> bool) -> Vec<String> {
        let mut paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner);
        paused.retain(|name, _| !fits(name));
        drop(paused);
        let mut closed = Vec::new();
        self.change(|contents| {
            let names = contents.iter().map(|(name, _)| name.to_owned());
            closed = names.filter(|name| fits(name)).collect();
            contents.remove(&fits) > 0
        });
        closed
    }

    fn pause(&self, name: &str, failure: Failure<'_>) {
        let pause = Pause {
            until: Instant::now() + PAUSE,
            is_absence: is_absence(name, failure.kind),
            problem: failure.problem.to_owned(),
        };
        let mut paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner);
        paused.insert(name.to_owned(), pause);
    }

    fn read(&self) -> Contents {
        let text = self.file.read().ok().flatten();
        text.map(|text| Contents::parse(&text)).unwrap_or_default()
    }

    fn change(&self, change: impl FnOnce(&mut Contents) -> bool) {
        let updated = self.file.update(|text| {
            let text = text.ok().flatten();
            let mut contents = text.map(|text| Contents::parse(&text)).unwrap_or_default();
            change(&mut contents).then(|| contents.text(now()))
        });
        if let Err(error) = updated {
            self.notices.push(format!("which models failed is not remembered: failed to {error}"));
        }
    }
}

impl Pause {
    /// What it asks for; `None` when it is over.
    fn held(&self) -> Option<Held> {
        let remaining = self.until.checked_duration_since(Instant::now())?;
        (!remaining.is_zero()).then(|| Held {
            remaining,
            problem: self.problem.clone(),
            is_absence: self.is_absence,
        })
    }
}

impl Setup {
    /// A model as it is set up now.
    pub(crate) fn circuit(&self, reference: ModelRef) -> Circuit {
        let id = reference.provider();
        let config = self.fingerprint(id);
        let near = self.endpoint(id).ok().filter(Endpoint::is_private);
        Circuit { reference, config, near }
    }
}

impl Circuit {
    /// The names of the breakers that it goes through: the model's and the server's.
    fn names(&self) -> [String; 2] {
        [self.reference.to_string(), self.reference.provider().to_owned()]
    }
}

/// Whether what failed is that nobody took connections: of all that speaks against a server, the
/// rest is that it refuses the key.
fn is_absence(name: &str, kind: &str) -> bool {
    !name.contains('/') && kind != ModelErrorKind::Auth.name()
}
