//! A log that several programs append to. When it is full, it becomes the older one and a new one
//! begins.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::lock::LockFile;
use crate::private::{create_private_dir, open_private_log, restrict_to_owner};

/// How long to wait for another program that makes room.
const LOCK_TIMEOUT: Duration = Duration::from_millis(100);

/// A log of lines, readable by its owner only.
#[derive(Debug, Clone)]
pub struct RotatingLog {
    path: PathBuf,
    max_bytes: u64,
}

impl RotatingLog {
    /// A log at `path` of at most `max_bytes`, and as much in the older one. Nothing is created
    /// before the first line.
    #[must_use]
    pub fn new(path: PathBuf, max_bytes: u64) -> Self {
        Self { path, max_bytes }
    }

    /// The file that lines are appended to.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file with the lines before.
    #[must_use]
    pub fn older_path(&self) -> PathBuf {
        with_suffix(&self.path, ".1")
    }

    /// Appends a line, which must have no line end. The file is opened for each line: whoever
    /// replaced it meanwhile, the line is in one of the two files.
    ///
    /// # Errors
    /// When the file cannot be created or written.
    pub fn append_line(&self, line: &str) -> io::Result<()> {
        if let Some(folder) = self.path.parent() {
            create_private_dir(folder)?;
        }
        let bytes = [line.as_bytes(), b"\n"].concat();
        if !self.has_room(bytes.len()) {
            self.rotate_files(bytes.len())?;
        }
        let mut file = open_private_log(&self.path)?;
        restrict_to_owner(&file)?;
        // One write, so that lines of several programs do not mix.
        file.write_all(&bytes)
    }

    fn has_room(&self, bytes: usize) -> bool {
        let length = fs::metadata(&self.path).map_or(0, |metadata| metadata.len());
        length == 0 || length.saturating_add(bytes as u64) <= self.max_bytes
    }

    /// Makes the full file the older one, unless another program did.
    fn rotate_files(&self, bytes: usize) -> io::Result<()> {
        let lock = with_suffix(&self.path, ".lock");
        // Without the lock the file grows a little more.
        let Ok(_lock) = LockFile::acquire_within(&lock, LOCK_TIMEOUT) else { return Ok(()) };
        if self.has_room(bytes) {
            return Ok(());
        }
        fs::rename(&self.path, self.older_path())
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_log_becomes_the_older_one_and_no_line_is_lost_between_them() {
        let home = tempfile::tempdir().unwrap();
        let log = RotatingLog::new(home.path().join("logs/program.log"), 40);
        for number in 0..5 {
            log.append_line(&format!("line number {number}")).unwrap();
        }
        let text = |path: &Path| fs::read_to_string(path).unwrap();
        assert_eq!(text(&log.older_path()), "line number 2\nline number 3\n");
        assert_eq!(text(log.path()), "line number 4\n");
        log.append_line(&"x".repeat(100)).unwrap();
        log.append_line("after").unwrap();
        assert_eq!(text(&log.older_path()).len(), 101);
        assert_eq!(text(log.path()), "after\n");
    }

    #[test]
    fn programs_that_write_at_once_mix_no_lines_and_leave_two_files_of_that_size() {
        let home = tempfile::tempdir().unwrap();
        let log = RotatingLog::new(home.path().join("program.log"), 2000);
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let log = &log;
                scope.spawn(move || {
                    for number in 0..50 {
                        log.append_line(&format!("{writer} {number} end")).unwrap();
                    }
                });
            }
        });
        for path in [log.path(), &log.older_path()] {
            let Ok(text) = fs::read_to_string(path) else { continue };
            assert!(text.lines().all(|line| line.ends_with(" end")), "{text}");
            assert!(text.len() <= 2100, "{}", text.len());
        }
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_reads_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let home = tempfile::tempdir().unwrap();
        let log = RotatingLog::new(home.path().join("logs/program.log"), 40);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        log.append_line("a").unwrap();
        assert_eq!([mode(log.path()), mode(&home.path().join("logs"))], [0o600, 0o700]);
        fs::set_permissions(log.path(), fs::Permissions::from_mode(0o644)).unwrap();
        log.append_line("b").unwrap();
        assert_eq!(mode(log.path()), 0o600);
    }
}
