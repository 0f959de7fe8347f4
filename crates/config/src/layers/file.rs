//! Reads the text of a config file.

use std::{io, path::Path};

use openclaw_fs::read_prefix;

use crate::{
    diagnostic::{Diagnostic, Severity, TextSpan},
    text::MAX_BYTES,
};

/// A text that cannot be parsed, and why.
pub(super) struct TextProblem {
    pub(super) text: String,
    pub(super) diagnostic: Box<Diagnostic>,
}

pub(super) type TextResult = Result<String, TextProblem>;

/// Reads a regular file, at most one byte more than the size limit.
pub(super) fn read_text(path: &Path) -> io::Result<TextResult> {
    Ok(match String::from_utf8(read_prefix(path, MAX_BYTES as u64 + 1)?) {
        Ok(text) => Ok(text),
        // The limit may have cut the last character: report the size, not the encoding.
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
