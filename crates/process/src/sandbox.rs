//! The sandbox of commands: what they may read, write, connect to and do to other processes, held by
//! the kernel through Landlock and seccomp.
//!
//! A supervisor process applies it to itself before it starts a command, and everything that it
//! starts is restricted in the same way. No root rights are needed, and what the kernel cannot hold is
//! told by [`SandboxLevels`] or refused.

mod error;
#[cfg(target_os = "linux")]
mod file_rules;
#[cfg(target_os = "linux")]
mod hidden_paths;
mod levels;
mod policy;
#[cfg(target_os = "linux")]
mod privileges;
#[cfg(target_os = "linux")]
mod ruleset;
mod support;
#[cfg(target_os = "linux")]
mod syscall_filter;

pub use error::SandboxError;
pub use levels::{ProtectionLevel, SandboxLevels};
pub use policy::{RootAccess, SandboxPolicy, SandboxProfile, SandboxRoot};
pub use support::{LandlockAbi, MissingFeature, SandboxSupport};

/// Restricts this process, and all processes that it starts, to what a policy allows. This cannot be
/// undone. The process must have a single thread, since other threads would stay unrestricted. What
/// it starts cannot signal it.
///
/// # Errors
/// When the kernel gives less than the profile needs and the policy is not `best_effort`, or refuses
/// a part of it. The process may be restricted in part then, and must not start any command.
pub fn apply_sandbox(policy: &SandboxPolicy) -> Result<SandboxLevels, SandboxError> {
    let support = SandboxSupport::detect();
    let levels = SandboxLevels::for_policy(policy, support)?;
    #[cfg(target_os = "linux")]
    if policy.profile != SandboxProfile::Full {
        let abi = support.landlock_up_to(policy.max_landlock_abi);
        privileges::give_up_privileges().map_err(SandboxError::Privileges)?;
        if let Some(abi) = abi {
            ruleset::restrict_process(policy, abi).map_err(SandboxError::Landlock)?;
        }
        if support.has_seccomp {
            let filters =
                syscall_filter::compile_filters(policy, abi).map_err(SandboxError::Seccomp)?;
            for filter in filters {
                seccompiler::apply_filter(&filter).map_err(SandboxError::Seccomp)?;
            }
        }
    }
    Ok(levels)
}

/// Lists the trees that commands may use under a policy, each with `read`, `write` or `device`, and
/// the writable directories in which nothing can be created.
#[cfg(target_os = "linux")]
#[must_use]
pub fn list_allowed_trees(policy: &SandboxPolicy) -> AllowedTrees {
    let rules = file_rules::FileRules::from_policy(policy);
    let paths_with = |is_wanted: fn(file_rules::TreeAccess) -> bool| {
        let trees = rules.trees.iter().filter(|rule| is_wanted(rule.access));
        trees.map(|rule| rule.path.clone()).collect()
    };
    AllowedTrees {
        readable: paths_with(|access| access == file_rules::TreeAccess::Read),
        writable: paths_with(|access| access == file_rules::TreeAccess::Write),
        devices: paths_with(|access| access == file_rules::TreeAccess::Device),
        without_creation: rules.without_creation,
    }
}

/// What is hidden in a folder of a home directory such as `.config`, of users who have that folder
/// elsewhere: at `place`.
#[must_use]
pub fn hidden_paths_in(folder: &str, place: &std::path::Path) -> Vec<std::path::PathBuf> {
    #[cfg(target_os = "linux")]
    {
        hidden_paths::hidden_paths_in(folder, place)
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = (folder, place);
        Vec::new()
    }
}

/// The paths that commands may neither read nor change under a policy, without symbolic links as far as
/// they exist. Many of them do not. A root of the policy may be one of them, or in one.
#[must_use]
pub fn hidden_paths(policy: &SandboxPolicy) -> std::collections::BTreeSet<std::path::PathBuf> {
    #[cfg(target_os = "linux")]
    {
        hidden_paths::HiddenPaths::find(policy).into_paths()
    }
    #[cfg(not(target_os = "linux"))]
    {
        policy.private_paths.iter().cloned().collect()
    }
}

/// The files that commands may use under a policy.
#[cfg(target_os = "linux")]
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AllowedTrees {
    /// What may be read and executed.
    pub readable: Vec<std::path::PathBuf>,
    /// What may be read, executed and changed.
    pub writable: Vec<std::path::PathBuf>,
    /// Devices that may be used.
    pub devices: Vec<std::path::PathBuf>,
    /// Writable directories in which nothing can be created directly, because something hidden is in
    /// them.
    pub without_creation: Vec<std::path::PathBuf>,
}
