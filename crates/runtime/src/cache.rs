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
use openclaw_providers_openai::{Extra, Facts, Knowledge, Lack, ServedModel};
use openclaw_transport::Endpoint;

use self::file::{Contents, Entry, Server, age, now};
use crate::notices::Notices;

/// A list that is the same as the one that is remembered is not written again so soon.
const LIST_IS_FRESH: u64 = 600;

/// The cache file. Clones share what was told of it.
#[derive(Debug, Clone)]
pub(crate) struct Cache {
    file: StateFile,
    path: PathBuf,
    notices: Notices,
    is_told: Arc<AtomicBool>,
}

/// What a server last said that it serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LastGood {
    /// The models, each with how long ago its window was said.
    pub(crate) models: Vec<(ServedModel, Duration)>,
    /// How long ago it listed them.
    pub(crate) age: Duration,
}

impl LastGood {
    pub(crate) fn find(&self, id: &str) -> Option<&ServedModel> {
        self.models.iter().map(|(model, _)| model).find(|model| model.id == id)
    }
}

/// What was learnt of how a server treats a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Learnt {
    /// The server's address.
    pub server: String,
    /// The model's id.
    pub model: String,
    /// The server's version then; `None` when it did not say.
    pub version: Option<String>,
    /// When something was last learnt.
    pub age: Duration,
    /// What it does not do, and for how long that is known.
    pub lacks: Vec<(Lack, Duration)>,
    /// The keywords of JSON Schema that it refuses, and for how long that is known.
    pub schema_keywords: Vec<(String, Duration)>,
    /// The window that it showed by refusing or cutting a prompt, in tokens.
    pub window: Option<u32>,
    /// How many tokens 1,000 bytes of a request are.
    pub tokens_per_kilobyte: Option<u32>,
}

/// One model of a server, of a version and with a window as the server says them.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    pub(crate) endpoint: Endpoint,
    pub(crate) model: String,
    pub(crate) version: Option<String>,
    pub(crate) window: Option<u32>,
}

impl Cache {
    pub(crate) fn new(folder: &Path, notices: Notices) -> Self {
        let path = folder.join("servers.json");
        Self { file: StateFile::new(path.clone()), path, notices, is_told: Arc::default() }
    }

    /// What a server last said that it serves; `None` when it never did.
    pub(crate) fn last_good(&self, endpoint: &Endpoint) -> Option<LastGood> {
        let contents = self.read();
        let server = contents.servers.get(&endpoint.to_string())?;
        let is_known = server.listed_at > 0;
        is_known.then(|| LastGood { models: server.served().collect(), age: age(server.listed_at) })
    }

    /// Notes what a server serves.
    pub(crate) fn note_served(&self, endpoint: &Endpoint, served: &[ServedModel]) {
        let address = endpoint.to_string();
        let is_fresh = |server: &Server| {
            let mut new = server.clone();
            new.set_models(served, now());
            server.says_as(&new) && now().saturating_sub(server.listed_at) < LIST_IS_FRESH
        };
        if self.read().servers.get(&address).is_some_and(is_fresh) {
            return;
        }
        self.change(|contents| {
            let known = contents.servers.entry(address.clone()).or_default();
            known.set_models(served, now());
            known.listed_at = now();
            true
        });
    }

    /// What was learnt of a subject. What another version of the server taught does not count, nor
    /// a window that was learnt when the server named another one.
    pub(crate) fn facts(&self, subject: &Subject) -> Facts {
        let contents = self.read();
        let server = contents.servers.get(&subject.endpoint.to_string());
        let Some(entry) = server.and_then(|server| server.learnt.get(&subject.model)) else {
            return Facts::default();
        };
        if !is_of_version(entry, subject) {
            return Facts::default();
        }
        let mut facts = entry.facts();
        if subject.window.is_some() && subject.window != entry.window_said {
            facts.window = None;
        }
        facts
    }

    /// Notes what was learnt of a subject, in place of what was known before.
    pub(crate) fn learn(&self, subject: &Subject, facts: &Facts) {
        self.change(|contents| {
            let server = contents.servers.entry(subject.endpoint.to_string()).or_default();
            let entry = server.learnt.entry(subject.model.clone()).or_default();
            if !is_of_version(entry, subject) {
                *entry = Entry::default();
            }
            entry.version = subject.version.clone().or(entry.version.take());
            entry.window_said = subject.window.or(entry.window_said);
            entry.set(facts, now());
            true
        });
    }

    /// Forgets what was learnt of a model; false when nothing was.
    pub(crate) fn forget(&self, endpoint: &Endpoint, model: &str) -> bool {
        self.change(|contents| {
            let server = contents.servers.get_mut(&endpoint.to_string());
            server.is_some_and(|server| server.learnt.remove(model).is_some())
        })
    }

