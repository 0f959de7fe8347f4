//! Finds the skills of several folders, and reads the files of one.

use std::collections::BTreeMap;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use openclaw_fs::{DirectoryHandle, EntryError, EntryKind, OpenedEntry};

use crate::{SkillManifest, parse_manifest};

/// The name of a skill's file.
const SKILL_FILE: &str = "SKILL.md";

/// The folders below the folder of skills in which a skill may be: `NAME` and `GROUP/NAME`.
const MAX_DEPTH: usize = 2;

/// The most entries of a folder that are looked at, whatever the limits say.
const MAX_NAMES: usize = 10_000;

/// Where a folder of skills is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum SkillSource {
    /// `skills.load.extraDirs`.
    Extra,
    /// `skills` in the state folder.
    Managed,
    /// `~/.agents/skills`.
    Personal,
    /// `.agents/skills` in the workspace.
    ProjectAgents,
    /// `skills` in the workspace.
    Workspace,
}

impl SkillSource {
    /// The name for programs, e.g. `openclaw-workspace`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Extra => "openclaw-extra",
            Self::Managed => "openclaw-managed",
            Self::Personal => "agents-skills-personal",
            Self::ProjectAgents => "agents-skills-project",
            Self::Workspace => "openclaw-workspace",
        }
    }
}

/// A folder of skills.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkillRoot {
    /// The folder that links must not lead out of.
    base: PathBuf,
    /// The folder of skills in it; empty for the same folder.
    below: PathBuf,
    follows_links: bool,
    source: SkillSource,
}

impl SkillRoot {
    /// A folder of the user's own, in which a skill may be a link to another folder.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>, source: SkillSource) -> Self {
        Self { base: folder.into(), below: PathBuf::new(), follows_links: true, source }
    }

    /// A folder beneath a workspace, from which no link leads out of the workspace.
    #[must_use]
    pub fn in_workspace(workspace: &Path, below: &str, source: SkillSource) -> Self {
        Self { base: workspace.to_owned(), below: below.into(), follows_links: false, source }
    }

    /// The folder of skills.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        if self.below.as_os_str().is_empty() {
            self.base.clone()
        } else {
            self.base.join(&self.below)
        }
    }

    /// Opens a folder in the folder of skills.
    fn open_folder(&self, below: &Path) -> Result<DirectoryHandle, EntryError> {
        if self.follows_links {
            return Ok(DirectoryHandle::open(&self.path().join(below))?);
        }
        let path = self.below.join(below);
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { &path };
        DirectoryHandle::open(&self.base)?.open_directory(path)
    }
}

/// Limits of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SkillLimits {
    /// The most folders that are looked at in one folder of skills.
    pub candidates_per_root: usize,
    /// The most bytes of a `SKILL.md`.
    pub file_bytes: u64,
}

impl Default for SkillLimits {
    fn default() -> Self {
        Self { candidates_per_root: 300, file_bytes: 256_000 }
    }
}

/// A skill that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SkillFile {
    /// What its file says.
    pub manifest: SkillManifest,
    /// Its folder.
    pub directory: PathBuf,
    /// Where it is from.
    pub source: SkillSource,
    root: SkillRoot,
    below: PathBuf,
    limit: u64,
}

/// A skill that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SkillProblem {
    /// Its file, or a folder that cannot be read.
    pub path: PathBuf,
    /// Where it is from.
    pub source: SkillSource,
    /// Why, as a clause.
    pub reason: String,
}

/// The result of a search.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SkillScan {
    /// The skills, sorted by name.
    pub skills: Vec<SkillFile>,
    /// What cannot be used.
    pub problems: Vec<SkillProblem>,
    /// Skills that another of the same name replaces.
    pub replaced: Vec<SkillFile>,
}

/// Finds the skills of folders, of which a later one wins over an earlier one. A folder that does
/// not exist has none.
#[must_use]
pub fn find_skills(roots: &[SkillRoot], limits: &SkillLimits) -> SkillScan {
    let mut scan = SkillScan::default();
    let mut by_name: BTreeMap<String, SkillFile> = BTreeMap::new();
    for root in roots {
        let mut search =
            RootSearch { root, limits, candidates: 0, scan: &mut scan, found: Vec::new() };
        search.search_folder(Path::new(""), 0);
        for skill in search.found {
            if let Some(replaced) = by_name.insert(skill.manifest.name.clone(), skill) {
                scan.replaced.push(replaced);
            }
        }
    }
    scan.skills = by_name.into_values().collect();
    scan
}

