//! The server cache: what servers serve, their context windows and their capabilities, kept across
//! processes.
//!
//! It is stored in `cache/servers.json` in the state folder. Everything in it can be found out
//! again, so a broken file is ignored. It holds no keys: a server is identified by its address
//! alone.

mod file;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use openclaw_fs::StateFile;
use openclaw_providers_openai::{
    CapabilityStore, ServedModel, ServerCapabilities, ServerFeature, VendorExtension,
};
use openclaw_transport::Endpoint;

use self::file::{CacheFile, CachedServer, CapabilityEntry, age_since, unix_now};
use crate::state_warnings::StateWarnings;

/// An unchanged model list is not written again within this time.
const LIST_FRESH_SECONDS: u64 = 600;

/// A route that the server does not have is not asked again within this time.
const ABSENT_SECONDS: u64 = 3600;

/// A kind of route that not every server has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OptionalRoute {
    /// The list of models.
    Models,
    /// `/version`.
    Version,
    /// The routes of different servers that report context windows.
    Windows,
}

impl OptionalRoute {
    /// The name in the file.
    fn name(self) -> &'static str {
        match self {
            Self::Models => "models",
            Self::Version => "version",
            Self::Windows => "windows",
        }
    }
}

/// The cache file. Clones share whether the user was warned about it.
#[derive(Debug, Clone)]
pub(crate) struct ServerCache {
    file: StateFile,
    path: PathBuf,
    warnings: StateWarnings,
    has_warned: Arc<AtomicBool>,
}

/// What a server listed the last time it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LastServedModels {
    /// The models, each with the age of its context window.
    pub(crate) models: Vec<(ServedModel, Duration)>,
    /// The age of the list.
    pub(crate) age: Duration,
}

impl LastServedModels {
    pub(crate) fn find_model(&self, id: &str) -> Option<&ServedModel> {
        self.models.iter().map(|(model, _)| model).find(|model| model.id == id)
    }
}

/// The learned capabilities of one server for one model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LearnedCapabilities {
    /// The server's address.
    pub server: String,
    /// The model's id.
    pub model: String,
    /// The server's version at that time; `None` when the server did not report one.
    pub version: Option<String>,
    /// The time since something was last learned.
    pub age: Duration,
    /// The unsupported features, each with the time since it was learned.
    pub lacks: Vec<(ServerFeature, Duration)>,
    /// The refused keywords of JSON Schema, each with the time since it was learned.
    pub schema_keywords: Vec<(String, Duration)>,
    /// The context window in tokens, learned when the server refused or truncated a prompt.
    pub window: Option<u32>,
    /// The measured tokens per 1,000 bytes of a request.
    pub tokens_per_kilobyte: Option<u32>,
}

/// Identifies one model of a server, with the server's version and the window it reports.
#[derive(Debug, Clone)]
pub(crate) struct CapabilityKey {
    pub(crate) endpoint: Endpoint,
    pub(crate) model: String,
    pub(crate) version: Option<String>,
    pub(crate) window: Option<u32>,
}

impl ServerCache {
    pub(crate) fn new(folder: &Path, warnings: StateWarnings) -> Self {
        let path = folder.join("servers.json");
        Self { file: StateFile::new(path.clone()), path, warnings, has_warned: Arc::default() }
    }

    /// Returns what the server last listed; `None` when it never did.
    pub(crate) fn last_served(&self, endpoint: &Endpoint) -> Option<LastServedModels> {
        let contents = self.read_contents();
        let server = contents.servers.get(&endpoint.to_string())?;
        let is_known = server.listed_at > 0;
        is_known.then(|| LastServedModels {
            models: server.served_models().collect(),
            age: age_since(server.listed_at),
        })
    }

    /// Records what a server serves.
    pub(crate) fn record_served(&self, endpoint: &Endpoint, served: &[ServedModel]) {
        let address = endpoint.to_string();
        let is_fresh = |server: &CachedServer| {
            let mut new = server.clone();
            new.set_models(served, unix_now());
            server.lists_same_models(&new)
                && unix_now().saturating_sub(server.listed_at) < LIST_FRESH_SECONDS
        };
        if self.read_contents().servers.get(&address).is_some_and(is_fresh) {
            return;
        }
        self.update_contents(|contents| {
            let known = contents.servers.entry(address.clone()).or_default();
            let before = known.clone();
            known.set_models(served, unix_now());
            known.listed_at = unix_now();
            known.absent.remove(OptionalRoute::Models.name());
            // Other models may mean another server at this address.
            if before.listed_at > 0 && !known.lists_same_models(&before) {
                known.absent.clear();
            }
            true
        });
    }

