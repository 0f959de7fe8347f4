//! The questions of the policy to the file system.

use std::collections::BTreeMap;

use serde::Serialize;

/// Finds programs and files. The policy itself opens nothing.
pub trait ProgramLookup {
    /// The file that runs for `word` in `directory`: a bare name through the search path that the
    /// command gets, a path relative to `directory`. `None` when there is none that can be run.
    fn resolve_program(&self, word: &str, directory: &str) -> Option<ResolvedProgram>;

    /// What a file operand is at the moment, e.g. the script of an interpreter. `None` when there
    /// is none; the decision doesn't depend on it, only the hash of the plan does.
    fn identify_file(&self, path: &str, directory: &str) -> Option<FileIdentity>;
}

/// The file of a program.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ResolvedProgram {
    /// The absolute path that was found.
    pub path: String,
    /// The path with all symbolic links resolved.
    pub real_path: String,
    /// Who can change the file, or a directory on the way to it.
    pub location: ProgramLocation,
    /// Which file it is.
    #[serde(skip)]
    pub identity: FileIdentity,
}

impl ResolvedProgram {
    /// A program without symbolic links.
    #[must_use]
    pub fn new(path: &str, location: ProgramLocation, identity: FileIdentity) -> Self {
        Self { path: path.to_owned(), real_path: path.to_owned(), location, identity }
    }
}

/// Who can change a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProgramLocation {
    /// Neither the agent's tools nor its commands.
    Protected,
    /// The agent: the file is in the workspace or another directory that it may write to.
    AgentWritable,
}

/// Which file a path led to, so that an exchanged file is noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct FileIdentity {
    /// The device and the number of the file on it.
    pub device: u64,
    /// The number of the file on its device.
    pub inode: u64,
    /// Bytes.
    pub size: u64,
    /// Nanoseconds since 1970.
    pub modified_ns: i128,
    /// The SHA-256 of the content; `None` when it wasn't read.
    pub digest: Option<[u8; 32]>,
}

/// Programs and files that are known beforehand, for tests and examples.
#[derive(Debug, Clone, Default)]
pub struct ProgramTable {
    programs: BTreeMap<String, ResolvedProgram>,
    files: BTreeMap<String, FileIdentity>,
}

impl ProgramTable {
    /// The given absolute paths, each of a protected program that is also found by its file name.
    pub fn from_paths<'a>(paths: impl IntoIterator<Item = &'a str>) -> Self {
        let mut table = Self::default();
        for path in paths {
            let program =
                ResolvedProgram::new(path, ProgramLocation::Protected, FileIdentity::default());
            table.insert_program(file_name(path), program.clone());
            table.insert_program(path, program);
        }
        table
    }

    /// Adds what `word` resolves to, in any directory.
    pub fn insert_program(&mut self, word: &str, program: ResolvedProgram) {
        self.programs.insert(word.to_owned(), program);
    }

    /// Adds a file operand.
    pub fn insert_file(&mut self, path: &str, identity: FileIdentity) {
        self.files.insert(path.to_owned(), identity);
    }
}

impl ProgramLookup for ProgramTable {
    fn resolve_program(&self, word: &str, _directory: &str) -> Option<ResolvedProgram> {
        self.programs.get(word).cloned()
    }

    fn identify_file(&self, path: &str, _directory: &str) -> Option<FileIdentity> {
        self.files.get(path).copied()
    }
}

/// The part of a path after the last `/`.
pub(crate) fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
