//! What a sandboxed command may do.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// A named set of permissions. Earlier values are stricter.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub enum SandboxProfile {
    /// Reads files, writes only to its temporary folder, and has no network.
    #[serde(rename = "read-only")]
    ReadOnly,
    /// Also writes to the workspace and to the roots with the access `rw`.
    #[default]
    #[serde(rename = "workspace")]
    Workspace,
    /// Also has the network.
    #[serde(rename = "workspace+net")]
    WorkspaceNetwork,
    /// No sandbox.
    #[serde(rename = "full")]
    Full,
}

impl SandboxProfile {
    /// The name in configs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ReadOnly => "read-only",
            Self::Workspace => "workspace",
            Self::WorkspaceNetwork => "workspace+net",
            Self::Full => "full",
        }
    }

    /// Whether the network is allowed.
    #[must_use]
    pub fn allows_network(self) -> bool {
        self >= Self::WorkspaceNetwork
    }

    /// Whether files of the workspace may be written.
    #[must_use]
    pub fn allows_writes(self) -> bool {
        self >= Self::Workspace
    }
}

/// A directory or file that commands may use besides the workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SandboxRoot {
    /// The absolute path without symbolic links. One that does not exist or that leads through a link
    /// is skipped.
    pub path: PathBuf,
    /// What may be done there.
    pub access: RootAccess,
}

/// What may be done in a [`SandboxRoot`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RootAccess {
    /// Reading and executing.
    #[serde(rename = "ro")]
    Read,
    /// Reading, executing and writing, unless the profile is `read-only`.
    #[serde(rename = "rw")]
    Write,
}

/// What the commands of one call may do. It is serialisable, so that a supervisor process can be
/// told before it starts them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct SandboxPolicy {
    /// The permissions.
    pub profile: SandboxProfile,
    /// The absolute path of the workspace, without symbolic links.
    pub workspace: PathBuf,
    /// More directories and files.
    pub roots: Vec<SandboxRoot>,
    /// The temporary folder of the commands, which must exist; `None` for none.
    pub temp_dir: Option<PathBuf>,
    /// Files and folders that are neither readable nor writable, whatever else is allowed: those of
    /// the program itself. The workspace may be inside one of them.
    pub private_paths: Vec<PathBuf>,
    /// Home directories, besides those in `/home` and that of the root user, whose keys, tokens and browser
    /// profiles are hidden.
    pub home_dirs: Vec<PathBuf>,
    /// More files and folders with keys of the user, which are hidden unless a root allows them.
    pub key_paths: Vec<PathBuf>,
    /// Whether the device nodes of GPUs are usable.
    pub gpu: bool,
    /// TCP ports that may be connected to without the network. The kernel compares the port only, not
    /// the address.
    pub connect_ports: Vec<u16>,
    /// Whether commands run with whatever the kernel can enforce, instead of not at all.
    pub best_effort: bool,
    /// Uses no newer Landlock ABI than this one, as on an older kernel. It can only make the sandbox
    /// stricter or refuse it.
    pub max_landlock_abi: Option<u8>,
}

impl SandboxPolicy {
    /// A policy for a workspace, without roots, temporary folder, devices and ports.
    #[must_use]
    pub fn new(profile: SandboxProfile, workspace: &Path) -> Self {
        Self {
            profile,
            workspace: workspace.to_owned(),
            roots: Vec::new(),
            temp_dir: None,
            private_paths: Vec::new(),
            home_dirs: Vec::new(),
            key_paths: Vec::new(),
            gpu: false,
            connect_ports: Vec::new(),
            best_effort: false,
            max_landlock_abi: None,
        }
    }
}
