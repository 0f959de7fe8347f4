//! What a node says about itself when it connects, and what of it is served.

use std::collections::BTreeMap;

use openclaw_protocol::gateway::{ConnectParams, NODE_COMMANDS};

/// The systems whose commands are served, as nodes name them.
const PLATFORMS: [&str; 5] = ["linux", "macos", "darwin", "windows", "win32"];

/// The most commands of a declaration that are looked at.
const MAX_COMMANDS: usize = 128;

/// The most commands whose refusal is kept.
const MAX_REFUSED: usize = 32;

/// The most capabilities that are kept.
const MAX_CAPS: usize = 32;

/// The most characters of a name.
const MAX_NAME_CHARS: usize = 64;

/// The most characters of the list of directories with programs.
const MAX_PATH_CHARS: usize = 4096;

/// What a node offers, as far as it is served.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct NodeDeclaration {
    pub(crate) client_id: String,
    pub(crate) version: String,
    pub(crate) caps: Vec<String>,
    /// The commands that the gateway serves, sorted.
    pub(crate) commands: Vec<String>,
    /// The other ones, without control characters, each with the reason.
    pub(crate) refused: BTreeMap<String, String>,
    pub(crate) path_env: Option<String>,
}

impl NodeDeclaration {
    /// Examines what a node declares. `denied` are commands that the config denies, by name or with
    /// a `*` at the end.
    pub(crate) fn from_params(params: &ConnectParams, denied: &[String]) -> Self {
        let platform = params.client.platform.as_str();
        let refusal = (!PLATFORMS.contains(&platform)).then(|| {
            let shown = printable(platform, MAX_NAME_CHARS);
            format!("the platform `{shown}` is not one of {}", PLATFORMS.join(", "))
        });
        let mut declaration = Self {
            client_id: params.client.id.clone(),
            version: printable(&params.client.version, MAX_NAME_CHARS),
            caps: params
                .caps
                .iter()
                .filter(|cap| is_plain_name(cap))
                .take(MAX_CAPS)
                .cloned()
                .collect(),
            path_env: params
                .path_env
                .as_deref()
                .filter(|path| path.len() <= MAX_PATH_CHARS && !path.chars().any(char::is_control))
                .map(str::to_owned),
            ..Self::default()
        };
        for command in params.commands.iter().take(MAX_COMMANDS) {
            let reason = if !is_plain_name(command) {
                "a command has 64 characters at most, of letters, digits, `.`, `_` and `-`"
            } else if !NODE_COMMANDS.contains(&command.as_str()) {
                "this gateway does not know the command"
            } else if denied.iter().any(|pattern| is_denied(command, pattern)) {
                "`gateway.nodes.commands.deny` denies it"
            } else if let Some(refusal) = &refusal {
                refusal
            } else {
                declaration.commands.push(command.clone());
                continue;
            };
            declaration.refuse(printable(command, MAX_NAME_CHARS), reason.to_owned());
        }
        declaration.commands.sort();
        declaration.commands.dedup();
        let beyond = params.commands.len().saturating_sub(MAX_COMMANDS);
        if beyond > 0 {
            let reason = format!("{beyond} more than the {MAX_COMMANDS} commands that a node has");
            declaration.refused.insert("*".to_owned(), reason);
        }
        declaration
    }

    fn refuse(&mut self, command: String, reason: String) {
        if self.refused.len() < MAX_REFUSED {
            self.refused.insert(command, reason);
        }
    }
}

/// Whether a pattern, in which `*` at the end stands for any ending, denies a command. Case and
/// spaces around it do not matter.
fn is_denied(command: &str, pattern: &str) -> bool {
    let (command, pattern) = (command.to_lowercase(), pattern.trim().to_lowercase());
    match pattern.strip_suffix('*') {
        Some(start) => command.starts_with(start),
        None => command == pattern,
    }
}

/// Finds a pattern that was meant to deny a command that is served here, and denies none. Commands
/// that no gateway here serves, such as `camera.snap`, need not be denied.
pub(crate) fn find_idle_pattern(denied: &[String]) -> Option<&str> {
    let mut denied = denied.iter().map(String::as_str);
    denied.find(|pattern| {
        let denies_some = NODE_COMMANDS.iter().any(|command| is_denied(command, pattern));
        !denies_some && !is_of_others(&pattern.trim().to_lowercase())
    })
}

