//! Decodes the value tree of a text into typed values, and reports every problem.
//!
//! A value of the wrong type is rejected, and the tree is decoded again without it until no value
//! is rejected. Each pass removes one value, so this terminates.

mod deserializer;
mod error;
pub(crate) mod suggestion;

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use serde::de::DeserializeOwned;

use self::{deserializer::NodeDeserializer, error::DecodeError};
use crate::{
    diagnostic::{Diagnostic, DiagnosticKind, MAX_DIAGNOSTICS, Severity, TextSpan},
    openclaw_keys::{KeyLookup, KnownKeys},
    pattern::{PathSegmentRef, to_key_path},
    text::{Json5Node, Json5Value, ObjectEntry},
};

/// The serde struct name of types whose positions are collected to be redacted.
pub(crate) const SECRET_TYPE_NAME: &str = "SecretInput";

/// The limit of rejected values. At this limit nothing of the document is used.
const MAX_DECODE_ERRORS: usize = 64;

/// The result of decoding one text.
pub(crate) struct DecodeOutput<T> {
    pub(crate) value: T,
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// The positions of secrets, and of other values where a secret is expected.
    pub(crate) secrets: BTreeSet<TextSpan>,
    /// The objects that are secret references.
    pub(crate) references: BTreeSet<u32>,
    /// The values that are in the text but not in `value`.
    pub(crate) ignored: BTreeSet<u32>,
}

/// What the deserializer found, by node id.
#[derive(Default)]
struct DecodeFindings {
    /// Values rejected in an earlier pass, to be skipped.
    rejected: BTreeSet<u32>,
    /// The error of each value that was rejected in this run.
    errors: BTreeMap<u32, DecodeError>,
    /// Keys without a field, each with the fields that its struct has.
    unknown_fields: BTreeMap<u32, &'static [&'static str]>,
    secrets: BTreeSet<u32>,
}

/// Decodes a tree and reports every problem in it.
pub(crate) fn decode_tree<T: DeserializeOwned + Default>(root: &Json5Node) -> DecodeOutput<T> {
    let (value, findings) = deserialize_leniently(root, BTreeSet::new());
    let mut report = DecodeReport {
        diagnostics: Vec::new(),
        secrets: BTreeSet::new(),
        references: BTreeSet::new(),
        reference_span: TextSpan::default(),
        ignored: findings.rejected.clone(),
    };
    report.report_root(root, &findings.errors);
    root.walk_nodes(&mut |steps, key_span, node| {
        report.report_value(steps, key_span, node, &findings)
    });
    let DecodeReport { diagnostics, secrets, references, ignored, .. } = report;
    DecodeOutput { value, diagnostics, secrets, references, ignored }
}

/// Decodes a tree without the values in `ignored`, whose problems were already reported.
pub(crate) fn decode_accepted<T: DeserializeOwned + Default>(
    root: &Json5Node,
    ignored: BTreeSet<u32>,
) -> T {
    deserialize_leniently(root, ignored).0
}

fn deserialize_leniently<T: DeserializeOwned + Default>(
    root: &Json5Node,
    ignored: BTreeSet<u32>,
) -> (T, DecodeFindings) {
    let findings = RefCell::new(DecodeFindings { rejected: ignored, ..DecodeFindings::default() });
    let value = loop {
        let error = match T::deserialize(NodeDeserializer::new(root, &findings)) {
            Ok(value) => break value,
            Err(refusal) => refusal,
        };
        let id = error.node.unwrap_or(root.id);
        let mut findings = findings.borrow_mut();
        findings.errors.insert(id, error);
        findings.rejected.insert(id);
        if id == root.id || findings.errors.len() == MAX_DECODE_ERRORS {
            findings.rejected.insert(root.id);
            break T::default();
        }
    };
    (value, findings.into_inner())
}

/// Collects diagnostics, value by value.
struct DecodeReport {
    diagnostics: Vec<Diagnostic>,
    secrets: BTreeSet<TextSpan>,
    references: BTreeSet<u32>,
    /// The span of the last secret reference; references are never nested.
    reference_span: TextSpan,
    ignored: BTreeSet<u32>,
}

impl DecodeReport {
    fn report_root(&mut self, root: &Json5Node, errors: &BTreeMap<u32, DecodeError>) {
        if let Some(error) = errors.get(&root.id) {
            let message = error.message.clone();
            let found = Diagnostic::new(Severity::Error, root.span, message);
            self.diagnostics.push(found.with_kind(DiagnosticKind::UnusedText));
        }
        if errors.len() == MAX_DECODE_ERRORS {
            let message = format!("{MAX_DECODE_ERRORS} values or more are wrong, nothing is used");
            let found = Diagnostic::new(Severity::Error, root.span, message);
            self.diagnostics.push(found.with_kind(DiagnosticKind::UnusedText));
        }
    }

