//! Tests of the fence.

use openclaw_config::{AppPaths, Config, Env};
use openclaw_core::{CommandRemedies, CommandReview, UnansweredAction};
use openclaw_models::ModelRegistry;
use openclaw_process::SupervisorProgram;
use proptest::prelude::*;

use super::super::fenced_judge::stricter_review;
use super::*;

const TOOLS: [&str; 9] = [
    "edit",
    "exec",
    "list",
    "memory_search",
    "process",
    "read",
    "sessions_spawn",
    "skill",
    "write",
];

fn runtime(config: &str) -> Runtime {
    let env = Env::from_pairs([("OPENCLAW_STATE_DIR", "/nowhere/state")]);
    let paths = AppPaths::new(&env, None).unwrap();
    let loaded = Config::parse(config, &env).unwrap();
    assert!(!loaded.has_errors(), "{:?}", loaded.diagnostics);
    Runtime::new(ModelRegistry::new(loaded, paths, SupervisorProgram::new("/nowhere", [""])))
}

/// What one agent's entry says about its fence.
fn any_entry() -> impl Strategy<Value = String> {
    let security = prop::option::of(prop::sample::select(vec!["deny", "allowlist", "full"]));
    let ask = prop::option::of(prop::sample::select(vec!["off", "on-miss", "always"]));
    let mode = prop::option::of(prop::sample::select(vec!["off", "non-main", "all"]));
    let access = prop::option::of(prop::sample::select(vec!["ro", "rw"]));
    let denied = prop::sample::subsequence(TOOLS.to_vec(), 0..4);
    let profile = prop::option::of(prop::sample::select(vec!["minimal", "coding", "full"]));
    let skills = prop::option::of(prop::sample::subsequence(vec!["a", "b"], 0..3));
    (security, ask, mode, access, denied, profile, skills, any::<bool>()).prop_map(
        |(security, ask, mode, access, denied, profile, skills, is_confined)| {
            let set = |key: &str, value: Option<&str>| {
                value.map_or_else(String::new, |value| format!("{key}: '{value}', "))
            };
            let list = |names: &[&str]| {
                names.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ")
            };
            let skills = skills.map_or_else(String::new, |it| format!("skills: [{}],", list(&it)));
            format!(
                "{{ {skills} sandbox: {{ {}{} }}, tools: {{ {} deny: [{}],
                   fs: {{ workspaceOnly: {is_confined} }}, exec: {{ {}{} }} }} }}",
                set("mode", mode),
                set("workspaceAccess", access),
                set("profile", profile),
                list(&denied),
                set("security", security),
                set("ask", ask),
            )
        },
    )
}

fn any_general() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "",
        "exec: { security: 'full', ask: 'off' },",
        "exec: { sandbox: { profile: 'full' } },",
        "exec: { host: 'gateway' },",
        "fs: { roots: [{ name: 'data', path: '/data', access: 'rw' }] },",
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_child_may_do_what_it_and_all_above_may(
        grandparent in any_entry(), parent in any_entry(), child in any_entry(),
        general in any_general(), words in prop::sample::select(vec!["", "security=deny", "ask=always"]),
    ) {
        let config = format!(
            "{{ tools: {{ {general} }},
               agents: {{ entries: {{ top: {grandparent}, above: {parent}, below: {child} }} }} }}"
        );
        let root = runtime(&config);
        let agent = |id: &str| Runtime { models: root.models.clone().with_agent(id), ..root.clone() };
        let overrides = ExecOverrides::default().with_words(words).unwrap();
        let layers: Vec<FenceLayer> = ["above", "top"]
            .into_iter()
            .map(|id| {
                let runtime = agent(id);
                let runtime = if id == "above" { runtime.with_overrides(&overrides, id) } else { runtime };
                FenceLayer { agent: id.to_owned(), runtime }
            })
            .collect();
        let own = agent("below");
        let fenced = own.clone().with_fence(Fence::new(layers.clone()), "below");
        let all: Vec<(&Runtime, &str)> = std::iter::once((&own, "below"))
            .chain(layers.iter().map(|layer| (&layer.runtime, layer.agent.as_str())))
            .collect();

        let security = all.iter().map(|(it, id)| it.config().exec_security(id)).min().unwrap();
        prop_assert_eq!(fenced.config().exec_security("below"), security);
        let ask = all.iter().map(|(it, id)| it.config().exec_ask_mode(id)).max().unwrap();
        prop_assert_eq!(fenced.config().exec_ask_mode("below"), ask);
        for tool in TOOLS {
            let by_all = all.iter().all(|(it, id)| {
                let config = &it.models.loaded_config().config;
                is_offered_by_config(config, id, PromptProfile::Default, tool)
            });
            prop_assert_eq!(fenced.offers_tool("below", PromptProfile::Default, tool), by_all, "{}", tool);
        }
        let sandbox = fenced.fence.restrict_sandbox(own.config().command_sandbox("below"));
        for (it, id) in &all {
            let each = it.config().command_sandbox(id);
            prop_assert!(sandbox.requirement >= each.requirement && sandbox.profile <= each.profile);
            let env = it.models.env();
            let roots = fenced.fence.restrict_roots(own.config().file_roots("below", env).unwrap());
            let theirs = it.config().file_roots(id, env).unwrap();
            for root in roots {
                prop_assert!(theirs.iter().any(|other| other.path == root.path));
            }
            for skill in ["a", "b"] {
                let allows = |names: Option<&[String]>| {
                    names.is_none_or(|names| names.iter().any(|name| name == skill))
                };
                let is_allowed = fenced.fence.allows_skill(|name| name == skill)
                    && allows(own.config().allowed_skills("below"));
                prop_assert!(!is_allowed || allows(it.config().allowed_skills(id)));
            }
        }
        let seen = fenced.fence.visibility(own.config().session_visibility("below"));
        prop_assert!(all.iter().all(|(it, id)| seen <= it.config().session_visibility(id)));
    }
}

#[test]
fn the_stricter_review_decides_whoever_says_it() {
    let person = |is_final, unanswered| CommandReview::NeedsPerson {
        reasons: vec![format!("{is_final}")],
        display: String::new(),
        unanswered,
        remedies: CommandRemedies::default(),
        is_final,
    };
    let denied = |is_final| CommandReview::Denied { reason: String::new(), is_final };
    let by_strictness = [
        CommandReview::Allowed,
        CommandReview::Unreviewed,
        person(false, UnansweredAction::Run),
        denied(false),
        denied(true),
    ];
    for (index, one) in by_strictness.iter().enumerate() {
        for (other_index, other) in by_strictness.iter().enumerate().filter(|it| it.0 != index) {
            let expected = &by_strictness[index.max(other_index)];
            assert_eq!(&stricter_review(one.clone(), other.clone()), expected);
        }
    }
    let both =
        stricter_review(person(false, UnansweredAction::Run), person(true, UnansweredAction::Deny));
    let CommandReview::NeedsPerson { reasons, unanswered, is_final, .. } = both else {
        panic!("a person decides")
    };
    assert_eq!((reasons.len(), unanswered, is_final), (2, UnansweredAction::Deny, true));
}
