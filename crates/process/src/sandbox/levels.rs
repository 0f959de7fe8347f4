//! What the kernel enforces of a policy, for people.

use std::fmt;

use crate::sandbox::{LandlockAbi, SandboxError, SandboxPolicy, SandboxProfile, SandboxSupport};

/// What is enforced of a policy on a kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SandboxLevels {
    /// Which files commands read and write.
    pub files: ProtectionLevel,
    /// Which network connections they make.
    pub network: ProtectionLevel,
    /// What they do to other processes and to the system.
    pub processes: ProtectionLevel,
}

/// Whether and by what a part of a policy is enforced. Displays as `enforced by …` or
/// `not enforced (…)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProtectionLevel {
    /// It is enforced.
    Enforced {
        /// The features of the kernel.
        by: String,
        /// What is not covered, and what would cover it.
        gaps: Vec<String>,
    },
    /// It is not enforced.
    Unenforced {
        /// Why.
        reason: String,
    },
}

impl ProtectionLevel {
    /// Whether it is enforced.
    #[must_use]
    pub fn is_enforced(&self) -> bool {
        matches!(self, Self::Enforced { .. })
    }

    fn enforced_by(by: impl Into<String>) -> Self {
        Self::Enforced { by: by.into(), gaps: Vec::new() }
    }

    fn unenforced(reason: impl Into<String>) -> Self {
        Self::Unenforced { reason: reason.into() }
    }

    fn with_gap(mut self, gap: impl Into<String>) -> Self {
        if let Self::Enforced { gaps, .. } = &mut self {
            gaps.push(gap.into());
        }
        self
    }
}

impl fmt::Display for ProtectionLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Enforced { by, gaps } => {
                write!(f, "enforced by {by}")?;
                if !gaps.is_empty() {
                    write!(f, "; not covered: {}", gaps.join("; "))?;
                }
                Ok(())
            }
            Self::Unenforced { reason } => write!(f, "not enforced ({reason})"),
        }
    }
}

impl SandboxLevels {
    /// The levels without a sandbox.
    #[must_use]
    pub fn unenforced(reason: &str) -> Self {
        let level = || ProtectionLevel::unenforced(reason);
        Self { files: level(), network: level(), processes: level() }
    }

    /// The levels of a policy on a kernel.
    ///
    /// # Errors
    /// When the kernel gives less than the profile needs and the policy is not `best_effort`.
    pub fn for_policy(
        policy: &SandboxPolicy,
        support: SandboxSupport,
    ) -> Result<Self, SandboxError> {
        if policy.profile == SandboxProfile::Full {
            return Ok(Self::unenforced("the profile is `full`"));
        }
        let missing = support.missing_features();
        if !missing.is_empty() && !policy.best_effort {
            return Err(SandboxError::Unsupported { profile: policy.profile, missing });
        }
        let abi = support.landlock_up_to(policy.max_landlock_abi);
        Ok(Self {
            files: files_level(policy.profile, abi, support.has_seccomp),
            network: network_level(policy, abi, support.has_seccomp),
            processes: processes_level(abi, support.has_seccomp),
        })
    }

    /// The three levels with their names.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &ProtectionLevel)> {
        [("files", &self.files), ("network", &self.network), ("processes", &self.processes)]
            .into_iter()
    }
}

fn files_level(
    profile: SandboxProfile,
    abi: Option<LandlockAbi>,
    has_seccomp: bool,
) -> ProtectionLevel {
    let Some(abi) = abi else {
        return ProtectionLevel::unenforced("the kernel has no Landlock");
    };
    let level = match (abi >= LandlockAbi::V3, has_seccomp) {
        (true, _) => ProtectionLevel::enforced_by(format!("Landlock {abi}")),
        (false, true) => ProtectionLevel::enforced_by(format!(
            "Landlock {abi}, and seccomp, which forbids to empty files by name"
        )),
        (false, false) => ProtectionLevel::enforced_by(format!("Landlock {abi}"))
            .with_gap("emptying readable files, which needs Landlock ABI 3 or seccomp"),
    };
    let gap = "modes, owners and times of files, hidden ones too";
    let gap = if has_seccomp { gap.to_owned() } else { format!("attributes, {gap}") };
    let level = level.with_gap(gap);
    if !profile.allows_writes() {
        return level;
    }
    // The kernel judges the path by which a file is opened, not the file.
    level.with_gap("files outside that have a second name (a hard link) in a writable folder")
}

fn network_level(
    policy: &SandboxPolicy,
    abi: Option<LandlockAbi>,
    has_seccomp: bool,
) -> ProtectionLevel {
    if policy.profile.allows_network() {
        return ProtectionLevel::unenforced("the profile allows the network");
    }
    if !has_seccomp {
        return ProtectionLevel::unenforced("the kernel has no seccomp filters");
    }
    let ports: Vec<String> = policy.connect_ports.iter().map(u16::to_string).collect();
    match abi.filter(|abi| *abi >= LandlockAbi::V4) {
        Some(abi) if !ports.is_empty() => ProtectionLevel::enforced_by(format!(
            "seccomp and Landlock {abi}, but for TCP connections to port {}",
            ports.join(", ")
        ))
        .with_gap("the address of such a connection, since the kernel compares the port only"),
        Some(abi) => ProtectionLevel::enforced_by(format!("seccomp and Landlock {abi}")),
        None => ProtectionLevel::enforced_by("seccomp"),
    }
}

fn processes_level(abi: Option<LandlockAbi>, has_seccomp: bool) -> ProtectionLevel {
    let by_landlock = abi.map(|abi| format!("Landlock {abi}"));
    let by: Vec<String> =
        by_landlock.into_iter().chain(has_seccomp.then(|| "seccomp".to_owned())).collect();
    if by.is_empty() {
        return ProtectionLevel::unenforced("the kernel has neither Landlock nor seccomp filters");
    }
    let level = ProtectionLevel::enforced_by(by.join(" and "))
        .with_gap("the command lines of other processes, which `ps` shows to everybody");
    if abi < Some(LandlockAbi::V6) {
        let gap = "signals to other processes of the user, which needs Landlock ABI 6 (Linux 6.12)";
        return level.with_gap(gap);
    }
    level
}
