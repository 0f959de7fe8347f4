//! How entries are guarded by their place.

use std::path::Path;

use openclaw_core::FileProtection::{
    self, AgentInstructions, BuildPipeline, BuildSettings, EditorSettings, GitData,
    ProjectSettings, ShellStartup,
};

use super::entry::GuardKind;
use super::listing::{GIT_FILES, ListedName, STATE_FILES};
use crate::workspace::{find_own_protection, protection_behind_link};

/// Directories of packages. What they bring with them acts on nothing outside of them.
const DEPENDENCIES: [&str; 6] =
    ["node_modules", "bower_components", "site-packages", "dist-packages", "vendor", ".pnpm-store"];

/// Whether a path is in a directory of packages or of what is built.
pub(crate) fn is_of_packages(path: &Path) -> bool {
    const BUILT: [&str; 5] = ["target", "build", "dist", ".venv", "venv"];

    path.iter().any(|name| DEPENDENCIES.iter().chain(&BUILT).any(|known| name == *known))
}

/// What a directory is a part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SearchZone {
    /// Nothing that is guarded as a whole.
    Plain,
    /// Packages of others.
    Dependencies,
    /// A directory of a repository.
    Git,
    /// Objects, references and logs of a repository, whose names are anybody's.
    GitStore,
    /// Something that is guarded with all that is in it.
    Guarded(GuardKind),
}

/// A directory that is searched.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SearchedPlace<'a> {
    /// Relative to the tree.
    pub(crate) path: &'a Path,
    pub(crate) zone: SearchZone,
    /// Whether Git takes it for a repository.
    pub(crate) is_git_directory: bool,
    /// Whether the tree is the workspace, at whose top the instructions of the agent are.
    pub(crate) is_workspace: bool,
    /// The user's home directory relative to the tree, if it is in it.
    pub(crate) home: Option<&'a Path>,
}

/// Folders of a home directory with programs and start-up files, besides those with protected names.
const HOME_FOLDERS: [&str; 24] = [
    "bin",
    ".bin",
    ".bashrc.d",
    ".bash_completion.d",
    ".bash.d",
    ".profile.d",
    ".zsh",
    ".zshrc.d",
    ".zfunc",
    ".shell",
    ".fzf",
    ".config/bash",
    ".config/shell",
    ".config/sxhkd",
    ".config/openbox",
    ".config/awesome",
    ".config/bspwm",
    ".config/qtile",
    ".config/waybar",
    ".config/polybar",
    ".xmonad",
    ".pyenv/shims",
    ".rbenv/shims",
    ".asdf/shims",
];
/// Files at the top of a home directory that programs write as they run.
const HOME_STATE: [&str; 7] = [
    ".lesshst",
    ".viminfo",
    ".wget-hsts",
    ".zcompdump",
    ".xsession-errors",
    ".bash_history",
    ".ds_store",
];

impl SearchedPlace<'_> {
    /// How an entry of the directory is guarded, and what it is a part of if it is a directory.
    pub(crate) fn classify_entry(&self, listed: &ListedName) -> (Option<GuardKind>, SearchZone) {
        let is_plain = self.zone == SearchZone::Plain && !self.is_git_directory;
        let home_kind = || self.kind_in_home(listed);
        if is_plain && !listed.is_candidate && !listed.is_directory {
            return (self.home.and_then(|_| home_kind()), self.zone);
        }
        let name = listed.name.to_string_lossy().to_lowercase();
        if let SearchZone::Guarded(kind) = self.zone {
            // Examples that Git does not run, and what the program itself writes and only reads.
            let is_example = kind == GuardKind::GitDirectory && name.ends_with(".sample");
            let is_output = name == "outputs" && self.path.ends_with(".openclaw");
            // Packages of an environment, beside the programs in it.
            let is_package = kind.protection() == ShellStartup
                && listed.is_directory
                && DEPENDENCIES.contains(&name.as_str());
            if is_package {
                return (None, SearchZone::Dependencies);
            }
            let is_exempt = is_example || (is_output && kind.protection() == ProjectSettings);
            return if is_exempt { (None, SearchZone::Plain) } else { (Some(kind), self.zone) };
        }
        if self.is_git_directory {
            let git = GuardKind::GitDirectory;
            match name.as_str() {
                "hooks" | "remotes" | "branches" => return (Some(git), SearchZone::Guarded(git)),
                "objects" | "refs" | "logs" | "lfs" => return (None, SearchZone::GitStore),
                // With the state of unfinished operations in them.
                "worktrees" | "modules" | "rebase-merge" | "rebase-apply" | "sequencer"
                    if listed.is_directory =>
                {
                    return (None, SearchZone::Git);
                }
                name if !listed.is_directory && is_git_file(name) => return (Some(git), self.zone),
                _ => {}
            }
        }
        // Git makes no link in its own directories: one could hide what it leads to.
        let is_in_git =
            self.is_git_directory || matches!(self.zone, SearchZone::Git | SearchZone::GitStore);
        let is_state = self.zone == SearchZone::Git && STATE_FILES.contains(&name.as_str());
        if (is_in_git && listed.is_link) || (is_state && !listed.is_directory) {
            return (Some(GuardKind::GitDirectory), self.zone);
        }
        if self.zone == SearchZone::GitStore {
            return (None, SearchZone::GitStore);
        }
        let kind = listed.is_candidate.then(|| self.kind_by_name(listed, &name)).flatten();
        let kind = kind.or_else(|| self.home.and_then(|_| home_kind()));
        match kind {
            Some(GuardKind::GitDirectory) => (kind, SearchZone::Git),
            Some(other) => (kind, SearchZone::Guarded(other)),
            None if DEPENDENCIES.contains(&name.as_str()) => (None, SearchZone::Dependencies),
            None => (None, self.zone),
        }
    }

    /// How an entry of a home directory is guarded: each file at its top with a dot, since most of
    /// them are settings, and folders with programs.
    fn kind_in_home(&self, listed: &ListedName) -> Option<GuardKind> {
        let place = self.path.strip_prefix(self.home?).ok()?.join(&listed.name);
        let name = listed.name.to_string_lossy().to_lowercase();
        let is_state = || HOME_STATE.iter().any(|state| name.starts_with(state));
        let is_setting = place.as_os_str() == listed.name
            && !listed.is_directory
            && name.starts_with('.')
            && !name.ends_with("_history")
            && !is_state();
        let is_folder = HOME_FOLDERS.iter().any(|folder| place == Path::new(folder));
        (is_setting || is_folder).then_some(GuardKind::Fixed(ShellStartup))
    }

    fn kind_by_name(&self, listed: &ListedName, lower: &str) -> Option<GuardKind> {
        let behind_link = || protection_behind_link(lower).filter(|_| listed.is_link);
        let protection = find_own_protection(&self.path.join(&listed.name), self.is_workspace)
            .or_else(behind_link)?;
        let kind = kind_of(protection, lower);
        let is_inert = self.zone == SearchZone::Dependencies && kind != GuardKind::GitDirectory;
        (!is_inert).then_some(kind)
    }
}

fn kind_of(protection: FileProtection, lower: &str) -> GuardKind {
    match protection {
        GitData if lower.strip_suffix(".git").is_some() || lower == "git~1" => {
            GuardKind::GitDirectory
        }
        EditorSettings | BuildPipeline | BuildSettings | AgentInstructions => {
            GuardKind::Versioned(protection)
        }
        _ => GuardKind::Fixed(protection),
    }
}

fn is_git_file(lower: &str) -> bool {
    GIT_FILES.iter().any(|file| file.eq_ignore_ascii_case(lower))
}
