//! Lints of strings: secrets that look like variable names, and lost backslashes.

use std::collections::BTreeSet;

use super::{LintContext, new_warning};
use crate::{
    diagnostic::{Diagnostic, TextSpan},
    env::Env,
    pattern::to_key_path,
    secret::is_variable_name,
    text::Json5Node,
};

pub(super) fn lint_strings(
    root: &Json5Node,
    ignored: &BTreeSet<u32>,
    context: LintContext<'_>,
) -> Vec<Diagnostic> {
    let LintContext { text, secrets, env } = context;
    let mut found = Vec::new();
    let is_named = |span: &TextSpan| {
        let string = text.get(span.start..span.end).unwrap_or_default();
        is_variable_name(string.trim_matches(['"', '\'']))
    };
    if !text.contains('\\') && !secrets.iter().any(is_named) {
        return found;
    }
    root.walk_nodes(&mut |steps, _, node| {
        if ignored.contains(&node.id) {
            return false;
        }
        let Some(value) = node.as_text() else { return true };
        let mut warn = |message: String, help: String| {
            found.push(new_warning(node.span, to_key_path(steps), message, help));
        };
        if secrets.contains(&node.span)
            && let Some((message, help)) = explain_variable_name(value, env)
        {
            warn(message, help);
        }
        let source = text.get(node.span.start..node.span.end).unwrap_or_default();
        if source.starts_with(['"', '\'']) && drops_backslash(source) {
            let message = "a backslash here is dropped, it begins no escape sequence";
            warn(message.to_owned(), "write it twice: `\\\\`".to_owned());
        }
        true
    });
    found
}

/// Warns when a secret looks like the name of a variable. A single word such as `EMPTY`, which many
/// servers without keys are given, counts only when there is such a variable.
fn explain_variable_name(text: &str, env: &Env) -> Option<(String, String)> {
    if !is_variable_name(text) {
        None
    } else if env.get(text).is_some() {
        let message = format!("this is taken as the value of the environment variable {text}");
        Some((message, format!("write \"${{{text}}}\" to make it plain")))
    } else if text.contains('_') {
        let message = "this looks like a variable that is not set: it is used as the secret itself, \
                       unless `auth-profiles.json` has a key for the provider";
        Some((message.to_owned(), "write \"${NAME}\" for the value of a variable".to_owned()))
    } else {
        None
    }
}

fn drops_backslash(source: &str) -> bool {
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
