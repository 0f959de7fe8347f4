//! No object that may restrict takes a key that nobody knows.

use super::{AGENT, blockers};
use crate::{
    KeyPath,
    pattern::{PathRelation, to_segment_refs},
    restrictions::relation_to_sections,
};

/// The objects of the sections below whose keys are names that a person gives.
const NAMED_MAPS: &[&str] = &[
    "agents.*.sandbox.docker.env",
    "agents.*.sandbox.docker.ulimits",
    "agents.*.tools.byProvider",
    "agents.*.tools.elevated.allowFrom",
    "agents.*.tools.exec.safeBinProfiles",
    "agents.*.tools.toolsBySender",
    "gateway.auth.identityScopes",
    "gateway.remote.edgeAuth",
    "gateway.roles.definitions",
    "tools.byProvider",
    "tools.elevated.allowFrom",
    "tools.exec.safeBinProfiles",
    "tools.media.audio.headers",
    "tools.media.audio.providerOptions",
    "tools.media.audio.providerOptions.*",
    "tools.media.models[].headers",
    "tools.media.models[].providerOptions",
    "tools.media.models[].providerOptions.*",
    "tools.media.models[].request.headers",
    "tools.media.audio.request.headers",
    "tools.web.fetch.headers",
];

/// The sections in which no object takes any key.
const CLOSED_SECTIONS: &[&str] = &[
    "tools",
    "approvals",
    "gateway",
    "agents.entries.*.tools",
    "agents.list.*.tools",
    "agents.defaults.sandbox",
    "agents.entries.*.sandbox",
    "agents.list.*.sandbox",
];

/// A config with one more key below a path of the table of known keys.
fn with_unknown_key(path: &str) -> String {
    let steps = path.replace("[]", ".[]");
    steps.split('.').rev().fold("{ unlisted: 1 }".to_owned(), |below, step| match step {
        "[]" => format!("[{below}]"),
        "*" => format!("{{ main: {below} }}"),
        "list" => format!("{{ list: {} }}", below.replacen("[{", "[{ id: 'main',", 1)),
        step => format!("{{ {step}: {below} }}"),
    })
}

#[test]
fn no_object_that_may_restrict_takes_a_key_that_nobody_knows() {
    let mut open = Vec::new();
    let mut checked = 0;
    for line in include_str!("../../../data/known-keys.txt").lines() {
        let (key, kind) = line.rsplit_once(' ').unwrap();
        let path: KeyPath = key.replace("[]", "[0]").parse().unwrap();
        let relation = relation_to_sections(CLOSED_SECTIONS, &to_segment_refs(&path));
        let is_within = matches!(relation, PathRelation::Equal | PathRelation::Descendant);
        let general = ["agents.entries.*", "agents.list[]", "agents.defaults"]
            .iter()
            .find_map(|at| key.strip_prefix(at).map(|rest| format!("agents.*{rest}")));
        let is_map = NAMED_MAPS.contains(&general.as_deref().unwrap_or(key));
        if !is_within || is_map || matches!(kind, "a" | "s" | "n" | "b") {
            continue;
        }
        checked += 1;
        let text = with_unknown_key(key);
        if !blockers(&text, AGENT).iter().any(|path| path.ends_with(".unlisted")) {
            open.push(text);
        }
    }
    assert_eq!(open, Vec::<String>::new());
    assert!(checked > 150, "{checked}");
}

#[test]
fn a_misspelt_key_of_a_tool_that_is_not_there_stops_an_agent() {
    for text in [
        "{ tools: { media: { audio: { enabld: false } } } }",
        "{ tools: { media: { image: { scope: { defualt: 'deny' } } } } }",
        "{ tools: { media: { audio: { models: [{ comand: 'whisper' }] } } } }",
        "{ tools: { links: { scope: { rules: [{ action: 'deny', mach: {} }] } } } }",
        "{ tools: { agentToAgent: { enable: false } } }",
        "{ tools: { sessions: { visibilty: 'self' } } }",
        "{ tools: { message: { actions: { alow: [] } } } }",
        "{ tools: { media: false } }",
    ] {
        assert_ne!(blockers(text, AGENT), Vec::<String>::new(), "{text}");
    }
    for text in [
        "{ tools: { media: { audio: { enabled: true, models: [{ type: 'cli', command: 'w', args: ['{{MediaPath}}'] }], scope: { default: 'deny', rules: [{ action: 'allow', match: { chatType: 'direct' } }] } } } } }",
        "{ tools: { media: { image: { models: [{ provider: 'p', model: 'm', providerOptions: { p: { x: 1 } } }] }, concurrency: 2 } } }",
        "{ tools: { links: { enabled: false }, sessions: { visibility: 'self' }, agentToAgent: { enabled: true, allow: ['*'] } } }",
        "{ tools: { message: { allowCrossContextSend: false }, experimental: { planTool: true } } }",
        "{ tools: { web: { fetch: { firecrawl: { apiKey: { source: 'env', provider: 'default', id: 'K' } } } } } }",
    ] {
        assert_eq!(blockers(text, AGENT), Vec::<String>::new(), "{text}");
    }
}
