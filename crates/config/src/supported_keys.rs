//! The keys that have an effect, so that the others can be reported.

use crate::pattern::{PathRelation, PathSegmentRef, compare_to_pattern};

/// The keys that have an effect, including everything below them; `*` is any key or index.
pub(crate) const SUPPORTED_KEYS: &[&str] = &[
    "agents.defaults.model",
    "agents.defaults.models.*.alias",
    "agents.defaults.models.*.params",
    "agents.defaults.contextTokens",
    "agents.defaults.workspace",
    "agents.defaults.timeoutSeconds",
    "agents.defaults.llm.idleTimeoutSeconds",
    "agents.defaults.llm.maxRepeatedLines",
    "agents.defaults.localModelMode",
    "agents.defaults.models.*.localModelMode",
    "agents.defaults.compaction.mode",
    "agents.defaults.compaction.timeoutSeconds",
    "agents.defaults.bootstrapMaxChars",
    "agents.defaults.bootstrapTotalMaxChars",
    "agents.entries.*.name",
    "agents.entries.*.model",
    "agents.entries.*.workspace",
    "agents.entries.*.localModelMode",
    "agents.entries.*.tools.profile",
    "agents.entries.*.tools.allow",
    "agents.entries.*.tools.alsoAllow",
    "agents.entries.*.tools.deny",
    "agents.entries.*.tools.exec.ask",
    "agents.entries.*.tools.exec.security",
    "agents.entries.*.tools.fs.workspaceOnly",
    "agents.entries.*.bootstrapMaxChars",
    "agents.entries.*.bootstrapTotalMaxChars",
    "agents.list.*.id",
    "agents.list.*.name",
    "agents.list.*.model",
    "agents.list.*.workspace",
    "agents.list.*.localModelMode",
    "agents.list.*.tools.profile",
    "agents.list.*.tools.allow",
    "agents.list.*.tools.alsoAllow",
    "agents.list.*.tools.deny",
    "agents.list.*.tools.exec.ask",
    "agents.list.*.tools.exec.security",
    "agents.list.*.tools.fs.workspaceOnly",
    "agents.list.*.bootstrapMaxChars",
    "agents.list.*.bootstrapTotalMaxChars",
    "agents.entries.*.default",
    "agents.entries.*.agentDir",
    "agents.list.*.default",
    "agents.list.*.agentDir",
    "agents.entries.*.sandbox.mode",
    "agents.entries.*.sandbox.workspaceAccess",
    "agents.list.*.sandbox.mode",
    "agents.list.*.sandbox.workspaceAccess",
    "agents.defaults.sandbox.mode",
    "agents.defaults.sandbox.workspaceAccess",
    "agents.defaults.experimental.localModelLean",
    "models.mode",
    "models.egress",
    "models.providers.*.baseUrl",
    "models.providers.*.apiKey",
    "models.providers.*.api",
    "models.providers.*.authHeader",
    "models.providers.*.headers",
    "models.providers.*.params",
    "models.providers.*.timeoutSeconds",
    "models.providers.*.maxConcurrent",
    "models.providers.*.onServerLoss",
    "models.providers.*.clocks",
    "models.providers.*.models.*.id",
    "models.providers.*.models.*.name",
    "models.providers.*.models.*.api",
    "models.providers.*.models.*.headers",
    "models.providers.*.models.*.reasoning",
    "models.providers.*.models.*.input",
    "models.providers.*.models.*.cost.input",
    "models.providers.*.models.*.cost.output",
    "models.providers.*.models.*.cost.cacheRead",
    "models.providers.*.models.*.contextWindow",
    "models.providers.*.models.*.contextTokens",
    "models.providers.*.models.*.params",
    "models.providers.*.models.*.maxTokens",
    "models.providers.*.models.*.clocks",
    "models.providers.*.models.*.compat.requiresAssistantAfterToolResult",
    "models.providers.*.models.*.compat.requiresStringContent",
    "models.providers.*.models.*.compat.requiresThinkingAsText",
    "models.providers.*.models.*.compat.requiresToolResultName",
    "models.providers.*.models.*.compat.supportsDeveloperRole",
    "models.providers.*.models.*.compat.supportsPromptCacheKey",
    "models.providers.*.models.*.compat.supportsReasoningEffort",
    "models.providers.*.models.*.compat.thinkingFormat",
    "models.providers.*.models.*.compat.supportsStore",
    "models.providers.*.models.*.compat.supportsTools",
    "models.providers.*.models.*.compat.supportsUsageInStreaming",
    "models.providers.*.models.*.compat.supportsStrictMode",
    "models.providers.*.models.*.compat.maxTokensField",
    "models.providers.*.models.*.compat.unsupportedToolSchemaKeywords",
    "tools.profile",
    "tools.allow",
    "tools.alsoAllow",
    "tools.deny",
    "tools.exec.host",
    "tools.exec.node",
    "tools.exec.security",
    "tools.exec.ask",
    "tools.exec.safeBins",
    "tools.exec.safeBinTrustedDirs",
    "tools.exec.safeBinProfiles",
    "tools.exec.sandbox",
    "tools.exec.timeoutSec",
    "tools.exec.timeoutSeconds",
    "tools.exec.backgroundMs",
    "tools.exec.cleanupMs",
    "tools.exec.notifyOnExit",
    "tools.fs.roots",
    "tools.fs.workspaceOnly",
    "agents.entries.*.identity.name",
    "agents.list.*.identity.name",
    "agents.defaults.skills",
    "agents.entries.*.skills",
    "agents.list.*.skills",
    "gateway.mode",
    "gateway.port",
    "gateway.bind",
    "gateway.customBindHost",
    "gateway.auth.mode",
    "gateway.auth.token",
    "gateway.auth.password",
    "gateway.controlUi.allowedOrigins",
    "gateway.http.endpoints.chatCompletions.enabled",
    "gateway.http.endpoints.chatCompletions.maxBodyBytes",
    "gateway.http.endpoints.responses.enabled",
    "gateway.http.endpoints.responses.maxBodyBytes",
    "gateway.nodes.commands.deny",
    "gateway.nodes.denyCommands",
    "gateway.reload.mode",
    "gateway.reload.debounceMs",
    "gateway.remote.url",
    "gateway.remote.token",
    "gateway.remote.password",
    "gateway.tailscale.mode",
    "cron.enabled",
    "cron.skipMissedJobs",
    "cron.maxConcurrentRuns",
    "cron.webhookToken",
    "cron.failureAlert.enabled",
    "cron.failureAlert.after",
    "cron.failureAlert.cooldownMs",
    "agents.defaults.heartbeat.every",
    "agents.defaults.heartbeat.prompt",
    "agents.defaults.heartbeat.model",
    "agents.defaults.heartbeat.timeoutSeconds",
    "agents.defaults.heartbeat.isolatedSession",
    "agents.defaults.heartbeat.activeHours.start",
    "agents.defaults.heartbeat.activeHours.end",
    "agents.defaults.heartbeat.activeHours.timezone",
    "agents.entries.*.heartbeat.every",
    "agents.entries.*.heartbeat.prompt",
    "agents.entries.*.heartbeat.model",
    "agents.entries.*.heartbeat.timeoutSeconds",
    "agents.entries.*.heartbeat.isolatedSession",
    "agents.entries.*.heartbeat.activeHours.start",
    "agents.entries.*.heartbeat.activeHours.end",
    "agents.entries.*.heartbeat.activeHours.timezone",
    "agents.list.*.heartbeat.every",
    "agents.list.*.heartbeat.prompt",
    "agents.list.*.heartbeat.model",
    "agents.list.*.heartbeat.timeoutSeconds",
    "agents.list.*.heartbeat.isolatedSession",
    "agents.list.*.heartbeat.activeHours.start",
    "agents.list.*.heartbeat.activeHours.end",
    "agents.list.*.heartbeat.activeHours.timezone",
    "hooks.enabled",
    "hooks.path",
    "hooks.token",
    "hooks.hmacSecret",
    "hooks.maxBodyBytes",
    "hooks.defaultSessionKey",
    "hooks.allowRequestSessionKey",
    "hooks.allowedSessionKeyPrefixes",
    "hooks.allowedAgentIds",
    "hooks.mappings.*.id",
    "hooks.mappings.*.match",
    "hooks.mappings.*.action",
    "hooks.mappings.*.name",
    "hooks.mappings.*.agentId",
    "hooks.mappings.*.sessionKey",
    "hooks.mappings.*.messageTemplate",
    "hooks.mappings.*.textTemplate",
    "hooks.mappings.*.model",
    "hooks.mappings.*.timeoutSeconds",
    "hooks.mappings.*.transform",
    "session.scope",
    "session.mainKey",
    "session.reset.mode",
    "session.reset.atHour",
    "session.reset.idleMinutes",
    "session.idleMinutes",
    "session.resetTriggers",
    "agents.defaults.subagents.maxConcurrent",
    "agents.defaults.subagents.maxSpawnDepth",
    "agents.defaults.subagents.maxChildrenPerAgent",
    "agents.defaults.subagents.archiveAfterMinutes",
    "agents.defaults.subagents.runTimeoutSeconds",
    "agents.defaults.subagents.model",
    "agents.defaults.subagents.allowAgents",
    "agents.entries.*.subagents.model",
    "agents.entries.*.subagents.allowAgents",
    "agents.list.*.subagents.model",
    "agents.list.*.subagents.allowAgents",
    "tools.sessions.visibility",
    "tools.agentToAgent.enabled",
    "tools.agentToAgent.allow",
    "agents.defaults.memorySearch.enabled",
    "agents.defaults.memorySearch.provider",
    "agents.defaults.memorySearch.model",
    "agents.defaults.memorySearch.remote.baseUrl",
    "agents.defaults.memorySearch.remote.apiKey",
    "agents.defaults.memorySearch.remote.headers",
    "agents.defaults.memorySearch.query.maxResults",
    "agents.defaults.memorySearch.query.minScore",
    "agents.defaults.memorySearch.query.hybrid.vectorWeight",
    "agents.defaults.memorySearch.query.hybrid.textWeight",
    "agents.defaults.memorySearch.chunking.tokens",
    "agents.defaults.memorySearch.chunking.overlap",
    "agents.defaults.memorySearch.store.vector.enabled",
    "agents.entries.*.memorySearch.enabled",
    "agents.entries.*.memorySearch.provider",
    "agents.entries.*.memorySearch.model",
    "agents.entries.*.memorySearch.remote.baseUrl",
    "agents.entries.*.memorySearch.remote.apiKey",
    "agents.entries.*.memorySearch.remote.headers",
    "agents.entries.*.memorySearch.query.maxResults",
    "agents.entries.*.memorySearch.query.minScore",
    "agents.entries.*.memorySearch.query.hybrid.vectorWeight",
    "agents.entries.*.memorySearch.query.hybrid.textWeight",
    "agents.entries.*.memorySearch.chunking.tokens",
    "agents.entries.*.memorySearch.chunking.overlap",
    "agents.entries.*.memorySearch.store.vector.enabled",
    "agents.list.*.memorySearch.enabled",
    "agents.list.*.memorySearch.provider",
    "agents.list.*.memorySearch.model",
    "agents.list.*.memorySearch.remote.baseUrl",
    "agents.list.*.memorySearch.remote.apiKey",
    "agents.list.*.memorySearch.remote.headers",
    "agents.list.*.memorySearch.query.maxResults",
    "agents.list.*.memorySearch.query.minScore",
    "agents.list.*.memorySearch.query.hybrid.vectorWeight",
    "agents.list.*.memorySearch.query.hybrid.textWeight",
    "agents.list.*.memorySearch.chunking.tokens",
    "agents.list.*.memorySearch.chunking.overlap",
    "agents.list.*.memorySearch.store.vector.enabled",
    "agents.entries.*.memory.search.enabled",
    "agents.entries.*.memory.search.provider",
    "agents.entries.*.memory.search.model",
    "agents.entries.*.memory.search.remote.baseUrl",
    "agents.entries.*.memory.search.remote.apiKey",
    "agents.entries.*.memory.search.remote.headers",
    "agents.entries.*.memory.search.query.maxResults",
    "agents.entries.*.memory.search.query.minScore",
    "agents.entries.*.memory.search.query.hybrid.vectorWeight",
    "agents.entries.*.memory.search.query.hybrid.textWeight",
    "agents.entries.*.memory.search.chunking.tokens",
    "agents.entries.*.memory.search.chunking.overlap",
    "agents.entries.*.memory.search.store.vector.enabled",
    "memory.search.enabled",
    "memory.search.provider",
    "memory.search.model",
    "memory.search.remote.baseUrl",
    "memory.search.remote.apiKey",
    "memory.search.remote.headers",
    "memory.search.query.maxResults",
    "memory.search.query.minScore",
    "memory.search.query.hybrid.vectorWeight",
    "memory.search.query.hybrid.textWeight",
    "memory.search.chunking.tokens",
    "memory.search.chunking.overlap",
    "memory.search.store.vector.enabled",
    "skills.entries.*.enabled",
    "skills.entries.*.apiKey",
    "skills.entries.*.env",
    "skills.load.extraDirs",
    "skills.limits.maxCandidatesPerRoot",
    "skills.limits.maxSkillsInPrompt",
    "skills.limits.maxSkillsPromptChars",
    "skills.limits.maxSkillFileBytes",
    "diagnostics.trace",
    "env.*",
    "auth.profiles.*.provider",
    "auth.profiles.*.mode",
    "auth.order",
    "secrets.defaults.env",
    "secrets.defaults.file",
    "secrets.defaults.exec",
    "secrets.providers.*.source",
    "secrets.providers.*.allowlist",
    "secrets.providers.*.path",
    "secrets.providers.*.mode",
    "secrets.providers.*.command",
    "secrets.providers.*.args",
    "secrets.providers.*.timeoutMs",
    "secrets.providers.*.jsonOnly",
    "secrets.providers.*.passEnv",
    "secrets.providers.*.env",
    "secrets.providers.*.trustedDirs",
    "secrets.providers.*.allowSymlinkCommand",
    "secrets.providers.*.allowInsecurePath",
    "$schema",
];

