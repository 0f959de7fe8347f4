//! The kept contents of a journal: one private file each, named by its hash.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use openclaw_fs::{create_private_dir, create_private_file};

use super::MAX_KEPT_BYTES;
use super::record::hash_content;

/// The folder of the contents in the folder of a session.
const BLOB_FOLDER: &str = "contents";
/// The most bytes that are kept for one session; the contents of the running turn always are.
const MAX_TOTAL_BYTES: u64 = 256 << 20;

/// The contents of one journal.
#[derive(Debug, Clone, Copy)]
pub(super) struct BlobStore<'a> {
    pub(super) folder: &'a Path,
}

impl BlobStore<'_> {
    /// Keeps a content. The oldest others than those of `protected` are dropped when there are too
    /// many.
    pub(super) fn keep_content(
        &self,
        hash: &str,
        content: &[u8],
        protected: &[String],
    ) -> io::Result<()> {
        let path = self.path(hash);
        if path.exists() {
            return Ok(());
        }
        create_private_dir(&self.folder.join(BLOB_FOLDER))?;
        self.drop_oldest(content.len() as u64, protected)?;
        // Renamed when it is complete, so that a crash leaves no part under the name.
        let partial = path.with_extension("partial");
        match fs::remove_file(&partial) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        create_private_file(&partial)?.write_all(content)?;
        fs::rename(&partial, &path)
    }

    /// Reads a kept content; `None` when it was dropped or is damaged.
    pub(super) fn read_content(&self, hash: &str) -> Option<Vec<u8>> {
        let content = openclaw_fs::read_bytes(&self.path(hash), MAX_KEPT_BYTES).ok()?;
        (hash_content(&content) == hash).then_some(content)
    }

    fn path(&self, hash: &str) -> PathBuf {
        let is_hash = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        // A name that is no hash comes from a damaged record.
        self.folder.join(BLOB_FOLDER).join(if is_hash { hash } else { "none" })
    }

    fn drop_oldest(&self, added_bytes: u64, protected: &[String]) -> io::Result<()> {
        let mut total_bytes = added_bytes;
        let mut files = Vec::new();
        for entry in fs::read_dir(self.folder.join(BLOB_FOLDER))? {
            let entry = entry?;
            let metadata = entry.metadata()?;
            total_bytes = total_bytes.saturating_add(metadata.len());
            files.push((metadata.modified()?, metadata.len(), entry.path()));
        }
        files.sort_unstable();
        for (_, bytes, path) in files {
            if total_bytes <= MAX_TOTAL_BYTES {
                break;
            }
            let name = path.file_name().unwrap_or_default();
            if !protected.iter().any(|hash| name == hash.as_str()) {
                fs::remove_file(&path)?;
                total_bytes = total_bytes.saturating_sub(bytes);
            }
        }
        Ok(())
    }
}

/// The bytes of the contents of a journal.
pub(super) fn count_bytes(journal: &Path) -> u64 {
    let entries = fs::read_dir(journal.join(BLOB_FOLDER)).into_iter().flatten();
    entries.filter_map(|entry| Some(entry.ok()?.metadata().ok()?.len())).sum()
}

/// Removes a journal with its contents, and nothing else that is in its folder.
pub(super) fn remove_journal(journal: &Path, record: &str) -> io::Result<()> {
    let contents = journal.join(BLOB_FOLDER);
    for entry in fs::read_dir(&contents).into_iter().flatten() {
        fs::remove_file(entry?.path())?;
    }
    for removed in [fs::remove_dir(&contents), fs::remove_file(journal.join(record))] {
        match removed {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    // It stays if something else is in it.
    let _ = fs::remove_dir(journal);
    Ok(())
}
