//! What is valid and probably not meant.

use std::collections::BTreeSet;

use crate::{
    diagnostic::{Diagnostic, Severity, Span},
    env::Env,
    path::KeyPath,
    secret::is_variable_name,
    text::{Document, Value},
};

/// Looks at the values of a document; `secrets` are the places of those that are secrets.
pub(crate) fn lint(document: &Document, secrets: &BTreeSet<Span>, env: &Env) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let lean = ["agents", "defaults", "experimental", "localModelLean"];
    let lean = lean.into_iter().fold(KeyPath::root(), KeyPath::key);
    if let Some((key_span, _)) = document.root.find(&lean, &BTreeSet::new()) {
        let help = "write `localModelMode: \"lean\"` in `agents.defaults`".to_owned();
        let older = Diagnostic::new(Severity::Note, key_span, "this is an older spelling");
        found.push(older.at(lean).with_help(Some(help)));
    }
    document.root.walk(&mut |path, _, node| {
        let Value::Text(value) = &node.value else { return true };
        let mut warn = |(message, help): (String, String)| {
            let warning = Diagnostic::new(Severity::Warning, node.span, message);
            found.push(warning.at(path.clone()).with_help(Some(help)));
        };
        if secrets.contains(&node.span) {
            variable_name(value, env).map(&mut warn);
        }
        let source = document.text.get(node.span.start..node.span.end).unwrap_or_default();
        if loses_a_backslash(source) {
            let message = "a backslash here is dropped, it begins no escape sequence";
            warn((message.to_owned(), "write it twice: `\\\\`".to_owned()));
        }
        true
    });
    found
}

/// Speaks up when a secret's text looks like the name of a variable. A single word such as
/// `EMPTY`, which many keyless servers are given, only counts when there is such a variable.
fn variable_name(text: &str, env: &Env) -> Option<(String, String)> {
    if !is_variable_name(text) {
        None
    } else if env.get(text).is_some() {
        let message = format!("this is taken as the value of the environment variable {text}");
        Some((message, format!("write \"${{{text}}}\" to make it plain")))
    } else if text.contains('_') {
        let message = "this looks like a variable that is not set, it is used as the secret itself";
        Some((message.to_owned(), "write \"${NAME}\" for the value of a variable".to_owned()))
    } else {
        None
    }
}

fn loses_a_backslash(source: &str) -> bool {
    let mut chars = source.chars();
    while let Some(character) = chars.next() {
        if character == '\\' {
            let escaped = chars.next();
            if escaped.is_some_and(|c| c.is_ascii() && !is_escape(c)) {
                return true;
            }
        }
    }
    false
}

fn is_escape(character: char) -> bool {
    matches!(character, '\'' | '"' | '\\' | '/' | '\n' | '\r' | '0')
        || matches!(character, 'b' | 'f' | 'n' | 'r' | 't' | 'v' | 'x' | 'u')
}