/// Whether a pattern, in lower case, is for commands of nodes that are not served here.
fn is_of_others(pattern: &str) -> bool {
    let name = pattern.strip_suffix('*').unwrap_or(pattern);
    let family = name.split_once('.').map(|(family, _)| family);
    let is_other_family = family.is_some_and(|family| !family.is_empty() && family != "system");
    is_plain_name(name) && (is_other_family || name == "system.notify")
}

fn is_plain_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    !name.is_empty() && name.len() <= MAX_NAME_CHARS && name.bytes().all(is_plain)
}

/// The beginning of a text, with escape sequences for what is not printed.
fn printable(text: &str, limit: usize) -> String {
    text.chars().take(limit).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn declare(change: impl FnOnce(&mut Value)) -> NodeDeclaration {
        declare_with(&[], change)
    }

    fn declare_with(denied: &[&str], change: impl FnOnce(&mut Value)) -> NodeDeclaration {
        let denied: Vec<String> = denied.iter().map(|pattern| (*pattern).to_owned()).collect();
        let mut params = json!({
            "minProtocol": 4, "maxProtocol": 4, "role": "node",
            "client": { "id": "node-host", "version": "1", "platform": "linux", "mode": "node" },
            "commands": ["system.which", "system.run", "system.run"], "caps": ["system"],
        });
        change(&mut params);
        NodeDeclaration::from_params(&serde_json::from_value(params).unwrap(), &denied)
    }

    #[test]
    fn a_pattern_denies_whatever_its_case_and_one_that_denies_nothing_is_found() {
        let declared = |denied: &str| declare_with(&[denied], |_| ()).commands;
        for denied in ["System.Run", " system.run ", "SYSTEM.RUN*"] {
            assert_eq!(declared(denied), ["system.which"], "{denied}");
        }
        let find = |pattern: &str| find_idle_pattern(&[pattern.to_owned()]).map(str::to_owned);
        for idle in ["exec", "*.run", "system.run,system.which", "system.rum", "system.runs*", ""] {
            assert_eq!(find(idle).as_deref(), Some(idle));
        }
        for good in ["*", "system.*", "System.Run", "camera.snap", "canvas.*", "system.notify"] {
            assert_eq!(find(good), None, "{good}");
        }
    }

    #[test]
    fn commands_are_served_or_refused_with_the_reason() {
        let declaration = declare(|params| params["pathEnv"] = json!("/bin"));
        assert_eq!(declaration.commands, ["system.run", "system.which"]);
        assert!(declaration.refused.is_empty());
        assert_eq!(declaration.path_env.as_deref(), Some("/bin"));
        let hostile = ["evil.cmd", "a\u{1b}[2J", "system.run ", "", &"x".repeat(65)];
        let declaration = declare(|params| params["commands"] = json!(hostile));
        assert!(declaration.commands.is_empty());
        assert_eq!(declaration.refused.len(), hostile.len());
        assert!(!declaration.refused.keys().any(|name| name.chars().any(char::is_control)));
        for platform in ["Linux", "linux 6.18", "plan9", "x\ny"] {
            let declaration = declare(|params| params["client"]["platform"] = json!(platform));
            assert!(declaration.commands.is_empty(), "{platform}");
            let reason = &declaration.refused["system.run"];
            assert!(reason.contains("linux, macos") && !reason.contains('\n'), "{reason}");
        }
    }

    #[test]
    fn a_command_that_the_config_denies_is_not_served() {
        for (pattern, served) in [
            ("system.run", vec!["system.which"]),
            ("system.*", vec![]),
            ("camera.snap", vec!["system.run", "system.which"]),
            ("system.r", vec!["system.run", "system.which"]),
        ] {
            let declaration = declare_with(&[pattern], |_| ());
            assert_eq!(declaration.commands, served, "{pattern}");
        }
        let declaration = declare_with(&["system.run"], |_| ());
        assert!(declaration.refused["system.run"].contains("gateway.nodes.commands.deny"));
    }

    #[test]
    fn a_flood_of_commands_is_bounded() {
        let flood: Vec<String> = (0..100_000).map(|number| format!("c{number}")).collect();
        let declaration = declare(|params| {
            params["commands"] = json!(flood);
            params["caps"] = json!(flood);
            params["pathEnv"] = json!("x".repeat(5000));
        });
        assert!(declaration.commands.is_empty());
        assert_eq!(declaration.refused.len(), MAX_REFUSED + 1);
        assert!(declaration.refused["*"].starts_with("99872 more"));
        assert_eq!(declaration.caps.len(), MAX_CAPS);
        assert_eq!(declaration.path_env, None);
    }
}
