//! What the command line sets.

use std::fmt;

use super::stack::Stack;
use crate::{
    diagnostic::{Diagnostic, Severity, Span},
    layer::Layer,
    path::{KeyPath, Segment},
    text::{Document, Entry, Node, Value, read_value},
    tree::Name,
};

/// One value that an option sets.
#[derive(Clone)]
pub(super) struct Override {
    path: KeyPath,
    text: String,
    node: Node,
    option: String,
}

impl Override {
    pub(super) fn of_text(path: KeyPath, json5: &str, option: &str) -> Self {
        match read_value(json5) {
            Ok(node) => Self { path, text: json5.to_owned(), node, option: option.to_owned() },
            Err(_) => Self::of_string(path, json5, option),
        }
    }

    pub(super) fn of_string(path: KeyPath, value: &str, option: &str) -> Self {
        let span = Span { start: 0, end: value.len() };
        let node = Node::new(Value::Text(value.to_owned()), span);
        Self { path, text: value.to_owned(), node, option: option.to_owned() }
    }

    pub(super) fn add(&self, stack: &mut Stack<'_>) {
        let name = Name::Option(self.option.clone());
        let is_object = matches!(self.node.value, Value::Object(_));
        let message = match self.path.segments() {
            [] if !is_object => "only an object can be the whole config",
            segments if segments.iter().any(|step| matches!(step, Segment::Index(_))) => {
                "an element of a list cannot be set by itself, set the whole list"
            }
            _ => {
                let document = wrapped(&self.path, self.node.clone(), &self.text);
                return stack.add(Layer::CommandLine, name, document);
            }
        };
        let found = Diagnostic::new(Severity::Error, Span::default(), message);
        stack.add_broken(name, String::new(), vec![found.at(self.path.clone())]);
    }
}

/// The document that has just this value in it; `text` is what the value's places are in.
pub(super) fn wrapped(path: &KeyPath, node: Node, text: &str) -> Document {
    let mut root = path.segments().iter().rev().fold(node, |node, segment| {
        let key = match segment {
            Segment::Key(key) => key.clone(),
            Segment::Index(index) => index.to_string(),
        };
        let span = node.span;
        Node::new(Value::Object(vec![Entry { key, key_span: span, node }]), span)
    });
    root.number_all(0);
    Document { text: text.into(), root, duplicates: Vec::new() }
}

impl fmt::Debug for Override {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} by {}", self.path, self.option)
    }
}
