//! The files that no sandboxed command may read: keys, tokens, histories and browser profiles.

mod names;

use std::collections::{BTreeSet, HashMap};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::sandbox::SandboxPolicy;
use names::{
    HIDDEN_ENDINGS, HIDDEN_WORDS, HOME_NAMES, SYSTEM_PATHS, VISIBLE_BEGINNINGS, VISIBLE_ENDINGS,
    VISIBLE_IN_FOLDERS, VISIBLE_NAMES,
};

/// The hidden paths of one policy: absolute, without symbolic links as far as they exist.
#[derive(Debug)]
pub(crate) struct HiddenPaths {
    /// Those of the program itself, which no root makes readable.
    private: BTreeSet<PathBuf>,
    /// Those of the user and the system, which a root may make readable on purpose.
    sensitive: BTreeSet<PathBuf>,
}

impl HiddenPaths {
    /// Finds the hidden paths of a policy.
    pub(crate) fn find(policy: &SandboxPolicy) -> Self {
        let private = policy.private_paths.iter().flat_map(|path| resolved_forms(path)).collect();
        let mut homes: BTreeSet<PathBuf> = policy.home_dirs.iter().cloned().collect();
        homes.insert(Path::new("/").join("root"));
        homes.extend(list_directories(Path::new("/home")));
        let is_home = |home: &&PathBuf| home.is_absolute() && home.is_dir();
        let in_homes = homes.iter().filter(is_home).flat_map(|home| names_in_home(home));
        let named = policy.key_paths.iter().flat_map(|path| resolved_forms(path));
        let named = named.map(|path| HiddenName { path, may_exist: true });
        let system = SYSTEM_PATHS.iter().map(PathBuf::from);
        let system = system.map(|path| HiddenName { path, may_exist: true });
        let mut sensitive = BTreeSet::new();
        let mut resolver = LinkResolver::default();
        for HiddenName { path, may_exist } in in_homes.chain(system).chain(named) {
            // Most of them do not exist, and resolving is slow.
            if may_exist {
                sensitive.extend(resolver.resolve(&path));
            }
            sensitive.insert(path);
        }
        Self { private, sensitive }
    }

    /// All of them.
    pub(crate) fn into_paths(mut self) -> BTreeSet<PathBuf> {
        self.private.append(&mut self.sensitive);
        self.private
    }

    /// Whether a path is one of the program's own.
    pub(crate) fn is_private(&self, path: &Path) -> bool {
        self.private.contains(path)
    }

    /// Whether a path is hidden itself.
    pub(crate) fn contains(&self, path: &Path) -> bool {
        self.private.contains(path) || self.sensitive.contains(path)
    }

    /// Whether something hidden is beneath a path. It need not exist.
    pub(crate) fn has_any_beneath(&self, path: &Path) -> bool {
        // Paths are ordered by their parts, so what is beneath a path follows it directly.
        let has_beneath = |set: &BTreeSet<PathBuf>| {
            set.range(path.to_owned()..)
                .find(|hidden| *hidden != path)
                .is_some_and(|hidden| hidden.starts_with(path))
        };
        has_beneath(&self.private) || has_beneath(&self.sensitive)
    }
}

/// Resolves the links of many paths, those of a directory once.
#[derive(Debug, Default)]
struct LinkResolver {
    /// Each directory by its name, with its place; `None` for one that has none.
    directories: HashMap<PathBuf, Option<PathBuf>>,
}

impl LinkResolver {
    /// The place of a path without symbolic links; `None` when nothing is there.
    fn resolve(&mut self, path: &Path) -> Option<PathBuf> {
        let is_link = path.symlink_metadata().ok()?.is_symlink();
        let (Some(parent), Some(name), false) = (path.parent(), path.file_name(), is_link) else {
            return std::fs::canonicalize(path).ok();
        };
        if !self.directories.contains_key(parent) {
            self.directories.insert(parent.to_owned(), std::fs::canonicalize(parent).ok());
        }
        Some(self.directories.get(parent)?.as_ref()?.join(name))
    }
}

/// A path that is hidden if it exists.
struct HiddenName {
    path: PathBuf,
    may_exist: bool,
}

/// What is hidden in a home directory: every name that begins with a dot and every entry of a folder
/// such as `.config`, unless it is known to have no keys; names that say what is in the file; and
/// single files beneath what is visible.
fn names_in_home(home: &Path) -> Vec<HiddenName> {
    let home = resolve_existing_part(home);
    // `None` for a directory that cannot be listed.
    let present: Option<BTreeSet<OsString>> = std::fs::read_dir(&home)
        .ok()
        .map(|entries| entries.filter_map(|entry| Some(entry.ok()?.file_name())).collect());
    let names = HOME_NAMES.iter().map(|name| {
        let first = Path::new(name).iter().next().unwrap_or_default();
        let may_exist = present.as_ref().is_none_or(|present| present.contains(first));
        HiddenName { path: home.join(name), may_exist }
    });
    let mut names: Vec<HiddenName> = names.collect();
    let at_top = present.iter().flatten().filter(|name| {
        let name = name.to_string_lossy();
        (name.starts_with('.') && !is_visible(&name)) || tells_of_keys(&name)
    });
    let at_top = at_top.map(|name| home.join(name));
    let in_folders = VISIBLE_IN_FOLDERS
        .iter()
        .flat_map(|(folder, visible)| hidden_entries(&home.join(folder), visible));
    let found = at_top.chain(in_folders).map(|path| HiddenName { path, may_exist: true });
    names.extend(found);
    names
}

