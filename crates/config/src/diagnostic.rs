//! Problems of a config, and their positions.

use std::{fmt, path::Path, sync::Arc};

use crate::{layer::ConfigLayer, path::KeyPath};

/// A byte range of the config text; `start` is included, `end` is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct TextSpan {
    /// The first byte.
    pub start: usize,
    /// The byte after the last one.
    pub end: usize,
}

/// The severity of a [`Diagnostic`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// A part of the config, or all of it, is not used.
    Error,
    /// The config is used, but probably not as intended.
    Warning,
    /// Information; nothing needs to be repaired.
    Note,
}

/// What a [`Diagnostic`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DiagnosticKind {
    /// Anything that has no kind of its own.
    General,
    /// The value does not fit its key and is not used.
    InvalidValue,
    /// The program does not know the key and ignores it.
    UnknownKey,
    /// As `UnknownKey`, and the key or one below it has the name of a restriction.
    UnknownRestriction,
    /// The settings of an agent stand under an id that no agent can have, or that another has.
    UnusableAgentId,
    /// The key stands twice and one of the values is not used.
    DuplicateKey,
    /// The key restricts what may run, and the program does not act on it.
    UnheldRestriction,
    /// The key restricts what may leave the machine, and the program does not act on it.
    UnheldEgressRestriction,
    /// Nothing of a whole text is used.
    UnusedText,
    /// Some problems are not reported, because there are too many.
    Truncated,
}

/// A problem of a config.
///
/// Never quotes a secret. [`fmt::Display`] writes one line, and a second one for the help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The severity.
    pub severity: Severity,
    /// What it is about.
    pub kind: DiagnosticKind,
    /// The layer of the text it is in.
    pub layer: ConfigLayer,
    /// The key it is about; the empty path is the whole file.
    pub path: KeyPath,
    /// The file it is in; `None` when the text did not come from a file.
    pub file: Option<Arc<Path>>,
    /// The byte range it is about.
    pub span: Option<TextSpan>,
    /// The line where `span` starts, from 1; 1 without a span.
    pub line: usize,
    /// The column where `span` starts, in characters from 1; 1 without a span.
    pub column: usize,
    /// What is wrong, as a lower-case fragment.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// About the whole file until [`Diagnostic::at_path`]. [`finalize_diagnostics`] sets file and
    /// line.
    pub(crate) fn new(severity: Severity, span: TextSpan, message: impl Into<String>) -> Self {
        Self {
            severity,
            kind: DiagnosticKind::General,
            layer: ConfigLayer::User,
            path: KeyPath::root(),
            file: None,
            span: Some(span),
            line: 1,
            column: 1,
            message: message.into(),
            help: None,
        }
    }

    pub(crate) fn at_path(mut self, path: KeyPath) -> Self {
        self.path = path;
        self
    }

    pub(crate) fn with_kind(mut self, kind: DiagnosticKind) -> Self {
        self.kind = kind;
        self
    }

    pub(crate) fn with_help(mut self, help: Option<String>) -> Self {
        self.help = help;
        self
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        })
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{}:", file.display())?;
        }
        if self.span.is_some() {
            write!(f, "{}:{}: ", self.line, self.column)?;
        }
        write!(f, "{}: ", self.severity)?;
        if !self.path.is_root() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)?;
        match &self.help {
            Some(help) => write!(f, "\n  help: {help}"),
            None => Ok(()),
        }
    }
}

/// The most diagnostics that are reported for one file.
pub(crate) const MAX_DIAGNOSTICS: usize = 100;

/// Sorts the diagnostics of one text, truncates them to [`MAX_DIAGNOSTICS`] and sets file, line and
/// column.
pub(crate) fn finalize_diagnostics(
    diagnostics: &mut Vec<Diagnostic>,
    text: &str,
    file: Option<&Path>,
) {
    diagnostics.sort_by_key(|diagnostic| (diagnostic.span, diagnostic.severity));
    if diagnostics.len() > MAX_DIAGNOSTICS {
        diagnostics.truncate(MAX_DIAGNOSTICS);
        let end = TextSpan { start: text.len(), end: text.len() };
        let message = "there are more problems than are listed here";
        let note = Diagnostic::new(Severity::Note, end, message);
        diagnostics.push(note.with_kind(DiagnosticKind::Truncated));
    }
    let file: Option<Arc<Path>> = file.map(Arc::from);
    for diagnostic in diagnostics {
        diagnostic.file.clone_from(&file);
        let start = diagnostic.span.map_or(0, |span| span.start);
        (diagnostic.line, diagnostic.column) = line_and_column(text, start);
    }
}

/// The line and the column of a byte offset, both from 1. An offset beyond the end is the end.
pub(crate) fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let (mut line, mut column) = (1, 1);
    let mut previous = '\0';
    for (at, character) in text.char_indices() {
        if at >= offset {
            break;
        }
        match character {
            '\n' if previous == '\r' => {}
            '\n' | '\r' => (line, column) = (line + 1, 1),
            _ => column += 1,
        }
        previous = character;
    }
    (line, column)
}

#[cfg(test)]
mod tests {
    use super::line_and_column;

    #[test]
    fn lines_and_columns_count_from_one_in_characters() {
        let text = "ä: 1\r\nb\n\nc";
        let places: Vec<_> = ["ä", ":", "b", "c"]
            .iter()
            .map(|needle| line_and_column(text, text.find(needle).unwrap()))
            .collect();
        assert_eq!(places, [(1, 1), (1, 2), (2, 1), (4, 1)]);
        assert_eq!(line_and_column(text, 999), (4, 2));
        assert_eq!(line_and_column("", 0), (1, 1));
    }
}
