//! A config that was read, with the memory of where each value stands.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    diagnostic::{Diagnostic, Severity},
    layer::ConfigLayer,
    path::KeyPath,
    pattern::to_key_path,
    sections::Config,
    supported_keys::{KeySupport, key_support},
    text::redact_secrets,
    tree::{ConfigSource, ConfigTree, SourceName},
};

/// A config with what is to be said about it.
///
/// `Debug` shows neither a text nor a secret.
#[derive(Debug, Clone)]
pub struct LoadedConfig {
    /// The config; what was wrong has the value of a weaker layer or its default here.
    pub config: Config,
    /// The user's file; absent for a text that came from elsewhere.
    pub path: Option<PathBuf>,
    /// Whether there is a user's file.
    pub exists: bool,
    /// Every problem, text by text and in the order of each.
    pub diagnostics: Vec<Diagnostic>,
    pub(crate) tree: Option<ConfigTree>,
    /// Texts that nothing is used of.
    pub(crate) broken_sources: Vec<ConfigSource>,
}

/// Where a value came from; shown as `agents.defaults.timeoutSeconds (openclaw.json:12)`,
/// `agents.defaults.model.primary (env OPENCLAW_MODEL)`,
/// `agents.defaults.model.primary (command line, --model)` or `default`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ValueOrigin {
    /// It is set in a file.
    File {
        /// The key.
        path: KeyPath,
        /// The name of the file without its folder; absent when the text was not in a file.
        file: Option<String>,
        /// The line of the key, from 1.
        line: usize,
        /// Which file it is.
        layer: ConfigLayer,
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

impl LoadedConfig {
    /// Whether some part of the config could not be used.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// Whether the user's file is broken and its last good version is used instead.
    #[must_use]
    pub fn is_last_good(&self) -> bool {
        self.broken_sources
            .iter()
            .any(|source| source.file_path().map(AsRef::as_ref) == self.path.as_deref())
    }

    /// The text of the user's file that is used, secrets included; absent without one.
    #[must_use]
    pub fn source_text(&self) -> Option<&Arc<str>> {
        self.user_source().map(|source| &source.text)
    }

    /// The text of the user's file that is used, to show, with secrets as `*`; its bytes and lines
    /// stand where they do in the file, so that spans fit.
    #[must_use]
    pub fn redacted_text(&self) -> Option<String> {
        self.user_source().map(redact_source)
    }

    /// The text that the span of a diagnostic is in, to show, with secrets as `*`.
    #[must_use]
    pub fn diagnostic_source_text(&self, diagnostic: &Diagnostic) -> Option<String> {
        diagnostic.span?;
        let mut sources = self.broken_sources.iter().chain(self.tree_sources());
        sources
            .find(|source| match (&source.name, &diagnostic.file) {
                (SourceName::File(path), Some(file)) => path == file,
                (SourceName::Inline, None) => true,
                _ => false,
            })
            .map(redact_source)
    }

    /// The line and the column, both from 1, of a key or an element that is set in a file and
    /// that the config has.
    #[must_use]
    pub fn find_position(&self, path: &KeyPath) -> Option<(usize, usize)> {
        let tree = self.tree.as_ref()?;
        let (span, node) = tree.find_node(path)?;
        tree.sources.get(tree.source_index(node))?.line_and_column_at(span.start)
    }

    /// Where the value of a key came from; a text that is no key path gives the default.
    #[must_use]
    pub fn find_origin(&self, path: &str) -> ValueOrigin {
        let Ok(path) = path.parse::<KeyPath>() else { return ValueOrigin::Default };
        let Some(tree) = &self.tree else { return ValueOrigin::Default };
        let Some((span, node)) = tree.find_node(&path) else { return ValueOrigin::Default };
        let source = tree.sources.get(tree.source_index(node));
        source.map_or(ValueOrigin::Default, |source| origin_at(path, source, span.start))
    }

    /// The value of a key as it is written where it came from, with secrets as `*`; absent when
    /// it is not set. An object that several layers have a part in is shown as the weakest has it.
    #[must_use]
    pub fn redacted_value(&self, path: &KeyPath) -> Option<String> {
        let tree = self.tree.as_ref()?;
        let (_, node) = tree.find_node(path)?;
        Some(tree.redacted_value(path, node))
    }

    /// What weaker layers set a key to, the strongest of them first: where, and the value as it is
    /// written there, with secrets as `*`.
    #[must_use]
    pub fn overridden_values(&self, path: &KeyPath) -> Vec<(ValueOrigin, String)> {
        let Some(tree) = &self.tree else { return Vec::new() };
        tree.overridden_nodes(path)
            .into_iter()
            .filter_map(|(source, span, node)| {
                let source = tree.sources.get(source)?;
                Some((origin_at(path.clone(), source, span.start), tree.redacted_value(path, node)))
            })
            .collect()
    }

    /// The keys that are set and valid and that this program does not act on (yet), each without
    /// what is below it, in the order of the file.
    #[must_use]
    pub fn unused_keys(&self) -> Vec<KeyPath> {
        let mut unused = Vec::new();
        if let Some(ConfigTree { root, ignored, .. }) = &self.tree
            && !ignored.contains(&root.id)
        {
            root.walk_nodes(&mut |steps, _, node| match key_support(steps) {
                _ if ignored.contains(&node.id) => false,
                KeySupport::Full => false,
                KeySupport::Partial => true,
                KeySupport::Unsupported => {
                    unused.push(to_key_path(steps));
                    false
                }
            });
        }
        unused
    }

    fn tree_sources(&self) -> &[ConfigSource] {
        self.tree.as_ref().map(|tree| tree.sources.as_slice()).unwrap_or_default()
    }

    fn user_source(&self) -> Option<&ConfigSource> {
        self.tree_sources().iter().find(|source| source.layer == ConfigLayer::User)
    }
}

fn redact_source(source: &ConfigSource) -> String {
    redact_secrets(&source.text, &source.secrets)
}

fn origin_at(path: KeyPath, source: &ConfigSource, at: usize) -> ValueOrigin {
    let layer = source.layer;
    let line = source.line_and_column_at(at).map_or(1, |(line, _)| line);
    match &source.name {
        SourceName::Env(variable) => ValueOrigin::Env { path, variable },
        SourceName::CliOption(option) => ValueOrigin::CommandLine { path, option: option.clone() },
        SourceName::Inline => ValueOrigin::File { path, file: None, line, layer },
        SourceName::File(file) => {
            let name = Path::file_name(file).map(|name| name.display().to_string());
            ValueOrigin::File { path, file: name, line, layer }
        }
    }
}

impl ValueOrigin {
    /// The layer that the value came from.
    #[must_use]
    pub fn layer(&self) -> ConfigLayer {
        match self {
            Self::File { layer, .. } => *layer,
            Self::Env { .. } => ConfigLayer::Environment,
            Self::CommandLine { .. } => ConfigLayer::CommandLine,
            Self::Default => ConfigLayer::Defaults,
        }
    }
}

impl fmt::Display for ValueOrigin {
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