/// The search of one folder of skills.
struct RootSearch<'a> {
    root: &'a SkillRoot,
    limits: &'a SkillLimits,
    candidates: usize,
    scan: &'a mut SkillScan,
    found: Vec<SkillFile>,
}

impl RootSearch<'_> {
    fn search_folder(&mut self, below: &Path, depth: usize) {
        let entries = self
            .root
            .open_folder(below)
            .and_then(|folder| folder.read_directory(Path::new("."), MAX_NAMES));
        let entries = match entries {
            Ok(entries) => entries,
            Err(EntryError::Missing) => return,
            Err(error) => return self.add_problem(below, error.to_string()),
        };
        for entry in entries {
            let name = entry.name.to_string_lossy();
            let is_folder = matches!(
                entry.kind,
                EntryKind::Directory | EntryKind::SymbolicLink | EntryKind::Unknown
            );
            if !is_folder || name.starts_with('.') || name == "node_modules" {
                continue;
            }
            if self.candidates == self.limits.candidates_per_root {
                let limit = self.candidates;
                return self.add_problem(below, format!(
                    "only the first {limit} folders are looked at: `skills.limits.maxCandidatesPerRoot`"
                ));
            }
            self.candidates += 1;
            self.search_candidate(&below.join(&entry.name), &name, depth + 1);
        }
    }

    fn search_candidate(&mut self, below: &Path, name: &str, depth: usize) {
        let file = below.join(SKILL_FILE);
        let folder = match self.root.open_folder(below) {
            Ok(folder) => folder,
            // A file, or a link to one.
            Err(EntryError::NotDirectory | EntryError::Missing) => return,
            Err(error) => return self.add_problem(below, error.to_string()),
        };
        match read_beneath(&folder, Path::new(SKILL_FILE), self.limits.file_bytes) {
            Ok(text) => match parse_manifest(&text, name) {
                Ok(manifest) => self.found.push(SkillFile {
                    manifest,
                    directory: self.root.path().join(below),
                    source: self.root.source,
                    root: self.root.clone(),
                    below: below.to_owned(),
                    limit: self.limits.file_bytes,
                }),
                Err(error) => self.add_problem(&file, error.to_string()),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if depth < MAX_DEPTH {
                    self.search_folder(below, depth);
                }
            }
            Err(error) => self.add_problem(&file, error.to_string()),
        }
    }

    fn add_problem(&mut self, below: &Path, reason: String) {
        let path = self.root.path().join(below);
        self.scan.problems.push(SkillProblem { path, source: self.root.source, reason });
    }
}

impl SkillFile {
    /// The path of its `SKILL.md`.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        self.directory.join(SKILL_FILE)
    }

    /// Reads its `SKILL.md`, or another text file of its folder by its path there. Invalid UTF-8 is
    /// replaced.
    ///
    /// # Errors
    /// When the path leads out of the folder, and when it is no file or larger than the limit.
    pub fn read_text(&self, path: Option<&Path>) -> io::Result<String> {
        let folder = self.root.open_folder(&self.below).map_err(to_io_error)?;
        read_beneath(&folder, path.unwrap_or(Path::new(SKILL_FILE)), self.limit)
    }
}

fn read_beneath(folder: &DirectoryHandle, path: &Path, limit: u64) -> io::Result<String> {
    match folder.open_entry(path, 1).map_err(to_io_error)? {
        OpenedEntry::File(file, _) => {
            let mut bytes = Vec::new();
            file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
            if bytes.len() as u64 > limit {
                return Err(io::Error::other(format!("it is larger than {limit} bytes")));
            }
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        }
        OpenedEntry::Directory(_) => Err(io::Error::other("it is a directory")),
    }
}

