//! Which files a policy lets commands use, as a list of allowed trees.
//!
//! Landlock only allows, so what is hidden is left out: along the path from `/` down to each hidden
//! entry, every sibling gets a rule of its own. The directories on that path get none; they can be
//! passed through but not listed.

use std::fs;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, open, openat2};
use rustix::io::Errno;

use crate::sandbox::hidden_paths::{HiddenPaths, resolve_existing_part};
use crate::sandbox::{RootAccess, SandboxPolicy};

/// What may be done in a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TreeAccess {
    /// Reading and executing.
    Read,
    /// Reading and writing what exists.
    Update,
    /// Reading and writing a device, and its controls.
    Device,
    /// Reading, writing, creating and removing.
    Write,
}

/// An allowed tree or file.
#[derive(Debug)]
pub(crate) struct TreeRule {
    pub(crate) path: PathBuf,
    pub(crate) access: TreeAccess,
}

/// The allowed trees of a policy.
#[derive(Debug, Default)]
pub(crate) struct FileRules {
    pub(crate) trees: Vec<TreeRule>,
    /// Writable directories in which nothing can be created, because something in them is hidden.
    pub(crate) without_creation: Vec<PathBuf>,
}

/// Directories of the system in which nothing is hidden by name, but which are no part of `/` here.
const SYSTEM_TREES: &[&str] = &[
    "/proc",
    "/sys/block",
    "/sys/bus",
    "/sys/class",
    "/sys/dev",
    "/sys/devices",
    "/sys/fs/cgroup",
    "/sys/kernel/mm",
    "/sys/module",
    "/run/current-system",
    "/run/opengl-driver",
    "/run/opengl-driver-32",
];

/// Devices without a state of their own, and the terminal of the command itself, if it has one.
const DEVICES: &[&str] =
    &["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"];

/// Directories and names of the device nodes of GPUs: NVIDIA, AMD, Intel, and WSL.
const GPU_DEVICES: &[(&str, &str)] = &[
    ("/dev", "nvidia"),
    ("/dev", "kfd"),
    ("/dev", "dxg"),
    ("/dev/dri", "renderD"),
    ("/dev/nvidia-caps", "nvidia-cap"),
];

/// The name of an NVIDIA node that switches display modes, which no computation needs.
const MODESET_DEVICE: &str = "nvidia-modeset";

impl FileRules {
    /// Lists the trees that a policy allows.
    pub(crate) fn from_policy(policy: &SandboxPolicy) -> Self {
        let hidden = HiddenPaths::find(policy);
        let mut rules = Self::default();
        rules.add_tree(Path::new("/"), TreeAccess::Read, &hidden);
        let system = SYSTEM_TREES.iter().map(|path| (path, TreeAccess::Read));
        let devices = DEVICES.iter().map(|path| (path, TreeAccess::Device));
        for (path, access) in system.chain(devices) {
            rules.add_existing(Path::new(path), access);
        }
        if policy.profile.allows_network() {
            // Often a link to a file in `/run`.
            rules.add_existing(
                &resolve_existing_part(Path::new("/etc/resolv.conf")),
                TreeAccess::Read,
            );
        }
        if policy.gpu {
            rules.add_gpu_devices();
        }
        let writes = policy.profile.allows_writes();
        let write_access = if writes { TreeAccess::Write } else { TreeAccess::Read };
        rules.add_root(&policy.workspace, write_access, &hidden);
        for root in &policy.roots {
            let access = match root.access {
                RootAccess::Read => TreeAccess::Read,
                RootAccess::Write => write_access,
            };
            rules.add_root(&root.path, access, &hidden);
        }
        if let Some(temp_dir) = &policy.temp_dir {
            rules.add_root(temp_dir, TreeAccess::Write, &hidden);
        }
        rules
    }

    /// Adds a tree that was named on purpose: it may be hidden or inside of something hidden, but
    /// for the program's own files.
    fn add_root(&mut self, path: &Path, access: TreeAccess, hidden: &HiddenPaths) {
        let named = path;
        let path = resolve_existing_part(named);
        // A command could have put a link there meanwhile.
        if path != named || hidden.is_private(&path) || !path.exists() {
            return;
        }
        if access == TreeAccess::Write && path.is_dir() && hidden.has_any_beneath(&path) {
            self.without_creation.push(path.clone());
        }
        self.add_tree(&path, access, hidden);
    }

    /// Adds a tree without what is hidden in it.
    fn add_tree(&mut self, path: &Path, access: TreeAccess, hidden: &HiddenPaths) {
        if !hidden.has_any_beneath(path) {
            self.trees.push(TreeRule { path: path.to_owned(), access });
            return;
        }
        let Ok(entries) = fs::read_dir(path) else { return };
        for entry in entries.flatten() {
            let child = entry.path();
            // A link needs no rule: the place that it leads to decides.
            let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
            if !is_link && !hidden.contains(&child) {
                self.add_tree(&child, access, hidden);
            }
        }
    }

    fn add_existing(&mut self, path: &Path, access: TreeAccess) {
        if path.exists() {
            self.trees.push(TreeRule { path: path.to_owned(), access });
        }
    }

    fn add_gpu_devices(&mut self) {
        for (directory, prefix) in GPU_DEVICES {
            let entries = fs::read_dir(directory).into_iter().flatten().flatten();
            for entry in entries {
                let name = entry.file_name();
                let name = name.to_string_lossy();
                let is_file = entry.file_type().is_ok_and(|kind| !kind.is_dir());
                if is_file && name.starts_with(prefix) && name != MODESET_DEVICE {
                    self.add_existing(&entry.path(), TreeAccess::Device);
                }
            }
            self.add_existing(Path::new("/dev/dri"), TreeAccess::Read);
        }
        // The libraries of the driver in WSL, and the place where CUDA names its threads. A root user
        // could change the whole system through `/proc`.
        self.add_existing(Path::new("/usr/lib/wsl"), TreeAccess::Read);
        if !rustix::process::geteuid().is_root() {
            self.add_existing(Path::new("/proc"), TreeAccess::Update);
        }
    }
}

impl TreeRule {
    /// Opens the tree; `None` when it has gone or become a link meanwhile.
    pub(crate) fn open(&self) -> Option<(OwnedFd, bool)> {
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = match openat2(CWD, &self.path, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS) {
            // In a sandbox around this program.
            Err(Errno::NOSYS) => open(&self.path, flags, Mode::empty()).ok()?,
            opened => opened.ok()?,
        };
        let kind = rustix::fs::FileType::from_raw_mode(rustix::fs::fstat(&fd).ok()?.st_mode);
        match kind {
            rustix::fs::FileType::Symlink => None,
            kind => Some((fd, kind == rustix::fs::FileType::Directory)),
        }
    }
}