/// Whether a name beginning with a dot, at the top of a home directory, is known to have no keys.
fn is_visible(name: &str) -> bool {
    VISIBLE_NAMES.contains(&name)
        || VISIBLE_BEGINNINGS.iter().any(|beginning| name.starts_with(beginning))
        || VISIBLE_ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// The entries of a folder that are not among the visible ones.
fn hidden_entries(folder: &Path, visible: &[&str]) -> Vec<PathBuf> {
    let mut paths = list_directories(folder);
    paths.retain(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        !visible.contains(&&*name) || tells_of_keys(&name)
    });
    paths
}

/// Whether a name says that a file has keys in it, or what somebody typed.
fn tells_of_keys(name: &str) -> bool {
    let name = name.to_lowercase();
    let ends = HIDDEN_ENDINGS.iter().any(|ending| name.ends_with(ending));
    ends || (name.starts_with('.') && HIDDEN_WORDS.iter().any(|word| name.contains(word)))
}

/// What is hidden in a folder such as `.config` of users who have it elsewhere: at `place`.
pub(crate) fn hidden_paths_in(folder: &str, place: &Path) -> Vec<PathBuf> {
    let nested = HOME_NAMES.iter().filter_map(|name| Path::new(name).strip_prefix(folder).ok());
    let mut paths: Vec<PathBuf> = nested.map(|name| place.join(name)).collect();
    let visible = VISIBLE_IN_FOLDERS.iter().find(|(known, _)| *known == folder);
    paths.extend(visible.into_iter().flat_map(|(_, visible)| hidden_entries(place, visible)));
    paths
}

/// A path with its links resolved, and the place of the path itself, which could be a link.
fn resolved_forms(path: &Path) -> Vec<PathBuf> {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let place = path.parent().map(resolve_existing_part).zip(path.file_name());
    let mut forms = vec![resolve_existing_part(&path)];
    forms.extend(place.map(|(folder, name)| folder.join(name)));
    forms
}

/// Resolves the symbolic links of the part of a path that exists.
pub(crate) fn resolve_existing_part(path: &Path) -> PathBuf {
    for existing in path.ancestors() {
        if let (Ok(resolved), Ok(rest)) =
            (std::fs::canonicalize(existing), path.strip_prefix(existing))
        {
            return if rest.as_os_str().is_empty() { resolved } else { resolved.join(rest) };
        }
    }
    path.to_owned()
}

fn list_directories(parent: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(parent).into_iter().flatten();
    entries.filter_map(|entry| Some(entry.ok()?.path())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::SandboxProfile;

    #[test]
    fn links_lead_to_the_same_place_as_one_by_one() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        std::fs::create_dir_all(root.join("a/b")).unwrap();
        std::os::unix::fs::symlink("a", root.join("link")).unwrap();
        std::os::unix::fs::symlink("../a/b", root.join("a/back")).unwrap();
        std::os::unix::fs::symlink("nowhere", root.join("broken")).unwrap();
        let mut resolver = LinkResolver::default();
        for name in
            ["a/b", "link/b", "link", "link/back", "link/../a/b/..", "a/back/..", "broken", "c"]
        {
            let path = root.join(name);
            assert_eq!(resolver.resolve(&path), std::fs::canonicalize(&path).ok(), "{name}");
        }
        assert_eq!(resolver.resolve(Path::new("/")), Some("/".into()));
    }

    #[test]
    fn keys_and_histories_are_hidden_by_their_names_and_where_variables_name_them() {
        let directory = tempfile::tempdir().unwrap();
        let home = std::fs::canonicalize(directory.path()).unwrap();
        let create = |name: &str| {
            let path = home.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::File::create(path).unwrap();
        };
        let hidden = [
            ".cache/huggingface/token",
            ".config/gh/hosts.yml",
            ".netrc",
            ".docker/config.json",
            ".kube/config",
            ".aws/credentials",
            ".config/gcloud/x",
            ".azure/x",
            ".pypirc",
            ".npmrc",
            ".cargo/credentials.toml",
            ".ollama/id_ed25519",
            ".config/vllm/x",
            ".kaggle/kaggle.json",
            ".config/wandb/settings",
            ".config/systemd/user/x.service",
            ".some_history",
            ".myshell.history",
            "server.pem",
            ".my-api-key",
            ".netrc.gpg",
            ".config/some-token",
            "elsewhere/hf/token",
            "id_rsa",
            ".config/zsh/.zsh_history",
            ".qwen/oauth_creds.json",
            ".aliyun/config.json",
            ".config/never-heard-of/x",
            ".never-heard-of",
            ".local/share/DBeaverData/x",
            ".local/state/python_history",
            ".env",
            ".bashrc",
        ];
        let visible = [
            ".gitconfig",
            ".cargo/config.toml",
            "tokenizer/x",
            ".config/git/config",
            "a.txt",
            ".local/bin/tool",
            ".local/lib/python3/x.py",
            ".local/share/pipx/x",
            ".cache/pip/x",
            ".rustup/settings.toml",
            ".nvm/nvm.sh",
            ".gitconfig-work",
            ".eslintrc.json",
            ".python-version",
        ];
        hidden.iter().chain(&visible).for_each(|name| create(name));
        let mut policy = SandboxPolicy::new(SandboxProfile::Workspace, &home.join("work"));
        policy.home_dirs = vec![home.clone()];
        policy.key_paths = vec![home.join("elsewhere/hf/token")];
        let found = HiddenPaths::find(&policy);
        // The home of the test may itself be in a hidden folder.
        let is_hidden = |name: &str| {
            let path = home.join(name);
            path.ancestors().take_while(|above| **above != home).any(|above| found.contains(above))
        };
        for name in hidden {
            assert!(is_hidden(name), "{name}");
        }
        for name in visible {
            assert!(!is_hidden(name), "{name}");
        }
        let config = home.join(".config");
        let moved = hidden_paths_in(".config", &config);
        assert!(moved.contains(&config.join("gh")) && !moved.contains(&config.join("git")));
    }
}