    /// Reports the problems of a value; returns whether to visit the values in it.
    fn report_value(
        &mut self,
        steps: &[PathSegmentRef<'_>],
        key_span: TextSpan,
        node: &Json5Node,
        findings: &DecodeFindings,
    ) -> bool {
        if findings.secrets.contains(&node.id) {
            if matches!(node.value, Json5Value::Object(_)) {
                self.reference_span = node.span;
                self.references.insert(node.id);
            } else {
                self.secrets.insert(node.span);
            }
        }
        let untyped = findings.unknown_fields.get(&node.id);
        let error = findings.errors.get(&node.id);
        if untyped.is_none() && error.is_none() {
            return true;
        }
        let known = untyped.map(|_| KnownKeys::lookup_path(steps));
        if let Some(KeyLookup::Known(known)) = known {
            self.report_unknown_below(known, &mut steps.to_vec(), node);
        }
        // Besides the fields of its type, an object may have the keys in the table, and no others.
        let is_unknown = matches!(known, Some(KeyLookup::Unknown | KeyLookup::Anything));
        if !is_unknown && error.is_none() {
            return false;
        }
        // An invalid value inside a secret reference may be the secret itself.
        if self.reference_span.start <= node.span.start && node.span.end <= self.reference_span.end
        {
            self.secrets.insert(node.span);
        }
        if is_unknown {
            self.ignored.insert(node.id);
            self.hide_texts(node);
        }
        if self.diagnostics.len() > MAX_DIAGNOSTICS {
            return true;
        }
        let path = to_key_path(steps);
        if let Some(read) = untyped.filter(|_| is_unknown) {
            let help =
                suggestion::suggest_help(&path, &[read.to_vec(), sibling_keys(steps)].concat());
            let found =
                Diagnostic::new(Severity::Warning, key_span, "unknown key, it has no effect");
            let kind = unknown_key_kind(steps, node);
            self.diagnostics.push(found.at_path(path.clone()).with_kind(kind).with_help(help));
        }
        if let Some(DecodeError { message, help, .. }) = error {
            let found = Diagnostic::new(Severity::Error, node.span, message.clone());
            let found = found.with_kind(DiagnosticKind::InvalidValue);
            self.diagnostics.push(found.at_path(path).with_help(help.clone()));
        }
        true
    }

    /// Hides the texts of an unknown key, which may be a misspelt one of a secret.
    fn hide_texts(&mut self, node: &Json5Node) {
        if let Json5Value::Text(_) = node.value {
            self.secrets.insert(node.span);
        }
        node.walk_nodes(&mut |_, _, below| {
            if let Json5Value::Text(_) = below.value {
                self.secrets.insert(below.span);
            }
            true
        });
    }

    /// Reports the unknown keys below a key without a field.
    fn report_unknown_below<'n>(
        &mut self,
        known: KnownKeys,
        steps: &mut Vec<PathSegmentRef<'n>>,
        node: &'n Json5Node,
    ) {
        let mut check_child =
            |step: PathSegmentRef<'n>, key_span: TextSpan, node: &'n Json5Node| {
                steps.push(step);
                match known.lookup_step(&step) {
                    KeyLookup::Known(known) => self.report_unknown_below(known, steps, node),
                    KeyLookup::Unknown => {
                        self.ignored.insert(node.id);
                        self.hide_texts(node);
                        if self.diagnostics.len() > MAX_DIAGNOSTICS {
                            steps.pop();
                            return;
                        }
                        let path = to_key_path(steps);
                        let help = suggestion::suggest_help(&path, &known.child_keys());
                        let message = "this is no key of OpenClaw 2026.4.22 or 2026.9.6";
                        let found = Diagnostic::new(Severity::Warning, key_span, message);
                        let kind = unknown_key_kind(steps, node);
                        self.diagnostics.push(found.at_path(path).with_kind(kind).with_help(help));
                    }
                    KeyLookup::Anything => {}
                }
                steps.pop();
            };
        match &node.value {
            Json5Value::Object(entries) => {
                for ObjectEntry { key, key_span, node } in entries {
                    check_child(PathSegmentRef::Key(key), *key_span, node);
                }
            }
            Json5Value::Array(elements) => {
                for (index, node) in elements.iter().enumerate() {
                    check_child(PathSegmentRef::Index(index), node.span, node);
                }
            }
            _ => {}
        }
    }
}

/// The kind of an unknown key. A restriction that is written in the wrong place or misspelt must not
/// pass for a key of no importance.
fn unknown_key_kind(steps: &[PathSegmentRef<'_>], node: &Json5Node) -> DiagnosticKind {
    let is_restriction = |step: &PathSegmentRef<'_>| match step {
        PathSegmentRef::Key(key) => suggestion::resembles_restriction(key),
        PathSegmentRef::Index(_) => false,
    };
    let mut found =
        steps.last().is_some_and(is_restriction) || suggestion::restricts_in_place(steps, node);
    node.walk_nodes(&mut |steps, _, _| {
        found = found || steps.last().is_some_and(is_restriction);
        !found
    });
    if found { DiagnosticKind::UnknownRestriction } else { DiagnosticKind::UnknownKey }
}

/// The keys in the table beside the last segment of a path.
fn sibling_keys(steps: &[PathSegmentRef<'_>]) -> Vec<&'static str> {
    let above = steps.split_last().map_or(steps, |(_, above)| above);
    match KnownKeys::lookup_path(above) {
        KeyLookup::Known(known) => known.child_keys(),
        _ => Vec::new(),
    }
}
