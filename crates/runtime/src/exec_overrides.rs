//! How one session runs commands, where that differs from the config: `/exec` of the chat.

use std::sync::Arc;

use openclaw_config::{Config, ExecAsk, ExecHost, ExecSecurity};
use openclaw_store::CommandSettings;

use crate::runtime::Runtime;

/// What a session changes of `tools.exec`. The policy can only become stricter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExecOverrides {
    /// The machine that commands run on.
    pub host: Option<ExecHost>,
    /// The node, by its id or its display name.
    pub node: Option<String>,
    /// Which commands may run.
    pub security: Option<ExecSecurity>,
    /// When a person is asked.
    pub ask: Option<ExecAsk>,
}

/// How an agent's commands run in a session.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExecSettings {
    /// The machine that commands run on.
    pub host: ExecHost,
    /// The node; `None` for the only one that there is.
    pub node: Option<String>,
    /// Which commands may run.
    pub security: ExecSecurity,
    /// When a person is asked.
    pub ask: ExecAsk,
}

impl ExecOverrides {
    /// These settings with the words of `/exec` applied: `host=`, `node=`, `security=` and `ask=`
    /// with a value, or `reset`.
    ///
    /// # Errors
    /// When a word is not understood, as a sentence.
    pub fn with_words(&self, words: &str) -> Result<Self, String> {
        let mut changed = self.clone();
        for word in words.split_whitespace() {
            let (key, value) = match word.split_once('=') {
                Some((key, value)) if !value.is_empty() => (key, value),
                _ if word == "reset" => {
                    changed = Self::default();
                    continue;
                }
                _ => return Err(usage(word)),
            };
            match key {
                "host" => changed.host = Some(find_word(&HOSTS, key, value)?),
                "node" => changed.node = Some(value.to_owned()),
                "security" => changed.security = Some(find_word(&SECURITY_LEVELS, key, value)?),
                "ask" => changed.ask = Some(find_word(&ASK_MODES, key, value)?),
                _ => return Err(usage(word)),
            }
        }
        Ok(changed)
    }

    /// Refuses words of `/exec` that choose a node where commands run elsewhere, as `settings` say.
    ///
    /// # Errors
    /// Which words choose it with an effect, as a sentence.
    pub(crate) fn check_node_words(words: &str, settings: &ExecSettings) -> Result<(), String> {
        let node = words.split_whitespace().rev().find_map(|word| word.strip_prefix("node="));
        match node {
            Some(node) if settings.host != ExecHost::Node => {
                let (node, host) = (node.escape_debug(), word_of(&HOSTS, settings.host));
                Err(format!(
                    "`node={node}` has no effect with `host={host}`; `/exec host=node node={node}` \
                     runs the commands of this session on that node"
                ))
            }
            _ => Ok(()),
        }
    }

    /// Whether nothing differs from the config.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a policy would be wider than that of the config for `agent`.
    fn check_strictness(&self, config: &Config, agent: &str) -> Result<(), String> {
        let (security, ask) = (config.exec_security(agent), config.exec_ask_mode(agent));
        if let Some(wanted) = self.security.filter(|wanted| *wanted > security) {
            return Err(wider(
                "security",
                word_of(&SECURITY_LEVELS, wanted),
                word_of(&SECURITY_LEVELS, security),
            ));
        }
        if let Some(wanted) = self.ask.filter(|wanted| *wanted < ask) {
            return Err(wider("ask", word_of(&ASK_MODES, wanted), word_of(&ASK_MODES, ask)));
        }
        let leaves_sandbox = matches!(self.host, Some(ExecHost::Gateway | ExecHost::Node));
        match config.sandbox_request(agent) {
            Some(key) if leaves_sandbox => Err(format!(
                "`{key}` asks for a sandbox, which commands have with `host=sandbox` only"
            )),
            _ => Ok(()),
        }
    }

    fn apply_to(&self, config: &mut Config, agent: &str) {
        let (security, ask) = (config.exec_security(agent), config.exec_ask_mode(agent));
        let exec = &mut config.tools.exec;
        exec.host = self.host.or(exec.host);
        if let Some(node) = &self.node {
            exec.node = Some(node.clone());
        }
        // A config that became stricter after the session recorded its settings counts.
        if let Some(wanted) = self.security {
            exec.security = Some(wanted.min(security));
        }
        if let Some(wanted) = self.ask {
            exec.ask = Some(wanted.max(ask));
        }
    }

