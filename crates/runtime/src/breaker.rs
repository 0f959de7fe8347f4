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

use self::file::{BreakerFile, FailureRecord, unix_now};
use crate::context::SetupContext;
use crate::warnings::NoticeLog;

/// A model that failed is not asked first for so long, whatever its breaker says.
const COOLDOWN: Duration = Duration::from_secs(15);

/// The breakers. Clones share what was noted in this process.
#[derive(Debug, Clone)]
pub(crate) struct BreakerRegistry {
    file: StateFile,
    notices: NoticeLog,
    /// What failed in this process, by name.
    paused: Arc<Mutex<HashMap<String, LocalCooldown>>>,
}

/// A failure in this process.
#[derive(Debug)]
struct LocalCooldown {
    /// By a clock that nobody sets.
    until: Instant,
    is_unreachable: bool,
    problem: String,
}

/// A model and the config of its provider, with which a breaker holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BreakerKey {
    pub(crate) reference: ModelRef,
    /// Changes with the config of the provider.
    pub(crate) config: String,
    /// Where the server is; `None` unless it is on this machine or in its network.
    pub(crate) private_endpoint: Option<Endpoint>,
}

/// What failed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BreakerFailure<'a> {
    /// Its kind, as named in JSON.
    pub(crate) kind: &'a str,
    /// A fragment that fits "failed to {…}".
    pub(crate) problem: &'a str,
}

/// That a model is asked after the others, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cooldown {
    /// For how much longer.
    pub(crate) remaining: Duration,
    /// What failed, as a fragment that fits "failed to {…}".
    pub(crate) problem: String,
    /// Nobody took connections where its server is; that it fails otherwise is not known.
    pub(crate) is_unreachable: bool,
}

/// Whom a failure speaks against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FailureScope {
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

impl BreakerRegistry {
    pub(crate) fn new(folder: &Path, notices: NoticeLog) -> Self {
        Self { file: StateFile::new(folder.join("breakers.json")), notices, paused: Arc::default() }
    }

