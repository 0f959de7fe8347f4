//! The names of tools in `allow` and `deny`: this program's, the original's, and their groups.

use crate::{
    decode::suggestion::nearest_name,
    diagnostic::{Diagnostic, DiagnosticKind, Severity},
    path::KeyPath,
    text::{Json5Node, Json5Value},
    tree::ConfigTree,
};

/// The group of every built-in tool.
const ALL_BUILT_IN: &str = "group:openclaw";

/// The group of every tool of a plugin.
const ALL_OF_PLUGINS: &str = "group:plugins";

/// The tools of each group. `list`, `search`, `find`, `grep` and `ls` read files too.
const TOOL_GROUPS: &[(&str, &[&str])] = &[
    ("group:fs", &["read", "write", "edit", "apply_patch", "list", "search", "find", "grep", "ls"]),
    ("group:runtime", &["exec", "process", "code_execution"]),
    (
        "group:sessions",
        &[
            "sessions_list",
            "sessions_history",
            "sessions_send",
            "sessions_spawn",
            "sessions_yield",
            "sessions_search",
            "subagents",
            "session_status",
        ],
    ),
    ("group:memory", &["memory_search", "memory_get"]),
    ("group:web", &["web_search", "web_fetch", "x_search"]),
    ("group:ui", &["browser", "canvas"]),
    ("group:automation", &["cron", "gateway", "heartbeat_respond", "automations"]),
    ("group:messaging", &["message"]),
    ("group:nodes", &["nodes"]),
    ("group:agents", &["agents_list", "update_plan"]),
    (
        "group:media",
        &[
            "image",
            "image_generate",
            "music_generate",
            "video_generate",
            "tts",
            "pdf",
            "view_image",
        ],
    ),
];

/// Tools of the original that are in no group.
const OTHER_TOOLS: &[&str] = &[
    "ask_user",
    "bundle-mcp",
    "code_mode",
    "conversations_list",
    "conversations_send",
    "dashboard",
    "diffs",
    "dir_fetch",
    "dir_list",
    "file_fetch",
    "file_write",
    "get_goal",
    "goals",
    "intent",
    "llm-task",
    "lobster",
    "mobile_ui",
    "node_inference",
    "plugins",
    "portal",
    "progress_card",
    "secrets",
    "show_widget",
    "skill",
    "skill_workshop",
    "talk_voice",
    "terminal",
    "theme",
    "tokenjuice",
    "tool_call",
    "tool_describe",
    "tool_search",
    "transcripts",
    "voice_call",
    "whatsapp_login",
];

/// The lists of the config that name tools.
const TOOL_LISTS: &[&str] = &[
    "tools.allow",
    "tools.alsoAllow",
    "tools.deny",
    "gateway.tools.allow",
    "gateway.tools.deny",
    "agents.entries.*.tools.allow",
    "agents.entries.*.tools.alsoAllow",
    "agents.entries.*.tools.deny",
    "agents.list.*.tools.allow",
    "agents.list.*.tools.alsoAllow",
    "agents.list.*.tools.deny",
];

/// Whether a pattern of `allow` or `deny` matches a tool, ignoring case.
pub(crate) fn matches_tool_pattern(pattern: &str, tool: &str) -> bool {
    let pattern = normalize_pattern(pattern);
    match TOOL_GROUPS.iter().find(|(group, _)| *group == pattern) {
        Some((_, names)) => names.contains(&tool),
        None => pattern == ALL_BUILT_IN || matches_glob(&pattern, tool),
    }
}

/// The pattern in lower case, by the tool's own name where it has another.
fn normalize_pattern(pattern: &str) -> String {
    match pattern.trim().to_ascii_lowercase().as_str() {
        "bash" => "exec".to_owned(),
        "apply-patch" => "apply_patch".to_owned(),
        other => other.to_owned(),
    }
}

/// Whether a pattern, in which `*` is any text, matches the whole name.
fn matches_glob(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    true
}

/// Reports the patterns that match no tool, each with the index of its text.
pub(crate) fn lint_tool_names(tree: &ConfigTree) -> Vec<(usize, Diagnostic)> {
    let mut found = Vec::new();
    let foreign = ForeignTools::from_tree(tree);
    for list in TOOL_LISTS {
        let mut check_element = |path: KeyPath, node: &Json5Node| {
            let Some(pattern) = node.as_text() else { return };
            let normalized = normalize_pattern(pattern);
            if is_known_pattern(&normalized) || foreign.matches(&normalized) {
                return;
            }
            let help = nearest_name(&normalized, &known_names()).map_or_else(
                || {
                    "name a tool, a group such as `group:fs`, or `SERVER__*` of an MCP server"
                        .to_owned()
                },
                |name| format!("did you mean \"{name}\"?"),
            );
            let message = "this matches no tool";
            let problem = Diagnostic::new(Severity::Error, node.span, message)
                .at_path(path)
                .with_kind(DiagnosticKind::InvalidValue)
                .with_help(Some(help));
            found.push((tree.source_index(node), problem));
        };
        tree.root.select_matching(&format!("{list}.*"), &tree.ignored, &mut |path, _, node| {
            check_element(path, node);
        });
    }
    found
}

fn known_names() -> Vec<&'static str> {
    let groups = TOOL_GROUPS.iter().map(|(group, _)| *group);
    let names = TOOL_GROUPS.iter().flat_map(|(_, names)| names.iter().copied());
    let others = OTHER_TOOLS.iter().copied().chain(["bash", ALL_BUILT_IN, ALL_OF_PLUGINS]);
    groups.chain(names).chain(others).collect()
}

/// Whether a normalized pattern is a group, or matches a tool of this program or the original.
fn is_known_pattern(pattern: &str) -> bool {
    known_names().iter().any(|name| {
        if name.starts_with("group:") { *name == pattern } else { matches_glob(pattern, name) }
    })
}

/// The MCP servers, plugins and channels of a config, whose tools have names of their own.
struct ForeignTools {
    /// What the names of their tools begin with.
    prefixes: Vec<String>,
    /// The names of the plugins, each of which stands for all its tools.
    plugins: Vec<String>,
}

impl ForeignTools {
    fn from_tree(tree: &ConfigTree) -> Self {
        let mut this = Self { prefixes: Vec::new(), plugins: Vec::new() };
        for (pattern, separator) in [
            ("mcp.servers.*", "__"),
            ("plugins.entries.*", "_"),
            ("plugins.allow.*", "_"),
            ("channels.*", "_"),
        ] {
            tree.root.select_matching(pattern, &tree.ignored, &mut |path, _, node| {
                let name = match (&node.value, path.segments().last()) {
                    (Json5Value::Text(name), Some(crate::PathSegment::Index(_))) => name,
                    (_, Some(crate::PathSegment::Key(key))) => key,
                    _ => return,
                };
                let name = name.to_ascii_lowercase();
                this.prefixes.push(format!("{}{separator}", name.replace('-', "_")));
                this.prefixes.push(format!("{name}{separator}"));
                if separator == "_" {
                    this.plugins.push(name);
                }
            });
        }
        this
    }

    fn matches(&self, pattern: &str) -> bool {
        let (literal, is_glob) = match pattern.split_once('*') {
            Some((literal, _)) => (literal, true),
            None => (pattern, false),
        };
        let shares_prefix = |prefix: &String| {
            literal.len() > prefix.len() && literal.starts_with(prefix.as_str())
                || is_glob && (prefix.starts_with(literal) || literal.starts_with(prefix.as_str()))
        };
        self.plugins.iter().any(|name| name == pattern) || self.prefixes.iter().any(shares_prefix)
    }
}
