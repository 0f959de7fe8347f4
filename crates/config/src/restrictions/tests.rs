//! What stops an agent, a call without tools, and what does not.

mod table;
mod unknown_keys;

use crate::{Config, LoadedConfig, RunKind};

fn parse(text: &str) -> LoadedConfig {
    Config::parse(text, &crate::Env::default()).unwrap()
}

fn blockers(text: &str, run: RunKind<'_>) -> Vec<String> {
    parse(text).start_blockers(run).iter().map(|found| found.path.to_string()).collect()
}

const AGENT: RunKind<'_> = RunKind::Agent { id: Some("main") };

#[test]
fn a_restriction_that_is_not_acted_on_stops_an_agent() {
    for (text, key) in [
        (
            "{ tools: { exec: { host: 'node' } }, agents: { defaults: { sandbox: { mode: 'all' } } } }",
            "agents.defaults.sandbox.mode",
        ),
        (
            "{ tools: { exec: { host: 'sandbox', sandbox: { profile: 'full' } } } }",
            "tools.exec.host",
        ),
        ("{ tools: { exec: { mode: 'deny' } } }", "tools.exec.mode"),
        ("{ tools: { exec: { mode: 'Full' } } }", "tools.exec.mode"),
        ("{ tools: { exec: { strictInlineEval: true } } }", "tools.exec.strictInlineEval"),
        ("{ tools: { byProvider: { x: { deny: ['exec'] } } } }", "tools.byProvider.x.deny"),
        ("{ tools: { byProvider: { x: { profile: 'minimal' } } } }", "tools.byProvider.x.profile"),
        ("{ tools: { sandbox: { tools: { deny: ['exec'] } } } }", "tools.sandbox"),
        ("{ tools: { subagents: { tools: { deny: ['exec'] } } } }", "tools.subagents"),
        (
            "{ tools: { exec: { host: 'gateway' } }, agents: { defaults: { sandbox: { mode: 'all' } } } }",
            "agents.defaults.sandbox.mode",
        ),
        (
            "{ agents: { defaults: { sandbox: { workspaceAccess: 'none' } } } }",
            "agents.defaults.sandbox.workspaceAccess",
        ),
        (
            "{ agents: { defaults: { sandbox: { docker: { network: 'none' } } } } }",
            "agents.defaults.sandbox.docker.network",
        ),
        (
            "{ tools: { exec: { sandbox: { profile: 'full' } } }, agents: { list: [{ id: 'main', sandbox: { mode: 'non-main' } }] } }",
            "agents.list[0].sandbox.mode",
        ),
        (
            "{ agents: { list: [{ id: 'Main', tools: { exec: { host: 'node' } } }] } }",
            "agents.list[0].tools.exec.host",
        ),
        (
            "{ agents: { entries: { main: { tools: { toolsBySender: { '*': { deny: ['exec'] } } } } } } }",
            "agents.entries.main.tools.toolsBySender[\"*\"].deny",
        ),
        (
            "{ agents: { defaults: { modelPolicy: { allow: ['p/*'] } } } }",
            "agents.defaults.modelPolicy.allow",
        ),
        ("{ secrets: { egressProxy: { enabled: true } } }", "secrets.egressProxy.enabled"),
        (
            "{ tools: { exec: { host: 'gateway', sandbox: { profile: 'workspace' } } } }",
            "tools.exec.sandbox.profile",
        ),
        (
            "{ tools: { exec: { sandbox: { profile: 'read-only' } } }, agents: { defaults: { sandbox: { mode: 'off' } } } }",
            "agents.defaults.sandbox.mode",
        ),
        (
            "{ tools: { exec: { sandbox: { profile: 'workspace+net' } } }, agents: { list: [{ id: 'main', sandbox: { mode: 'off' } }] } }",
            "agents.list[0].sandbox.mode",
        ),
        (
            "{ tools: { exec: { host: 'gateway' } }, agents: { defaults: { sandbox: { workspaceAccess: 'ro' } } } }",
            "agents.defaults.sandbox.workspaceAccess",
        ),
        (
            "{ tools: { exec: { sandbox: { profile: 'full' } } }, agents: { entries: { main: { sandbox: { workspaceAccess: 'ro' } } } } }",
            "agents.entries.main.sandbox.workspaceAccess",
        ),
    ] {
        assert_eq!(blockers(text, AGENT), [key], "{text}");
        let loaded = parse(text);
        let found = loaded.start_blockers(AGENT);
        assert!(found[0].help.is_some() && found[0].line == 1, "{text}");
    }
}

