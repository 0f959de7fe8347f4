//! `exec-approvals.json`, version 1: the policy that the owner of this machine keeps beside the
//! config.
//!
//! An unreadable file never counts as empty: it denies every command and is written back byte for
//! byte.

mod agent_ids;
mod keys;
mod widening;

use std::collections::BTreeMap;

use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;

use self::{
    agent_ids::{is_same_agent, unique_sections},
    keys::check_keys,
};
use crate::hash::sha256_hex;
use crate::policy::{AskMode, ExecPolicy, SecurityLevel};

/// The version of the format.
const VERSION: u64 = 1;

/// The section for all agents.
const ANY_AGENT: &str = "*";

/// The main agent, and how it was called before.
const MAIN_AGENT: [&str; 2] = ["main", "default"];

/// The `source` of an entry that a person made by "allow always".
const GENERATED: &str = "allow-always";

/// The state of `exec-approvals.json`.
#[derive(Debug, Clone, PartialEq)]
pub enum ApprovalsDocument {
    /// There is no file: the config alone decides.
    Missing,
    /// The file.
    Loaded(Box<ApprovalsFile>),
    /// The file can't be read, so every command is denied.
    Unreadable {
        /// Its content, which is kept unchanged; `None` when the system can't read it.
        bytes: Vec<u8>,
        /// Why.
        error: ApprovalsFileError,
    },
}

/// Why `exec-approvals.json` can't be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ApprovalsFileError {
    /// It has no content.
    #[error("read the exec approvals: the file is empty")]
    Empty,
    /// The text isn't JSON, or a value is invalid.
    #[error("read the exec approvals: {message}")]
    Invalid {
        /// The problem, with its line.
        message: String,
    },
    /// The system can't read the file.
    #[error("read the exec approvals: {message}")]
    Inaccessible {
        /// The system's error.
        message: String,
    },
    /// The file has another version.
    #[error("read the exec approvals: version {found} instead of {VERSION}")]
    UnknownVersion {
        /// The version, as JSON.
        found: String,
    },
}

/// The file, version 1. Unknown keys that restrict nothing are kept and written back; any other
/// makes the file unreadable, because what it should restrict isn't known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ApprovalsFile {
    /// 1.
    pub version: u64,
    /// The socket of a companion program, which isn't used here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub socket: Option<Value>,
    /// The settings of agents that have no value of their own.
    #[serde(default, skip_serializing_if = "ApprovalsSection::is_empty")]
    pub defaults: ApprovalsSection,
    /// The settings of each agent, by id; `*` is for all.
    #[serde(default, deserialize_with = "unique_sections")]
    pub agents: BTreeMap<String, ApprovalsSection>,
    /// The other keys.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// The settings of one agent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ApprovalsSection {
    /// Which commands may run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security: Option<SecurityLevel>,
    /// When a person is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ask: Option<AskMode>,
    /// Which commands run when there is no person to ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ask_fallback: Option<SecurityLevel>,
    /// Whether the programs of skills are on the allowlist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_allow_skills: Option<bool>,
    /// The programs that may run.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "entries")]
    pub allowlist: Vec<AllowlistEntry>,
    /// The other keys.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A program that may run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AllowlistEntry {
    /// The id of the entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The path of the program: `*`, `**`, `?` and a leading `~` as in a shell, or a bare name.
    pub pattern: String,
    /// The arguments: a regular expression, or the hash that
    /// [`exact_argument_pattern`](crate::exact_argument_pattern) makes; `None` for any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arg_pattern: Option<String>,
    /// Where the entry comes from; `allow-always` when a person allowed one command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// When it was last used, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<serde_json::Number>,
    /// The command that used it last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_command: Option<String>,
    /// The program that it last stood for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_resolved_path: Option<String>,
    /// The other keys, `expiresAtMs` among them.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl AllowlistEntry {
    /// An entry for a pattern, whatever the arguments are.
    #[must_use]
    pub fn new(pattern: &str) -> Self {
        Self { pattern: pattern.to_owned(), ..Self::default() }
    }

    /// An entry as "allow always" makes it, for a program with exactly the arguments and the
    /// directory of a hash that [`exact_argument_pattern`](crate::exact_argument_pattern) made.
    #[must_use]
    pub fn exact(path: &str, argument_hash: &str) -> Self {
        Self {
            arg_pattern: Some(argument_hash.to_owned()),
            source: Some(GENERATED.to_owned()),
            last_resolved_path: Some(path.to_owned()),
            ..Self::new(path)
        }
    }

    /// Whether the entry was made by "allow always".
    #[must_use]
    pub fn is_generated(&self) -> bool {
        self.source.as_deref() == Some(GENERATED)
    }

    /// When the entry expires, in milliseconds since 1970; `None` for never.
    #[must_use]
    pub fn expires_at_ms(&self) -> Option<i64> {
        let value = self.other.get("expiresAtMs")?;
        // A time that isn't understood is in the past.
        Some(value.as_i64().unwrap_or(i64::MIN))
    }
}