    pub(crate) fn to_recorded(&self) -> CommandSettings {
        CommandSettings {
            host: self.host.map(|it| word_of(&HOSTS, it).to_owned()),
            node: self.node.clone(),
            security: self.security.map(|it| word_of(&SECURITY_LEVELS, it).to_owned()),
            ask: self.ask.map(|it| word_of(&ASK_MODES, it).to_owned()),
        }
    }

    /// A word that this version does not know is the strictest one.
    pub(crate) fn from_recorded(settings: CommandSettings) -> Self {
        let CommandSettings { host, node, security, ask } = settings;
        Self {
            host: host.and_then(|word| find_word(&HOSTS, "host", &word).ok()),
            node,
            security: security.map(|word| {
                find_word(&SECURITY_LEVELS, "security", &word).unwrap_or(ExecSecurity::Deny)
            }),
            ask: ask.map(|word| find_word(&ASK_MODES, "ask", &word).unwrap_or(ExecAsk::Always)),
        }
    }
}

impl ExecSettings {
    /// The settings as `/exec` takes them, in its order.
    #[must_use]
    pub fn words(&self) -> Vec<(&'static str, String)> {
        let node = self.node.clone().filter(|_| self.host == ExecHost::Node);
        let host = ("host", word_of(&HOSTS, self.host).to_owned());
        let node = node.map(|node| ("node", node));
        let security = ("security", word_of(&SECURITY_LEVELS, self.security).to_owned());
        let ask = ("ask", word_of(&ASK_MODES, self.ask).to_owned());
        [Some(host), node, Some(security), Some(ask)].into_iter().flatten().collect()
    }
}

impl Runtime {
    /// How an agent's commands run, by the config and what its session changes of it.
    #[must_use]
    pub fn exec_settings(&self, agent: &str) -> ExecSettings {
        let config = self.config();
        ExecSettings {
            host: config.tools.exec.host(),
            node: config.tools.exec.node.clone(),
            security: config.exec_security(agent),
            ask: config.exec_ask_mode(agent),
        }
    }

    /// This runtime with what a session changes.
    ///
    /// # Errors
    /// When the session's policy would be wider than the config, as a sentence.
    pub(crate) fn checked_with_overrides(
        &self,
        overrides: &ExecOverrides,
        agent: &str,
    ) -> Result<Self, String> {
        overrides.check_strictness(self.config(), agent)?;
        Ok(self.with_overrides(overrides, agent))
    }

    /// This runtime with what a session changes. What would be wider than the config has no effect.
    pub(crate) fn with_overrides(&self, overrides: &ExecOverrides, agent: &str) -> Self {
        if overrides.is_empty() {
            return self.clone();
        }
        let mut config = self.config().clone();
        let mut overrides = overrides.clone();
        if overrides.check_strictness(&config, agent).is_err()
            && config.sandbox_request(agent).is_some()
        {
            overrides.host = None;
        }
        overrides.apply_to(&mut config, agent);
        Self { session_config: Some(Arc::new(config)), ..self.clone() }
    }
}

const HOSTS: [(&str, ExecHost); 4] = [
    ("auto", ExecHost::Auto),
    ("sandbox", ExecHost::Sandbox),
    ("gateway", ExecHost::Gateway),
    ("node", ExecHost::Node),
];

const SECURITY_LEVELS: [(&str, ExecSecurity); 3] = [
    ("deny", ExecSecurity::Deny),
    ("allowlist", ExecSecurity::Allowlist),
    ("full", ExecSecurity::Full),
];

const ASK_MODES: [(&str, ExecAsk); 3] =
    [("off", ExecAsk::Off), ("on-miss", ExecAsk::OnMiss), ("always", ExecAsk::Always)];

fn find_word<T: Copy>(words: &[(&str, T)], key: &str, wanted: &str) -> Result<T, String> {
    let found = words.iter().find(|(word, _)| *word == wanted).map(|(_, value)| *value);
    found.ok_or_else(|| {
        let known: Vec<String> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
        format!("`{key}` is {}, not `{}`", known.join(", "), wanted.escape_debug())
    })
}