#[test]
fn an_agent_that_names_a_machine_of_its_own_does_not_run_its_commands_on_another_one() {
    for (text, stops) in [
        (
            "{ tools: { exec: { host: 'node' } }, agents: { list: [{ id: 'main', tools: { exec: { host: 'gateway' } } }] } }",
            true,
        ),
        (
            "{ tools: { exec: { host: 'node' } }, agents: { entries: { main: { tools: { exec: { host: 'auto' } } } } } }",
            true,
        ),
        (
            "{ tools: { exec: { host: 'node', node: 'a' } }, agents: { list: [{ id: 'main', tools: { exec: { node: 'b' } } }] } }",
            true,
        ),
        (
            "{ tools: { exec: { host: 'gateway', node: 'a' } }, agents: { list: [{ id: 'main', tools: { exec: { node: 'b' } } }] } }",
            false,
        ),
        ("{ agents: { list: [{ id: 'main', tools: { exec: { host: 'gateway' } } }] } }", false),
        (
            "{ tools: { exec: { host: 'node' } }, agents: { list: [{ id: 'other', tools: { exec: { host: 'gateway' } } }] } }",
            false,
        ),
    ] {
        assert_eq!(!blockers(text, AGENT).is_empty(), stops, "{text}");
    }
}

#[test]
fn a_value_that_restricts_nothing_stops_nothing() {
    for text in [
        "{ tools: { exec: { host: 'gateway', mode: 'full', safeBins: ['jq'], security: 'full' } } }",
        "{ tools: { exec: { host: 'auto' }, byProvider: {}, sandbox: {}, fs: { workspaceOnly: true } } }",
        "{ tools: { elevated: { enabled: false }, byProvider: { x: { profile: 'full', deny: [] } } } }",
        "{ agents: { defaults: { sandbox: { mode: 'off', workspaceAccess: 'ro' } } } }",
        "{ agents: { defaults: { sandbox: { mode: 'off' } }, list: [{ id: 'main', sandbox: { workspaceAccess: 'none' } }] } }",
        "{ agents: { list: [{ id: 'other', sandbox: { mode: 'all' }, tools: { alow: 1 } }] } }",
        "{ agents: { entries: { other: { tools: { exec: { security: 'deny' } } } } } }",
        "{ secrets: { egressProxy: { enabled: false, allowedHosts: ['a'] } } }",
        "{ channels: { x: { dmPolicy: 'allowlist', allowFrom: [] } }, plugins: { deny: ['x'] } }",
        "{ gateway: { tools: { deny: ['exec'] }, nodes: { denyCommands: ['x'] }, port: null } }",
        "{ tools: { web: { search: { enabled: false } } }, agent: { model: 'vllm/m' } }",
        "{ agents: { entries: { '*': { name: 'x' }, dev: { default: false, skills: [] } } } }",
        "{ approvals: { exec: { mode: 'both', agentFilter: ['main'] } }, tools: { codeMode: 'auto' } }",
        "{ tools: { codeMode: { enabled: 'auto', timeoutMs: 5 }, media: { audio: { models: [] } } } }",
        "{ skills: { entries: { x: { enabled: false, config: { y: 1 } } } } }",
        "{ strange: 1, agents: { defaults: { strange: { x: 1 } } } }",
        "{ tools: { exec: { host: 'sandbox', sandbox: { profile: 'workspace+net', gpu: true } } } }",
        "{ agents: { defaults: { sandbox: { mode: 'all', workspaceAccess: 'ro' } } } }",
        "{ agents: { list: [{ id: 'main', sandbox: { mode: 'non-main' } }] } }",
        "{ agents: { defaults: { sandbox: { workspaceAccess: 'ro' } } } }",
        "{ tools: { exec: { sandbox: { profile: 'full' } } }, agents: { defaults: { sandbox: { mode: 'off' } } } }",
        "{ tools: { exec: { host: 'sandbox', sandbox: { profile: 'read-only' } } }, agents: { defaults: { sandbox: { mode: 'off' } } } }",
        "{ tools: { exec: { sandbox: { profile: 'workspace' } } }, agents: { defaults: { sandbox: { mode: 'off' } }, list: [{ id: 'main', sandbox: { mode: 'all' } }] } }",
        "{ tools: { exec: { sandbox: { profile: 'workspace' } } }, agents: { list: [{ id: 'main' }, { id: 'trusted', sandbox: { mode: 'off' } }] } }",
    ] {
        assert_eq!(blockers(text, AGENT), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn an_unused_value_or_an_unknown_key_in_a_fenced_section_stops_an_agent() {
    for text in [
        "{ tools: { exec: { security: 'DENY' } } }",
        "{ tools: { exec: { security: false } } }",
        "{ tools: { exec: { security: null } } }",
        "{ tools: { exec: { security: ['deny'] } } }",
        "{ tools: { exec: { secruity: 'deny' } } }",
        "{ tools: { exec: null } }",
        "{ tools: { exec: { ask: 'Always' } } }",
        "{ tools: { exec: { sandbox: { profile: 'none' } } } }",
        "{ tools: { exec: { sandbox: { netwrok: false } } } }",
        "{ agents: { defaults: { sandbox: { mode: 'on' } } } }",
        "{ tools: { deny: 'exec' } }",
        "{ tools: { deny: { exec: true } } }",
        "{ tools: { deny: ['exec', 5] } }",
        "{ tools: { profile: 'minimal ' } }",
        "{ tools: { alow: ['read'] } }",
        "{ tools: { exec: { denyBins: ['rm'] } } }",
        "{ tools: { sandbox: { x: 1 } } }",
        "{ tools: ['exec'] }",
        "{ tools: null }",
        "{ toolz: { deny: ['exec'] } }",
        "{ tool: { x: 1 } }",
        "{ agents: { main: { tools: { deny: ['exec'] } } } }",
        "{ agents: { defaults: { tools: { deny: ['exec'] } } } }",
        "{ agents: { defaults: { sandbx: { mode: 'all' } } } }",
        "{ agents: { list: [{ tools: { deny: ['exec'] } }] } }",
        "{ agents: { list: { main: { tools: {} } } } }",
        "{ agents: { entries: { main: { tools: { dney: ['exec'] } } } } }",
        "{ agents: 5 }",
        "{ models: { egress: 'deny' } }",
        "{ models: { egres: 'local-only' } }",
        "{ approvals: { exec: { enabled: 'yes' } } }",
        "{ approvals: { exce: {} } }",
        "{ gateway: { bind: 'loopbak' } }",
        "{ gateway: { atuh: {} } }",
        "{ gateway: 5 }",
        "{ tools: { deny: ['exec'] }, tools: { profile: 'full' } }",
        "{ tools: { deny: ['exec'], deny: [] } }",
        "{ tools: { deny: ['exce'] } }",
        "{ tools: { allow: ['raed'] } }",
        "{ tools: { deny: ['group:rutime'] } }",
        "{ tools: { deny: [''] } }",
        "{ tools: { alsoAllow: ['zz*'] } }",
    ] {
        assert_ne!(blockers(text, AGENT), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn a_restriction_in_another_spelling_or_for_nobody_stops_an_agent() {
    for text in [
        "{ agents: { entries: { '*': { tools: { deny: ['exec'] } } } } }",
        "{ agents: { entries: { default: { tools: { deny: ['exec'] } } } } }",
        "{ agents: { entries: { '': { skills: [] } } } }",
        "{ agents: { entries: { 'a b': { sandbox: { mode: 'all' } } } } }",
        "{ agents: { entries: { '$Include': 'agents.json' } } }",
        "{ agents: { list: [{ id: '*', tools: { deny: ['exec'] } }] } }",
        "{ agents: { entries: { main: {}, 'Main ': { tools: { deny: ['exec'] } } } } }",
        "{ agents: { list: [{ id: 'main' }, { id: 'MAIN', tools: { deny: ['exec'] } }] } }",
        "{ agents: { entries: { dev: { default: 'yes' } } } }",
        "{ agents: { entries: { dev: { defualt: true } } } }",
        "{ agents: { list: [{ id: 'dev', Default: true }] } }",
        "{ 'tools.exec.security': 'deny' }",
        "{ 'tools/deny': ['exec'] }",
        "{ 'tools:deny': ['exec'] }",
        "{ tools_deny: ['exec'] }",
        "{ toolsDeny: ['exec'] }",
        "{ 'agents.defaults.tools.deny': ['exec'] }",
        "{ denyTools: ['exec'] }",
        "{ allowedTools: ['read'] }",
        "{ disallowedTools: ['exec'] }",
        "{ disabledTools: ['exec'] }",
        "{ readOnly: true }",
        "{ allowExec: false }",
        "{ agents: { defaults: { denyTools: ['exec'] } } }",
        "{ agents: { defaults: { readOnly: true } } }",
        "{ agents: { entries: { main: { disallowedTools: ['exec'] } } } }",
        "{ agents: { entries: { main: { 'tools.deny': ['exec'] } } } }",
        "{ $Include: 'tools.json' }",
        "{ $includes: ['tools.json'] }",
        "{ include: 'tools.json' }",
        "{ agents: { defaults: { $Include: 'tools.json' } } }",
        "{ secrets: { egressproxy: { enabled: true } } }",
        "{ approvals: { exec: { mode: 'deny' } } }",
        "{ approvals: { exec: { mode: 'always' } } }",
        "{ approvals: { exec: { mode: 'never' } } }",
        "{ approvals: { exec: { agentFilter: [1] } } }",
        "{ approvals: { plugin: { mode: 'xyz' } } }",
        "{ tools: { codeMode: 'off' } }",
        "{ tools: { codeMode: { enabld: false } } }",
        "{ gateway: { tools: { deny: ['exce'] } } }",
        "{ skills: { entries: { x: { enabled: 'no' } } } }",
        "{ skills: { entries: { x: { enabled: 'false' } } } }",
        "{ skills: { entries: { x: { enabled: 0 } } } }",
        "{ skills: { entries: { x: { enabled: null } } } }",
        "{ skills: { entries: { x: { enable: false } } } }",
        "{ skills: { entries: { x: { disabled: true } } } }",
        "{ skills: { enabled: false } }",
        "{ agents: { list: [{ id: 'main', skills: 'none' }] } }",
        "{ agents: { entries: { main: { skils: [] } } } }",
        "{ agents: { defaults: { skills: null } } }",
    ] {
        assert_ne!(blockers(text, AGENT), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn a_call_without_tools_is_stopped_by_what_leaves_alone() {
    for (text, is_stopped) in [
        ("{ models: { egress: 'deny' } }", true),
        ("{ models: { egress: null } }", true),
        ("{ models: { egres: 'local-only' } }", false),
        ("{ agents: { defaults: { modelPolicy: { allow: ['a/b'] } } } }", true),
        (
            "{ models: { providers: { p: { baseUrl: 'http://x', request: { proxy: { mode: 'env-proxy' } } } } } }",
            true,
        ),
        ("{ tools: { exec: { host: 'node', security: 'DENY' } } }", false),
    ] {
        assert_eq!(!blockers(text, RunKind::ModelCall).is_empty(), is_stopped, "{text}");
    }
}

#[test]
fn too_many_problems_stop_an_agent_because_some_are_not_reported() {
    let strange: String = (0..150).map(|n| format!("k{n}: 1")).collect::<Vec<_>>().join(", ");
    assert_ne!(blockers(&format!("{{ {strange} }}"), AGENT), Vec::<String>::new());
}
