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
    diagnostic::{Diagnostic, MAX_DIAGNOSTICS, Severity, Span},
    text::{Document, Value},
};

/// Named by a type whose place in the text is wanted, as the struct name it deserializes.
pub(crate) const SECRET: &str = "SecretInput";

/// After so many refused values the rest of the document is not looked at.
const MAX_REFUSALS: usize = 64;

/// What was read from a document.
pub(crate) struct Decoded<T> {
    pub(crate) value: T,
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// The places of secrets, and of what stands where a secret should.
    pub(crate) secrets: BTreeSet<Span>,
    /// The values that are in the text and not in `value`.
    pub(crate) left_out: BTreeSet<u32>,
}

/// The keys that a struct reads and those that it only tolerates.
type Known = (&'static [&'static str], &'static [&'static str]);

/// What the deserializers find, by the number of the value.
#[derive(Default)]
struct Findings {
    /// Refused in an earlier pass: to be skipped.
    refused: BTreeSet<u32>,
    /// Keys that no type knows, each with the keys that its object may have.
    unknown: BTreeMap<u32, Known>,
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
            findings.borrow_mut().refused.insert(document.root.id);
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
    let root = &document.root;
    let mut diagnostics = Vec::new();
    let mut secrets = BTreeSet::new();
    // The last object that refers to a secret; such objects are never inside each other.
    let mut reference = Span::default();
    if let Some(refusal) = refusals.get(&root.id) {
        diagnostics.push(Diagnostic::new(Severity::Error, root.span, refusal.message.clone()));
    }
    if refusals.len() == MAX_REFUSALS {
        let message = format!("{MAX_REFUSALS} values or more are wrong, nothing is used");
        diagnostics.push(Diagnostic::new(Severity::Error, root.span, message));
    }
    root.walk(&mut |path, key_span, node| {
        let is_secret = findings.secrets.contains(&node.id);
        if is_secret && matches!(node.value, Value::Object(_)) {
            reference = node.span;
        } else if is_secret {
            secrets.insert(node.span);
        }
        let unknown = findings.unknown.get(&node.id);
        let refusal = refusals.get(&node.id);
        if unknown.is_none() && refusal.is_none() {
            return true;
        }
        // What is wrong inside a reference to a secret may be the secret itself.
        if reference.start <= node.span.start && node.span.end <= reference.end {
            secrets.insert(node.span);
        }
        if diagnostics.len() > MAX_DIAGNOSTICS {
            return true;
        }
        if let Some((read, kept)) = unknown {
            let help = nearest::help(path, &[*read, *kept].concat());
            let found = Diagnostic::new(Severity::Warning, key_span, "unknown key, it is ignored");
            diagnostics.push(found.at(path.clone()).with_help(help));
        }
        if let Some(Refusal { message, help, .. }) = refusal {
            let found = Diagnostic::new(Severity::Error, node.span, message.clone());
            diagnostics.push(found.at(path.clone()).with_help(help.clone()));
        }
        true
    });
    let left_out = findings.refused.into_iter().chain(findings.unknown.into_keys()).collect();
    Decoded { value, diagnostics, secrets, left_out }
}
