//! Text from standard input: a whole message, or what is joined with one.

use std::io::{self, Read};

/// The most bytes that are read from standard input: more than any context window holds.
const MAX_STDIN_BYTES: u64 = 64 * 1024 * 1024;

/// Standard input cannot be used as text.
#[derive(Debug)]
pub(crate) enum StdinTextError {
    /// It cannot be read.
    Read(io::Error),
    /// It does not end within the most bytes that are read.
    TooLarge,
    /// It is not UTF-8 from this byte on.
    NotText { offset: usize },
}

impl std::fmt::Display for StdinTextError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Read(error) => write!(f, "read standard input: {error}"),
            Self::TooLarge => write!(
                f,
                "read standard input: it has more than {MAX_STDIN_BYTES} bytes; for a large file, \
                 name the file in the message instead"
            ),
            Self::NotText { offset } => write!(
                f,
                "read standard input as text: it is not UTF-8 at byte {offset}; for a binary file, \
                 name the file in the message instead"
            ),
        }
    }
}

/// Reads standard input to its end.
pub(crate) fn read_stdin_text() -> Result<String, StdinTextError> {
    let mut bytes = Vec::new();
    io::stdin().take(MAX_STDIN_BYTES + 1).read_to_end(&mut bytes).map_err(StdinTextError::Read)?;
    if bytes.len() as u64 > MAX_STDIN_BYTES {
        return Err(StdinTextError::TooLarge);
    }
    String::from_utf8(bytes)
        .map_err(|error| StdinTextError::NotText { offset: error.utf8_error().valid_up_to() })
}

/// Returns the text of an option, or standard input for `-`.
pub(crate) fn read_text_or_stdin(text: String) -> Result<String, StdinTextError> {
    if text == "-" { read_stdin_text() } else { Ok(text) }
}

/// Joins a message with what is piped in: the message, an empty line, and the input.
pub(crate) fn join_with_stdin(text: String) -> Result<String, StdinTextError> {
    if text == "-" {
        return read_stdin_text();
    }
    if !is_stdin_piped() {
        return Ok(text);
    }
    let input = read_stdin_text()?;
    Ok(match (text.trim().is_empty(), input.trim().is_empty()) {
        (_, true) => text,
        (true, false) => input,
        (false, false) => format!("{text}\n\n{input}"),
    })
}

/// Whether standard input is a pipe or a file. A socket is neither: programs that start this one
/// often leave it open without ever writing to it.
#[cfg(unix)]
pub(crate) fn is_stdin_piped() -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    std::fs::metadata("/dev/stdin").is_ok_and(|data| data.is_file() || data.file_type().is_fifo())
}

/// Whether standard input is a pipe or a file.
#[cfg(not(unix))]
pub(crate) fn is_stdin_piped() -> bool {
    use std::io::IsTerminal as _;
    !io::stdin().is_terminal()
}
