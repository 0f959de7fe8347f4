//! Finds the programs of a command in the file system.

use std::ffi::{OsStr, OsString};
use std::fs::{self, Metadata};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use openclaw_exec_policy::{
    FileIdentity, ProgramLocation, ProgramLookup, ResolvedProgram, sha256_digest,
};

/// The largest file operand whose content is part of a plan, in bytes.
const MAX_HASHED_BYTES: u64 = 1 << 20;

/// Where any program may put files.
const SHARED_DIRECTORIES: [&str; 4] = ["/tmp", "/var/tmp", "/dev/shm", "/run/user"];

/// Finds programs through a search path, as commands with that path do.
#[derive(Debug, Clone)]
pub struct ProgramFinder {
    /// The absolute directories of the search path.
    search_path: Vec<PathBuf>,
    /// The directories that the agent may write to, without symbolic links.
    writable: Vec<PathBuf>,
}

impl ProgramFinder {
    /// Searches in the `PATH` of `environment`; programs below `workspace` count as the agent's own.
    #[must_use]
    pub fn new(environment: &[(OsString, OsString)], workspace: &Path) -> Self {
        let path = environment.iter().find(|(name, _)| name == "PATH");
        let path = path.map_or_else(|| OsStr::new("/usr/bin:/bin"), |(_, value)| value.as_os_str());
        // A relative directory would be another one in each working directory.
        let search_path = std::env::split_paths(path).filter(|it| it.is_absolute()).collect();
        let workspace = fs::canonicalize(workspace).unwrap_or_else(|_| workspace.to_owned());
        let shared = SHARED_DIRECTORIES.map(PathBuf::from);
        Self { search_path, writable: shared.into_iter().chain([workspace]).collect() }
    }

    /// Whether there is a file or a folder where a program is looked for, which is none that can be
    /// run.
    pub(crate) fn has_unusable_file(&self, word: &str, directory: &Path) -> bool {
        if word.is_empty() {
            return false;
        }
        if word.contains('/') {
            return directory.join(word).exists();
        }
        self.search_path.iter().any(|path| path.join(word).is_file())
    }

    fn describe_program(&self, path: &Path) -> Option<ResolvedProgram> {
        let real_path = fs::canonicalize(path).ok()?;
        let metadata = fs::metadata(&real_path).ok()?;
        if !metadata.is_file() || metadata.permissions().mode() & 0o111 == 0 {
            return None;
        }
        let is_writable = [path, &real_path]
            .iter()
            .any(|path| self.writable.iter().any(|directory| path.starts_with(directory)));
        let location = if is_writable || metadata.permissions().mode() & 0o002 != 0 {
            ProgramLocation::AgentWritable
        } else {
            ProgramLocation::Protected
        };
        let mut program = ResolvedProgram::new(path.to_str()?, location, file_identity(&metadata));
        real_path.to_str()?.clone_into(&mut program.real_path);
        Some(program)
    }
}

impl ProgramLookup for ProgramFinder {
    fn resolve_program(&self, word: &str, directory: &str) -> Option<ResolvedProgram> {
        if word.contains('/') {
            return self.describe_program(&Path::new(directory).join(word));
        }
        self.search_path.iter().find_map(|path| self.describe_program(&path.join(word)))
    }

    fn identify_file(&self, path: &str, directory: &str) -> Option<FileIdentity> {
        let path = Path::new(directory).join(path);
        let metadata = fs::metadata(&path).ok().filter(Metadata::is_file)?;
        let mut identity = file_identity(&metadata);
        if metadata.len() <= MAX_HASHED_BYTES {
            identity.digest = fs::read(&path).ok().map(|bytes| sha256_digest(&bytes));
        }
        Some(identity)
    }
}

/// Which file or directory this is.
pub(crate) fn file_identity(metadata: &Metadata) -> FileIdentity {
    FileIdentity {
        device: metadata.dev(),
        inode: metadata.ino(),
        size: metadata.size(),
        modified_ns: i128::from(metadata.mtime()) * 1_000_000_000
            + i128::from(metadata.mtime_nsec()),
        digest: None,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn put_program(path: &Path, mode: u32) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::copy("/bin/true", path).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn programs_are_found_as_a_command_finds_them() {
        let root = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(root.path()).unwrap();
        let workspace = root.join("w");
        put_program(&root.join("one/tool"), 0o644);
        put_program(&root.join("two/tool"), 0o755);
        put_program(&workspace.join("own"), 0o755);
        symlink(root.join("two/tool"), root.join("one/link")).unwrap();
        let path = format!(".:relative::{0}/one:{0}/two:/usr/bin:/bin", root.display());
        let mut finder = ProgramFinder::new(&[("PATH".into(), path.into())], &workspace);
        finder.writable.retain(|directory| *directory == workspace);
        let directory = workspace.to_str().unwrap();
        let find = |word: &str| finder.resolve_program(word, directory);

        assert_eq!(find("tool").unwrap().path, root.join("two/tool").to_str().unwrap());
        assert_eq!(find("tool").unwrap().location, ProgramLocation::Protected);
        let link = find("link").unwrap();
        assert_eq!(link.path, root.join("one/link").to_str().unwrap());
        assert_eq!(link.real_path, root.join("two/tool").to_str().unwrap());
        // In the workspace only by its path, whatever the search path begins with.
        assert_eq!(find("own"), None);
        assert_eq!(find("./own").unwrap().location, ProgramLocation::AgentWritable);
        assert_eq!(find("no-such-program"), None);
        assert_eq!(find("./"), None);
    }

    #[test]
    fn a_changed_file_is_another_file() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("a.py");
        let finder = ProgramFinder::new(&[], root.path());
        let identify = || finder.identify_file("a.py", root.path().to_str().unwrap());
        assert_eq!(identify(), None);
        fs::copy("/bin/true", &file).unwrap();
        let before = identify();
        fs::copy("/bin/false", &file).unwrap();
        assert_ne!(before, identify());
    }
}
