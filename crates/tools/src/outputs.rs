//! Saves outputs that are too large for the context window where `read` can page through them.

use std::ffi::OsStr;
use std::io::Read as _;
use std::path::Path;

use openclaw_core::{ToolCall, ToolOutputStore, ToolOutputStoreError};
use openclaw_fs::EntryError;

use crate::workspace::{RelativePath, ToolPathError, Workspace};

/// The folder of the outputs, relative to the workspace.
pub(crate) const OUTPUT_DIRECTORY: &str = ".openclaw/outputs";
/// A file that keeps the folder out of version control.
const GITIGNORE_NAME: &str = ".gitignore";
/// How many outputs are kept; the oldest are removed first.
const MAX_OUTPUT_FILES: usize = 64;
/// The most bytes of all outputs together; the newest is always kept.
const MAX_TOTAL_BYTES: u64 = 256 << 20;

/// Saves outputs in a hidden folder of a workspace, where `read` can page through them. The number
/// is bounded; equal outputs share a file.
#[derive(Debug, Clone)]
pub struct WorkspaceOutputStore {
    workspace: Workspace,
}

impl WorkspaceOutputStore {
    /// Makes a store for this workspace. The folder is created with the first output.
    #[must_use]
    pub fn new(workspace: Workspace) -> Self {
        Self { workspace }
    }

    fn write_file(&self, path: &str, content: &str) -> Result<(), ToolPathError> {
        let path = self.workspace.resolve_path(path)?;
        self.workspace.replace_own_file(&path, content.as_bytes())
    }

    /// Removes the oldest outputs above the limits, but never the newest.
    fn prune_outputs(&self, directory: &RelativePath, latest_name: &str) -> Result<(), EntryError> {
        let mut files = Vec::new();
        for name in self.workspace.read_directory(directory.as_path())? {
            let path = directory.as_path().join(&name.name);
            if output_hash(&name.name).is_some() && name.name != *latest_name {
                let found = self.workspace.entry_metadata(&path)?;
                files.push((found.modified, found.size, path));
            }
        }
        files.sort_unstable();
        let mut bytes = 0_u64;
        for (index, (_, size, path)) in files.into_iter().rev().enumerate() {
            bytes = bytes.saturating_add(size);
            let is_over = index + 1 >= MAX_OUTPUT_FILES || bytes > MAX_TOTAL_BYTES;
            if is_over && self.is_own_output(&path) {
                self.workspace.remove_file(&path)?;
            }
        }
        Ok(())
    }

    /// Whether a file has the content that its name tells, so that this store wrote it. Somebody
    /// else may have put a file there, or changed one.
    fn is_own_output(&self, path: &Path) -> bool {
        let mut content = Vec::new();
        let is_read = self
            .workspace
            .open_own_file(path)
            .is_ok_and(|file| file.take(MAX_TOTAL_BYTES).read_to_end(&mut content).is_ok());
        let hash = path.file_name().and_then(output_hash);
        is_read && hash == Some(format!("{:016x}", fnv_hash(&content)))
    }
}

impl ToolOutputStore for WorkspaceOutputStore {
    fn store_output(&self, call: &ToolCall, text: &str) -> Result<String, ToolOutputStoreError> {
        let to_store_error =
            |refusal: ToolPathError| ToolOutputStoreError(refusal.to_string().into());
        let name = format!("{}-{:016x}.txt", call.name, fnv_hash(text.as_bytes()));
        let path = format!("{OUTPUT_DIRECTORY}/{name}");
        let directory = self.workspace.resolve_path(OUTPUT_DIRECTORY).map_err(to_store_error)?;
        self.write_file(&format!("{OUTPUT_DIRECTORY}/{GITIGNORE_NAME}"), "*\n")
            .map_err(to_store_error)?;
        self.write_file(&path, text).map_err(to_store_error)?;
        // If this fails, the next output prunes again.
        let _ = self.prune_outputs(&directory, &name);
        Ok(format!("in `{path}`; `read` shows any part of it"))
    }
}

/// The hash in a name that this store gives; `None` for any other name.
fn output_hash(name: &OsStr) -> Option<String> {
    let stem = name.to_str()?.strip_suffix(".txt")?;
    let (_, hash) = stem.rsplit_once('-')?;
    let is_hash = hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hash.then(|| hash.to_owned())
}

/// FNV-1a: equal outputs get the same file name.
fn fnv_hash(bytes: &[u8]) -> u64 {
    let fold_byte = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, fold_byte)
}