impl ApprovalsSection {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl ApprovalsDocument {
    /// Reads the content of the file; `None` when there is no file.
    #[must_use]
    pub fn from_bytes(bytes: Option<Vec<u8>>) -> Self {
        let Some(bytes) = bytes else { return Self::Missing };
        match ApprovalsFile::from_bytes(&bytes) {
            Ok(file) => Self::Loaded(Box::new(file)),
            Err(error) => Self::Unreadable { bytes, error },
        }
    }

    /// A file that the system can't read: every command is denied.
    #[must_use]
    pub fn from_read_error(error: &std::io::Error) -> Self {
        let error = ApprovalsFileError::Inaccessible { message: error.to_string() };
        Self::Unreadable { bytes: Vec::new(), error }
    }

    /// The file, to be changed; an empty one when there is none.
    ///
    /// # Errors
    ///
    /// A file that can't be read isn't changed.
    pub fn into_file(self) -> Result<ApprovalsFile, ApprovalsFileError> {
        match self {
            Self::Missing => Ok(ApprovalsFile::default()),
            Self::Loaded(file) => Ok(*file),
            Self::Unreadable { error, .. } => Err(error),
        }
    }

    /// The content to write; `None` when there is none. An unreadable content is unchanged.
    #[must_use]
    pub fn to_bytes(&self) -> Option<Vec<u8>> {
        match self {
            Self::Missing
            | Self::Unreadable { error: ApprovalsFileError::Inaccessible { .. }, .. } => None,
            Self::Loaded(file) => Some(file.to_bytes()),
            Self::Unreadable { bytes, .. } => Some(bytes.clone()),
        }
    }

    /// The policy of an agent: `config` made stricter by the file, with the file's allowlist.
    /// `home` is what `~` stands for in patterns.
    #[must_use]
    pub fn apply_to(&self, config: ExecPolicy, agent: &str, home: Option<&str>) -> ExecPolicy {
        match self {
            Self::Missing => config,
            Self::Loaded(file) => {
                let mut host = file.agent_policy(agent, &config);
                host.extend_allowlist(file.agent_allowlist(agent), home);
                ExecPolicy::stricter_of(config, host)
            }
            Self::Unreadable { .. } => {
                let denied = ExecPolicy::new(SecurityLevel::Deny, AskMode::Always);
                ExecPolicy::stricter_of(config, denied)
            }
        }
    }
}

impl Default for ApprovalsFile {
    fn default() -> Self {
        Self {
            version: VERSION,
            socket: None,
            defaults: ApprovalsSection::default(),
            agents: BTreeMap::new(),
            other: Map::new(),
        }
    }
}

impl ApprovalsFile {
    /// Reads the content of the file.
    ///
    /// # Errors
    ///
    /// Anything but a file of version 1 with known values.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ApprovalsFileError> {
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        if text.trim_ascii().is_empty() {
            return Err(ApprovalsFileError::Empty);
        }
        let invalid =
            |error: serde_json::Error| ApprovalsFileError::Invalid { message: error.to_string() };
        // The version decides what the rest means, so it comes first.
        let value: Value = serde_json::from_slice(text).map_err(invalid)?;
        let version = value.get("version");
        if version.and_then(Value::as_u64) != Some(VERSION) {
            let found = version.map_or_else(|| "none".to_owned(), ToString::to_string);
            return Err(ApprovalsFileError::UnknownVersion { found });
        }
        let file = serde_json::from_slice(text).map_err(invalid)?;
        check_keys(text).map_err(invalid)?;
        Ok(file)
    }

