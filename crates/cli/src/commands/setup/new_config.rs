//! The config that `openclaw setup` writes, with the reason of each line.

use std::fmt::Write as _;
use std::path::Path;

use openclaw_config::{ConfigDocument, EditError, KeyPath, NewValue};
use openclaw_models::ListedModel;
use serde_json::{Value, json};

use super::servers::ServerCandidate;

/// A line of the config.
#[derive(Debug)]
struct ConfigLine {
    path: KeyPath,
    value: Value,
    reason: String,
}

/// The lines to write.
#[derive(Debug)]
pub(super) struct ConfigPlan {
    lines: Vec<ConfigLine>,
    key_variable: Option<String>,
}

impl ConfigPlan {
    pub(super) fn new(
        server: &ServerCandidate,
        model: &ListedModel,
        is_only: bool,
        workspace: Option<&Path>,
    ) -> Self {
        let defaults = KeyPath::root().with_key("agents").with_key("defaults");
        let provider = KeyPath::for_provider(&server.provider);
        let reason = if is_only { "the only model that was found" } else { "the model you chose" };
        let window = model.window.map_or_else(String::new, |(tokens, _)| {
            format!("; the server says that it takes {tokens} tokens")
        });
        let mut lines = vec![
            ConfigLine {
                path: defaults.clone().with_key("model").with_key("primary"),
                value: json!(model.reference.to_string()),
                reason: format!("{reason}{window}"),
            },
            ConfigLine {
                path: provider.clone().with_key("baseUrl"),
                value: json!(server.base_url),
                reason: server.reason.clone(),
            },
        ];
        if let Some(variable) = &server.key_variable {
            lines.push(ConfigLine {
                path: provider.with_key("apiKey"),
                value: json!(format!("${{{variable}}}")),
                reason: "the key stays in the environment, this is only its name".to_owned(),
            });
        }
        if let Some(folder) = workspace {
            lines.push(ConfigLine {
                path: defaults.with_key("workspace"),
                value: json!(folder.display().to_string()),
                reason: "agents work here, wherever a command is started".to_owned(),
            });
        }
        Self { lines, key_variable: server.key_variable.clone() }
    }

    /// The variable that must be set for the config to work.
    pub(super) fn key_variable(&self) -> Option<&str> {
        self.key_variable.as_deref()
    }

    /// Each line with its reason.
    pub(super) fn summary_text(&self) -> String {
        let line = |line: &ConfigLine| {
            format!("  {} = {}\n      {}\n", line.path, line.value, line.reason)
        };
        self.lines.iter().map(line).collect()
    }

    /// Sets the lines in a config that is there.
    pub(super) fn apply_to(&self, document: &mut ConfigDocument) -> Result<(), EditError> {
        self.lines.iter().try_for_each(|line| {
            document.set_value(&line.path, &NewValue::from(line.value.clone()))
        })
    }

    /// A config file of these lines, the reason of each above it.
    pub(super) fn file_text(&self) -> String {
        let mut text = String::from("{\n");
        let mut open: Vec<String> = Vec::new();
        for line in &self.lines {
            let mut keys: Vec<String> = line.path.segments().iter().map(quote_segment).collect();
            let last = keys.pop().unwrap_or_default();
            let shared = open.iter().zip(&keys).take_while(|(open, key)| open == key).count();
            close_objects(&mut text, &mut open, shared);
            for key in keys.into_iter().skip(shared) {
                text.extend([indent(open.len()), key.clone(), ": {\n".to_owned()]);
                open.push(key);
            }
            let space = indent(open.len());
            // Writing to a string does not fail.
            let _ = writeln!(text, "{space}// {}\n{space}{last}: {},", line.reason, line.value);
        }
        close_objects(&mut text, &mut open, 0);
        text.push_str("}\n");
        text
    }
}

fn close_objects(text: &mut String, open: &mut Vec<String>, keep: usize) {
    while open.len() > keep {
        open.pop();
        text.extend([indent(open.len()), "},\n".to_owned()]);
    }
}

fn indent(depth: usize) -> String {
    "  ".repeat(depth + 1)
}

/// A key as it stands in a file.
fn quote_segment(segment: &openclaw_config::PathSegment) -> String {
    let openclaw_config::PathSegment::Key(key) = segment else { return String::new() };
    let is_plain = key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !key.starts_with(|c: char| c.is_ascii_digit());
    if is_plain { key.clone() } else { json!(key).to_string() }
}
