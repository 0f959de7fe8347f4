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
    known::{Known, Lookup},
    pattern::{Step, path_of},
    text::{Entry, Node, Value},
};

/// Named by a type whose place in the text is wanted, as the struct name it deserializes.
pub(crate) const SECRET: &str = "SecretInput";

/// After so many refused values the rest of the document is not looked at.
const MAX_REFUSALS: usize = 64;

/// What was read from the tree of one text.
pub(crate) struct Decoded<T> {
    pub(crate) value: T,
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// The places of secrets, and of what stands where a secret should.
    pub(crate) secrets: BTreeSet<Span>,
    /// The objects that refer to a secret.
    pub(crate) references: BTreeSet<u32>,
    /// The values that are in the text and not in `value`.
    pub(crate) left_out: BTreeSet<u32>,
}

/// What the deserializers find, by the number of the value.
#[derive(Default)]
struct Findings {
    /// To be skipped: refused in an earlier pass.
    refused: BTreeSet<u32>,
    /// Keys that no type reads, each with the keys that are read beside it.
    untyped: BTreeMap<u32, &'static [&'static str]>,
    secrets: BTreeSet<u32>,
}

/// Reads a tree and tells every problem in it.
pub(crate) fn decode<T: DeserializeOwned + Default>(root: &Node) -> Decoded<T> {
    let (value, findings, refusals) = read(root, BTreeSet::new());
    let mut report = Report {
        diagnostics: Vec::new(),
        secrets: BTreeSet::new(),
        references: BTreeSet::new(),
        reference: Span::default(),
        left_out: findings.refused.clone(),
    };
    report.whole(root, &refusals);
    root.walk(&mut |steps, key_span, node| {
        report.value(steps, key_span, node, (&findings, &refusals))
    });
    let Report { diagnostics, secrets, references, left_out, .. } = report;
    Decoded { value, diagnostics, secrets, references, left_out }
}

/// Reads a tree without what is `left_out`; its problems are known.
pub(crate) fn decode_rest<T: DeserializeOwned + Default>(
    root: &Node,
    left_out: BTreeSet<u32>,
) -> T {
    read(root, left_out).0
}

fn read<T: DeserializeOwned + Default>(
    root: &Node,
    left_out: BTreeSet<u32>,
) -> (T, Findings, BTreeMap<u32, Refusal>) {
    let findings = RefCell::new(Findings { refused: left_out, ..Findings::default() });
    let mut refusals: BTreeMap<u32, Refusal> = BTreeMap::new();
    let value = loop {
        let refusal = match T::deserialize(NodeDeserializer::new(root, &findings)) {
            Ok(value) => break value,
            Err(refusal) => refusal,
        };
        let id = refusal.node.unwrap_or(root.id);
        refusals.insert(id, refusal);
        findings.borrow_mut().refused.insert(id);
        if id == root.id || refusals.len() == MAX_REFUSALS {
            findings.borrow_mut().refused.insert(root.id);
            break T::default();
        }
    };
    (value, findings.into_inner(), refusals)
}

/// Collects what is to be told, value by value.
struct Report {
    diagnostics: Vec<Diagnostic>,
    secrets: BTreeSet<Span>,
    references: BTreeSet<u32>,
    /// The last object that refers to a secret; such objects are never inside each other.
    reference: Span,
    left_out: BTreeSet<u32>,
}

impl Report {
    fn whole(&mut self, root: &Node, refusals: &BTreeMap<u32, Refusal>) {
        if let Some(refusal) = refusals.get(&root.id) {
            let message = refusal.message.clone();
            self.diagnostics.push(Diagnostic::new(Severity::Error, root.span, message));
        }
        if refusals.len() == MAX_REFUSALS {
            let message = format!("{MAX_REFUSALS} values or more are wrong, nothing is used");
            self.diagnostics.push(Diagnostic::new(Severity::Error, root.span, message));
        }
    }

    /// Tells whether what is below is to be looked at too.
    fn value(
        &mut self,
        steps: &[Step<'_>],
        key_span: Span,
        node: &Node,
        (findings, refusals): (&Findings, &BTreeMap<u32, Refusal>),
    ) -> bool {
        if findings.secrets.contains(&node.id) {
            if matches!(node.value, Value::Object(_)) {
                self.reference = node.span;
                self.references.insert(node.id);
            } else {
                self.secrets.insert(node.span);
            }
        }
        let untyped = findings.untyped.get(&node.id);
        let refusal = refusals.get(&node.id);
        if untyped.is_none() && refusal.is_none() {
            return true;
        }
        let known = untyped.map(|_| Known::at(steps));
        if let Some(Lookup::Known(known)) = known {
            self.below_known(known, &mut steps.to_vec(), node);
        }
        // What a type reads part of may have the keys of the table besides, and no others.
        let is_unknown = matches!(known, Some(Lookup::Unknown | Lookup::Anything));
        if !is_unknown && refusal.is_none() {
            return false;
        }
        // What is wrong inside a reference to a secret may be the secret itself.
        if self.reference.start <= node.span.start && node.span.end <= self.reference.end {
            self.secrets.insert(node.span);
        }
        if is_unknown {
            self.left_out.insert(node.id);
        }
        if self.diagnostics.len() > MAX_DIAGNOSTICS {
            return true;
        }
        let path = path_of(steps);
        if let Some(read) = untyped.filter(|_| is_unknown) {
            let help = nearest::help(&path, &[read.to_vec(), keys_beside(steps)].concat());
            let found = Diagnostic::new(Severity::Warning, key_span, "unknown key, it is ignored");
            self.diagnostics.push(found.at(path.clone()).with_help(help));
        }
        if let Some(Refusal { message, help, .. }) = refusal {
            let found = Diagnostic::new(Severity::Error, node.span, message.clone());
            self.diagnostics.push(found.at(path).with_help(help.clone()));
        }
        true
    }

    /// Finds the unknown keys below a key that no type reads.
    fn below_known<'n>(&mut self, known: Known, steps: &mut Vec<Step<'n>>, node: &'n Node) {
        let mut look = |step: Step<'n>, key_span: Span, node: &'n Node| {
            steps.push(step);
            match known.step(&step) {
                Lookup::Known(known) => self.below_known(known, steps, node),
                Lookup::Unknown => {
                    self.left_out.insert(node.id);
                    if self.diagnostics.len() > MAX_DIAGNOSTICS {
                        steps.pop();
                        return;
                    }
                    let path = path_of(steps);
                    let help = nearest::help(&path, &known.keys());
                    let message = "this is no key of OpenClaw 2026.4.22 or 2026.9.6";
                    let found = Diagnostic::new(Severity::Warning, key_span, message);
                    self.diagnostics.push(found.at(path).with_help(help));
                }
                Lookup::Anything => {}
            }
            steps.pop();
        };
        match &node.value {
            Value::Object(entries) => {
                for Entry { key, key_span, node } in entries {
                    look(Step::Key(key), *key_span, node);
                }
            }
            Value::Array(elements) => {
                for (index, node) in elements.iter().enumerate() {
                    look(Step::Index(index), node.span, node);
                }
            }
            _ => {}
        }
    }
}

/// The keys of the table that may stand where the last step leads to.
fn keys_beside(steps: &[Step<'_>]) -> Vec<&'static str> {
    let above = steps.split_last().map_or(steps, |(_, above)| above);
    match Known::at(above) {
        Lookup::Known(known) => known.keys(),
        _ => Vec::new(),
    }
}
