//! What is remembered of servers from one run to the next: what they serve, how large the windows
//! are, and how they treat what is sent to them.
//!
//! It is one file, `cache/servers.json` in the folder of the state. Everything in it can be found
//! out again, so nothing that is wrong with it stops anything. It holds no key: a server is named
//! by its address alone.

mod file;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use openclaw_config::StateFile;
use openclaw_providers_openai::{
    CapabilityStore, ServedModel, ServerCapabilities, ServerFeature, VendorExtension,
};
use openclaw_transport::Endpoint;

use self::file::{CacheFile, CachedServer, CapabilityEntry, age_since, unix_now};
use crate::warnings::NoticeLog;

/// A list that is the same as the one that is remembered is not written again so soon.
const LIST_FRESH_SECONDS: u64 = 600;

/// The cache file. Clones share what was told of it.
#[derive(Debug, Clone)]
pub(crate) struct ServerCache {
    file: StateFile,
    path: PathBuf,
    notices: NoticeLog,
    has_warned: Arc<AtomicBool>,
}

/// What a server last said that it serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LastServedModels {
    /// The models, each with how long ago its window was said.
    pub(crate) models: Vec<(ServedModel, Duration)>,
    /// How long ago it listed them.
    pub(crate) age: Duration,
}

impl LastServedModels {
    pub(crate) fn find_model(&self, id: &str) -> Option<&ServedModel> {
        self.models.iter().map(|(model, _)| model).find(|model| model.id == id)
    }
}

/// What was learnt of how a server treats a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LearnedCapabilities {
    /// The server's address.
    pub server: String,
    /// The model's id.
    pub model: String,
    /// The server's version then; `None` when it did not say.
    pub version: Option<String>,
    /// When something was last learnt.
    pub age: Duration,
    /// What it does not do, and for how long that is known.
    pub lacks: Vec<(ServerFeature, Duration)>,
    /// The keywords of JSON Schema that it refuses, and for how long that is known.
    pub schema_keywords: Vec<(String, Duration)>,
    /// The window that it showed by refusing or cutting a prompt, in tokens.
    pub window: Option<u32>,
    /// How many tokens 1,000 bytes of a request are.
    pub tokens_per_kilobyte: Option<u32>,
}

/// One model of a server, of a version and with a window as the server says them.
#[derive(Debug, Clone)]
pub(crate) struct CapabilityKey {
    pub(crate) endpoint: Endpoint,
    pub(crate) model: String,
    pub(crate) version: Option<String>,
    pub(crate) window: Option<u32>,
}

impl ServerCache {
    pub(crate) fn new(folder: &Path, notices: NoticeLog) -> Self {
        let path = folder.join("servers.json");
        Self { file: StateFile::new(path.clone()), path, notices, has_warned: Arc::default() }
    }

    /// What a server last said that it serves; `None` when it never did.
    pub(crate) fn last_served(&self, endpoint: &Endpoint) -> Option<LastServedModels> {
        let contents = self.read_contents();
        let server = contents.servers.get(&endpoint.to_string())?;
        let is_known = server.listed_at > 0;
        is_known.then(|| LastServedModels {
            models: server.served_models().collect(),
            age: age_since(server.listed_at),
        })
    }