    /// Whether a server was asked lately and does not have the route.
    pub(crate) fn is_absent(&self, endpoint: &Endpoint, route: OptionalRoute) -> bool {
        let contents = self.read_contents();
        let server = contents.servers.get(&endpoint.to_string());
        let asked_at = server.and_then(|server| server.absent.get(route.name()));
        asked_at.is_some_and(|at| age_since(*at).as_secs() < ABSENT_SECONDS)
    }

    /// Records that a server does not have a route, or that it has.
    pub(crate) fn record_route(&self, endpoint: &Endpoint, route: OptionalRoute, is_there: bool) {
        let address = endpoint.to_string();
        let is_noted = |server: &CachedServer| server.absent.contains_key(route.name());
        if is_there && !self.read_contents().servers.get(&address).is_some_and(is_noted) {
            return;
        }
        self.update_contents(|contents| {
            let server = contents.servers.entry(address.clone()).or_default();
            if is_there {
                server.absent.remove(route.name()).is_some()
            } else {
                server.absent.insert(route.name().to_owned(), unix_now());
                true
            }
        });
    }

    /// Loads the learned capabilities. Ignores those of another server version, and a learned
    /// window if the server reports another window than it did then.
    pub(crate) fn load_capabilities(&self, subject: &CapabilityKey) -> ServerCapabilities {
        let contents = self.read_contents();
        let server = contents.servers.get(&subject.endpoint.to_string());
        let Some(entry) = server.and_then(|server| server.learned.get(&subject.model)) else {
            return ServerCapabilities::default();
        };
        if !matches_version(entry, subject) {
            return ServerCapabilities::default();
        }
        let mut capabilities = entry.to_capabilities();
        if subject.window.is_some() && subject.window != entry.window_said {
            capabilities.context_window = None;
        }
        capabilities
    }

    /// Stores learned capabilities, replacing earlier ones.
    pub(crate) fn store_capabilities(
        &self,
        subject: &CapabilityKey,
        capabilities: &ServerCapabilities,
    ) {
        self.update_contents(|contents| {
            let server = contents.servers.entry(subject.endpoint.to_string()).or_default();
            let entry = server.learned.entry(subject.model.clone()).or_default();
            if !matches_version(entry, subject) {
                *entry = CapabilityEntry::default();
            }
            entry.version = subject.version.clone().or(entry.version.take());
            entry.window_said = subject.window.or(entry.window_said);
            entry.set_capabilities(capabilities, unix_now());
            true
        });
    }

    /// Deletes what was learned about a model; returns `false` when there was nothing.
    pub(crate) fn clear_capabilities(&self, endpoint: &Endpoint, model: &str) -> bool {
        self.update_contents(|contents| {
            let server = contents.servers.get_mut(&endpoint.to_string());
            server.is_some_and(|server| server.learned.remove(model).is_some())
        })
    }

    /// Lists the learned capabilities of a server's models.
    pub(crate) fn learned_capabilities(&self, endpoint: &Endpoint) -> Vec<LearnedCapabilities> {
        let address = endpoint.to_string();
        let mut contents = self.read_contents();
        let server = contents.servers.remove(&address).unwrap_or_default();
        let learned = server.learned.into_iter().map(|(model, entry)| {
            let lacks = entry.lacks.iter();
            let lacks = lacks
                .filter_map(|(name, at)| Some((ServerFeature::from_name(name)?, age_since(*at))));
            let keywords = entry.schema_keywords.iter();
            LearnedCapabilities {
                server: address.clone(),
                model,
                age: age_since(entry.at),
                lacks: lacks.collect(),
                schema_keywords: keywords
                    .map(|(word, at)| (word.clone(), age_since(*at)))
                    .collect(),
                window: entry.window,
                tokens_per_kilobyte: entry.tokens_per_kilobyte,
                version: entry.version,
            }
        });
        learned.collect()
    }

