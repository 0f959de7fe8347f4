//! Bounded reads of regular files.
//!
//! A named pipe would block the reader until somebody writes, a device may never end or may react
//! to being opened. Neither is opened.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::path::Path;

use crate::EntryKind;

/// The entry at a path is not a regular file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is a {kind}, not a regular file")]
#[non_exhaustive]
pub struct NotRegularFile {
    /// What it is.
    pub kind: EntryKind,
}

/// Opens a regular file for reading. Symbolic links are followed.
///
/// # Errors
/// When the file cannot be opened. When it is not a regular file, the error holds a
/// [`NotRegularFile`]; nothing was opened then.
pub fn open_regular_file(path: &Path) -> io::Result<File> {
    require_regular_file(std::fs::metadata(path)?.file_type())?;
    let mut options = OpenOptions::new();
    options.read(true);
    // The entry may have become a named pipe since it was examined.
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed();
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags);
    }
    let file = options.open(path)?;
    require_regular_file(file.metadata()?.file_type())?;
    Ok(file)
}

/// Reads a regular file of at most `max_bytes` bytes.
///
/// # Errors
/// As [`open_regular_file`]; [`io::ErrorKind::FileTooLarge`] when the file is larger.
pub fn read_bytes(path: &Path, max_bytes: u64) -> io::Result<Vec<u8>> {
    let bytes = read_prefix(path, max_bytes.saturating_add(1))?;
    if bytes.len() as u64 > max_bytes {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(bytes)
}

/// Reads a text file of at most `max_bytes` bytes.
///
/// # Errors
/// As [`read_bytes`]; [`io::ErrorKind::InvalidData`] when the file is not UTF-8 text.
pub fn read_text(path: &Path, max_bytes: u64) -> io::Result<String> {
    String::from_utf8(read_bytes(path, max_bytes)?)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.utf8_error()))
}

/// Reads the first `max_bytes` bytes of a regular file, or all of a smaller one.
///
/// # Errors
/// As [`open_regular_file`], and when reading fails.
pub fn read_prefix(path: &Path, max_bytes: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_regular_file(path)?.take(max_bytes).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads an open file from where it is, up to `max_bytes` bytes. `size` is what it is thought to have.
///
/// # Errors
/// When reading fails.
pub fn read_opened(file: &File, size: u64, max_bytes: u64) -> io::Result<Vec<u8>> {
    // One more, to meet the end without growing.
    let capacity = size.min(max_bytes).saturating_add(1);
    let mut bytes = Vec::with_capacity(usize::try_from(capacity).unwrap_or_default());
    file.take(max_bytes).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn require_regular_file(file_type: std::fs::FileType) -> io::Result<()> {
    let kind = match EntryKind::from(file_type) {
        EntryKind::File => return Ok(()),
        EntryKind::Directory => io::ErrorKind::IsADirectory,
        _ => io::ErrorKind::InvalidInput,
    };
    Err(io::Error::new(kind, NotRegularFile { kind: file_type.into() }))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_file_is_read_up_to_its_limit() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("file");
        File::create(&path).unwrap().write_all("né".as_bytes()).unwrap();
        assert_eq!(read_text(&path, 3).unwrap(), "né");
        assert_eq!(read_bytes(&path, 2).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(read_prefix(&path, 2).unwrap(), b"n\xc3");
        File::create(&path).unwrap().write_all(b"n\xc3").unwrap();
        assert_eq!(read_text(&path, 3).unwrap_err().kind(), io::ErrorKind::InvalidData);
        let missing = read_bytes(&home.path().join("none"), 2).unwrap_err();
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_regular_file_is_refused_at_once() {
        use rustix::fs::{CWD, Mode, mkfifoat};

        let home = tempfile::tempdir().unwrap();
        let pipe = home.path().join("pipe");
        mkfifoat(CWD, &pipe, Mode::from_raw_mode(0o600)).unwrap();
        let socket = home.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        let cases = [
            (pipe.as_path(), "it is a named pipe, not a regular file"),
            (&socket, "it is a socket, not a regular file"),
            (home.path(), "it is a directory, not a regular file"),
            (Path::new("/dev/zero"), "it is a device, not a regular file"),
        ];
        for (path, text) in cases {
            assert_eq!(read_text(path, 10).unwrap_err().to_string(), text);
        }
    }
}
