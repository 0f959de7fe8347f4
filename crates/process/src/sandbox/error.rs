//! Errors of the sandbox.

use crate::sandbox::{MissingFeature, SandboxProfile};

/// The sandbox cannot be set up; no command may run then. Fits "failed to {…}".
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// The kernel gives less than the profile needs.
    #[error(
        "hold the sandbox profile `{}`: this system lacks {}",
        profile.name(),
        list_features(missing)
    )]
    Unsupported {
        /// The profile.
        profile: SandboxProfile,
        /// What is missing.
        missing: Vec<MissingFeature>,
    },
    /// The kernel refused the file and network rules.
    #[cfg(target_os = "linux")]
    #[error("restrict the process by Landlock")]
    Landlock(#[source] landlock::RulesetError),
    /// The system call filters cannot be made or installed.
    #[cfg(target_os = "linux")]
    #[error("filter system calls by seccomp")]
    Seccomp(#[source] seccompiler::Error),
    /// The privileges of the process cannot be given up.
    #[error("give up the privileges of the process")]
    Privileges(#[source] std::io::Error),
}

fn list_features(missing: &[MissingFeature]) -> String {
    missing.iter().map(ToString::to_string).collect::<Vec<_>>().join("; and ")
}
