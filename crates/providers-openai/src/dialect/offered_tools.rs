//! The tools that a request offers.

use std::sync::Arc;

use openclaw_core::{ToolName, ToolSpec};

use crate::schema::ArgumentSchema;

/// Namespaces that models were trained with. They say nothing about the tool.
const NAMESPACES: [&str; 8] =
    ["functions", "function", "default_api", "default", "tools", "tool", "api", "assistant"];

/// What Llama writes behind the name of a tool.
const CALL_SUFFIX: &str = ".call";

/// What is left of the format behind a name when the server drops the tokens of harmony.
const FORMAT_SUFFIX: &str = " json";

/// The tools that a request offers.
#[derive(Debug, Clone)]
pub(crate) struct OfferedTools(Arc<[ToolSpec]>);

impl OfferedTools {
    /// Wraps the tools; `None` when there are none.
    pub(crate) fn new(tools: Arc<[ToolSpec]>) -> Option<Self> {
        (!tools.is_empty()).then_some(Self(tools))
    }

    /// No tools.
    pub(super) fn none() -> Self {
        Self(Arc::new([]))
    }

    /// The names of the tools.
    pub(crate) fn names(&self) -> impl Iterator<Item = &ToolName> {
        self.0.iter().map(|tool| &tool.name)
    }

    /// The schema of a tool's arguments.
    pub(crate) fn argument_schema(&self, name: &ToolName) -> ArgumentSchema<'_> {
        let tool = self.0.iter().find(|tool| tool.name == *name);
        tool.map_or_else(ArgumentSchema::default, |tool| ArgumentSchema::new(&tool.parameters))
    }

    /// Finds the offered tool of a name: the same name, or the only one that remains when what
    /// training added is removed (white space, quotes, a namespace, the number of the call, tokens
    /// of the chat template), and then in another case or with other separators.
    pub(crate) fn find_tool(&self, written: &str) -> Option<&ToolName> {
        let word = without_tokens(written);
        let own_namespace = word.split_once('.').filter(|(first, last)| first == last);
        let own_namespace = own_namespace.map_or(word, |(name, _)| name);
        let candidates = [written.trim(), word, without_namespace(word), own_namespace];
        let find = |is_same: fn(&str, &str) -> bool| {
            candidates.iter().find_map(|candidate| {
                let mut matches = self.names().filter(|name| is_same(name.as_str(), candidate));
                let first = matches.next()?;
                matches.next().is_none().then_some(first)
            })
        };
        find(|offered, name| offered == name)
            .or_else(|| find(str::eq_ignore_ascii_case))
            .or_else(|| find(|offered, name| letters(offered).eq(letters(name))))
    }

    /// Whether the name of an offered tool, with or without a namespace, may begin like this.
    pub(super) fn has_name_prefix(&self, prefix: &str) -> bool {
        let is_namespace = NAMESPACES.iter().any(|namespace| namespace.starts_with(prefix));
        let bare = Some(without_namespace(prefix));
        let names = || self.0.iter().map(|tool| tool.name.as_str());
        is_namespace
            || [Some(prefix), bare].into_iter().flatten().any(|prefix| {
                let (name, suffix) =
                    prefix.split_at(prefix.find([':', '.']).unwrap_or(prefix.len()));
                names().any(|tool| tool.starts_with(prefix) || (tool == name && !suffix.is_empty()))
            })
    }
}

/// The name without tokens of the chat template, quotes and the number of the call.
fn without_tokens(name: &str) -> &str {
    let word = name.split_once("to=").filter(|_| name.contains("<|")).map_or(name, |(_, to)| to);
    let word = word.split("<|").find(|part| !part.trim().is_empty()).unwrap_or_default();
    let word = word.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`'));
    let word = word.strip_suffix(CALL_SUFFIX).unwrap_or(word);
    let word = word.strip_suffix(FORMAT_SUFFIX).map_or(word, str::trim_end);
    match word.rsplit_once(':') {
        Some((before, number)) if number.bytes().all(|byte| byte.is_ascii_digit()) => before,
        _ => word,
    }
}

fn without_namespace(word: &str) -> &str {
    let mut word = word;
    while let Some((namespace, rest)) = word.split_once(['.', ':', '/', '='])
        && NAMESPACES.contains(&namespace.to_ascii_lowercase().as_str())
    {
        word = rest;
    }
    word
}

/// The letters and digits of a name, without separators, other signs and case.
fn letters(name: &str) -> impl Iterator<Item = char> {
    name.chars().filter(|c| c.is_alphanumeric()).map(|c| c.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;

    #[test]
    fn a_name_is_found_when_one_tool_fits_without_loss() {
        let spec = |name: &str| ToolSpec {
            name: ToolName::new(name).unwrap(),
            description: "".into(),
            parameters: json!({}).into(),
        };
        let names = ["read", "read_file", "Exec", "exec", "tools"];
        let offered = OfferedTools::new(Arc::from(names.map(spec))).unwrap();
        for (name, expected) in [
            ("read", Some("read")),
            (" read\n", Some("read")),
            ("`read`", Some("read")),
            ("READ", Some("read")),
            ("functions.read", Some("read")),
            ("functions.read:0", Some("read")),
            ("default_api:read", Some("read")),
            ("Functions.functions.Read", Some("read")),
            ("read.read", Some("read")),
            ("function=read", Some("read")),
            ("read json", Some("read")),
            ("read<|channel|>commentary", Some("read")),
            ("<|channel|>commentary to=functions.read<|message|>", Some("read")),
            ("readFile", Some("read_file")),
            ("read-file", Some("read_file")),
            ("functions::read", Some("read")),
            ("read.call", Some("read")),
            ("read()", Some("read")),
            ("<read>", Some("read")),
            ("read\u{200b}", Some("read")),
            ("tools", Some("tools")),
            ("exec", Some("exec")),
            ("EXEC", None),
            ("files.read", None),
            ("reads", None),
            ("", None),
            ("<|channel|>", None),
        ] {
            let found = offered.find_tool(name).map(ToolName::as_str);
            assert_eq!(found, expected, "{name:?}");
        }
    }
}
