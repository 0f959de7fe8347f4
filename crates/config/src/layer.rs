//! The layers of a config.

use std::fmt;

/// A source of config values, from the lowest to the highest precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ConfigLayer {
    /// The built-in values; see [`defaults`](crate::defaults).
    Defaults,
    /// The system-wide file in `/etc/openclaw`.
    System,
    /// The user's file, or the one given instead.
    User,
    /// `.openclaw/openclaw.json5` of the project, which may set only harmless keys.
    Project,
    /// Environment variables.
    Environment,
    /// Command-line options.
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
