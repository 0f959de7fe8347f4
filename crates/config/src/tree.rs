//! The merged values of all layers, with their sources.

use std::{collections::BTreeSet, fmt, path::Path, sync::Arc};

use crate::{
    diagnostic::{Diagnostic, TextSpan, finalize_diagnostics, line_and_column},
    layer::ConfigLayer,
    path::{KeyPath, PathSegment},
    text::{Json5Node, Json5Value, ObjectEntry, is_secret_key_name, redact_secrets},
};

/// A text that values come from.
#[derive(Clone)]
pub(crate) struct ConfigSource {
    pub(crate) layer: ConfigLayer,
    pub(crate) name: SourceName,
    pub(crate) text: Arc<str>,
    pub(crate) secrets: BTreeSet<TextSpan>,
    /// The smallest id of its values, which are numbered consecutively.
    pub(crate) first_id: u32,
}

/// The name of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SourceName {
    File(Arc<Path>),
    /// A text passed by the caller, not from a file.
    Inline,
    /// The value of an environment variable.
    Env(&'static str),
    /// The argument of a command-line option.
    CliOption(String),
}

/// An entry that was replaced by a higher layer.
#[derive(Clone)]
struct ReplacedEntry {
    path: KeyPath,
    entry: ObjectEntry,
}

/// A parsed text, ready to be merged over lower layers.
#[derive(Clone)]
pub(crate) struct LayerDocument {
    pub(crate) source: ConfigSource,
    pub(crate) root: Json5Node,
    pub(crate) ignored: BTreeSet<u32>,
    /// Secret references, into which nothing is merged.
    pub(crate) references: BTreeSet<u32>,
}

/// The merged values; for each key that of the highest layer.
#[derive(Clone)]
pub(crate) struct ConfigTree {
    pub(crate) root: Json5Node,
    pub(crate) sources: Vec<ConfigSource>,
    /// The values that are in a text but not used by the config.
    pub(crate) ignored: BTreeSet<u32>,
    references: BTreeSet<u32>,
    replaced: Vec<ReplacedEntry>,
}

impl ConfigTree {
    pub(crate) fn new(document: LayerDocument) -> Self {
        let LayerDocument { source, root, ignored, references } = document;
        Self { root, sources: vec![source], ignored, references, replaced: Vec::new() }
    }

    /// Merges a text of a higher layer key by key; arrays and scalars replace the lower value. The
    /// ids of its values must differ from those in the tree.
    pub(crate) fn overlay_document(&mut self, document: LayerDocument) {
        let LayerDocument { source, root, ignored, references } = document;
        self.sources.push(source);
        self.ignored.extend(ignored);
        self.references.extend(references);
        if self.ignored.contains(&root.id) {
            return;
        }
        let nothing =
            Json5Node { id: self.root.id, span: TextSpan::default(), value: Json5Value::Null };
        let below = std::mem::replace(&mut self.root, nothing);
        self.root = if self.ignored.contains(&below.id) {
            root
        } else {
            self.merge_nodes(below, root, &mut KeyPath::root())
        };
    }

    /// Merges an object into an object; both must be mergeable.
    fn merge_nodes(
        &mut self,
        mut below: Json5Node,
        above: Json5Node,
        at: &mut KeyPath,
    ) -> Json5Node {
        let (Json5Value::Object(present), Json5Value::Object(entries)) =
            (&mut below.value, above.value)
        else {
            return below;
        };
        for entry in entries {
            if self.ignored.contains(&entry.node.id) {
                continue;
            }
            at.push(PathSegment::Key(entry.key.clone()));
            match present.iter_mut().find(|present| present.key == entry.key) {
                None => present.push(entry),
                Some(present) if self.ignored.contains(&present.node.id) => *present = entry,
                Some(present)
                    if self.is_mergeable(&present.node) && self.is_mergeable(&entry.node) =>
                {
                    let nothing = Json5Node::new(Json5Value::Null, TextSpan::default());
                    let below = std::mem::replace(&mut present.node, nothing);
                    present.node = self.merge_nodes(below, entry.node, at);
                }
                Some(present) if self.is_joined(&present.node, &entry.node) => {
                    if let (Json5Value::Array(present), Json5Value::Array(elements)) =
                        (&mut present.node.value, entry.node.value)
                    {
                        present.extend(elements);
                    }
                }
                Some(present) => {
                    let entry = std::mem::replace(present, entry);
                    self.replaced.push(ReplacedEntry { path: at.clone(), entry });
                }
            }
            at.pop();
        }
        below
    }

