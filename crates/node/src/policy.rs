//! What this machine lets a gateway do.

use std::fmt::Debug;

use openclaw_tools::ExecOptions;
use serde_json::Value;

/// Decides what a gateway may run here. No answer of a gateway changes a decision of it.
pub trait NodePolicy: Send + Sync + Debug {
    /// Reads the settings again, before each command is judged. The number is another one when they
    /// changed.
    ///
    /// # Errors
    /// Why nothing may run with them, as a fragment that fits "failed to {…}".
    fn reload_settings(&self) -> Result<u64, String>;

    /// How commands of an agent run, and who judges them. Asked once for each agent and each change
    /// of the settings.
    ///
    /// # Errors
    /// Why none run, as a fragment that fits "failed to {…}".
    fn command_settings(&self, agent: &str) -> Result<CommandSettings, String>;

    /// The settings that decide now: `security`, `ask` and where they come from.
    fn describe_policy(&self, agent: &str) -> Value;

    /// The present approvals file.
    fn read_approvals(&self) -> ApprovalsSnapshot;

    /// Replaces the approvals file by a stricter or equal one; with `base_hash`, only if the present
    /// one has this hash.
    ///
    /// # Errors
    /// When it would let more run, the present file is another, or it cannot be written.
    fn tighten_approvals(
        &self,
        text: &str,
        base_hash: Option<&str>,
    ) -> Result<(), ApprovalsChangeError>;
}

/// How the commands of an agent run.
#[derive(Debug, Clone)]
pub struct CommandSettings {
    /// Their limits, environment, sandbox and judge. Without a judge none runs.
    pub options: ExecOptions,
    /// The parts of the sandbox and whether each is enforced, for people; empty without a sandbox.
    pub sandbox: Vec<String>,
}

/// The approvals file of this machine.
#[derive(Debug, Clone, PartialEq)]
pub struct ApprovalsSnapshot {
    /// Its path.
    pub path: String,
    /// Its content without secrets; `None` when there is none or it cannot be read.
    pub file: Option<Value>,
    /// The SHA-256 of its bytes in hexadecimal; `None` when there is no file.
    pub hash: Option<String>,
}

/// Why the approvals file stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ApprovalsChangeError {
    /// It would let more run, as the sentence says.
    #[error("{0}")]
    Wider(String),
    /// The change is not possible, as the sentence says.
    #[error("{0}")]
    Refused(String),
}
