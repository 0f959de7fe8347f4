//! Outputs that are too large for a model's window, kept where `read` shows them.

use std::path::Path;

use openclaw_core::{Spill, SpillError, ToolCall};
use rustix::fs::{AtFlags, OFlags, Stat, fstat, unlinkat};

use crate::workspace::{Problem, Refusal, RelativePath, Workspace};

/// Where outputs are kept, relative to the workspace.
const DIRECTORY: &str = ".openclaw/outputs";
/// Keeps what is in the directory out of version control.
const IGNORE: &str = ".gitignore";
/// How many outputs are kept; the oldest go first.
const MAX_FILES: usize = 64;
/// The most bytes of them together; the last one is kept whatever it has.
const MAX_BYTES: u64 = 256 << 20;

/// Keeps outputs in a hidden folder of a workspace, so that `read` shows any part of them. A
/// bounded number is kept; equal outputs are kept once.
#[derive(Debug, Clone)]
pub struct KeptOutputs {
    workspace: Workspace,
}

impl KeptOutputs {
    /// Keeps outputs in this workspace. Nothing is made until there is one.
    #[must_use]
    pub fn new(workspace: Workspace) -> Self {
        Self { workspace }
    }

    fn write(&self, path: &str, content: &str) -> Result<(), Refusal> {
        let path = self.workspace.resolve(path)?;
        self.workspace.replace(&path, content.as_bytes(), None).map(drop)
    }

    /// Removes the oldest outputs that are too many, but not the one just kept.
    fn prune(&self, directory: &RelativePath, kept: &str) -> Result<(), Problem> {
        let folder =
            self.workspace.open_at(directory.as_path(), OFlags::RDONLY | OFlags::DIRECTORY)?;
        let mut files = Vec::new();
        for name in self.workspace.names(directory.as_path())? {
            let path = directory.as_path().join(&name.name);
            let is_output = Path::new(&name.name).extension().is_some_and(|kind| kind == "txt");
            if is_output && name.name != *kept {
                let file = self.workspace.open_at(&path, OFlags::PATH | OFlags::NOFOLLOW)?;
                let stat: Stat = fstat(&file)?;
                files.push((
                    (stat.st_mtime, stat.st_mtime_nsec),
                    stat.st_size.cast_unsigned(),
                    name.name,
                ));
            }
        }
        files.sort_unstable();
        let mut bytes = 0_u64;
        for (at, (_, size, name)) in files.into_iter().rev().enumerate() {
            bytes = bytes.saturating_add(size);
            if at + 1 >= MAX_FILES || bytes > MAX_BYTES {
                unlinkat(&folder, &name, AtFlags::empty())?;
            }
        }
        Ok(())
    }
}

impl Spill for KeptOutputs {
    fn keep(&self, call: &ToolCall, text: &str) -> Result<String, SpillError> {
        let failed = |refusal: Refusal| SpillError(refusal.to_string().into());
        let name = format!("{}-{:016x}.txt", call.name, fnv(text.as_bytes()));
        let path = format!("{DIRECTORY}/{name}");
        let directory = self.workspace.resolve(DIRECTORY).map_err(failed)?;
        self.write(&format!("{DIRECTORY}/{IGNORE}"), "*\n").map_err(failed)?;
        self.write(&path, text).map_err(failed)?;
        // What is too much is removed with the next one at the latest.
        let _ = self.prune(&directory, &name);
        Ok(format!("in `{path}`; `read` shows any part of it"))
    }
}

/// FNV-1a, which gives equal outputs one name.
fn fnv(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}
