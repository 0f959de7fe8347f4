//! Timeouts of servers and models, and their sources.

use openclaw_config::{AppPaths, Config, Env};
use openclaw_process::SupervisorProgram;

use super::*;

fn setup(provider: &str) -> SetupContext {
    let env = Env::from_pairs([("OPENCLAW_STATE_DIR", "/nowhere")]);
    let text = format!(
        r#"{{ models: {{ providers: {{ lab: {{ baseUrl: "http://127.0.0.1:9/v1", {provider} }} }} }} }}"#
    );
    let loaded = Config::parse(&text, &env).unwrap();
    assert!(!loaded.has_errors(), "{:?}", loaded.diagnostics);
    let paths = AppPaths::new(&env, None).unwrap();
    SetupContext::new(loaded, paths, SupervisorProgram::this_program(), None)
}

/// The seconds and the source key of each timeout for the model `m`.
fn told(clocks: &CallTimeouts) -> [(u64, String); 5] {
    let CallTimeouts { connect, response_headers, first_token, between_tokens, total } = clocks;
    [connect, response_headers, first_token, between_tokens, total].map(|limit| match limit {
        Some(limit) => {
            let source = limit.source.replace("models.providers.lab.", "");
            let (source, _line) = source.split_once(" (line").unwrap_or((&source, ""));
            (limit.duration.as_secs(), source.to_owned())
        }
        None => (0, String::new()),
    })
}

#[test]
fn clocks_of_a_model_win_over_its_server_and_that_over_everything() {
    const IDLE: &str = "the default of agents.defaults.llm.idleTimeoutSeconds";
    const TOTAL: &str = "the default of agents.defaults.timeoutSeconds";
    const FIRST: &str = "clocks.firstToken";
    const OWN: &str = "models[0].clocks.firstToken";
    let table = [
        (
            "",
            [(5, "the built-in limit"), (120, IDLE), (120, IDLE), (120, IDLE), (172_800, TOTAL)],
            (true, true),
        ),
        (
            "timeoutSeconds: 300, clocks: { connect: 1 }",
            [
                (1, "clocks.connect"),
                (300, "timeoutSeconds"),
                (300, "timeoutSeconds"),
                (300, "timeoutSeconds"),
                (172_800, TOTAL),
            ],
            (true, true),
        ),
        (
            r#"clocks: { firstToken: "10m", total: 0 }"#,
            [(5, "the built-in limit"), (600, FIRST), (600, FIRST), (120, IDLE), (0, "")],
            (false, true),
        ),
        (
            r#"clocks: { firstToken: 600, betweenTokens: 30 },
               models: [{ id: "m", clocks: { firstToken: "30m", responseHeaders: 9 } }]"#,
            [
                (5, "the built-in limit"),
                (9, "models[0].clocks.responseHeaders"),
                (1800, OWN),
                (30, "clocks.betweenTokens"),
                (172_800, TOTAL),
            ],
            (false, false),
        ),
        (
            r#"clocks: { firstToken: 600 }, models: [{ id: "m", clocks: { firstToken: 0 } }]"#,
            [(5, "the built-in limit"), (0, ""), (0, ""), (120, IDLE), (172_800, TOTAL)],
            (false, true),
        ),
    ];
    for (provider, expected, is_patient) in table {
        let setup = setup(provider);
        let mut lab = setup.resolve_provider("lab").unwrap();
        setup.select_model(&mut lab, "m").unwrap();
        let clocks = told(&setup.call_clocks(&lab, setup.idle_limit(&lab)));
        let expected = expected.map(|(seconds, source)| (seconds, source.to_owned()));
        assert_eq!(clocks, expected, "{provider}");
        let patience = setup.idle_policy(&lab);
        let found = (patience.first_token.is_some(), patience.between_tokens.is_some());
        assert_eq!(found, is_patient, "{provider}");
    }
    let setup = setup(r#"models: [{ id: "m", clocks: { total: 7 } }]"#);
    let lab = setup.resolve_provider("lab").unwrap();
    assert_eq!(told(&setup.call_clocks(&lab, None))[4].0, 172_800, "another model");
}

#[test]
fn only_the_default_limit_is_extended_by_a_server_that_responds() {
    for (settings, is_default) in [("", true), ("timeoutSeconds: 120", false)] {
        let setup = setup(settings);
        let lab = setup.resolve_provider("lab").unwrap();
        assert_eq!(setup.idle_policy(&lab).waits_while_responding, is_default, "{settings}");
    }
}
