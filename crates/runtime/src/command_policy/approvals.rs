//! Changes `exec-approvals.json`, and summarises the resulting policy.

use std::io::Write as _;
use std::path::PathBuf;

use openclaw_exec_policy::{
    AllowlistEntry, ApprovalsDocument, ApprovalsFile, ApprovalsFileError, AskMode,
    ScopedGrantsError, SecurityLevel, inactive_reason, is_wide_pattern, sha256_hex,
};
use openclaw_fs::{AtomicFile, StateFile, StateFileError};
use thiserror::Error;

use super::{APPROVALS_FILE_NAME, CommandPolicy, now_ms};

/// The largest old file that is kept, in bytes.
const MAX_KEPT_BYTES: u64 = 64 * 1024 * 1024;

/// Why `exec-approvals.json` was not changed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ApprovalsUpdateError {
    /// The file can't be read, and is left unchanged.
    #[error(transparent)]
    Unreadable(ApprovalsFileError),
    /// The permissions with an end can't be read, and are left unchanged.
    #[error(transparent)]
    UnreadableGrants(ScopedGrantsError),
    /// The file can't be written.
    #[error(transparent)]
    Write(StateFileError),
    /// The entry would never match anything.
    #[error("add the pattern: {0}")]
    Inactive(&'static str),
    /// The new content is not a valid approvals file.
    #[error("replace the approvals file: the new one is not valid")]
    InvalidContent(#[source] ApprovalsFileError),
    /// The new content would let more run than the present one.
    #[error("replace the approvals file: {0} would let more commands run")]
    Wider(String),
    /// The present content is not the one that the new one was made from.
    #[error("replace the approvals file: it has changed since it was read")]
    ChangedMeanwhile,
    /// The old content can't be kept.
    #[error("keep the old content in {}", path.display())]
    Backup {
        /// The file for the old content.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
}

/// How the approvals file was replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApprovalsReplacement {
    /// The SHA-256 of the new content, in hexadecimal.
    pub hash: String,
    /// The file with the old content; `None` when there was none or it is the same.
    pub backup: Option<PathBuf>,
}

/// The policy of an agent's commands, from the config alone and with the approvals file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PolicySummary {
    /// The policy of the config.
    pub config: PolicyValues,
    /// The effective policy: the config made stricter by the approvals file.
    pub effective: PolicyValues,
    /// The effective policy of commands in the sandbox; `None` when they run without one.
    pub sandboxed: Option<PolicyValues>,
    /// Why the approvals file can't be read, so that every command is denied.
    pub problem: Option<String>,
}

/// The values of a policy, as written in the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PolicyValues {
    /// `deny`, `allowlist` or `full`.
    pub security: &'static str,
    /// `off`, `on-miss` or `always`.
    pub ask: &'static str,
    /// `deny`, `allowlist` or `full`.
    pub ask_fallback: &'static str,
}

impl PolicyValues {
    fn from_policy(policy: &openclaw_exec_policy::ExecPolicy) -> Self {
        let level = |level| match level {
            SecurityLevel::Deny => "deny",
            SecurityLevel::Allowlist => "allowlist",
            SecurityLevel::Full => "full",
        };
        let ask = match policy.ask {
            AskMode::Off => "off",
            AskMode::OnMiss => "on-miss",
            AskMode::Always => "always",
        };
        Self { security: level(policy.security), ask, ask_fallback: level(policy.ask_fallback) }
    }
}

impl CommandPolicy {
    /// Summarises the current policy.
    #[must_use]
    pub fn summarize_policy(&self) -> PolicySummary {
        let approvals = self.read_approvals();
        let sandboxed = self.sandbox_levels.is_some().then(|| self.sandboxed_policy(&approvals));
        let effective = PolicyValues::from_policy(&self.apply_approvals(&approvals));
        let problem = match approvals {
            ApprovalsDocument::Unreadable { error, .. } => Some(error.to_string()),
            _ => None,
        };
        PolicySummary {
            config: PolicyValues::from_policy(&self.config),
            effective,
            sandboxed: sandboxed.as_ref().map(PolicyValues::from_policy),
            problem,
        }
    }

    /// The content of the approvals file with its hash; `None` when it does not exist or can't be
    /// read.
    #[must_use]
    pub fn approvals_content(&self) -> Option<ApprovalsContent> {
        let text = StateFile::new(self.approvals_path.clone()).read_text().ok().flatten()?;
        let hash = sha256_hex(text.as_bytes());
        Some(ApprovalsContent { text, hash })
    }