    /// Why each of some models is asked after the others now; `None` where it is not.
    pub(crate) fn active_cooldowns(&self, circuits: &[BreakerKey]) -> Vec<Option<Cooldown>> {
        let (contents, now) = (self.read_contents(), unix_now());
        let paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner);
        let held = |circuit: &BreakerKey| {
            let holds = circuit.breaker_names().into_iter().flat_map(|name| {
                let breaker = contents.find_breaker(&name, &circuit.config);
                let paused = paused.get(&name);
                [
                    breaker.and_then(|breaker| breaker.active_cooldown(&name, now)),
                    paused.and_then(LocalCooldown::remaining_cooldown),
                ]
            });
            let holds: Vec<Cooldown> = holds.flatten().collect();
            let is_absence = holds.iter().all(|held| held.is_unreachable);
            let longest = holds.into_iter().max_by_key(|held| held.remaining)?;
            Some(Cooldown { is_unreachable: is_absence, ..longest })
        };
        circuits.iter().map(held).collect()
    }

    /// Notes a failure of a server's own doing.
    pub(crate) fn record_failure(
        &self,
        circuit: &BreakerKey,
        blame: FailureScope,
        failure: BreakerFailure<'_>,
    ) {
        let [model, server] = circuit.breaker_names();
        let name = match blame {
            FailureScope::Server => server,
            FailureScope::Model => model,
        };
        self.start_cooldown(&name, failure);
        let is_near = circuit.private_endpoint.is_some();
        self.update_contents(|contents| {
            contents.record_failure(
                name,
                FailureRecord { config: &circuit.config, failure, is_near },
                unix_now(),
            );
            true
        });
    }

    /// Asks a model last for a while, in this process alone.
    pub(crate) fn pause_model(&self, circuit: &BreakerKey, failure: BreakerFailure<'_>) {
        let [model, _] = circuit.breaker_names();
        self.start_cooldown(&model, failure);
    }

    /// Notes an answer.
    pub(crate) fn record_success(&self, circuit: &BreakerKey) {
        let names = circuit.breaker_names();
        let mut paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner);
        paused.retain(|name, _| !names.contains(name));
        drop(paused);
        let is_noted = |contents: &BreakerFile| names.iter().any(|name| contents.has_breaker(name));
        if is_noted(&self.read_contents()) {
            self.update_contents(|contents| {
                contents.remove_matching(|name| names.iter().any(|own| own == name)) > 0
            });
        }
    }

    /// The breakers that are not closed. `circuit` tells how a model is set up now.
    pub(crate) fn open_breakers(
        &self,
        circuit: impl Fn(ModelRef) -> BreakerKey,
    ) -> Vec<OpenBreaker> {
        let now = unix_now();
        let contents = self.read_contents();
        let shown = contents.iter().filter(|(_, breaker)| breaker.has_tripped()).filter_map(
            |(name, breaker)| {
                // Of a whole server, any model will do.
                let reference = name.parse().or_else(|_| format!("{name}/-").parse()).ok()?;
                let circuit = circuit(reference);
                let is_near = circuit.private_endpoint.is_some();
                breaker
                    .has_config(&circuit.config)
                    .then(|| breaker.to_open_breaker(name, now, is_near))
            },
        );
        shown.collect()
    }

    /// Closes those breakers whose name fits; returns their names.
    pub(crate) fn reset_matching(&self, fits: impl Fn(&str) -> bool) -> Vec<String> {
        let mut paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner);
        paused.retain(|name, _| !fits(name));
        drop(paused);
        let mut closed = Vec::new();
        self.update_contents(|contents| {
            let names = contents.iter().map(|(name, _)| name.to_owned());
            closed = names.filter(|name| fits(name)).collect();
            contents.remove_matching(&fits) > 0
        });
        closed
    }

    fn start_cooldown(&self, name: &str, failure: BreakerFailure<'_>) {
        let pause = LocalCooldown {
            until: Instant::now() + COOLDOWN,
            is_unreachable: is_unreachable(name, failure.kind),
            problem: failure.problem.to_owned(),
        };
        let mut paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner);
        paused.insert(name.to_owned(), pause);
    }

    fn read_contents(&self) -> BreakerFile {
        let text = self.file.read_text().ok().flatten();
        text.map(|text| BreakerFile::parse_text(&text)).unwrap_or_default()
    }

    fn update_contents(&self, change: impl FnOnce(&mut BreakerFile) -> bool) {
        let updated = self.file.update_text(|text| {
            let text = text.ok().flatten();
            let mut contents = text.map(|text| BreakerFile::parse_text(&text)).unwrap_or_default();
            change(&mut contents).then(|| contents.into_text(unix_now()))
        });
        if let Err(error) = updated {
            self.notices.push(format!("which models failed is not remembered: failed to {error}"));
        }
    }
}

impl LocalCooldown {
    /// What it asks for; `None` when it is over.
    fn remaining_cooldown(&self) -> Option<Cooldown> {
        let remaining = self.until.checked_duration_since(Instant::now())?;
        (!remaining.is_zero()).then(|| Cooldown {
            remaining,
            problem: self.problem.clone(),
            is_unreachable: self.is_unreachable,
        })
    }
}

impl SetupContext {
    /// A model as it is set up now.
    pub(crate) fn breaker_key(&self, reference: ModelRef) -> BreakerKey {
        let id = reference.provider_id();
        let config = self.provider_fingerprint(id);
        let near = self.provider_endpoint(id).ok().filter(Endpoint::is_private);
        BreakerKey { reference, config, private_endpoint: near }
    }
}

impl BreakerKey {
    /// The names of the breakers that it goes through: the model's and the server's.
    fn breaker_names(&self) -> [String; 2] {
        [self.reference.to_string(), self.reference.provider_id().to_owned()]
    }
}

/// Whether what failed is that nobody took connections: of all that speaks against a server, the
/// rest is that it refuses the key.
fn is_unreachable(name: &str, kind: &str) -> bool {
    !name.contains('/') && kind != ModelErrorKind::Auth.name()
}