    /// Creates a capability store that starts with the learned capabilities and the configured
    /// ones, which win. Learned changes are written to the cache.
    pub(crate) fn capability_store(
        &self,
        subject: CapabilityKey,
        configured: ConfiguredCapabilities,
    ) -> CapabilityStore {
        let learned = self.load_capabilities(&subject);
        let store = CapabilityStore::new(configured.merged_over(&learned));
        let (cache, last) = (self.clone(), Mutex::new(learned));
        store.on_change(move |capabilities| {
            let capabilities = configured.without_configured(capabilities);
            let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
            if differs_notably(&last, &capabilities) {
                cache.store_capabilities(&subject, &capabilities);
                *last = capabilities;
            }
        });
        store
    }

    fn read_contents(&self) -> CacheFile {
        let text = match self.file.read_text() {
            Ok(Some(text)) => text,
            Ok(None) => return CacheFile::default(),
            Err(_) => return self.discard_contents(),
        };
        CacheFile::parse_text(&text).unwrap_or_else(|_| self.discard_contents())
    }

    fn discard_contents(&self) -> CacheFile {
        let path = self.path.display();
        self.warn_once(format!("the cache {path} is broken; it is ignored and replaced"));
        CacheFile::default()
    }

    /// Writes the file if `change` returns `true`, and returns its result.
    fn update_contents(&self, change: impl FnOnce(&mut CacheFile) -> bool) -> bool {
        let mut is_changed = false;
        let updated = self.file.update_text(|text| {
            let mut contents = match text {
                Ok(None) => CacheFile::default(),
                Ok(Some(text)) => {
                    CacheFile::parse_text(&text).unwrap_or_else(|_| self.discard_contents())
                }
                Err(_) => self.discard_contents(),
            };
            is_changed = change(&mut contents);
            is_changed.then(|| contents.into_text())
        });
        if let Err(error) = updated {
            self.warn_once(format!(
                "what is known of servers is not remembered: failed to {error}"
            ));
        }
        is_changed
    }

    /// Reports a problem with the file, once.
    fn warn_once(&self, warning: String) {
        if !self.has_warned.swap(true, Ordering::Relaxed) {
            self.warnings.push(warning);
        }
    }
}

fn matches_version(entry: &CapabilityEntry, subject: &CapabilityKey) -> bool {
    subject.version.is_none() || entry.version == subject.version
}

/// Whether capabilities differ by more than 5 % in the token ratio, which moves with each answer.
fn differs_notably(old: &ServerCapabilities, new: &ServerCapabilities) -> bool {
    let (was, is) = (old.tokens_per_kilobyte, new.tokens_per_kilobyte);
    let has_moved = match (was, is) {
        (Some(was), Some(is)) => was.abs_diff(is).saturating_mul(20) > was,
        (was, is) => was != is,
    };
    has_moved
        || old.unsupported_features != new.unsupported_features
        || old.context_window != new.context_window
        || old.has_tool_template != new.has_tool_template
        || old.refused_schema_keywords != new.refused_schema_keywords
}

/// Capabilities known without trying: from the config, and for well-known servers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ConfiguredCapabilities {
    /// The features that the server does not support.
    pub(crate) lacks: Vec<ServerFeature>,
    /// The features that it supports, even if it was learned that it does not.
    pub(crate) supported: Vec<ServerFeature>,
    /// The vendor extensions that it accepts.
    pub(crate) extras: Vec<VendorExtension>,
    /// The keywords of JSON Schema that it refuses.
    pub(crate) schema_keywords: Vec<String>,
}

impl ConfiguredCapabilities {
    fn merged_over(&self, learned: &ServerCapabilities) -> ServerCapabilities {
        let mut capabilities = learned.clone();
        capabilities.unsupported_features.extend(&self.lacks);
        capabilities.unsupported_features.retain(|lack| !self.supported.contains(lack));
        capabilities.vendor_extensions.extend(&self.extras);
        capabilities.refused_schema_keywords.extend(self.schema_keywords.iter().cloned());
        capabilities
    }

    /// Removes the configured part, so that only what was learned is stored.
    fn without_configured(&self, capabilities: &ServerCapabilities) -> ServerCapabilities {
        let mut capabilities = capabilities.clone();
        capabilities.unsupported_features.retain(|lack| !self.lacks.contains(lack));
        capabilities.refused_schema_keywords.retain(|word| !self.schema_keywords.contains(word));
        // A refusal of one tool's schema applies to that schema only.
        capabilities.refused_tools.clear();
        capabilities
    }
}