/// The keys without effect below those of [`SUPPORTED_KEYS`].
const EXCEPTIONS: &[&str] = &["env.shellEnv"];

/// Whether a key has an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeySupport {
    /// It has an effect, with everything below it.
    Full,
    /// Only some keys below it have an effect.
    Partial,
    /// Neither it nor any key below it has an effect.
    Unsupported,
}

pub(crate) fn key_support(steps: &[PathSegmentRef<'_>]) -> KeySupport {
    let is_exception = |key: &&str| {
        matches!(compare_to_pattern(key, steps), PathRelation::Equal | PathRelation::Descendant)
    };
    if EXCEPTIONS.iter().any(is_exception) {
        return KeySupport::Unsupported;
    }
    let mut support = KeySupport::Unsupported;
    for pattern in SUPPORTED_KEYS {
        match compare_to_pattern(pattern, steps) {
            PathRelation::Equal | PathRelation::Descendant => return KeySupport::Full,
            PathRelation::Ancestor => support = KeySupport::Partial,
            PathRelation::Disjoint => {}
        }
    }
    support
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::{Config, pattern::to_segment_refs};

    /// Follows a `$ref`, or chooses the object form of a type that may also be a string or null.
    fn resolved<'s>(schema: &'s Value, mut node: &'s Value) -> &'s Value {
        loop {
            let reference = node.get("$ref").or_else(|| node.pointer("/anyOf/0/$ref"));
            let Some(reference) = reference.and_then(Value::as_str) else { return node };
            node = schema.pointer(reference.trim_start_matches('#')).unwrap();
        }
    }

    #[test]
    fn every_key_that_is_acted_on_is_in_the_schema() {
        let schema = Config::json_schema();
        for pattern in SUPPORTED_KEYS {
            pattern.split('.').fold(&schema, |node, step| {
                let node = resolved(&schema, node);
                let below = match step {
                    "*" => node.get("additionalProperties").or_else(|| node.get("items")),
                    key => node.get("properties").and_then(|properties| properties.get(key)),
                };
                below.unwrap_or_else(|| panic!("{pattern:?} at {step}: {node}"))
            });
        }
    }

    #[test]
    fn every_known_key_below_a_supported_one_is_read_too() {
        let schema = Config::json_schema();
        let mut unread = Vec::new();
        for line in include_str!("../data/known-keys.txt").lines() {
            let (key, _) = line.rsplit_once(' ').unwrap();
            let path = key.replace("[]", "[0]").parse().unwrap();
            let steps = to_segment_refs(&path);
            if key_support(&steps) != KeySupport::Full {
                continue;
            }
            let mut node = &schema;
            for step in &steps {
                let within = resolved(&schema, node);
                let below = match step {
                    PathSegmentRef::Key(key) => {
                        within["properties"].get(key).or_else(|| within.get("additionalProperties"))
                    }
                    PathSegmentRef::Index(_) => within.get("items"),
                };
                // A value of any form, such as the parameters of a request, is read as a whole.
                let Some(below) = below.filter(|below| below.is_object()) else { break };
                if below["description"] == "Accepted; nothing acts on it yet." && key != "$schema" {
                    unread.push(key);
                    break;
                }
                node = below;
            }
        }
        assert_eq!(unread, [""; 0]);
    }

    #[test]
    fn a_key_is_used_as_a_whole_in_part_or_not() {
        for (path, expected) in [
            ("agents", KeySupport::Partial),
            ("agents.defaults.model", KeySupport::Full),
            ("agents.defaults.model.primary", KeySupport::Full),
            ("models.providers.vllm", KeySupport::Partial),
            ("models.providers.vllm.models[0].id", KeySupport::Full),
            ("models.providers.vllm.models[0].cost", KeySupport::Partial),
            ("models.providers.vllm.models[0].cost.cacheWrite", KeySupport::Unsupported),
            ("wizard.lastRunAt", KeySupport::Unsupported),
            ("gateway", KeySupport::Partial),
            ("gateway.port", KeySupport::Full),
            ("gateway.auth.token", KeySupport::Full),
            ("gateway.auth.rateLimit", KeySupport::Unsupported),
        ] {
            assert_eq!(key_support(&to_segment_refs(&path.parse().unwrap())), expected, "{path}");
        }
    }
}
