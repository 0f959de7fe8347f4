//! The last version of the user file without a syntax error.
//!
//! It is a cache: it is used only while the file is broken, so failures to write it are ignored.

use std::{
    fs::{self, File},
    hash::Hasher as _,
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

use fnv::FnvHasher;

use super::{file::read_text, parse_text};
use crate::{paths::AppPaths, text::Json5Document};

/// Makes the names of temporary copies unique within the process.
static WRITE_COUNTER: AtomicU32 = AtomicU32::new(0);

/// The location of the copy of one config file.
pub(super) struct LastGoodStore {
    folder: PathBuf,
    copy: PathBuf,
}

impl LastGoodStore {
    pub(super) fn from_paths(paths: &AppPaths) -> Self {
        let folder = paths.history_dir();
        let config =
            std::path::absolute(paths.config_file()).unwrap_or_else(|_| paths.config_file().into());
        let mut hasher = FnvHasher::default();
        hasher.write(config.as_os_str().as_encoded_bytes());
        let copy = folder.join(format!("last-good-{:016x}.json5", hasher.finish()));
        Self { folder, copy }
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
        create_folder(&self.folder)?;
        let number = WRITE_COUNTER.fetch_add(1, Ordering::Relaxed);
        let name = format!("writing-{}-{number}", std::process::id());
        let unfinished = self.folder.join(name);
        let written = create_file(&unfinished)
            .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
            .and_then(|()| fs::rename(&unfinished, &self.copy));
        if written.is_err() {
            let _ = fs::remove_file(&unfinished);
        }
        written
    }
}

#[cfg(unix)]
fn create_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(unix)]
fn create_file(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    File::options().write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn create_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

#[cfg(not(unix))]
fn create_file(path: &Path) -> io::Result<File> {
    File::options().write(true).create_new(true).open(path)
}
