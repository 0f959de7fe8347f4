//! Whether a key acts in this program, and why not.

use crate::{
    path::KeyPath,
    pattern::{PathRelation, PathSegmentRef, compare_to_pattern, to_segment_refs},
    supported_keys::{KeySupport, key_support},
};

/// Whether a key acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyEffect {
    /// It acts, with everything below it.
    Full,
    /// Some keys below it act.
    Partial,
    /// Neither it nor any key below it acts.
    None {
        /// Why, as a sentence without a full stop.
        reason: &'static str,
    },
}

/// The reasons of keys that do not act, each for everything below the pattern; the first match is
/// used. `*` is any key or index, and `AGENT` the settings of one or of all agents.
const REASONS: &[(&str, &str)] = &[
    (
        "gateway.remote",
        "a gateway elsewhere is reached by `gateway.remote.url`; make a tunnel to it beforehand",
    ),
    ("gateway.nodes", "every node is approved by hand and runs commands only"),
    ("gateway.controlUi", "there is no control page here yet"),
    ("gateway.reload", "nothing waits for a restart here: the gateway does not restart itself"),
    ("gateway", "the gateway does not have this yet"),
    ("channels", NO_CHANNELS),
    ("bindings", NO_CHANNELS),
    ("messages", NO_CHANNELS),
    ("broadcast", NO_CHANNELS),
    ("talk", NO_CHANNELS),
    ("web", NO_CHANNELS),
    ("commands", "the slash commands of the chat are fixed"),
    ("plugins", "there are no plugins here; what the program does is built in"),
    ("hooks.mappings.*.deliver", NO_CHANNELS),
    ("hooks.mappings.*.channel", NO_CHANNELS),
    ("hooks.mappings.*.to", NO_CHANNELS),
    ("hooks.mappings.*.wakeMode", "a webhook starts its turn at once"),
    ("hooks.mappings.*.thinking", "the parameters of a model are in `models.providers`"),
    ("hooks.presets", "write a mapping under `hooks.mappings` instead"),
    ("hooks.gmail", "there is no mail here; `hooks.mappings` takes any program's requests"),
    ("hooks.internal", "no program runs here on an event of the assistant yet"),
    ("hooks", "webhooks do not have this"),
    ("cron.triggers", "no script decides here whether a job runs"),
    ("cron.store", JOB_PLACE),
    ("cron.runLog", JOB_PLACE),
    ("cron.sessionRetention", "sessions are kept until `openclaw sessions delete`"),
    ("cron.retry", "failures wait 30 seconds, then 1, 5, 15 and 60 minutes"),
    ("cron", "jobs do not have this"),
    ("browser", "there is no browser tool here"),
    ("canvasHost", "there is no canvas here"),
    ("memory", NOT_IN_SEARCH),
    ("meta", RECORD),
    ("wizard", RECORD),
    (
        "logging",
        "warnings and errors are in the log of `openclaw logs`, without secrets; OPENCLAW_LOG logs \
         more, to standard error",
    ),
    ("update", "nothing is updated by itself; install a new version in place of this one"),
    ("discovery", "nothing is announced to the network"),
    ("nodeHost", "a node runs commands only, by `tools.exec` of its own config"),
    ("mcp", "there are no MCP servers here yet"),
    ("session.dmScope", NO_CHANNELS),
    ("session.groupScope", NO_CHANNELS),
    ("session.identityLinks", NO_CHANNELS),
    ("session.resetByChannel", NO_CHANNELS),
    ("session.resetByType", NO_CHANNELS),
    ("session.sendPolicy", NO_CHANNELS),
    ("session.typingMode", NO_CHANNELS),
    ("session.typingIntervalSeconds", NO_CHANNELS),
    ("session.store", "all sessions are in one file, `sessions/sessions.db` in the state folder"),
    ("session.maintenance", "sessions are kept until `openclaw sessions delete`"),
    ("session.agentToAgent", "an agent answers another one once, without a conversation of turns"),
    ("session.notifyOnCreate", NO_CHANNELS),
    ("session.threadBindings", NO_CHANNELS),
    ("session.sharing", "nobody else looks at a session here"),
    ("skills.allowBundled", "the program comes without skills of its own"),
    ("skills.load.watch", "skills are looked for when a conversation begins"),
    ("skills.workshop", "skills are written by you, not by the agent"),
    ("skills.entries.*.config", "skills read no config of their own here; use `env`"),
    ("skills.install", "no skill is installed from here"),
    ("auth.cooldowns", "a failing model has a cooldown of its own; see `openclaw models status`"),
    ("env.shellEnv", "no login shell is started; put variables into `.env` in the state folder"),
    ("tools.web", "there are no tools for the web here yet"),
    ("tools.media", "pictures, sound and videos are not converted here"),
    ("tools.elevated", "there is no elevated mode; `tools.exec` says what may run"),
    (
        "agents.defaults.maxConcurrent",
        "a session runs one turn at a time; sessions are not counted",
    ),
    (
        "models.providers.*.models.*.cost.cacheWrite",
        "no server here says what it writes to a cache",
    ),
    ("models.providers.*.models.*.cost.tieredPricing", "one price is used for every length"),
    ("AGENT.subagents.delegationMode", "the model decides by itself when to delegate"),
    ("AGENT.subagents.requireAgentId", "without an id a sub-agent is the agent itself"),
    ("AGENT.subagents.thinking", "a sub-agent thinks as its model is set to"),
    ("AGENT.subagents.announceTimeoutMs", "an end is recorded and told once, without a limit"),
    (
        "AGENT.sandbox.sessionToolsVisibility",
        "an agent with a sandbox sees its own sub-agents only",
    ),
    ("AGENT.heartbeat.target", "what an agent finds is in its session"),
    ("AGENT.heartbeat.to", NO_CHANNELS),
    ("AGENT.heartbeat.accountId", NO_CHANNELS),
    ("AGENT.heartbeat.directPolicy", NO_CHANNELS),
    ("AGENT.heartbeat", "the heartbeat does not have this"),
    ("AGENT.memorySearch.fallback", "without an embedding model words are searched"),
    ("AGENT.memorySearch.sources", "the notes are searched; sessions have a search of their own"),
    ("AGENT.memorySearch.sync", "the index is brought up to date before each search"),
    ("AGENT.memorySearch.store.fts", "words are found in every script by one index"),
    ("AGENT.memorySearch.store.driver", INDEX_PLACE),
    ("AGENT.memorySearch.store.path", INDEX_PLACE),
    ("AGENT.memorySearch.store.vector.extensionPath", "vectors are compared without an extension"),
    ("AGENT.memorySearch.cache", "a text is embedded again only when it or the model changes"),
    (
        "AGENT.memorySearch.local",
        "no model runs in this program; name a server in `remote.baseUrl`",
    ),
    ("AGENT.memorySearch", NOT_IN_SEARCH),
    ("AGENT.memory", NOT_IN_SEARCH),
    ("AGENT.identity.emoji", NO_PICTURE),
    ("AGENT.identity.avatar", NO_PICTURE),
    ("AGENT.identity.theme", "the file IDENTITY.md of the workspace says what the agent is like"),
    ("AGENT.groupChat", NO_CHANNELS),
    ("AGENT.contextPruning", "a conversation that grows too long is summarised instead"),
    ("AGENT.imageModel", "the model of the agent reads the pictures"),
];

