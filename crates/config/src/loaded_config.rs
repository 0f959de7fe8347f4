//! A loaded config that remembers where each value was set.

use std::{
    collections::BTreeSet,
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    diagnostic::{Diagnostic, Severity, TextSpan},
    env::Env,
    layer::ConfigLayer,
    path::KeyPath,
    pattern::to_key_path,
    sections::Config,
    supported_keys::{KeySupport, key_support},
    text::redact_secrets,
    tree::{ConfigSource, ConfigTree, SourceName},
};

/// A config with its diagnostics and the sources of its values.
///
/// `Debug` shows neither texts nor secrets.
#[derive(Debug, Clone)]
pub struct LoadedConfig {
    /// The config. An invalid value is replaced by that of a lower layer or by its default.
    pub config: Config,
    /// The user file; `None` for a text from elsewhere.
    pub path: Option<PathBuf>,
    /// Whether the user file exists.
    pub exists: bool,
    /// All diagnostics, text by text, in the order of each text.
    pub diagnostics: Vec<Diagnostic>,
    /// The config without the project file; `None` when there is no such file.
    pub(crate) own_config: Option<Config>,
    pub(crate) tree: Option<ConfigTree>,
    /// Texts of which nothing is used.
    pub(crate) broken_sources: Vec<ConfigSource>,
    pub(crate) env: Env,
}

/// Where a value was set; displayed as `agents.defaults.timeoutSeconds (openclaw.json:12)`,
/// `agents.defaults.model.primary (env OPENCLAW_MODEL)`, `agents.defaults.model.primary (command
/// line, --model)` or `default`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ValueOrigin {
    /// Set in a file.
    File {
        /// The key.
        path: KeyPath,
        /// The name of the file without its folder; `None` when the text was not in a file.
        file: Option<String>,
        /// The line of the key, from 1.
        line: usize,
        /// The layer of the file.
        layer: ConfigLayer,
    },
    /// Set by an environment variable.
    Env {
        /// The key.
        path: KeyPath,
        /// The variable.
        variable: &'static str,
    },
    /// Set by a command-line option.
    CommandLine {
        /// The key.
        path: KeyPath,
        /// The option.
        option: String,
    },
    /// Not set anywhere.
    Default,
}

impl LoadedConfig {
    /// Whether a part of the config could not be used.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// The config without what the project file sets: only what the user wrote.
    #[must_use]
    pub fn own_config(&self) -> &Config {
        self.own_config.as_ref().unwrap_or(&self.config)
    }

    /// The environment that the config is used with: the variables of the process, those of `.env`
    /// in the state folder, and those of the config's `env`.
    #[must_use]
    pub fn env(&self) -> &Env {
        &self.env
    }

    /// The config for one agent; see [`Config::for_agent`].
    #[must_use]
    pub fn for_agent(&self, id: &str) -> Self {
        let mut loaded = self.clone();
        loaded.config = self.config.for_agent(id);
        loaded.own_config = self.own_config.as_ref().map(|config| config.for_agent(id));
        loaded
    }

    /// The config for an agent as a sub-agent; see [`Config::for_subagent`].
    #[must_use]
    pub fn for_subagent(&self, id: &str) -> Self {
        let mut loaded = self.clone();
        loaded.config = self.config.for_subagent(id);
        loaded.own_config = self.own_config.as_ref().map(|config| config.for_subagent(id));
        loaded
    }

    /// Whether another config comes from the same texts and the same environment, so that it is the
    /// same config.
    #[must_use]
    pub fn has_same_sources(&self, other: &Self) -> bool {
        let texts = |loaded: &Self| -> Vec<_> {
            let sources = loaded.tree_sources().iter().chain(&loaded.broken_sources);
            sources.map(|it| (it.layer, it.name.clone(), Arc::clone(&it.text))).collect()
        };
        self.exists == other.exists && self.env == other.env && texts(self) == texts(other)
    }

