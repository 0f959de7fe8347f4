//! Saves lines of an imported file that could not be parsed.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use openclaw_fs::{create_private_file, sync_file};
use serde_json::json;

use super::SourceLine;
use crate::{StoreError, files};

/// Collects bad lines, and writes them to a file if there are any.
#[derive(Debug)]
pub(crate) struct QuarantineWriter {
    path: PathBuf,
    text: String,
    line_count: u64,
}

impl QuarantineWriter {
    pub(crate) fn new(store: &Path, source: &Path) -> Self {
        let name = source.file_name().unwrap_or_default();
        let path = files::sibling_path(store, "-quarantine").join(name);
        Self { path, text: String::new(), line_count: 0 }
    }

    pub(crate) fn add_line(&mut self, line: &SourceLine, reason: &str) {
        let text = match &line.value {
            Some(value) if line.bytes.is_empty() => value.to_string(),
            _ => String::from_utf8_lossy(&line.bytes).trim_end().to_owned(),
        };
        let entry = json!({ "line": line.number, "why": reason, "text": text });
        self.text.push_str(&entry.to_string());
        self.text.push('\n');
        self.line_count += 1;
    }

    pub(crate) fn line_count(&self) -> u64 {
        self.line_count
    }

    /// Writes the quarantine file and returns its path; `None` when there are no bad lines.
    pub(crate) fn write_file(self) -> Result<Option<PathBuf>, StoreError> {
        if self.line_count == 0 {
            return Ok(None);
        }
        if let Some(folder) = self.path.parent() {
            files::create_folder(folder)?;
        }
        let path = files::unused_path(&self.path, "bad");
        let mut file =
            create_private_file(&path).map_err(StoreError::from_io_error("create", &path))?;
        let written = file.write_all(self.text.as_bytes()).and_then(|()| sync_file(&file));
        written.map_err(StoreError::from_io_error("write", &path))?;
        Ok(Some(path))
    }
}
