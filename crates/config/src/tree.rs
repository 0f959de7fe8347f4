//! The values of all layers in one tree, with the memory of where each came from.

use std::{collections::BTreeSet, fmt, path::Path, sync::Arc};

use crate::{
    diagnostic::{Diagnostic, Span, finish, line_and_column},
    layer::Layer,
    path::{KeyPath, Segment},
    text::{Entry, Node, Value, mask, sounds_secret},
};

/// A text that values came from.
#[derive(Clone)]
pub(crate) struct Source {
    pub(crate) layer: Layer,
    pub(crate) name: Name,
    pub(crate) text: Arc<str>,
    pub(crate) secrets: BTreeSet<Span>,
    /// The smallest number of its values; they are numbered in a row.
    pub(crate) first: u32,
}

/// What a text is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Name {
    File(Arc<Path>),
    /// A text that was handed over and stands in no file.
    Nowhere,
    /// The value of this variable.
    Env(&'static str),
    /// What was typed behind this option.
    Option(String),
}

/// A value that one of a higher layer took the place of.
#[derive(Clone)]
struct Replaced {
    path: KeyPath,
    entry: Entry,
}

/// What a text has, ready to be laid over the texts of lower layers.
pub(crate) struct Sheet {
    pub(crate) source: Source,
    pub(crate) root: Node,
    pub(crate) left_out: BTreeSet<u32>,
    /// The objects that nothing is merged into.
    pub(crate) references: BTreeSet<u32>,
}

/// The values of all layers; of two for one key that of the higher layer.
#[derive(Clone)]
pub(crate) struct Tree {
    pub(crate) root: Node,
    pub(crate) sources: Vec<Source>,
    /// The values that are in a text and not in the config.
    pub(crate) left_out: BTreeSet<u32>,
    references: BTreeSet<u32>,
    replaced: Vec<Replaced>,
}

impl Tree {
    pub(crate) fn new(sheet: Sheet) -> Self {
        let Sheet { source, root, left_out, references } = sheet;
        Self { root, sources: vec![source], left_out, references, replaced: Vec::new() }
    }

    /// Lays a text of a higher layer over this, key by key; arrays and scalars take the place of
    /// what was there. Its values must have other numbers than those of the tree.
    pub(crate) fn lay(&mut self, sheet: Sheet) {
        let Sheet { source, root, left_out, references } = sheet;
        self.sources.push(source);
        self.left_out.extend(left_out);
        self.references.extend(references);
        if self.left_out.contains(&root.id) {
            return;
        }
        let nothing = Node { id: self.root.id, span: Span::default(), value: Value::Null };
        let below = std::mem::replace(&mut self.root, nothing);
        self.root = if self.left_out.contains(&below.id) {
            root
        } else {
            self.merged(below, root, &mut KeyPath::root())
        };
    }

    /// Both are objects that may be merged.
    fn merged(&mut self, mut below: Node, above: Node, at: &mut KeyPath) -> Node {
        let (Value::Object(present), Value::Object(entries)) = (&mut below.value, above.value)
        else {
            return below;
        };
        for entry in entries {
            if self.left_out.contains(&entry.node.id) {
                continue;
            }
            at.push(Segment::Key(entry.key.clone()));
            match present.iter_mut().find(|present| present.key == entry.key) {
                None => present.push(entry),
                Some(present) if self.left_out.contains(&present.node.id) => *present = entry,
                Some(present) if self.is_open(&present.node) && self.is_open(&entry.node) => {
                    let nothing = Node::new(Value::Null, Span::default());
                    let below = std::mem::replace(&mut present.node, nothing);
                    present.node = self.merged(below, entry.node, at);
                }
                Some(present) => {
                    let entry = std::mem::replace(present, entry);
                    self.replaced.push(Replaced { path: at.clone(), entry });
                }
            }
            at.pop();
        }
        below
    }

    /// Whether it is an object that another one is merged into.
    fn is_open(&self, node: &Node) -> bool {
        matches!(node.value, Value::Object(_)) && !self.references.contains(&node.id)
    }

    /// The place of the key (its own for an element) and the value at a path.
    pub(crate) fn find(&self, path: &KeyPath) -> Option<(Span, &Node)> {
        self.root.find(path, &self.left_out)
    }

    /// The number of the text that a value stands in.
    pub(crate) fn source_of(&self, node: &Node) -> usize {
        self.sources.partition_point(|source| source.first <= node.id).saturating_sub(1)
    }

    /// What a path has in lower layers: the texts' numbers with keys and values, the nearest layer
    /// first.
    pub(crate) fn overridden(&self, path: &KeyPath) -> Vec<(usize, Span, &Node)> {
        let mut found: Vec<_> = self
            .replaced
            .iter()
            .filter_map(|Replaced { path: at, entry }| {
                let rest = path.segments().strip_prefix(at.segments())?;
                let rest: KeyPath = rest.iter().cloned().collect();
                let (span, node) = entry.node.find(&rest, &self.left_out)?;
                let key_span = if rest.is_root() { entry.key_span } else { span };
                Some((self.source_of(node), key_span, node))
            })
            .collect();
        found.sort_by_key(|(source, ..)| std::cmp::Reverse(*source));
        found
    }

    /// A value as it is written, with secrets as `*`.
    pub(crate) fn shown(&self, path: &KeyPath, node: &Node) -> String {
        let Some(source) = self.sources.get(self.source_of(node)) else { return String::new() };
        let is_secret = path.segments().iter().any(|segment| match segment {
            Segment::Key(key) => sounds_secret(key),
            Segment::Index(_) => false,
        });
        let mut secrets = source.secrets.clone();
        if is_secret && node.text().is_some() {
            secrets.insert(node.span);
        }
        let shown = mask(&source.text, &secrets);
        shown.get(node.span.start..node.span.end).unwrap_or_default().to_owned()
    }
}

impl Source {
    /// The line and the column of a byte; absent for a text that has no lines to be looked up.
    pub(crate) fn place(&self, at: usize) -> Option<(usize, usize)> {
        let has_lines = matches!(self.name, Name::File(_) | Name::Nowhere);
        has_lines.then(|| line_and_column(&self.text, at))
    }

    pub(crate) fn file(&self) -> Option<&Arc<Path>> {
        match &self.name {
            Name::File(path) => Some(path),
            _ => None,
        }
    }

    /// Sorts the problems of this text and fills in where they are.
    pub(crate) fn finish(&self, diagnostics: &mut Vec<Diagnostic>) {
        finish(diagnostics, &self.text, self.file().map(AsRef::as_ref));
        let from = match &self.name {
            Name::File(_) | Name::Nowhere => return,
            Name::Env(name) => format!("the environment variable {name}"),
            Name::Option(option) => format!("`{option}`"),
        };
        for diagnostic in diagnostics {
            diagnostic.message = format!("{from}: {}", diagnostic.message);
            (diagnostic.span, diagnostic.line, diagnostic.column) = (None, 1, 1);
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} ({} bytes)", self.name, self.text.len())
    }
}

impl fmt::Debug for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tree").field(&self.sources).finish()
    }
}