    /// The content to write.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        // Only maps with keys that aren't texts can't be written, and there are none.
        let mut bytes = serde_json::to_vec_pretty(self).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }

    /// The hash of the content, to notice a change between reading and writing.
    #[must_use]
    pub fn content_hash(bytes: &[u8]) -> String {
        sha256_hex(bytes)
    }

    /// The sections that apply to an agent, the nearest first.
    fn agent_sections(&self, agent: &str) -> impl Iterator<Item = &ApprovalsSection> {
        let [main, former_main] = MAIN_AGENT;
        let former = is_same_agent(agent, main).then_some(former_main);
        let names = [Some(agent), former, (agent != ANY_AGENT).then_some(ANY_AGENT)];
        let find = |name: &str| self.agents.iter().find(|(id, _)| is_same_agent(id, name));
        let own = names.into_iter().flatten().filter_map(find).map(|(_, section)| section);
        own.chain([&self.defaults])
    }

    /// The id under which the file has an agent; the given one when it has none.
    fn agent_key(&self, agent: &str) -> String {
        let found = self.agents.keys().find(|id| is_same_agent(id, agent));
        found.map_or_else(|| agent.to_owned(), Clone::clone)
    }

    /// The settings of an agent; a setting that the file doesn't have comes from `config`.
    fn agent_policy(&self, agent: &str, config: &ExecPolicy) -> ExecPolicy {
        let find = || self.agent_sections(agent);
        let security = find().find_map(|section| section.security).unwrap_or(config.security);
        let ask = find().find_map(|section| section.ask).unwrap_or(config.ask);
        let mut policy = ExecPolicy::new(security, ask);
        policy.ask_fallback =
            find().find_map(|section| section.ask_fallback).unwrap_or(config.ask_fallback);
        policy
    }

    /// The entries that apply to an agent.
    pub fn agent_allowlist(&self, agent: &str) -> impl Iterator<Item = &AllowlistEntry> {
        self.agent_sections(agent).flat_map(|section| &section.allowlist)
    }

    /// Adds an entry for an agent. Returns false if one with the same pattern and arguments exists.
    pub fn add_entry(&mut self, agent: &str, entry: AllowlistEntry) -> bool {
        let section = self.agents.entry(self.agent_key(agent)).or_default();
        let is_same = |it: &AllowlistEntry| {
            it.pattern == entry.pattern && it.arg_pattern == entry.arg_pattern
        };
        let Some(existing) = section.allowlist.iter_mut().find(|it| is_same(it)) else {
            section.allowlist.push(entry);
            return true;
        };
        // Allowing it again renews the existing entry.
        if existing.expires_at_ms().is_some() {
            *existing = entry;
        }
        false
    }

    /// Removes an agent's entries with this pattern or id. Returns their number.
    pub fn remove_entries(&mut self, agent: &str, pattern_or_id: &str) -> usize {
        let key = self.agent_key(agent);
        let Some(section) = self.agents.get_mut(&key) else { return 0 };
        let before = section.allowlist.len();
        let is_meant = |entry: &AllowlistEntry| {
            entry.pattern == pattern_or_id || entry.id.as_deref() == Some(pattern_or_id)
        };
        section.allowlist.retain(|entry| !is_meant(entry));
        before - section.allowlist.len()
    }
}

/// Reads entries; an entry that is a plain string is a pattern.
fn entries<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<AllowlistEntry>, D::Error> {
    let values = Vec::<Value>::deserialize(deserializer)?;
    let read = |value| match value {
        Value::String(pattern) => Ok(AllowlistEntry::new(&pattern)),
        value => serde_json::from_value(value).map_err(D::Error::custom),
    };
    values.into_iter().map(read).collect()
}

#[cfg(test)]
mod tests;