const NO_CHANNELS: &str = "there are no chat channels here";
const NOT_IN_SEARCH: &str = "the search of notes does not have this";
const INDEX_PLACE: &str = "the index is an SQLite file in `memory` of the state folder";
const JOB_PLACE: &str = "jobs and their runs are in the file of the sessions";
const NO_PICTURE: &str = "no picture of the agent is shown here";
const RECORD: &str = "it is a record of the original about itself";
const UNKNOWN_REASON: &str = "nothing acts on it here yet";

impl KeyEffect {
    /// Whether a key of the original acts here. A path that is no key does not.
    #[must_use]
    pub fn for_path(path: &KeyPath) -> Self {
        Self::for_segments(&to_segment_refs(path))
    }

    pub(crate) fn for_segments(steps: &[PathSegmentRef<'_>]) -> Self {
        match key_support(steps) {
            KeySupport::Full => Self::Full,
            KeySupport::Partial => Self::Partial,
            KeySupport::Unsupported => Self::None { reason: find_reason(steps) },
        }
    }
}

fn find_reason(steps: &[PathSegmentRef<'_>]) -> &'static str {
    let is_within = |pattern: &str| {
        matches!(compare_to_pattern(pattern, steps), PathRelation::Equal | PathRelation::Descendant)
    };
    let matches = |(pattern, _): &&(&str, &str)| match pattern.strip_prefix("AGENT.") {
        Some(rest) => ["agents.defaults", "agents.list.*", "agents.entries.*"]
            .iter()
            .any(|head| is_within(&format!("{head}.{rest}"))),
        None => is_within(pattern),
    };
    REASONS.iter().find(matches).map_or(UNKNOWN_REASON, |(_, reason)| reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openclaw_keys::{KeyLookup, KnownKeys};

    #[test]
    fn every_key_acts_or_has_a_reason() {
        for (key, expected) in [
            ("agents.defaults.model.primary", None),
            ("env.MY_KEY", None),
            ("env.shellEnv.enabled", Some("login shell")),
            ("channels.telegram.botToken", Some("chat channels")),
            ("agents.list[0].subagents.allowAgents", None),
            ("agents.list[0].subagents.thinking", Some("as its model")),
            ("agents.defaults.heartbeat.target", Some("in its session")),
            ("agents.defaults.compaction.memoryFlush.enabled", Some("yet")),
            ("tools.exec.node", None),
            ("gateway.port", None),
            ("gateway.controlUi.basePath", Some("control page")),
            ("gateway.auth.rateLimit", Some("does not have this")),
        ] {
            match (KeyEffect::for_path(&key.parse().unwrap()), expected) {
                (KeyEffect::Full, None) => {}
                (KeyEffect::None { reason }, Some(part)) => {
                    assert!(reason.contains(part), "{key}: {reason}");
                }
                (effect, _) => panic!("{key}: {effect:?}"),
            }
        }
        assert_eq!(KeyEffect::for_path(&"agents.defaults".parse().unwrap()), KeyEffect::Partial);
    }

    #[test]
    fn every_reason_is_of_a_key_without_effect() {
        for (pattern, _) in REASONS {
            for head in ["agents.defaults", "agents.list.0"] {
                let key = pattern.replace("AGENT", head).replace('*', "0");
                let steps: Vec<_> = key
                    .split('.')
                    .map(|step| match step {
                        "0" => PathSegmentRef::Index(0),
                        key => PathSegmentRef::Key(key),
                    })
                    .collect();
                // A reason may also be that of what is left below a key.
                let is_supported = key_support(&steps) == KeySupport::Full;
                let is_known = !matches!(KnownKeys::lookup_path(&steps), KeyLookup::Unknown);
                assert!(!is_supported, "{pattern}");
                assert!(is_known || pattern.starts_with("AGENT"), "{pattern} is no key");
            }
        }
    }
}
