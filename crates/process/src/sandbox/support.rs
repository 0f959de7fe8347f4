//! What this kernel offers to a sandbox.

use std::fmt;

/// A version of Landlock, by the rights that it added. Later ones have all rights of earlier ones;
/// versions after the sixth add none that is used here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LandlockAbi {
    /// Linux 5.13: files.
    V1 = 1,
    /// Linux 5.19: moving files between directories.
    V2,
    /// Linux 6.2: truncation.
    V3,
    /// Linux 6.7: TCP ports.
    V4,
    /// Linux 6.10: controls of devices.
    V5,
    /// Linux 6.12: signals and abstract sockets.
    V6,
}

impl LandlockAbi {
    /// All, from the oldest.
    pub const ALL: [Self; 6] = [Self::V1, Self::V2, Self::V3, Self::V4, Self::V5, Self::V6];

    /// The number of the version.
    #[must_use]
    pub fn number(self) -> u8 {
        self as u8
    }
}

impl fmt::Display for LandlockAbi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or_newer = if *self == Self::V6 { " or newer" } else { "" };
        write!(f, "ABI {}{or_newer}", self.number())
    }
}

/// What this kernel offers to a sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SandboxSupport {
    /// The version of Landlock; `None` without it.
    pub landlock: Option<LandlockAbi>,
    /// Whether system calls can be filtered.
    pub has_seccomp: bool,
}

impl SandboxSupport {
    /// Asks the kernel.
    #[must_use]
    pub fn detect() -> Self {
        #[cfg(target_os = "linux")]
        {
            let actions = "/proc/sys/kernel/seccomp/actions_avail";
            let has_seccomp = std::path::Path::new(actions).exists();
            Self { landlock: LandlockAbi::detect(), has_seccomp }
        }
        #[cfg(not(target_os = "linux"))]
        {
            Self { landlock: None, has_seccomp: false }
        }
    }

    /// Whether commands can be sandboxed.
    #[must_use]
    pub fn is_sufficient(self) -> bool {
        self.missing_features().is_empty()
    }

    /// The version of Landlock, or an older one.
    pub(crate) fn landlock_up_to(self, newest: Option<u8>) -> Option<LandlockAbi> {
        let newest = newest.unwrap_or(u8::MAX);
        let supported = LandlockAbi::ALL.into_iter().filter(|abi| Some(*abi) <= self.landlock);
        supported.filter(|abi| abi.number() <= newest).max()
    }

    /// What a sandbox needs and this kernel does not have.
    pub(crate) fn missing_features(self) -> Vec<MissingFeature> {
        let mut missing = Vec::new();
        if cfg!(not(target_os = "linux")) {
            return vec![MissingFeature::System];
        }
        if self.landlock.is_none() {
            missing.push(MissingFeature::Landlock);
        }
        if !self.has_seccomp {
            missing.push(MissingFeature::Seccomp);
        }
        missing
    }
}

/// A feature of the system that a sandbox needs. Displays with how to get it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingFeature {
    /// The system is not Linux.
    System,
    /// The kernel has no Landlock.
    Landlock,
    /// The kernel has no seccomp filters.
    Seccomp,
}

impl fmt::Display for MissingFeature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::System => "a sandbox, which exists on Linux only",
            Self::Landlock => {
                "Landlock: Linux 5.13 or newer with `CONFIG_SECURITY_LANDLOCK=y`, and `landlock` in \
                 the boot parameter `lsm=` if there is one"
            }
            Self::Seccomp => "seccomp filters: a kernel with `CONFIG_SECCOMP_FILTER=y`",
        })
    }
}
