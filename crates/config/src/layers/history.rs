//! The last version of the user file without a syntax error.
//!
//! It is a cache: it is used only while the file is broken, so failures to write it are ignored.

use std::{
    fs,
    hash::Hasher as _,
    io::{self, Write as _},
    path::PathBuf,
};

use fnv::FnvHasher;
use openclaw_fs::{AtomicFile, create_private_dir};

use super::{file::read_text, parse_text};
use crate::{paths::AppPaths, text::Json5Document};

/// The location of the copy of one config file.
pub(crate) struct LastGoodStore {
    folder: PathBuf,
    copy: PathBuf,
}

impl LastGoodStore {
    /// The location for the config file of an installation.
    pub(crate) fn from_paths(paths: &AppPaths) -> Self {
        let folder = paths.history_dir();
        let config =
            std::path::absolute(paths.config_file()).unwrap_or_else(|_| paths.config_file().into());
        let mut hasher = FnvHasher::default();
        hasher.write(config.as_os_str().as_encoded_bytes());
        let copy = folder.join(format!("last-good-{:016x}.json5", hasher.finish()));
        Self { folder, copy }
    }

    /// The file of the copy.
    pub(crate) fn into_copy_path(self) -> PathBuf {
        self.copy
    }

    /// Stores a text without a syntax error, unless it is stored already.
    pub(super) fn store_text(&self, text: &str) {
        if fs::read(&self.copy).ok().as_deref() != Some(text.as_bytes()) {
            let _ = self.write_copy(text);
        }
    }

    /// Loads the copy: its path and its content. `None` when there is none that can be parsed.
    pub(super) fn load_last_good(&self) -> Option<(PathBuf, Json5Document)> {
        let text = read_text(&self.copy).ok()?;
        Some((self.copy.clone(), parse_text(text).ok()?))
    }

    fn write_copy(&self, text: &str) -> io::Result<()> {
        create_private_dir(&self.folder)?;
        let mut file = AtomicFile::create(&self.copy)?;
        file.write_all(text.as_bytes())?;
        file.commit()
    }
}
