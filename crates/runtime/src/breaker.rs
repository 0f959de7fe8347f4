//! Which models failed by their servers' own doing, so that others are asked before them.
//!
//! A breaker belongs to a model, or to a whole server where no model of it could answer. It opens
//! with the second failure of a kind in a row and stays open for a time that grows from failure to
//! failure; then the model is tried again as if nothing had been, and an answer closes it. What is
//! open is asked last, never left out.
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
use openclaw_core::ModelRef;

use self::file::{Contents, now};
use crate::notices::Notices;

/// A model that failed is not asked first for so many seconds, whatever its breaker says.
const PAUSE: u64 = 15;

/// The breakers. Clones share what was noted in this process.
#[derive(Debug, Clone)]
pub(crate) struct Breakers {
    file: StateFile,
    notices: Notices,
    /// Until when what failed in this process is asked last, by name.
    paused: Arc<Mutex<HashMap<String, u64>>>,
}

/// A model and the config of its provider, with which a breaker holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Circuit {
    pub(crate) reference: ModelRef,
    /// Changes with the config of the provider.
    pub(crate) config: String,
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
}

impl Breakers {
    pub(crate) fn new(folder: &Path, notices: Notices) -> Self {
        Self { file: StateFile::new(folder.join("breakers.json")), notices, paused: Arc::default() }
    }

    /// Whether each of some models is asked after the others now.
    pub(crate) fn are_held(&self, circuits: &[Circuit]) -> Vec<bool> {
        let (contents, now) = (self.read(), now());
        let paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner);
        let is_held = |circuit: &Circuit| {
            circuit.names().iter().any(|name| {
                paused.get(name).is_some_and(|until| now < *until)
                    || contents.find(name, &circuit.config).is_some_and(|b| b.is_open(now))
            })
        };
        circuits.iter().map(is_held).collect()
    }

    /// Notes a failure of a server's own doing.
    pub(crate) fn failed(&self, circuit: &Circuit, blame: Blame, kind: &str, reason: &str) {
        let [model, server] = circuit.names();
        let name = match blame {
            Blame::Server => server,
            Blame::Model => model,
        };
        self.pause(&name);
        self.change(|contents| {
            contents.failed(name, &circuit.config, (kind, reason), now());
            true
        });
    }

    /// Asks a model last for a while, in this process alone.
    pub(crate) fn hold(&self, circuit: &Circuit) {
        let [model, _] = circuit.names();
        self.pause(&model);
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

    /// The breakers that are not closed. `config` tells what the config of a provider is now.
    pub(crate) fn open(&self, config: impl Fn(&str) -> String) -> Vec<OpenBreaker> {
        let now = now();
        let contents = self.read();
        let tripped = contents.iter().filter(|(name, breaker)| {
            let provider = name.split('/').next().unwrap_or_default();
            breaker.has_tripped() && breaker.is_of(&config(provider))
        });
        tripped.map(|(name, breaker)| breaker.shown(name, now)).collect()
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

    fn pause(&self, name: &str) {
        let until = now().saturating_add(PAUSE);
        let mut paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner);
        paused.insert(name.to_owned(), until);
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

impl Circuit {
    /// The names of the breakers that it goes through: the model's and the server's.
    fn names(&self) -> [String; 2] {
        [self.reference.to_string(), self.reference.provider().to_owned()]
    }
}