fn word_of<T: Copy + PartialEq>(words: &[(&'static str, T)], value: T) -> &'static str {
    words.iter().find(|(_, it)| *it == value).map_or("", |(word, _)| word)
}

fn usage(word: &str) -> String {
    format!(
        "`/exec` takes `host=`, `node=`, `security=` and `ask=` with a value, or `reset`, not `{}`",
        word.escape_debug()
    )
}

fn wider(key: &str, wanted: &str, config: &str) -> String {
    format!(
        "`{key}={wanted}` would allow more than the config, which says {config}; \
         `openclaw config set tools.exec.{key} {wanted}` changes that"
    )
}

#[cfg(test)]
mod tests {
    use openclaw_config::Env;

    use super::*;

    fn config(text: &str) -> Config {
        Config::parse(text, &Env::default()).unwrap().config
    }

    fn overrides(words: &str) -> ExecOverrides {
        ExecOverrides::default().with_words(words).unwrap()
    }

    #[test]
    fn words_are_understood_or_named() {
        let all = overrides("host=node node=server-node security=deny ask=always");
        let node = Some("server-node".to_owned());
        let (security, ask) = (Some(ExecSecurity::Deny), Some(ExecAsk::Always));
        assert_eq!(all, ExecOverrides { host: Some(ExecHost::Node), node, security, ask });
        assert_eq!(all.with_words("host=auto").unwrap().security, Some(ExecSecurity::Deny));
        assert_eq!(all.with_words("reset host=auto").unwrap(), overrides("host=auto"));
        assert_eq!(ExecOverrides::from_recorded(all.to_recorded()), all);
        for (words, expected) in [
            ("host=moon", "`host` is `auto`, `sandbox`, `gateway`, `node`, not `moon`"),
            ("security=none", "`security` is `deny`, `allowlist`, `full`"),
            ("ask", "not `ask`"),
            ("ask=", "not `ask=`"),
            ("timeout=3", "not `timeout=3`"),
        ] {
            let error = ExecOverrides::default().with_words(words).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn a_node_is_chosen_only_where_commands_run_on_one() {
        let settings = |host| ExecSettings {
            host,
            node: None,
            security: ExecSecurity::Full,
            ask: ExecAsk::Off,
        };
        let check = |words, host| ExecOverrides::check_node_words(words, &settings(host));
        let error = check("ask=always node=x", ExecHost::Auto).unwrap_err();
        assert!(error.starts_with("`node=x` has no effect with `host=auto`; `/exec host=node"));
        assert_eq!(check("host=node node=x", ExecHost::Node), Ok(()));
        assert_eq!(check("host=gateway", ExecHost::Gateway), Ok(()));
    }

    #[test]
    fn a_policy_becomes_only_stricter_and_the_machine_is_free_unless_a_sandbox_is_asked_for() {
        let sandboxed = "{ tools: { exec: { sandbox: { profile: 'read-only' } } } }";
        let full = "{ tools: { exec: { security: 'full', ask: 'off' } } }";
        let own = "{ agents: { list: [{ id: 'main', tools: { exec: { security: 'deny' } } }] } }";
        for (text, words, is_allowed) in [
            ("{}", "security=deny ask=always", true),
            ("{}", "security=allowlist ask=on-miss", true),
            ("{}", "security=full", false),
            ("{}", "ask=off", false),
            ("{}", "host=gateway", true),
            ("{}", "host=node node=x", true),
            (full, "security=full ask=off", true),
            (full, "security=allowlist ask=on-miss", true),
            (own, "security=allowlist", false),
            (sandboxed, "host=gateway", false),
            (sandboxed, "host=node", false),
            (sandboxed, "host=sandbox", true),
            ("{ tools: { exec: { host: 'sandbox' } } }", "host=gateway", true),
        ] {
            let checked = overrides(words).check_strictness(&config(text), "main");
            assert_eq!(checked.is_ok(), is_allowed, "{text} {words}: {checked:?}");
        }
    }

    #[test]
    fn a_config_that_became_stricter_counts() {
        let recorded = overrides("security=full ask=off host=gateway");
        let mut config = config("{ tools: { exec: { security: 'deny', ask: 'always' } } }");
        recorded.apply_to(&mut config, "main");
        assert_eq!(config.exec_security("main"), ExecSecurity::Deny);
        assert_eq!(config.exec_ask_mode("main"), ExecAsk::Always);
        let mut unknown = recorded.to_recorded();
        (unknown.security, unknown.ask) = (Some("x".to_owned()), Some("y".to_owned()));
        let strictest = ExecOverrides::from_recorded(unknown);
        assert_eq!(strictest.security, Some(ExecSecurity::Deny));
        assert_eq!(strictest.ask, Some(ExecAsk::Always));
    }
}
