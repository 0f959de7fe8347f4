//! The values of all layers in one tree, with the memory of where each came from.

use std::{collections::BTreeSet, fmt, path::Path, sync::Arc};

use crate::{
    diagnostic::{Diagnostic, TextSpan, finalize_diagnostics, line_and_column},
    layer::ConfigLayer,
    path::{KeyPath, PathSegment},
    text::{Json5Node, Json5Value, ObjectEntry, is_secret_key_name, redact_secrets},
};

/// A text that values came from.
#[derive(Clone)]
pub(crate) struct ConfigSource {
    pub(crate) layer: ConfigLayer,
    pub(crate) name: SourceName,
    pub(crate) text: Arc<str>,
    pub(crate) secrets: BTreeSet<TextSpan>,
    /// The smallest number of its values; they are numbered in a row.
    pub(crate) first_id: u32,
}

/// What a text is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SourceName {
    File(Arc<Path>),
    /// A text that was handed over and stands in no file.
    Inline,
    /// The value of this variable.
    Env(&'static str),
    /// What was typed behind this option.
    CliOption(String),
}

/// A value that one of a higher layer took the place of.
#[derive(Clone)]
struct ReplacedEntry {
    path: KeyPath,
    entry: ObjectEntry,
}

/// What a text has, ready to be laid over the texts of lower layers.
pub(crate) struct LayerDocument {
    pub(crate) source: ConfigSource,
    pub(crate) root: Json5Node,
    pub(crate) ignored: BTreeSet<u32>,
    /// The objects that nothing is merged into.
    pub(crate) references: BTreeSet<u32>,
}

/// The values of all layers; of two for one key that of the higher layer.
#[derive(Clone)]
pub(crate) struct ConfigTree {
    pub(crate) root: Json5Node,
    pub(crate) sources: Vec<ConfigSource>,
    /// The values that are in a text and not in the config.
    pub(crate) ignored: BTreeSet<u32>,
    references: BTreeSet<u32>,
    replaced: Vec<ReplacedEntry>,
}

impl ConfigTree {
    pub(crate) fn new(sheet: LayerDocument) -> Self {
        let LayerDocument { source, root, ignored, references } = sheet;
        Self { root, sources: vec![source], ignored, references, replaced: Vec::new() }
    }

    /// Lays a text of a higher layer over this, key by key; arrays and scalars take the place of
    /// what was there. Its values must have other numbers than those of the tree.
    pub(crate) fn overlay_document(&mut self, sheet: LayerDocument) {
        let LayerDocument { source, root, ignored, references } = sheet;
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

    /// Both are objects that may be merged.
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
                Some(present) => {
                    let entry = std::mem::replace(present, entry);
                    self.replaced.push(ReplacedEntry { path: at.clone(), entry });
                }
            }
            at.pop();
        }
        below
    }

    /// Whether it is an object that another one is merged into.
    fn is_mergeable(&self, node: &Json5Node) -> bool {
        matches!(node.value, Json5Value::Object(_)) && !self.references.contains(&node.id)
    }

    /// The place of the key (its own for an element) and the value at a path.
    pub(crate) fn find_node(&self, path: &KeyPath) -> Option<(TextSpan, &Json5Node)> {
        self.root.find_path(path, &self.ignored)
    }

    /// The number of the text that a value stands in.
    pub(crate) fn source_index(&self, node: &Json5Node) -> usize {
        self.sources.partition_point(|source| source.first_id <= node.id).saturating_sub(1)
    }

    /// What a path has in lower layers: the texts' numbers with keys and values, the nearest layer
    /// first.
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

    /// A value as it is written, with secrets as `*`.
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
    /// The line and the column of a byte; absent for a text that has no lines to be looked up.
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

    /// Sorts the problems of this text and fills in where they are.
    pub(crate) fn finalize_diagnostics(&self, diagnostics: &mut Vec<Diagnostic>) {
        finalize_diagnostics(diagnostics, &self.text, self.file_path().map(AsRef::as_ref));
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
        f.debug_tuple("Tree").field(&self.sources).finish()
    }
}
