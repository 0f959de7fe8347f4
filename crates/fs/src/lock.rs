//! Advisory locks on files. The system releases them when their process ends.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::atomic::hidden_sibling;
use crate::{create_private_dir, open_private_file};

/// A file that is opened to be locked. Dropping it releases the lock.
///
/// It must not be the file that the lock protects if that file is replaced: the lock would stay on
/// the old one.
#[derive(Debug)]
pub struct LockFile {
    file: File,
    path: PathBuf,
}

/// A lock was not acquired.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// Another program held the lock for the whole time.
    #[error("lock {}: another program holds it", path.display())]
    Timeout {
        /// The lock file.
        path: PathBuf,
    },
    /// The file cannot be opened or locked.
    #[error("lock {}", path.display())]
    Unavailable {
        /// The lock file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

impl LockFile {
    /// Opens the file without locking it, and creates it, with access for its owner only, if it
    /// does not exist.
    ///
    /// # Errors
    /// When it cannot be opened or created.
    pub fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { file: open_private_file(path)?, path: path.to_owned() })
    }

    /// Opens the file and waits for its exclusive lock.
    ///
    /// # Errors
    /// When the lock is held by others for longer than `timeout`, and when the file cannot be
    /// opened or locked.
    pub fn acquire_within(path: &Path, timeout: Duration) -> Result<Self, LockError> {
        let unavailable = |source| LockError::Unavailable { path: path.to_owned(), source };
        let lock = Self::open(path).map_err(unavailable)?;
        if lock.try_lock_exclusive().map_err(unavailable)? {
            return Ok(lock);
        }
        let (sender, receiver) = mpsc::channel();
        // Locking blocks without a timeout, so a thread does it and is abandoned when it takes too
        // long. A lock that it acquires later is dropped with the message that nobody receives.
        thread::spawn(move || {
            #[expect(clippy::disallowed_methods, reason = "this crate owns file locks")]
            let locked = lock.file.lock().map(|()| lock);
            let _ = sender.send(locked);
        });
        match receiver.recv_timeout(timeout) {
            Ok(locked) => locked.map_err(unavailable),
            Err(_) => Err(LockError::Timeout { path: path.to_owned() }),
        }
    }

    /// Waits for the exclusive lock of a file that is replaced, which is on `.NAME.lock` beside it.
    /// Its directory is created, accessible to its owner only, if it does not exist.
    ///
    /// The lock file is never removed: others may be waiting for it.
    ///
    /// # Errors
    /// As [`LockFile::acquire_within`], and when the directory cannot be created.
    pub fn acquire_beside(target: &Path, timeout: Duration) -> Result<Self, LockError> {
        if let Some(folder) = target.parent() {
            create_private_dir(folder)
                .map_err(|source| LockError::Unavailable { path: folder.to_owned(), source })?;
        }
        Self::acquire_within(&hidden_sibling(target, "lock"), timeout)
    }

    /// Acquires the exclusive lock if nobody holds any. Returns whether it was acquired.
    ///
    /// # Errors
    /// When the file system does not support locks.
    #[expect(clippy::disallowed_methods, reason = "this crate owns file locks")]
    pub fn try_lock_exclusive(&self) -> io::Result<bool> {
        match self.file.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Waits for the shared lock.
    ///
    /// # Errors
    /// When the file system does not support locks.
    pub fn lock_shared(&self) -> io::Result<()> {
        self.file.lock_shared()
    }

    /// Releases the lock.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn release_lock(&self) -> io::Result<()> {
        self.file.unlock()
    }

    /// Whether the file still is the one at its path. If it was removed meanwhile, a lock on it
    /// excludes nobody.
    #[must_use]
    pub fn is_still_at_path(&self) -> bool {
        is_same_file(&self.file, &self.path)
    }

    /// Writes this process's id into the file, for messages of those who wait. The lock holds
    /// without it, so a failure is ignored.
    pub fn record_holder(&mut self) {
        let _ = self.file.set_len(0).and_then(|()| self.file.rewind());
        let _ = write!(self.file, "{}", std::process::id());
    }

    /// The process id that the holder of the lock recorded.
    #[must_use]
    pub fn read_holder(&mut self) -> Option<u32> {
        let mut text = String::new();
        self.file.rewind().and_then(|()| (&self.file).take(32).read_to_string(&mut text)).ok()?;
        text.trim().parse().ok()
    }
}

impl Drop for LockFile {
    fn drop(&mut self) {
        // Closing the file is not enough: a child process that another thread is spawning may have
        // inherited it for a moment.
        let _ = self.file.unlock();
    }
}

#[cfg(unix)]
fn is_same_file(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let (Ok(ours), Ok(there)) = (file.metadata(), fs::metadata(path)) else { return false };
    (ours.dev(), ours.ino()) == (there.dev(), there.ino())
}

/// On this system an open file cannot be replaced.
#[cfg(not(unix))]
fn is_same_file(_: &File, path: &Path) -> bool {
    fs::metadata(path).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_excludes_others_until_it_is_dropped() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("lock");
        let mut held = LockFile::acquire_within(&path, Duration::ZERO).unwrap();
        held.record_holder();
        let mut other = LockFile::open(&path).unwrap();
        assert!(!other.try_lock_exclusive().unwrap());
        assert_eq!(other.read_holder(), Some(std::process::id()));
        let error = LockFile::acquire_within(&path, Duration::ZERO).unwrap_err();
        assert!(matches!(error, LockError::Timeout { path: at } if at == path));
        drop(held);
        assert!(other.try_lock_exclusive().unwrap());
    }

    #[test]
    fn a_waiting_program_gets_the_lock_when_it_is_released() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("lock");
        let held = LockFile::acquire_within(&path, Duration::ZERO).unwrap();
        thread::scope(|scope| {
            let waiting = scope.spawn(|| LockFile::acquire_within(&path, Duration::from_mins(1)));
            drop(held);
            waiting.join().unwrap().unwrap();
        });
    }

    #[test]
    fn shared_locks_exclude_exclusive_ones_only() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("lock");
        let [a, b, c] = [(); 3].map(|()| LockFile::open(&path).unwrap());
        a.lock_shared().unwrap();
        b.lock_shared().unwrap();
        assert!(!c.try_lock_exclusive().unwrap());
        a.release_lock().unwrap();
        b.release_lock().unwrap();
        assert!(c.try_lock_exclusive().unwrap());
    }

    #[test]
    fn a_removed_lock_file_is_noticed() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("lock");
        let lock = LockFile::open(&path).unwrap();
        assert!(lock.is_still_at_path());
        fs::remove_file(&path).unwrap();
        assert!(!lock.is_still_at_path());
        let _another = LockFile::open(&path).unwrap();
        assert!(!lock.is_still_at_path());
    }
}