    /// Notes what a server serves.
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
            known.set_models(served, unix_now());
            known.listed_at = unix_now();
            true
        });
    }

    /// What was learnt of a subject. What another version of the server taught does not count, nor
    /// a window that was learnt when the server named another one.
    pub(crate) fn load_capabilities(&self, subject: &CapabilityKey) -> ServerCapabilities {
        let contents = self.read_contents();
        let server = contents.servers.get(&subject.endpoint.to_string());
        let Some(entry) = server.and_then(|server| server.learnt.get(&subject.model)) else {
            return ServerCapabilities::default();
        };
        if !matches_version(entry, subject) {
            return ServerCapabilities::default();
        }
        let mut facts = entry.to_capabilities();
        if subject.window.is_some() && subject.window != entry.window_said {
            facts.context_window = None;
        }
        facts
    }

    /// Notes what was learnt of a subject, in place of what was known before.
    pub(crate) fn store_capabilities(&self, subject: &CapabilityKey, facts: &ServerCapabilities) {
        self.update_contents(|contents| {
            let server = contents.servers.entry(subject.endpoint.to_string()).or_default();
            let entry = server.learnt.entry(subject.model.clone()).or_default();
            if !matches_version(entry, subject) {
                *entry = CapabilityEntry::default();
            }
            entry.version = subject.version.clone().or(entry.version.take());
            entry.window_said = subject.window.or(entry.window_said);
            entry.set_capabilities(facts, unix_now());
            true
        });
    }

    /// Forgets what was learnt of a model; false when nothing was.
    pub(crate) fn clear_capabilities(&self, endpoint: &Endpoint, model: &str) -> bool {
        self.update_contents(|contents| {
            let server = contents.servers.get_mut(&endpoint.to_string());
            server.is_some_and(|server| server.learnt.remove(model).is_some())
        })
    }

    /// What was learnt of a server's models.
    pub(crate) fn learned_capabilities(&self, endpoint: &Endpoint) -> Vec<LearnedCapabilities> {
        let address = endpoint.to_string();
        let mut contents = self.read_contents();
        let server = contents.servers.remove(&address).unwrap_or_default();
        let learnt = server.learnt.into_iter().map(|(model, entry)| {
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
        learnt.collect()
    }

    /// Knowledge that begins with what was learnt and what the config says, over which the config
    /// wins, and that is remembered as it grows.
    pub(crate) fn capability_store(
        &self,
        subject: CapabilityKey,
        configured: ConfiguredCapabilities,
    ) -> CapabilityStore {
        let learnt = self.load_capabilities(&subject);
        let knowledge = CapabilityStore::new(configured.merged_over(&learnt));
        let (cache, last) = (self.clone(), Mutex::new(learnt));
        knowledge.on_change(move |facts| {
            let facts = configured.without_configured(facts);
            let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
            if differs_notably(&last, &facts) {
                cache.store_capabilities(&subject, &facts);
                *last = facts;
            }
        });
        knowledge
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
        self.warn_once(format!("the cache {path} is broken; it is ignored, and begun anew"));
        CacheFile::default()
    }

    /// Changes the file where `change` says that there is something to change, and returns that.
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

    /// Says what is wrong with the file, once.
    fn warn_once(&self, notice: String) {
        if !self.has_warned.swap(true, Ordering::Relaxed) {
            self.notices.push(notice);
        }
    }
}

fn matches_version(entry: &CapabilityEntry, subject: &CapabilityKey) -> bool {
    subject.version.is_none() || entry.version == subject.version
}

/// Whether facts differ by more than a small step of the ratio, which moves with every answer.
fn differs_notably(old: &ServerCapabilities, new: &ServerCapabilities) -> bool {
    let (was, is) = (old.tokens_per_kilobyte, new.tokens_per_kilobyte);
    let has_moved = match (was, is) {
        (Some(was), Some(is)) => was.abs_diff(is).saturating_mul(20) > was,
        (was, is) => was != is,
    };
    has_moved
        || old.unsupported_features != new.unsupported_features
        || old.context_window != new.context_window
        || old.refused_schema_keywords != new.refused_schema_keywords
}

/// What is known of how a server treats a model without having tried: what the config says, and what
/// everybody knows of the server.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ConfiguredCapabilities {
    /// What the server does not do.
    pub(crate) lacks: Vec<ServerFeature>,
    /// What it does, whatever was learnt.
    pub(crate) supported: Vec<ServerFeature>,
    /// What it takes beside what every server does.
    pub(crate) extras: Vec<VendorExtension>,
    /// The keywords of JSON Schema that it refuses.
    pub(crate) schema_keywords: Vec<String>,
}

impl ConfiguredCapabilities {
    fn merged_over(&self, learnt: &ServerCapabilities) -> ServerCapabilities {
        let mut facts = learnt.clone();
        facts.unsupported_features.extend(&self.lacks);
        facts.unsupported_features.retain(|lack| !self.supported.contains(lack));
        facts.vendor_extensions.extend(&self.extras);
        facts.refused_schema_keywords.extend(self.schema_keywords.iter().cloned());
        facts
    }

    /// What of some facts is not the config's word.
    fn without_configured(&self, facts: &ServerCapabilities) -> ServerCapabilities {
        let mut facts = facts.clone();
        facts.unsupported_features.retain(|lack| !self.lacks.contains(lack));
        facts.refused_schema_keywords.retain(|word| !self.schema_keywords.contains(word));
        // What was said of one tool's schema holds for that schema alone.
        facts.refused_tools.clear();
        facts
    }
}