    /// Whether two values are lists of files that are one config by `$include`: their elements are
    /// joined. Only such files share a layer that is a file.
    fn is_joined(&self, below: &Json5Node, above: &Json5Node) -> bool {
        let layer = |node| self.sources.get(self.source_index(node)).map(|source| source.layer);
        let is_file = matches!(layer(above), Some(ConfigLayer::System | ConfigLayer::User));
        is_file
            && layer(below) == layer(above)
            && [below, above].iter().all(|node| matches!(node.value, Json5Value::Array(_)))
    }

    /// Whether another object may be merged into this value.
    fn is_mergeable(&self, node: &Json5Node) -> bool {
        matches!(node.value, Json5Value::Object(_)) && !self.references.contains(&node.id)
    }

    /// The value at a path and the span of its key (for an element its own).
    pub(crate) fn find_node(&self, path: &KeyPath) -> Option<(TextSpan, &Json5Node)> {
        self.root.find_path(path, &self.ignored)
    }

    /// The index of the text that a value is in.
    pub(crate) fn source_index(&self, node: &Json5Node) -> usize {
        self.sources.partition_point(|source| source.first_id <= node.id).saturating_sub(1)
    }

    /// The values of a path in lower layers, with the indexes of their texts and the spans of their
    /// keys, the nearest layer first.
    pub(crate) fn overridden_nodes(&self, path: &KeyPath) -> Vec<(usize, TextSpan, &Json5Node)> {
        let mut found: Vec<_> = self
            .replaced
            .iter()
            .filter_map(|ReplacedEntry { path: at, entry }| {
                let rest = path.segments().strip_prefix(at.segments())?;
                let rest: KeyPath = rest.iter().cloned().collect();
                let (span, node) = entry.node.find_path(&rest, &self.ignored)?;
                let key_span = if rest.is_root() { entry.key_span } else { span };
                Some((self.source_index(node), key_span, node))
            })
            .collect();
        found.sort_by_key(|(source, ..)| std::cmp::Reverse(*source));
        found
    }

    /// A value as written, with secrets as `*`.
    pub(crate) fn redacted_value(&self, path: &KeyPath, node: &Json5Node) -> String {
        let Some(source) = self.sources.get(self.source_index(node)) else { return String::new() };
        let is_secret = path.segments().iter().any(|segment| match segment {
            PathSegment::Key(key) => is_secret_key_name(key),
            PathSegment::Index(_) => false,
        });
        let mut secrets = source.secrets.clone();
        if is_secret && node.as_text().is_some() {
            secrets.insert(node.span);
        }
        let shown = redact_secrets(&source.text, &secrets);
        shown.get(node.span.start..node.span.end).unwrap_or_default().to_owned()
    }
}

impl ConfigSource {
    /// The line and the column of a byte offset; `None` for a source without lines.
    pub(crate) fn line_and_column_at(&self, at: usize) -> Option<(usize, usize)> {
        let has_lines = matches!(self.name, SourceName::File(_) | SourceName::Inline);
        has_lines.then(|| line_and_column(&self.text, at))
    }

    pub(crate) fn file_path(&self) -> Option<&Arc<Path>> {
        match &self.name {
            SourceName::File(path) => Some(path),
            _ => None,
        }
    }

    /// Sorts the diagnostics of this text and sets their positions.
    pub(crate) fn finalize_diagnostics(&self, diagnostics: &mut Vec<Diagnostic>) {
        finalize_diagnostics(diagnostics, &self.text, self.file_path().map(AsRef::as_ref));
        for diagnostic in diagnostics.iter_mut() {
            diagnostic.layer = self.layer;
        }
        let from = match &self.name {
            SourceName::File(_) | SourceName::Inline => return,
            SourceName::Env(name) => format!("the environment variable {name}"),
            SourceName::CliOption(option) => format!("`{option}`"),
        };
        for diagnostic in diagnostics {
            diagnostic.message = format!("{from}: {}", diagnostic.message);
            (diagnostic.span, diagnostic.line, diagnostic.column) = (None, 1, 1);
        }
    }
}

impl fmt::Debug for ConfigSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} ({} bytes)", self.name, self.text.len())
    }
}

impl fmt::Debug for ConfigTree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ConfigTree").field(&self.sources).finish()
    }
}
