//! The format of the cache file.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use openclaw_providers_openai::{ServedModel, ServerCapabilities, ServerFeature};
use serde::{Deserialize, Serialize};

/// The format version. Files with another version are discarded.
const FORMAT_VERSION: u32 = 1;

/// The most servers that are kept; those seen last stay.
const MAX_SERVERS: usize = 64;

/// The most models that are kept for a server.
const MAX_MODELS: usize = 512;

/// The cached servers by address.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct CacheFile {
    format: u32,
    #[serde(default)]
    pub(super) servers: BTreeMap<String, CachedServer>,
}

/// One server. Times are Unix times in seconds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct CachedServer {
    /// When it last listed its models; 0 if it never did.
    pub(super) listed_at: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) models: Vec<CachedModel>,
    #[serde(rename = "learnt", skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) learned: BTreeMap<String, CapabilityEntry>,
    /// Each kind of route that the server does not have, and when that was found.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) absent: BTreeMap<String, u64>,
}

/// A listed model.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct CachedModel {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    window: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    window_from: Option<String>,
    /// When the server last reported the context window; 0 if it never did.
    #[serde(skip_serializing_if = "is_zero")]
    window_at: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
}

/// The learned capabilities for one model.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct CapabilityEntry {
    /// The server's version at that time; absent when the server did not report one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<String>,
    /// The window that the server reported when the learned one was recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) window_said: Option<u32>,
    /// When something was last learned.
    pub(super) at: u64,
    /// Each unsupported feature by name, and when it was learned.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) lacks: BTreeMap<String, u64>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) schema_keywords: BTreeMap<String, u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) window: Option<u32>,
    /// Whether the chat template was found to show tools to the model.
    #[serde(skip_serializing_if = "is_false")]
    pub(super) tool_template: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tokens_per_kilobyte: Option<u32>,
}

/// The text is not a cache file.
#[derive(Debug)]
pub(super) struct InvalidCacheFile;

impl CacheFile {
    pub(super) fn parse_text(text: &str) -> Result<Self, InvalidCacheFile> {
        let contents: Self = serde_json::from_str(text).map_err(|_| InvalidCacheFile)?;
        if contents.format == FORMAT_VERSION { Ok(contents) } else { Err(InvalidCacheFile) }
    }

    /// Serializes the file, without the servers beyond the limit.
    pub(super) fn into_text(mut self) -> String {
        self.format = FORMAT_VERSION;
        while self.servers.len() > MAX_SERVERS {
            let oldest = self.servers.iter().min_by_key(|(_, server)| server.last_seen_at());
            let Some(oldest) = oldest.map(|(address, _)| address.clone()) else { break };
            self.servers.remove(&oldest);
        }
        // Serializing strings, numbers and maps with string keys cannot fail.
        let mut text = serde_json::to_string_pretty(&self).unwrap_or_default();
        text.push('\n');
        text
    }
}

impl CachedServer {
    fn last_seen_at(&self) -> u64 {
        let learned = self.learned.values().map(|entry| entry.at).max();
        let absent = self.absent.values().copied().max();
        self.listed_at.max(learned.unwrap_or_default()).max(absent.unwrap_or_default())
    }

    /// Replaces the model list. A window that the server does not report keeps its last value.
    pub(super) fn set_models(&mut self, served: &[ServedModel], now: u64) {
        let models = served.iter().take(MAX_MODELS).map(|model| {
            let old = self.models.iter().find(|old| old.id == model.id);
            CachedModel::from_served(model, old, now)
        });
        self.models = models.collect();
    }

    /// Whether both lists have the same models and windows; times are ignored.
    pub(super) fn lists_same_models(&self, other: &Self) -> bool {
        let timeless = |model: &CachedModel| CachedModel { window_at: 0, ..model.clone() };
        let of = |server: &Self| server.models.iter().map(timeless).collect::<Vec<_>>();
        of(self) == of(other)
    }

    /// The models, each with the age of its context window.
    pub(super) fn served_models(&self) -> impl Iterator<Item = (ServedModel, Duration)> {
        self.models.iter().map(|model| (model.to_served_model(), age_since(model.window_at)))
    }
}

impl CachedModel {
    fn from_served(model: &ServedModel, old: Option<&Self>, now: u64) -> Self {
        let new = Self {
            id: model.id.clone(),
            parent: model.parent.clone(),
            owner: model.owned_by.clone(),
            ..Self::default()
        };
        match (model.context_window, old) {
            (Some(_), _) => Self {
                window: model.context_window,
                window_from: model.context_window_source.as_deref().map(str::to_owned),
                window_at: now,
                ..new
            },
            (None, Some(old)) => Self {
                window: old.window,
                window_from: old.window_from.clone(),
                window_at: old.window_at,
                ..new
            },
            (None, None) => new,
        }
    }

    fn to_served_model(&self) -> ServedModel {
        ServedModel {
            id: self.id.clone(),
            parent: self.parent.clone(),
            context_window: self.window,
            context_window_source: self.window_from.clone().map(Into::into),
            owned_by: self.owner.clone(),
            ..ServedModel::default()
        }
    }
}

impl CapabilityEntry {
    /// Converts the entry to capabilities; unknown feature names are skipped.
    pub(super) fn to_capabilities(&self) -> ServerCapabilities {
        ServerCapabilities {
            unsupported_features: self
                .lacks
                .keys()
                .filter_map(|name| ServerFeature::from_name(name))
                .collect(),
            context_window: self.window,
            tokens_per_kilobyte: self.tokens_per_kilobyte,
            has_tool_template: self.tool_template,
            refused_schema_keywords: self.schema_keywords.keys().cloned().collect(),
            ..ServerCapabilities::default()
        }
    }

    /// Replaces the capabilities; those that were already known keep their time.
    pub(super) fn set_capabilities(&mut self, facts: &ServerCapabilities, now: u64) {
        let since = |known: &BTreeMap<String, u64>, name: &str| {
            (name.to_owned(), known.get(name).copied().unwrap_or(now))
        };
        let lacks =
            facts.unsupported_features.iter().map(|lack| since(&self.lacks, lack.name())).collect();
        let keywords = facts.refused_schema_keywords.iter();
        let keywords = keywords.map(|word| since(&self.schema_keywords, word)).collect();
        self.lacks = lacks;
        self.schema_keywords = keywords;
        self.window = facts.context_window;
        self.tokens_per_kilobyte = facts.tokens_per_kilobyte;
        self.tool_template = facts.has_tool_template;
        self.at = now;
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_false(value: &bool) -> bool {
    !*value
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// The current Unix time in seconds.
pub(super) fn unix_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

/// The time since `at`; zero when it is in the future.
pub(super) fn age_since(at: u64) -> Duration {
    Duration::from_secs(unix_now().saturating_sub(at))
}
