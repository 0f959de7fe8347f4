//! A config with faults: what is said, with line and column, and that the file stays as it is.

use std::fs;

use openclaw_tests::{Ended, Home};

/// What a command says when no server is configured.
const SETUP_HINT: &str = "hint: `openclaw setup` finds your server and writes the config.\n";

/// Runs `models status` with a config, and holds the file to what it was.
async fn status(text: &str) -> Ended {
    let home = Home::new().config(text);
    let ended = home.run(&["models", "status"]).await;
    assert_eq!(fs::read_to_string(home.config_path()).unwrap(), text);
    ended
}

/// Runs `config validate` with a config.
async fn validate(text: &str) -> Ended {
    Home::new().config(text).run(&["config", "validate"]).await
}

#[tokio::test]
async fn other_commands_say_in_one_line_that_there_is_something_to_validate() {
    let text =
        "{ agents: { defaults: { timeoutSeconds: -1, models: [], nosuch: 1 } }, modles: {} }";
    let ended = status(text).await.code(0);
    let expected = "warning: 2 values of the config are not used, 2 notes on the config: openclaw \
                    config validate\n";
    assert_eq!(ended.stderr, format!("{expected}{SETUP_HINT}"));
}

#[tokio::test]
async fn a_wrong_type_is_reported_where_it_is_and_the_rest_is_used() {
    let text = "{\n  agents: { defaults: {\n    timeoutSeconds: \"ten\",\n    \
                model: { primary: \"vllm/tiny\" },\n  } },\n}\n";
    let ended = status(text).await.code(0);
    assert!(ended.stdout.contains("vllm/tiny"), "{ended:#?}");
    let ended = validate(text).await.code(3);
    let ended = ended.says(&["openclaw.json:3:", "agents.defaults.timeoutSeconds"]);
    insta::assert_snapshot!(ended.stable_stderr());
}

#[tokio::test]
async fn an_unknown_key_is_reported_with_the_one_that_was_meant() {
    let text = "{\n  agents: { defaults: { timeoutSecond: 10 } },\n}\n";
    let ended = validate(text).await.code(0);
    let ended = ended.says(&["openclaw.json:2:", "timeoutSecond", "timeoutSeconds"]);
    insta::assert_snapshot!(ended.stable_stderr());
}

#[tokio::test]
async fn a_text_that_is_no_json5_stops_the_program() {
    let text = "{\n  models: {\n    providers: {\n      vllm: { baseUrl: \"http://x/v1\" \n    }\n  }\n}\n";
    let ended = status(text).await.code(3).says(&["openclaw.json:"]);
    assert_eq!(ended.stdout, "");
    insta::assert_snapshot!(ended.stable_stderr());
}

#[tokio::test]
async fn a_missing_comma_is_reported_where_it_is_missing() {
    let text = "{\n  agents: {}\n  models: {}\n}\n";
    let ended = status(text).await.code(3).says(&["openclaw.json:"]);
    insta::assert_snapshot!(ended.stable_stderr());
}

#[tokio::test]
async fn every_fault_of_a_file_is_reported_at_once() {
    let text = "{\n  agents: { defaults: { timeoutSeconds: -1, models: [] } },\n  \
                modles: {},\n  gateway: { port: 99999 },\n}\n";
    let ended = validate(text).await.code(3);
    insta::assert_snapshot!(ended.stable_stderr());
}

#[tokio::test]
async fn a_config_that_was_named_and_is_not_there_stops_the_program() {
    let home = Home::new();
    let ended = home.run(&["models", "status", "--config", "missing.json5"]).await.code(3);
    let _ = ended.says(&["missing.json5", "--config"]);
    let home = Home::new().env("OPENCLAW_CONFIG_PATH", "/nowhere/openclaw.json");
    let ended = home.run(&["models", "status"]).await.code(3);
    let _ = ended.says(&["/nowhere/openclaw.json", "OPENCLAW_CONFIG_PATH"]);
}

#[tokio::test]
async fn a_variable_that_is_not_set_is_reported_with_the_key_that_names_it() {
    let text = "{ models: { providers: { vllm: { baseUrl: 'http://127.0.0.1:1/v1', \
                apiKey: '${NO_SUCH_KEY}' } } } }";
    let home = Home::new().config(text);
    for args in [
        &["models", "list"][..],
        &["infer", "model", "run", "--prompt", "hi", "--model", "vllm/tiny"],
        &["agent", "-m", "hi", "--model", "vllm/tiny"],
    ] {
        let ended = home.run(args).await.code(3);
        let ended =
            ended.says(&["models.providers.vllm.apiKey", "`export NO_SUCH_KEY=…`", "not set"]);
        assert_eq!(ended.stdout, "", "{args:?}");
    }
    let ended = home.run(&["models", "status"]).await.code(0);
    assert!(ended.stdout.contains("models.providers.vllm.apiKey"), "{ended:#?}");
}

#[tokio::test]
async fn the_home_folder_must_be_known() {
    let ended = Home::new().env("HOME", "").run(&["models", "status"]).await.code(3);
    let _ = ended.says(&["HOME", "OPENCLAW_STATE_DIR"]);
}

#[tokio::test]
async fn keys_without_effect_are_listed_on_request() {
    let text = "{ browser: { enabled: true } }";
    let home = Home::new().config(text);
    let quiet = home.run(&["models", "status"]).await.code(0);
    assert_eq!(quiet.stderr, SETUP_HINT);
    let _ = home.run(&["models", "status", "-v"]).await.code(0).says(&["`browser`"]);
    let told = home.run(&["config", "validate"]).await.code(0);
    assert!(told.stdout.ends_with("\nbrowser has no effect: there is no browser tool here\n"));
    let set = home.run(&["config", "set", "browser.headless", "true"]).await.code(0);
    assert_eq!(set.stderr, "`browser` has no effect: there is no browser tool here\n");
}

#[tokio::test]
async fn no_character_of_a_config_moves_the_cursor_or_hides_text() {
    let text = "{\n  agents: { defaults: { timeoutSeconds: \"\u{9b}31m\u{202e}\u{85}\u{7f}\u{200b}\", \
                \"mo\u{9b}2Jdels\": 1, model: \"x\u{9d}0;title\u{9c}\" } },\n}\n";
    let ended = validate(text).await.code(3).says(&["timeoutSeconds"]);
    let hidden = |c: &char| {
        c.is_control() && *c != '\n'
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
    };
    assert_eq!(ended.stderr.chars().find(hidden), None, "{ended:#?}");
}
