//! Circuit breakers: models whose servers failed recently are asked after the others.
//!
//! A breaker covers one model, or a whole server when none of its models could answer. It opens
//! with the second consecutive failure of the same kind. It stays open longer after each failure,
//! except for servers on this machine or the local network. Then the model is tried again as usual,
//! and an answer closes the breaker. Models with an open breaker are asked last, never left out.
//!
//! Breakers are stored in `cache/breakers.json` in the state folder, so that the next process knows
//! them. A missing or broken file is ignored.

mod file;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use openclaw_core::{ModelErrorKind, ModelRef};
use openclaw_fs::StateFile;
use openclaw_transport::Endpoint;
use tokio::time::Instant;

use self::file::{BreakerFile, FailureRecord, unix_now};
use crate::context::SetupContext;
use crate::state_warnings::StateWarnings;

/// How long a failed model is asked after the others, whether or not its breaker is open.
const COOLDOWN: Duration = Duration::from_secs(15);

/// The breakers. Clones share the cooldowns of this process.
#[derive(Debug, Clone)]
pub(crate) struct BreakerRegistry {
    file: StateFile,
    warnings: StateWarnings,
    /// Cooldowns of this process, by breaker name.
    paused: Arc<Mutex<HashMap<String, LocalCooldown>>>,
}

/// A cooldown after a failure in this process.
#[derive(Debug)]
struct LocalCooldown {
    /// Monotonic, so a change of the system clock does not affect it.
    until: Instant,
    is_unreachable: bool,
    problem: String,
}

/// A model and its provider's config. A breaker applies only while that config is unchanged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BreakerKey {
    pub(crate) reference: ModelRef,
    /// A fingerprint that changes with the provider's config.
    pub(crate) config: String,
    /// The server's endpoint; `None` unless it is on this machine or the local network.
    pub(crate) private_endpoint: Option<Endpoint>,
}

/// A failure to record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BreakerFailure<'a> {
    /// The error kind, as named in JSON.
    pub(crate) kind: &'a str,
    /// A fragment that fits "failed to {…}".
    pub(crate) problem: &'a str,
}

/// Why a model is asked after the others, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cooldown {
    /// The remaining time.
    pub(crate) remaining: Duration,
    /// What failed, as a fragment that fits "failed to {…}".
    pub(crate) problem: String,
    /// Whether the server accepted no connections. Such a server is probed before it is skipped.
    pub(crate) is_unreachable: bool,
}

/// What a failure is attributed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FailureScope {
    /// The server: none of its models can answer.
    Server,
    /// The model alone.
    Model,
}

/// A breaker that is not closed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpenBreaker {
    /// `provider/model-id`, or the provider's id for a breaker on the whole server.
    pub name: String,
    /// The kind of the failures, as named in JSON.
    pub kind: String,
    /// The last failure, as a fragment that fits "failed to {…}".
    pub reason: String,
    /// The number of consecutive failures.
    pub failures: u32,
    /// The time since the last failure.
    pub age: Duration,
    /// The time until it closes; `None` when it is half open: the next request tries the model
    /// again.
    pub remaining: Option<Duration>,
    /// Whether the server is on this machine or the local network and was unreachable: it is used
    /// again as soon as it accepts connections.
    pub is_watched: bool,
}

impl BreakerRegistry {
    pub(crate) fn new(folder: &Path, warnings: StateWarnings) -> Self {
        Self {
            file: StateFile::new(folder.join("breakers.json")),
            warnings,
            paused: Arc::default(),
        }
    }

    /// Returns the cooldown of each model; `None` for models that are asked in their usual order.
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

    /// Records a failure that the server caused.
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

    /// Puts a model on cooldown in this process only.
    pub(crate) fn pause_model(&self, circuit: &BreakerKey, failure: BreakerFailure<'_>) {
        let [model, _] = circuit.breaker_names();
        self.start_cooldown(&model, failure);
    }

    /// Records an answer: closes the model's breaker and its server's.
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

    /// Lists the breakers that are not closed. `circuit` returns a model's current key.
    pub(crate) fn open_breakers(
        &self,
        circuit: impl Fn(ModelRef) -> BreakerKey,
    ) -> Vec<OpenBreaker> {
        let now = unix_now();
        let contents = self.read_contents();
        let shown = contents.iter().filter(|(_, breaker)| breaker.has_tripped()).filter_map(
            |(name, breaker)| {
                // A server-wide breaker names no model: the key of any of its models has its
                // config.
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

    /// Closes the breakers whose name matches, and returns their names.
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
            self.warnings.push(format!("which models failed is not remembered: failed to {error}"));
        }
    }
}

impl LocalCooldown {
    /// Returns the cooldown; `None` when it is over.
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
    /// Returns the breaker key of a model under the current config.
    pub(crate) fn breaker_key(&self, reference: ModelRef) -> BreakerKey {
        let id = reference.provider_id();
        let config = self.provider_fingerprint(id);
        let near = self.provider_endpoint(id).ok().filter(Endpoint::is_private);
        BreakerKey { reference, config, private_endpoint: near }
    }
}

impl BreakerKey {
    /// The names of the breakers that apply: the model's and the server's.
    fn breaker_names(&self) -> [String; 2] {
        [self.reference.to_string(), self.reference.provider_id().to_owned()]
    }
}

/// Whether the server accepted no connections. The only other failure recorded for a whole server
/// is a refused key.
fn is_unreachable(name: &str, kind: &str) -> bool {
    !name.contains('/') && kind != ModelErrorKind::Auth.name()
}
