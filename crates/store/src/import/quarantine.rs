//! Lines of a file that could not be understood.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::Line;
use crate::{StoreError, files};

/// Collects such lines, and writes them to a file when there are any.
#[derive(Debug)]
pub(crate) struct Quarantine {
    path: PathBuf,
    text: String,
    count: u64,
}

impl Quarantine {
    pub(crate) fn new(store: &Path, source: &Path) -> Self {
        let name = source.file_name().unwrap_or_default();
        let path = files::beside(store, "-quarantine").join(name);
        Self { path, text: String::new(), count: 0 }
    }

    pub(crate) fn add(&mut self, line: &Line, why: &str) {
        let text = match &line.value {
            Some(value) if line.bytes.is_empty() => value.to_string(),
            _ => String::from_utf8_lossy(&line.bytes).trim_end().to_owned(),
        };
        let entry = json!({ "line": line.number, "why": why, "text": text });
        self.text.push_str(&entry.to_string());
        self.text.push('\n');
        self.count += 1;
    }

    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// Writes the file and says where it is; `None` when there is nothing to keep.
    pub(crate) fn finish(self) -> Result<Option<PathBuf>, StoreError> {
        if self.count == 0 {
            return Ok(None);
        }
        if let Some(folder) = self.path.parent() {
            files::create_folder(folder)?;
        }
        let path = files::free_name(&self.path, "bad");
        let mut file = files::create_private(&path).map_err(StoreError::file("create", &path))?;
        let written = file.write_all(self.text.as_bytes()).and_then(|()| file.sync_all());
        written.map_err(StoreError::file("write", &path))?;
        Ok(Some(path))
    }
}
