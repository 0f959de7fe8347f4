//! The layers of a config.

use std::fmt;

/// Where a value can be set, from the weakest to the strongest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ConfigLayer {
    /// What holds when nothing is set; see [`defaults`](crate::defaults).
    Defaults,
    /// The file of the machine, in `/etc/openclaw`.
    System,
    /// The file of the user, or the one that was named instead.
    User,
    /// `.openclaw/openclaw.json5` of the project, which may set harmless keys only.
    Project,
    /// Environment variables.
    Environment,
    /// Options of the command line.
    CommandLine,
}

impl fmt::Display for ConfigLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Defaults => "defaults",
            Self::System => "system file",
            Self::User => "user file",
            Self::Project => "project file",
            Self::Environment => "environment",
            Self::CommandLine => "command line",
        })
    }
}
