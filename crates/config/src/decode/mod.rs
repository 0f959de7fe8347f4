//! Turns the tree of a text into typed values, and finds every problem on the way.
//!
//! A value that has the wrong type is refused by itself: it is left out and the rest is read
//! again, until nothing is refused any more. Each refusal removes one value, so this ends.

mod deserializer;
mod nearest;
mod refusal;

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use serde::de::DeserializeOwned;

use self::{deserializer::NodeDeserializer, refusal::Refusal};
use crate::{
    diagnostic::{Diagnostic, Severity, Span},
    path::KeyPath,
    text::{Document, Node, Value},
};

/// Named by a type whose place in the text is wanted, as the struct name it deserializes.
pub(crate) const SECRET: &str = "SecretInput";

/// After so many refused values the rest of the document is not looked at.
const MAX_REFUSALS: usize = 64;

/// What was read from a document.
pub(crate) struct Decoded<T> {
    pub(crate) value: T,
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// The values that are secrets, with their places.
    pub(crate) secrets: Vec<(KeyPath, Span)>,
    /// The values that are in the text and not in `value`.
    pub(crate) left_out: BTreeSet<u32>,
}

/// What the deserializers of one pass find, by the number of the value.
#[derive(Default)]
struct Findings {
    /// Refused in an earlier pass: to be skipped.
    refused: BTreeSet<u32>,
    /// Keys that no type knows, each with the keys that its object may have.
    unknown: BTreeMap<u32, Vec<&'static str>>,
    secrets: BTreeSet<u32>,
}

pub(crate) fn decode<T: DeserializeOwned + Default>(document: &Document) -> Decoded<T> {
    let findings = RefCell::new(Findings::default());
    let mut refusals: BTreeMap<u32, Refusal> = BTreeMap::new();
    let value = loop {
        let top = NodeDeserializer::new(&document.root, &findings);
        let refusal = match T::deserialize(top) {
            Ok(value) => break value,
            Err(refusal) => refusal,
        };
        let id = refusal.node.unwrap_or(document.root.id);
        refusals.insert(id, refusal);
        findings.borrow_mut().refused.insert(id);
        if id == document.root.id || refusals.len() == MAX_REFUSALS {
            break T::default();
        }
    };
    report(value, document, findings.into_inner(), &refusals)
}

fn report<T>(
    value: T,
    document: &Document,
    findings: Findings,
    refusals: &BTreeMap<u32, Refusal>,
) -> Decoded<T> {
    let Document { text, root, .. } = document;
    let mut diagnostics = Vec::new();
    let mut secrets = Vec::new();
    let about = |severity, span, message: String, help| {
        Diagnostic::new(severity, text, span, message).with_help(help)
    };
    if let Some(refusal) = refusals.get(&root.id) {
        diagnostics.push(about(Severity::Error, root.span, refusal.message.clone(), None));
    }
    root.walk(&mut |path, key_span, node| {
        if findings.secrets.contains(&node.id) && matches!(node.value, Value::Text(_)) {
            secrets.push((path.clone(), node.span));
        }
        let found = if let Some(candidates) = findings.unknown.get(&node.id) {
            let help = nearest::help(path, candidates);
            about(Severity::Warning, key_span, "unknown key, it is ignored".to_owned(), help)
        } else if let Some(refusal) = refusals.get(&node.id) {
            let help = refusal.help.clone();
            about(Severity::Error, node.span, refusal.message.clone(), help)
        } else {
            return true;
        };
        diagnostics.push(found.at(path.clone()));
        true
    });
    if refusals.len() == MAX_REFUSALS {
        let message = format!("more than {MAX_REFUSALS} values are wrong, nothing is used");
        diagnostics.push(about(Severity::Error, root.span, message, None));
    }
    let left_out = findings.refused.into_iter().chain(findings.unknown.into_keys()).collect();
    Decoded { value, diagnostics, secrets, left_out }
}

/// Whether a value may be skipped: `null` stands for "not set" only where a type says so.
fn is_refused(findings: &RefCell<Findings>, node: &Node) -> bool {
    findings.borrow().refused.contains(&node.id)
}