    /// What was learnt of a server's models.
    pub(crate) fn learnt(&self, endpoint: &Endpoint) -> Vec<Learnt> {
        let address = endpoint.to_string();
        let mut contents = self.read();
        let server = contents.servers.remove(&address).unwrap_or_default();
        let learnt = server.learnt.into_iter().map(|(model, entry)| {
            let lacks = entry.lacks.iter();
            let lacks = lacks.filter_map(|(name, at)| Some((Lack::from_name(name)?, age(*at))));
            let keywords = entry.schema_keywords.iter();
            Learnt {
                server: address.clone(),
                model,
                age: age(entry.at),
                lacks: lacks.collect(),
                schema_keywords: keywords.map(|(word, at)| (word.clone(), age(*at))).collect(),
                window: entry.window,
                tokens_per_kilobyte: entry.tokens_per_kilobyte,
                version: entry.version,
            }
        });
        learnt.collect()
    }

    /// Knowledge that begins with what was learnt and what the config says, over which the config
    /// wins, and that is remembered as it grows.
    pub(crate) fn knowledge(&self, subject: Subject, configured: Configured) -> Knowledge {
        let learnt = self.facts(&subject);
        let knowledge = Knowledge::new(configured.over(&learnt));
        let (cache, last) = (self.clone(), Mutex::new(learnt));
        knowledge.on_change(move |facts| {
            let facts = configured.taken_from(facts);
            let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
            if is_news(&last, &facts) {
                cache.learn(&subject, &facts);
                *last = facts;
            }
        });
        knowledge
    }

    fn read(&self) -> Contents {
        let text = match self.file.read() {
            Ok(Some(text)) => text,
            Ok(None) => return Contents::default(),
            Err(_) => return self.begin_anew(),
        };
        Contents::parse(&text).unwrap_or_else(|_| self.begin_anew())
    }

    fn begin_anew(&self) -> Contents {
        let path = self.path.display();
        self.tell(format!("the cache {path} is broken; it is ignored, and begun anew"));
        Contents::default()
    }

    /// Changes the file where `change` says that there is something to change, and returns that.
    fn change(&self, change: impl FnOnce(&mut Contents) -> bool) -> bool {
        let mut is_changed = false;
        let updated = self.file.update(|text| {
            let mut contents = match text {
                Ok(None) => Contents::default(),
                Ok(Some(text)) => Contents::parse(&text).unwrap_or_else(|_| self.begin_anew()),
                Err(_) => self.begin_anew(),
            };
            is_changed = change(&mut contents);
            is_changed.then(|| contents.text())
        });
        if let Err(error) = updated {
            self.tell(format!("what is known of servers is not remembered: failed to {error}"));
        }
        is_changed
    }

    /// Says what is wrong with the file, once.
    fn tell(&self, notice: String) {
        if !self.is_told.swap(true, Ordering::Relaxed) {
            self.notices.push(notice);
        }
    }
}

fn is_of_version(entry: &Entry, subject: &Subject) -> bool {
    subject.version.is_none() || entry.version == subject.version
}

/// Whether facts differ by more than a small step of the ratio, which moves with every answer.
fn is_news(old: &Facts, new: &Facts) -> bool {
    let (was, is) = (old.tokens_per_kilobyte, new.tokens_per_kilobyte);
    let has_moved = match (was, is) {
        (Some(was), Some(is)) => was.abs_diff(is).saturating_mul(20) > was,
        (was, is) => was != is,
    };
    has_moved
        || old.lacks != new.lacks
        || old.window != new.window
        || old.schema_keywords != new.schema_keywords
}

/// What is known of how a server treats a model without having tried: what the config says, and what
/// everybody knows of the server.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Configured {
    /// What the server does not do.
    pub(crate) lacks: Vec<Lack>,
    /// What it does, whatever was learnt.
    pub(crate) abilities: Vec<Lack>,
    /// What it takes beside what every server does.
    pub(crate) extras: Vec<Extra>,
    /// The keywords of JSON Schema that it refuses.
    pub(crate) schema_keywords: Vec<String>,
}

impl Configured {
    fn over(&self, learnt: &Facts) -> Facts {
        let mut facts = learnt.clone();
        facts.lacks.extend(&self.lacks);
        facts.lacks.retain(|lack| !self.abilities.contains(lack));
        facts.extras.extend(&self.extras);
        facts.schema_keywords.extend(self.schema_keywords.iter().cloned());
        facts
    }

    /// What of some facts is not the config's word.
    fn taken_from(&self, facts: &Facts) -> Facts {
        let mut facts = facts.clone();
        facts.lacks.retain(|lack| !self.lacks.contains(lack));
        facts.schema_keywords.retain(|word| !self.schema_keywords.contains(word));
        // What was said of one tool's schema holds for that schema alone.
        facts.refused_tools.clear();
        facts
    }
}
