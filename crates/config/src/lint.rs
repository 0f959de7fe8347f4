//! What is valid and probably not meant: each with its symptom and what to do.

mod clocks;
mod gateway;
mod live;
mod models;
mod strings;

use std::collections::BTreeSet;

use crate::{
    diagnostic::{Diagnostic, Severity, Span},
    env::Env,
    path::KeyPath,
    sections::Config,
    text::Node,
    tree::Tree,
};

/// What the value lints see of a text: the text, the places of its secrets, the environment.
type Surroundings<'a> = (&'a str, &'a BTreeSet<Span>, &'a Env);

/// The problems that values of one text have by themselves.
pub(crate) fn values(
    root: &Node,
    left_out: &BTreeSet<u32>,
    (text, secrets, env): Surroundings<'_>,
) -> Vec<Diagnostic> {
    let mut found = strings::find(root, left_out, (text, secrets, env));
    found.extend(models::find(root, left_out));
    found
}

/// The problems that only show when all layers are seen, each with the number of the text that it
/// is in.
pub(crate) fn whole(tree: &Tree, config: &Config, env: &Env) -> Vec<(usize, Diagnostic)> {
    let mut found = Vec::new();
    let mut say = |path: KeyPath, message: String, help: String| {
        let Some((key_span, node)) = tree.find(&path) else { return };
        found.push((tree.source_of(node), warning(key_span, path, message, help)));
    };
    clocks::find(config, &mut say);
    gateway::find(config, tree, &mut say);
    models::find_unserved(config, tree, env, &mut say);
    found
}

/// Takes the key that a problem is at, what is wrong, and what to do.
type Say<'a> = dyn FnMut(KeyPath, String, String) + 'a;

fn warning(
    span: Span,
    path: KeyPath,
    message: impl Into<String>,
    help: impl Into<String>,
) -> Diagnostic {
    Diagnostic::new(Severity::Warning, span, message).at(path).with_help(Some(help.into()))
}

/// The path of plain keys with dots between them.
fn key(dotted: &str) -> KeyPath {
    dotted.split('.').fold(KeyPath::root(), KeyPath::key)
}