    /// Whether the user file is broken and its last good version is used instead.
    #[must_use]
    pub fn is_last_good(&self) -> bool {
        self.broken_sources
            .iter()
            .any(|source| source.file_path().map(AsRef::as_ref) == self.path.as_deref())
    }

    /// The files that were read, and the user file if there is none: whoever changes one changes the
    /// config.
    #[must_use]
    pub fn source_files(&self) -> Vec<PathBuf> {
        let sources = self.tree.iter().flat_map(|tree| &tree.sources).chain(&self.broken_sources);
        let read = sources.filter_map(|source| Some(source.file_path()?.to_path_buf()));
        let mut files: Vec<PathBuf> = self.path.iter().cloned().chain(read).collect();
        files.sort();
        files.dedup();
        files
    }

    /// The text of the user file that is used, including secrets; `None` without one.
    #[must_use]
    pub fn source_text(&self) -> Option<&Arc<str>> {
        self.user_source().map(|source| &source.text)
    }

    /// The text of the user file that is used, with secrets as `*`. Lines and byte offsets are
    /// unchanged, so spans fit it.
    #[must_use]
    pub fn redacted_text(&self) -> Option<String> {
        self.user_source().map(redact_source)
    }

    /// The spans of the secrets in the text of the user file.
    pub(crate) fn secret_spans(&self) -> BTreeSet<TextSpan> {
        self.user_source().map(|source| source.secrets.clone()).unwrap_or_default()
    }

    /// The text that a diagnostic's span refers to, with secrets as `*`.
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

    /// The line and the column, both from 1, of a key or an element that is set in a file and used
    /// by the config.
    #[must_use]
    pub fn find_position(&self, path: &KeyPath) -> Option<(usize, usize)> {
        let tree = self.tree.as_ref()?;
        let (span, node) = tree.find_node(path)?;
        tree.sources.get(tree.source_index(node))?.line_and_column_at(span.start)
    }

    /// Where the value of a key was set; `Default` if the text is not a key path.
    #[must_use]
    pub fn find_origin(&self, path: &str) -> ValueOrigin {
        path.parse().map_or(ValueOrigin::Default, |path| self.find_origin_at(&path))
    }

    /// Where the value of a key was set.
    #[must_use]
    pub fn find_origin_at(&self, path: &KeyPath) -> ValueOrigin {
        let Some(tree) = &self.tree else { return ValueOrigin::Default };
        let Some((span, node)) = tree.find_node(path) else { return ValueOrigin::Default };
        let source = tree.sources.get(tree.source_index(node));
        source.map_or(ValueOrigin::Default, |source| origin_at(path.clone(), source, span.start))
    }

    /// The value of a key as written, with secrets as `*`; `None` when it is not set. An object
    /// merged from several layers is shown as written in the lowest layer.
    #[must_use]
    pub fn redacted_value(&self, path: &KeyPath) -> Option<String> {
        let tree = self.tree.as_ref()?;
        let (_, node) = tree.find_node(path)?;
        Some(tree.redacted_value(path, node))
    }

    /// The overridden values of a key in lower layers, the highest first: where each was set and
    /// its text, with secrets as `*`.
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

    /// The keys that are set and valid but have no effect (yet), without the keys below them, in
    /// file order.
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

    /// Whether a layer sets anything.
    #[must_use]
    pub fn has_layer(&self, layer: ConfigLayer) -> bool {
        self.tree_sources().iter().any(|source| source.layer == layer)
    }

    fn tree_sources(&self) -> &[ConfigSource] {
        self.tree.as_ref().map(|tree| tree.sources.as_slice()).unwrap_or_default()
    }

    fn user_source(&self) -> Option<&ConfigSource> {
        // The files that it includes come before it.
        self.tree_sources().iter().rfind(|source| source.layer == ConfigLayer::User)
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
    /// The layer that set the value.
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
