//! Reading the text of a file.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use crate::{
    diagnostic::{Diagnostic, Severity, TextSpan},
    text::MAX_BYTES,
};

/// A text that cannot be understood, and why.
pub(super) struct TextProblem {
    pub(super) text: String,
    pub(super) diagnostic: Box<Diagnostic>,
}

pub(super) type TextResult = Result<String, TextProblem>;

/// Reads a file, up to one byte more than is accepted.
pub(super) fn read_text(path: &Path) -> io::Result<TextResult> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(match String::from_utf8(bytes) {
        Ok(text) => Ok(text),
        // The last character may have been cut in two; that it is too long is said instead.
        Err(error) if error.as_bytes().len() > MAX_BYTES => {
            Ok(String::from_utf8_lossy(error.as_bytes()).into_owned())
        }
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            let span = TextSpan { start: at, end: at };
            let message = "the file is not UTF-8 text";
            let diagnostic = Box::new(Diagnostic::new(Severity::Error, span, message));
            Err(TextProblem { text, diagnostic })
        }
    })
}
