//! Writes files atomically.

use openclaw_core::FileProtection;
use openclaw_fs::{EntryLocation, FileVersion, ReplaceOutcome};

use crate::workspace::protection::{find_protection, find_protection_by_name};
use crate::workspace::{PathErrorKind, RelativePath, ToolPathError, Workspace};

/// What must hold for a file to be replaced.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ReplaceCondition<'a> {
    /// The version that the file must have; `None` for any, or none.
    pub(crate) version: Option<&'a FileVersion>,
    /// The content that the file has, as far as it is known.
    pub(crate) content_before: Option<&'a [u8]>,
    /// The protection that was judged when the call was approved.
    pub(crate) protection: Option<FileProtection>,
}

/// A note on a replaced file for the tool's output; empty when there are no other hard links.
pub(crate) fn hard_link_note(outcome: &ReplaceOutcome) -> &'static str {
    if outcome.has_other_links {
        " (it was a hard link: its other names keep the old content)"
    } else {
        ""
    }
}

impl Workspace {
    /// Why a person decides about writing to a path; `None` when the agent may. A path that cannot
    /// be located cannot be written either.
    pub(crate) fn find_protection(&self, path: &RelativePath) -> Option<FileProtection> {
        let location = path.directory().locate_entry(path.as_path()).ok()?;
        self.protection_at(path, &location)
    }

    /// Why a person decides about a place that a path leads to.
    fn protection_at(
        &self,
        path: &RelativePath,
        location: &EntryLocation,
    ) -> Option<FileProtection> {
        let absolute = location.absolute_path();
        match absolute.strip_prefix(&self.root.real_path) {
            // The same whatever folder the path goes through.
            Ok(in_workspace) => find_protection(in_workspace),
            Err(_) if path.root_name().is_none() => find_protection(location.relative_path()),
            Err(_) => find_protection_by_name(absolute),
        }
    }

    /// Replaces the content of a file, and creates it and its directories if they do not exist.
    pub(crate) fn replace_file(
        &self,
        path: &RelativePath,
        content: &[u8],
        condition: ReplaceCondition<'_>,
    ) -> Result<ReplaceOutcome, ToolPathError> {
        let refuse = |problem| ToolPathError::new(path.text(), problem);
        let file = path.as_file().ok_or_else(|| refuse(PathErrorKind::IsDirectory))?;
        let directory = path.directory();
        let location = directory.locate_entry(file).map_err(|error| refuse(error.into()))?;
        if let Some(problem) = self.check_location(path, &location, condition.protection) {
            return Err(refuse(problem));
        }
        // Asked again for the directory that is opened: what leads there may have changed.
        let admit = |location: &EntryLocation| {
            self.check_location(path, location, condition.protection).is_none()
        };
        let seen = match condition.version {
            None => self.version_to_keep(path, &location).map_err(refuse)?,
            Some(_) => None,
        };
        let version = condition.version.or(seen.as_ref());
        self.record_change(path, &location, condition.content_before, content).map_err(refuse)?;
        let replaced = directory.replace_file_where(file, content, version, &admit);
        let outcome = replaced.map_err(|error| refuse(error.into()))?;
        self.seen.record_version(location.absolute_path(), outcome.version.clone());
        self.writes.record_content(location.absolute_path(), content);
        Ok(outcome)
    }

    /// The version that a file must have to be overwritten: the one that the model has seen.
    fn version_to_keep(
        &self,
        path: &RelativePath,
        location: &EntryLocation,
    ) -> Result<Option<FileVersion>, PathErrorKind> {
        let Some(seen) = self.seen.find_version(location.absolute_path()) else { return Ok(None) };
        match path.directory().entry_version(path.as_path()) {
            Ok(version) if version == seen => Ok(Some(seen)),
            Ok(_) => Err(PathErrorKind::ChangedSinceRead),
            // Removed meanwhile: there is nothing to overwrite. Other errors come up again.
            Err(_) => Ok(None),
        }
    }

    /// Replaces a file that the program itself keeps in the workspace, for its owner only.
    pub(crate) fn replace_own_file(
        &self,
        path: &RelativePath,
        content: &[u8],
    ) -> Result<(), ToolPathError> {
        let refuse = |problem| ToolPathError::new(path.text(), problem);
        let file = path.as_file().ok_or_else(|| refuse(PathErrorKind::IsDirectory))?;
        let replaced = self.root.directory.replace_private_file(file, content);
        replaced.map_err(|error| refuse(error.into()))
    }

    /// Why nothing is written at a place with the protection that was judged; `None` if it may be.
    fn check_location(
        &self,
        path: &RelativePath,
        location: &EntryLocation,
        judged: Option<FileProtection>,
    ) -> Option<PathErrorKind> {
        if let Err(problem) = self.check_writable(path, location) {
            return Some(problem);
        }
        if self.private.contains(location.absolute_path()) {
            return Some(PathErrorKind::Private);
        }
        let found = self.protection_at(path, location)?;
        (judged != Some(found)).then_some(PathErrorKind::ProtectedMeanwhile(found))
    }
}
