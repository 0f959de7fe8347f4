//! What is valid and probably not meant.

use crate::{
    diagnostic::{Diagnostic, Severity, Span},
    env::Env,
    path::KeyPath,
    secret::is_variable_name,
    text::{Document, Value},
};

/// Looks at the values of a document; `secrets` are those among them that are secrets.
pub(crate) fn lint(document: &Document, secrets: &[(KeyPath, Span)], env: &Env) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    document.root.walk(&mut |path, key_span, node| {
        let about = |severity, span, message: &str, help: &str| {
            Diagnostic::new(severity, &document.text, span, message.to_owned())
                .at(path.clone())
                .with_help(Some(help.to_owned()))
        };
        if let Value::Text(value) = &node.value {
            if secrets.iter().any(|(_, span)| *span == node.span) {
                found.extend(
                    variable_name(value, env).map(|(message, help)| {
                        about(Severity::Warning, node.span, &message, &help)
                    }),
                );
            }
            let source = document.text.get(node.span.start..node.span.end).unwrap_or_default();
            if loses_a_backslash(source) {
                let message = "a backslash here is dropped, it begins no escape sequence";
                found.push(about(Severity::Warning, node.span, message, "write it twice: `\\\\`"));
            }
        }
        if path.to_string() == "agents.defaults.experimental.localModelLean" {
            let help = "write `localModelMode: \"lean\"` in `agents.defaults`";
            found.push(about(Severity::Note, key_span, "this is an older spelling", help));
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
