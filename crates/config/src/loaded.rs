//! A config that was read, with the memory of where each value stands.

use std::{
    collections::BTreeSet,
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    acted_on::{Use, use_of},
    diagnostic::{Diagnostic, Severity, Span, line_and_column},
    path::KeyPath,
    sections::Config,
    text::{Document, mask},
};

/// A config with what is to be said about it.
///
/// `Debug` shows neither the text nor a secret.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The config; what was wrong in the file has its default here.
    pub config: Config,
    /// The file; absent for a text that came from elsewhere.
    pub path: Option<PathBuf>,
    /// Whether there is a file. Without one every value is its default.
    pub exists: bool,
    /// Every problem, in the order of the file.
    pub diagnostics: Vec<Diagnostic>,
    pub(crate) source: Option<Source>,
}

/// The text behind a config.
#[derive(Clone)]
pub(crate) struct Source {
    pub(crate) document: Document,
    pub(crate) secrets: BTreeSet<Span>,
    /// The values that are in the text and not in the config.
    pub(crate) left_out: BTreeSet<u32>,
}

/// Where a value came from; shown as `agents.defaults.timeoutSeconds (openclaw.json:12)` or
/// `default`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// It is set in a file.
    File {
        /// The key.
        path: KeyPath,
        /// The name of the file without its folder; absent when the text was not in a file.
        file: Option<String>,
        /// The line of the key, from 1.
        line: usize,
    },
    /// It is not set anywhere.
    Default,
}

impl Loaded {
    /// Whether some part of the config could not be used.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// The text as it stands in the file, secrets included; absent without a file.
    #[must_use]
    pub fn text(&self) -> Option<&Arc<str>> {
        self.source.as_ref().map(|source| &source.document.text)
    }

    /// The text to show, with secrets as `*`; its bytes and lines stand where they do in the
    /// file, so that spans fit.
    #[must_use]
    pub fn text_to_show(&self) -> Option<String> {
        let source = self.source.as_ref()?;
        Some(mask(&source.document.text, &source.secrets))
    }

    /// The line and the column, both from 1, of a key or an element that is set in the file and
    /// that the config has.
    #[must_use]
    pub fn where_set(&self, path: &KeyPath) -> Option<(usize, usize)> {
        let source = self.source.as_ref()?;
        let (span, _) = source.document.root.find(path, &source.left_out)?;
        Some(line_and_column(&source.document.text, span.start))
    }

    /// Where the value of a key came from; a text that is no key path gives the default.
    #[must_use]
    pub fn origin(&self, path: &str) -> Origin {
        let Ok(path) = path.parse::<KeyPath>() else { return Origin::Default };
        let Some((line, _)) = self.where_set(&path) else { return Origin::Default };
        let name = self.path.as_deref().and_then(Path::file_name);
        Origin::File { path, file: name.map(|name| name.display().to_string()), line }
    }

    /// The keys that are set and valid and that this program does not act on (yet), each without
    /// what is below it, in the order of the file.
    #[must_use]
    pub fn unused(&self) -> Vec<KeyPath> {
        let mut unused = Vec::new();
        if let Some(Source { document, left_out, .. }) = &self.source
            && !left_out.contains(&document.root.id)
        {
            document.root.walk(&mut |path, _, node| match use_of(path) {
                _ if left_out.contains(&node.id) => false,
                Use::Whole => false,
                Use::Part => true,
                Use::Nothing => {
                    unused.push(path.clone());
                    false
                }
            });
        }
        unused
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({} bytes)", self.document.text.len())
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, file: Some(file), line } => write!(f, "{path} ({file}:{line})"),
            Self::File { path, file: None, line } => write!(f, "{path} (line {line})"),
            Self::Default => f.write_str("default"),
        }
    }
}
