//! A config that was read, with the memory of where each value stands.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    acted_on::{Use, use_of},
    diagnostic::{Diagnostic, Severity},
    layer::Layer,
    path::KeyPath,
    pattern::path_of,
    sections::Config,
    text::mask,
    tree::{Name, Source, Tree},
};

/// A config with what is to be said about it.
///
/// `Debug` shows neither a text nor a secret.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The config; what was wrong has the value of a weaker layer or its default here.
    pub config: Config,
    /// The user's file; absent for a text that came from elsewhere.
    pub path: Option<PathBuf>,
    /// Whether there is a user's file.
    pub exists: bool,
    /// Every problem, text by text and in the order of each.
    pub diagnostics: Vec<Diagnostic>,
    pub(crate) tree: Option<Tree>,
    /// Texts that nothing is used of.
    pub(crate) broken: Vec<Source>,
}

/// Where a value came from; shown as `agents.defaults.timeoutSeconds (openclaw.json:12)`,
/// `agents.defaults.model.primary (env OPENCLAW_MODEL)`,
/// `agents.defaults.model.primary (command line, --model)` or `default`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// It is set in a file.
    File {
        /// The key.
        path: KeyPath,
        /// The name of the file without its folder; absent when the text was not in a file.
        file: Option<String>,
        /// The line of the key, from 1.
        line: usize,
        /// Which file it is.
        layer: Layer,
    },
    /// It is set by an environment variable.
    Env {
        /// The key.
        path: KeyPath,
        /// The variable.
        variable: &'static str,
    },
    /// It is set by an option of the command line.
    CommandLine {
        /// The key.
        path: KeyPath,
        /// The option.
        option: String,
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

    /// Whether the user's file is broken and its last good version is used instead.
    #[must_use]
    pub fn is_last_good(&self) -> bool {
        self.broken.iter().any(|source| source.file().map(AsRef::as_ref) == self.path.as_deref())
    }

    /// The text of the user's file that is used, secrets included; absent without one.
    #[must_use]
    pub fn text(&self) -> Option<&Arc<str>> {
        self.user_source().map(|source| &source.text)
    }

    /// The text of the user's file that is used, to show, with secrets as `*`; its bytes and lines
    /// stand where they do in the file, so that spans fit.
    #[must_use]
    pub fn text_to_show(&self) -> Option<String> {
        self.user_source().map(shown)
    }

    /// The text that the span of a diagnostic is in, to show, with secrets as `*`.
    #[must_use]
    pub fn text_of(&self, diagnostic: &Diagnostic) -> Option<String> {
        diagnostic.span?;
        let mut sources = self.broken.iter().chain(self.sources());
        sources
            .find(|source| match (&source.name, &diagnostic.file) {
                (Name::File(path), Some(file)) => path == file,
                (Name::Nowhere, None) => true,
                _ => false,
            })
            .map(shown)
    }

    /// The line and the column, both from 1, of a key or an element that is set in a file and
    /// that the config has.
    #[must_use]
    pub fn where_set(&self, path: &KeyPath) -> Option<(usize, usize)> {
        let tree = self.tree.as_ref()?;
        let (span, node) = tree.find(path)?;
        tree.sources.get(tree.source_of(node))?.place(span.start)
    }

    /// Where the value of a key came from; a text that is no key path gives the default.
    #[must_use]
    pub fn origin(&self, path: &str) -> Origin {
        let Ok(path) = path.parse::<KeyPath>() else { return Origin::Default };
        let Some(tree) = &self.tree else { return Origin::Default };
        let Some((span, node)) = tree.find(&path) else { return Origin::Default };
        let source = tree.sources.get(tree.source_of(node));
        source.map_or(Origin::Default, |source| origin(path, source, span.start))
    }

    /// The value of a key as it is written where it came from, with secrets as `*`; absent when
    /// it is not set. An object that several layers have a part in is shown as the weakest has it.
    #[must_use]
    pub fn shown(&self, path: &KeyPath) -> Option<String> {
        let tree = self.tree.as_ref()?;
        let (_, node) = tree.find(path)?;
        Some(tree.shown(path, node))
    }

    /// What weaker layers set a key to, the strongest of them first: where, and the value as it is
    /// written there, with secrets as `*`.
    #[must_use]
    pub fn overridden(&self, path: &KeyPath) -> Vec<(Origin, String)> {
        let Some(tree) = &self.tree else { return Vec::new() };
        tree.overridden(path)
            .into_iter()
            .filter_map(|(source, span, node)| {
                let source = tree.sources.get(source)?;
                Some((origin(path.clone(), source, span.start), tree.shown(path, node)))
            })
            .collect()
    }

    /// The keys that are set and valid and that this program does not act on (yet), each without
    /// what is below it, in the order of the file.
    #[must_use]
    pub fn unused(&self) -> Vec<KeyPath> {
        let mut unused = Vec::new();
        if let Some(Tree { root, left_out, .. }) = &self.tree
            && !left_out.contains(&root.id)
        {
            root.walk(&mut |steps, _, node| match use_of(steps) {
                _ if left_out.contains(&node.id) => false,
                Use::Whole => false,
                Use::Part => true,
                Use::Nothing => {
                    unused.push(path_of(steps));
                    false
                }
            });
        }
        unused
    }

    fn sources(&self) -> &[Source] {
        self.tree.as_ref().map(|tree| tree.sources.as_slice()).unwrap_or_default()
    }

    fn user_source(&self) -> Option<&Source> {
        self.sources().iter().find(|source| source.layer == Layer::User)
    }
}

fn shown(source: &Source) -> String {
    mask(&source.text, &source.secrets)
}

fn origin(path: KeyPath, source: &Source, at: usize) -> Origin {
    let layer = source.layer;
    let line = source.place(at).map_or(1, |(line, _)| line);
    match &source.name {
        Name::Env(variable) => Origin::Env { path, variable },
        Name::Option(option) => Origin::CommandLine { path, option: option.clone() },
        Name::Nowhere => Origin::File { path, file: None, line, layer },
        Name::File(file) => {
            let name = Path::file_name(file).map(|name| name.display().to_string());
            Origin::File { path, file: name, line, layer }
        }
    }
}

impl Origin {
    /// The layer that the value came from.
    #[must_use]
    pub fn layer(&self) -> Layer {
        match self {
            Self::File { layer, .. } => *layer,
            Self::Env { .. } => Layer::Environment,
            Self::CommandLine { .. } => Layer::CommandLine,
            Self::Default => Layer::Defaults,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, file: Some(file), line, .. } => write!(f, "{path} ({file}:{line})"),
            Self::File { path, file: None, line, .. } => write!(f, "{path} (line {line})"),
            Self::Env { path, variable } => write!(f, "{path} (env {variable})"),
            Self::CommandLine { path, option } => write!(f, "{path} (command line, {option})"),
            Self::Default => f.write_str("default"),
        }
    }
}
