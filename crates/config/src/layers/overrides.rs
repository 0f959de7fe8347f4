//! Values set on the command line.

use std::fmt;

use super::stack::LayerStack;
use crate::{
    diagnostic::{Diagnostic, DiagnosticKind, Severity, TextSpan},
    layer::ConfigLayer,
    path::{KeyPath, PathSegment},
    text::{Json5Document, Json5Node, Json5Value, ObjectEntry, parse_value},
    tree::SourceName,
};

/// A value set by an option.
#[derive(Clone)]
pub(super) struct KeyOverride {
    path: KeyPath,
    text: String,
    node: Json5Node,
    option: String,
}

impl KeyOverride {
    pub(super) fn from_json5(path: KeyPath, json5: &str, option: &str) -> Self {
        match parse_value(json5) {
            Ok(node) => Self { path, text: json5.to_owned(), node, option: option.to_owned() },
            Err(_) => Self::from_string(path, json5, option),
        }
    }

    pub(super) fn from_string(path: KeyPath, value: &str, option: &str) -> Self {
        let span = TextSpan { start: 0, end: value.len() };
        let node = Json5Node::new(Json5Value::Text(value.to_owned()), span);
        Self { path, text: value.to_owned(), node, option: option.to_owned() }
    }

    pub(super) fn add_to_stack(&self, stack: &mut LayerStack) {
        let name = SourceName::CliOption(self.option.clone());
        let is_object = matches!(self.node.value, Json5Value::Object(_));
        let message = match self.path.segments() {
            [] if !is_object => "only an object can be the whole config",
            segments if segments.iter().any(|step| matches!(step, PathSegment::Index(_))) => {
                "an element of a list cannot be set by itself, set the whole list"
            }
            _ => {
                let document = nest_at_path(&self.path, self.node.clone(), &self.text);
                return stack.add_layer(ConfigLayer::CommandLine, name, document);
            }
        };
        let found = Diagnostic::new(Severity::Error, TextSpan::default(), message)
            .with_kind(DiagnosticKind::InvalidValue)
            .at_path(self.path.clone());
        stack.add_broken_source(ConfigLayer::CommandLine, name, String::new(), vec![found]);
    }
}

/// Nests a value in a document without other values; the value's spans refer to `text`.
pub(super) fn nest_at_path(path: &KeyPath, node: Json5Node, text: &str) -> Json5Document {
    let mut root = path.segments().iter().rev().fold(node, |node, segment| {
        let key = match segment {
            PathSegment::Key(key) => key.clone(),
            PathSegment::Index(index) => index.to_string(),
        };
        let span = node.span;
        Json5Node::new(Json5Value::Object(vec![ObjectEntry { key, key_span: span, node }]), span)
    });
    root.assign_ids(0);
    Json5Document { text: text.into(), root, duplicates: Vec::new() }
}

impl fmt::Debug for KeyOverride {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} by {}", self.path, self.option)
    }
}