fn to_io_error(error: EntryError) -> io::Error {
    match error {
        EntryError::Missing => io::Error::new(io::ErrorKind::NotFound, "there is no such file"),
        EntryError::System(error) => error,
        other => io::Error::other(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    fn put(folder: &Path, name: &str, text: &str) {
        let file = folder.join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        let mut out = fs::File::create(file).unwrap();
        io::Write::write_all(&mut out, text.as_bytes()).unwrap();
    }

    fn skill(name: &str, description: &str) -> String {
        format!("---\nname: {name}\ndescription: {description}\n---\nDo it.\n")
    }

    #[test]
    fn skills_are_found_in_folders_and_groups_and_the_later_folder_wins() {
        let home = tempfile::tempdir().unwrap();
        let (managed, workspace) = (home.path().join("managed"), home.path().join("w"));
        put(&managed, "a/SKILL.md", &skill("a", "first"));
        put(&managed, "group/b/SKILL.md", &skill("b", "grouped"));
        put(&managed, "group/deep/c/SKILL.md", &skill("c", "too deep"));
        put(&managed, ".hidden/SKILL.md", &skill("h", "hidden"));
        put(&managed, "README.md", "no skill");
        put(&workspace, "skills/a/SKILL.md", &skill("a", "second"));
        let roots = [
            SkillRoot::new(home.path().join("none"), SkillSource::Extra),
            SkillRoot::new(managed, SkillSource::Managed),
            SkillRoot::in_workspace(&workspace, ".agents/skills", SkillSource::ProjectAgents),
            SkillRoot::in_workspace(&workspace, "skills", SkillSource::Workspace),
        ];
        let scan = find_skills(&roots, &SkillLimits::default());
        let found: Vec<_> =
            scan.skills.iter().map(|skill| skill.manifest.description.as_str()).collect();
        assert_eq!((found, scan.problems.len()), (vec!["second", "grouped"], 0));
        assert_eq!(scan.replaced.len(), 1);
        assert!(scan.skills[0].read_text(None).unwrap().ends_with("Do it.\n"));
    }

    #[test]
    fn what_cannot_be_used_is_a_problem_with_its_reason() {
        let home = tempfile::tempdir().unwrap();
        put(home.path(), "mute/SKILL.md", "---\nname: mute\n---\n");
        put(home.path(), "large/SKILL.md", &"x".repeat(300_000));
        put(home.path(), "broken/SKILL.md", "---\nname: [\n---\n");
        fs::create_dir_all(home.path().join("folder/SKILL.md")).unwrap();
        let root = SkillRoot::new(home.path().to_owned(), SkillSource::Managed);
        let scan = find_skills(std::slice::from_ref(&root), &SkillLimits::default());
        let reasons: Vec<_> = scan.problems.iter().map(|problem| problem.reason.as_str()).collect();
        assert!(scan.skills.is_empty() && reasons.len() == 4, "{reasons:#?}");
        for (reason, part) in
            reasons.iter().zip(["line ", "directory", "larger", "no `description`"])
        {
            assert!(reason.contains(part), "{reason}");
        }
        let limits = SkillLimits { candidates_per_root: 1, ..SkillLimits::default() };
        let scan = find_skills(&[root], &limits);
        assert!(scan.problems[1].reason.contains("maxCandidatesPerRoot"), "{scan:#?}");
    }

    #[test]
    fn no_link_of_a_workspace_leads_out_of_it() {
        let home = tempfile::tempdir().unwrap();
        let (elsewhere, workspace) = (home.path().join("elsewhere"), home.path().join("w"));
        put(&elsewhere, "s/SKILL.md", &skill("s", "linked"));
        put(&elsewhere, "secret", "s");
        put(&workspace, "skills/own/SKILL.md", &skill("own", "d"));
        put(&workspace, "skills/own/notes.md", "notes");
        symlink(elsewhere.join("s"), workspace.join("skills/s")).unwrap();
        symlink(elsewhere.join("secret"), workspace.join("skills/own/secret")).unwrap();
        let root = SkillRoot::in_workspace(&workspace, "skills", SkillSource::Workspace);
        let scan = find_skills(&[root], &SkillLimits::default());
        assert_eq!((scan.skills.len(), scan.problems.len()), (1, 1), "{scan:#?}");
        let own = &scan.skills[0];
        assert_eq!(own.read_text(Some(Path::new("notes.md"))).unwrap(), "notes");
        for path in ["secret", "../own/../../secret", "/etc/passwd", "none.md"] {
            assert!(own.read_text(Some(Path::new(path))).is_err(), "{path}");
        }
        // The user's own folders may be links, as installers of skills make them.
        let personal = home.path().join("personal");
        fs::create_dir_all(&personal).unwrap();
        symlink(elsewhere.join("s"), personal.join("s")).unwrap();
        let scan = find_skills(
            &[SkillRoot::new(personal, SkillSource::Personal)],
            &SkillLimits::default(),
        );
        assert_eq!(scan.skills.len(), 1);
    }
}