    /// The patterns that the agent's commands may match, in the order of the file.
    #[must_use]
    pub fn allowlist_patterns(&self) -> Vec<String> {
        match self.read_approvals() {
            ApprovalsDocument::Loaded(file) => {
                file.agent_allowlist(&self.agent).map(|entry| entry.pattern.clone()).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The patterns of the approvals file that name no program, such as `/usr/bin/*`, each with its
    /// line in the file. They allow well-known programs only.
    #[must_use]
    pub fn wide_patterns(&self) -> Vec<WidePattern> {
        let ApprovalsDocument::Loaded(file) = self.read_approvals() else { return Vec::new() };
        let text = self.approvals_content().map(|content| content.text).unwrap_or_default();
        let wide = file.agent_allowlist(&self.agent).filter(|it| is_wide_pattern(&it.pattern));
        wide.map(|entry| {
            // A file with another spelling of the pattern has no line for it.
            let written = serde_json::to_string(&entry.pattern).unwrap_or_default();
            let line = text.lines().position(|line| line.contains(&written));
            WidePattern { pattern: entry.pattern.clone(), line: line.map(|index| index + 1) }
        })
        .collect()
    }

    /// What is wrong with a pattern that names no program, with its place and what to do.
    #[must_use]
    pub fn describe_wide_pattern(&self, wide: &WidePattern) -> String {
        let path = self.approvals_path.display();
        let line = wide.line.map(|line| format!(":{line}")).unwrap_or_default();
        format!(
            "{path}{line}: `{}` names no program: it allows well-known ones, all others are asked \
             about; `openclaw approvals allowlist add PATH` adds one",
            wide.pattern
        )
    }

    /// Adds a pattern to the agent's allowlist. Returns false if it was there already.
    ///
    /// # Errors
    /// When the file can't be read or written, and when the pattern never matches.
    pub fn add_pattern(&self, pattern: &str) -> Result<bool, ApprovalsUpdateError> {
        let mut entry = AllowlistEntry::new(pattern);
        if let Some(reason) = inactive_reason(&entry, self.home.as_deref()) {
            return Err(ApprovalsUpdateError::Inactive(reason));
        }
        entry.id = Some(entry_id(&self.agent, pattern));
        self.update_file(|file| file.add_entry(&self.agent, entry), |is_new| *is_new)
    }

    /// Removes the agent's entries with this pattern or id, and its permissions for commands with this
    /// program. Returns their number.
    ///
    /// # Errors
    /// When the file can't be read or written.
    pub fn remove_pattern(&self, pattern_or_id: &str) -> Result<usize, ApprovalsUpdateError> {
        let entry_count = self.update_file(
            |file| file.remove_entries(&self.agent, pattern_or_id),
            |removed_count| *removed_count > 0,
        )?;
        Ok(entry_count + self.remove_grants(pattern_or_id)?)
    }

    /// Replaces the whole file by a valid one. The bytes of the old one are kept beside it, whatever
    /// they are.
    ///
    /// # Errors
    /// When the new content is not valid, and when a file can't be read or written. The file is
    /// then unchanged.
    pub fn replace_file(&self, text: &str) -> Result<ApprovalsReplacement, ApprovalsUpdateError> {
        self.replace_file_with(text, |_| Ok(()))
    }

    /// Replaces the file as [`replace_file`](Self::replace_file) does, when its current content is
    /// what was expected: `is_expected` gets the hash of it, `None` when there is no file. Returns
    /// `None` when it is not.
    ///
    /// # Errors
    /// As for [`replace_file`](Self::replace_file).
    pub fn replace_file_if(
        &self,
        text: &str,
        is_expected: impl FnOnce(Option<&str>) -> bool,
    ) -> Result<Option<ApprovalsReplacement>, ApprovalsUpdateError> {
        let replaced = self.replace_file_with(text, |old| {
            let old_hash = match old {
                Ok(old) => old.as_ref().map(|old| sha256_hex(old.as_bytes())),
                Err(_) => Some(String::new()),
            };
            let is_current = is_expected(old_hash.as_deref());
            if is_current { Ok(()) } else { Err(ApprovalsUpdateError::ChangedMeanwhile) }
        });
        match replaced {
            Err(ApprovalsUpdateError::ChangedMeanwhile) => Ok(None),
            replaced => replaced.map(Some),
        }
    }

    /// Replaces the whole file by a valid one if `check` agrees, which gets the present text, `None`
    /// when there is no file.
    ///
    /// # Errors
    /// Those of `check`, and as for [`replace_file`](Self::replace_file).
    pub(crate) fn replace_file_with(
        &self,
        text: &str,
        check: impl FnOnce(&std::io::Result<Option<String>>) -> Result<(), ApprovalsUpdateError>,
    ) -> Result<ApprovalsReplacement, ApprovalsUpdateError> {
        ApprovalsFile::from_bytes(text.as_bytes()).map_err(ApprovalsUpdateError::InvalidContent)?;
        let hash = sha256_hex(text.as_bytes());
        let mut outcome = Ok(None);
        let update = |old: std::io::Result<Option<String>>| {
            if let Err(error) = check(&old) {
                outcome = Err(error);
                return None;
            }
            // A text is compared, but the bytes are kept: the old file need not be a text.
            if matches!(&old, Ok(Some(old)) if old == text) {
                return None;
            }
            outcome = if matches!(old, Ok(None)) { Ok(None) } else { self.keep_old_file() };
            outcome.is_ok().then(|| text.to_owned())
        };
        StateFile::new(self.approvals_path.clone())
            .update_text(update)
            .map_err(ApprovalsUpdateError::Write)?;
        Ok(ApprovalsReplacement { hash, backup: outcome? })
    }

    /// Copies the current file to a new one beside it.
    fn keep_old_file(&self) -> Result<Option<PathBuf>, ApprovalsUpdateError> {
        let name = format!("{APPROVALS_FILE_NAME}.{}.bak", now_ms());
        let path = self.approvals_path.with_file_name(name);
        let copy = || -> std::io::Result<()> {
            let bytes = openclaw_fs::read_bytes(&self.approvals_path, MAX_KEPT_BYTES)?;
            let mut file = AtomicFile::create(&path)?;
            file.write_all(&bytes)?;
            file.commit()
        };
        match copy() {
            Ok(()) => Ok(Some(path)),
            Err(source) => Err(ApprovalsUpdateError::Backup { path, source }),
        }
    }

    /// Parses `deny`, `allowlist` or `full`; `None` for any other text.
    #[must_use]
    pub fn parse_level(text: &str) -> Option<SecurityLevel> {
        match text {
            "deny" => Some(SecurityLevel::Deny),
            "allowlist" => Some(SecurityLevel::Allowlist),
            "full" => Some(SecurityLevel::Full),
            _ => None,
        }
    }

    /// What holds instead of these values of `tools.exec` because the approvals file is stricter,
    /// e.g. `security deny, ask off`; `None` when they hold.
    #[must_use]
    pub fn summarize_host_limits(&self, security: &str, ask: &str) -> Option<String> {
        let security_level = Self::parse_level(security)?;
        let ask_mode = match ask {
            "off" => AskMode::Off,
            "on-miss" => AskMode::OnMiss,
            _ => AskMode::Always,
        };
        let config = openclaw_exec_policy::ExecPolicy::new(security_level, ask_mode);
        let approvals = self.read_approvals();
        let effective = approvals.apply_to(config, &self.agent, self.home.as_deref());
        let PolicyValues { security: held, ask: held_ask, .. } =
            PolicyValues::from_policy(&effective);
        (held != security || held_ask != ask).then(|| format!("security {held}, ask {held_ask}"))
    }

    /// Sets which commands run when there is nobody to ask, for all agents without a value of their
    /// own. Returns whether that is a change.
    ///
    /// # Errors
    /// When the file can't be read or written.
    pub fn set_ask_fallback(&self, level: SecurityLevel) -> Result<bool, ApprovalsUpdateError> {
        self.update_file(
            |file| file.defaults.ask_fallback.replace(level) != Some(level),
            |is_changed| *is_changed,
        )
    }

    pub(super) fn update_file<T: Default>(
        &self,
        change: impl FnOnce(&mut ApprovalsFile) -> T,
        is_changed: impl FnOnce(&T) -> bool,
    ) -> Result<T, ApprovalsUpdateError> {
        let mut result = Ok(T::default());
        let update = |text: std::io::Result<Option<String>>| {
            let document = match text {
                Ok(text) => ApprovalsDocument::from_bytes(text.map(String::into_bytes)),
                Err(error) => ApprovalsDocument::from_read_error(&error),
            };
            match document.into_file() {
                Ok(mut file) => {
                    let changed = change(&mut file);
                    let text = String::from_utf8(file.to_bytes()).ok();
                    let text = text.filter(|_| is_changed(&changed));
                    result = Ok(changed);
                    text
                }
                Err(error) => {
                    result = Err(ApprovalsUpdateError::Unreadable(error));
                    None
                }
            }
        };
        StateFile::new(self.approvals_path.clone())
            .update_text(update)
            .map_err(ApprovalsUpdateError::Write)?;
        result
    }
}

/// A pattern of the approvals file that names no program.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct WidePattern {
    /// The pattern.
    pub pattern: String,
    /// Its line in the file, from 1; `None` when it is not found in the text.
    pub line: Option<usize>,
}

/// The content of the approvals file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApprovalsContent {
    /// The text.
    pub text: String,
    /// The SHA-256 of the text, in hexadecimal.
    pub hash: String,
}

/// An id in the form of a UUID.
fn entry_id(agent: &str, pattern: &str) -> String {
    let hash = sha256_hex(format!("{agent}\0{pattern}\0{}", now_ms()).as_bytes());
    let part = |start: usize, end: usize| hash.get(start..end).unwrap_or_default();
    format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
}
