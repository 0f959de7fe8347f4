//! `openclaw config`: what each command prints, what it leaves of the file, and how it ends.

use std::fs;

use openclaw_tests::{Ended, Home};
use serde_json::json;

const FILE: &str = r"{
  // the box in the cellar
  models: {
    providers: {
      vllm: { baseUrl: 'http://127.0.0.1:1/v1', apiKey: 'canary-literal', }, // do not move
    },
  },

  agents: { defaults: { timeoutSeconds: 600 } },
}
";

fn text(home: &Home) -> String {
    fs::read_to_string(home.config_path()).unwrap_or_default()
}

async fn config(home: &Home, args: &[&str]) -> Ended {
    home.run(&[&["config"], args].concat()).await
}

#[tokio::test]
async fn a_set_key_is_read_back_and_every_comment_stays() {
    let home = Home::new().config(FILE);
    let ended = config(&home, &["set", "agents.defaults.timeoutSeconds", "0x10"]).await.code(0);
    assert!(ended.stdout.starts_with("Set `agents.defaults.timeoutSeconds` in "), "{ended:#?}");
    assert_eq!(text(&home), FILE.replace("600", "16"));
    let ended = config(&home, &["get", "agents.defaults.timeoutSeconds"]).await.code(0);
    assert_eq!(ended.stdout, "16\n");

    let _ = config(&home, &["set", "tools.exec.host", "node"]).await.code(0);
    assert_eq!(config(&home, &["get", "tools.exec.host"]).await.stdout, "node\n");
    let _ = config(&home, &["unset", "tools"]).await.code(0);
    let _ = config(&home, &["unset", "agents.defaults.timeoutSeconds"]).await.code(0);
    // Nothing is left of what held it.
    assert!(!text(&home).contains("agents"), "{}", text(&home));
}

#[tokio::test]
async fn a_kept_version_has_no_key_and_is_restored_with_it() {
    let home = Home::new().config(FILE);
    let _ = config(&home, &["set", "agents.defaults.timeoutSeconds", "5"]).await.code(0);
    let list = config(&home, &["restore", "--list", "--json"]).await.code(0).json();
    let version = list["versions"][0]["path"].as_str().unwrap().to_owned();
    assert!(!fs::read_to_string(version).unwrap().contains("canary"));
    let preview = config(&home, &["restore", "1", "--dry-run"]).await.code(0);
    assert!(
        preview.stdout.contains("+  agents: { defaults: { timeoutSeconds: 600 } },"),
        "{preview:#?}"
    );
    assert!(!preview.stdout.contains("canary"), "{preview:#?}");
    let _ = config(&home, &["restore"]).await.code(0);
    assert_eq!(text(&home).replace('"', "'"), FILE);
    let list = config(&home, &["restore", "--list", "--json"]).await.code(0).json();
    let numbers: Vec<_> =
        list["versions"].as_array().unwrap().iter().map(|it| &it["number"]).collect();
    assert_eq!(numbers, [2, 1], "the newest is first");
    assert!(list["versions"][0]["keptAtMs"].as_u64().unwrap() > 0, "{list}");
    let shown = config(&home, &["restore", "--list"]).await.code(0);
    let lines: Vec<&str> = shown.stdout.lines().collect();
    assert!(lines[1].starts_with("2 ") && lines[1].contains(" UTC  newest  "), "{shown:#?}");
    assert!(lines[2].starts_with("1 ") && !lines[2].contains("newest"), "{shown:#?}");
    let refused = config(&home, &["restore", "9"]).await;
    assert!(refused.stderr.contains("the kept versions are 1, 2"), "{refused:#?}");
}

#[tokio::test]
async fn a_first_key_makes_the_file_for_its_owner_alone() {
    let home = Home::new();
    assert_eq!(config(&home, &["get", "gateway.port"]).await.code(0).stdout, "18789\n");
    let valid = config(&home, &["validate"]).await.code(0);
    assert!(valid.stdout.starts_with("Config valid: there is none at "), "{valid:#?}");
    assert!(!home.config_path().exists(), "reading made a file");

    let _ = config(&home, &["set", "gateway.port", "1234"]).await.code(0);
    assert_eq!(text(&home), "{\n  \"gateway\": {\n    \"port\": 1234\n  }\n}\n");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(home.config_path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[tokio::test]
async fn what_is_wrong_is_named_and_not_written() {
    let home = Home::new().config(FILE);
    for (args, code, said) in [
        (vec!["set", "agents.defaults.timeoutSeconds", "ten"], 3, "expected a whole number"),
        (vec!["set", "agents.defaults.timeoutSecond", "1"], 3, "did you mean `timeoutSeconds`?"),
        (vec!["set", "agents.defaults.timeoutSeconds.x", "1"], 3, "is a number"),
        (vec!["set", "tools.exec.host", "node", "--strict-json"], 2, "as JSON5"),
        (vec!["set", "tools.exec.host", "{a: 1"], 2, "as JSON5"),
        (vec!["set", "a..b", "1"], 2, "from byte 1 on"),
        (vec!["set", "tools.exec.host"], 2, "no value"),
        (vec!["set", "--provider-source", "exec"], 2, "`--provider-source` does nothing"),
        (vec!["unset", "agents.defaults.workspace"], 1, "is not set"),
        (vec!["get", "agents.defaults.workspace"], 1, "is not set"),
        (vec!["get", "agents.defaults.workspaces"], 1, "did you mean `workspace`?"),
    ] {
        let ended = config(&home, &args).await.code(code).says(&[said]);
        assert_eq!((ended.stdout.as_str(), text(&home).as_str()), ("", FILE), "{args:?}");
    }
}

#[tokio::test]
async fn a_dry_run_shows_the_difference_without_secrets() {
    let home = Home::new().config(FILE);
    let args = ["set", "--dry-run", "models.providers.vllm.api", "openai-completions"];
    let ended = config(&home, &args).await.code(0).hides(&["canary"]);
    assert_eq!(text(&home), FILE);
    let stdout = ended.stdout.replace(&*home.path().to_string_lossy(), "~");
    insta::assert_snapshot!(stdout);
}

#[tokio::test]
async fn secrets_are_shown_by_their_source() {
    let home = Home::new().config(FILE).env("VLLM_API_KEY", "canary-variable");
    let key = "models.providers.vllm.apiKey";
    let shown = config(&home, &["get", key]).await.code(0).hides(&["canary"]);
    assert_eq!(shown.stdout, "ca..al (config literal)\n");
    let _ = config(&home, &["set", key, "${VLLM_API_KEY}"]).await.code(0);
    let shown = config(&home, &["get", key]).await.code(0);
    assert_eq!(shown.stdout, "${VLLM_API_KEY}\n");
    let args = ["set", key, "--ref-source", "env", "--ref-id", "VLLM_API_KEY"];
    let _ = config(&home, &args).await.code(0);
    let shown = config(&home, &["get", key, "--json"]).await.code(0).json();
    assert_eq!(shown, json!({ "source": "env", "id": "VLLM_API_KEY" }));
    let explained = config(&home, &["explain", "models.providers"]).await.code(0);
    let _ = explained.hides(&["canary"]);
}

#[tokio::test]
async fn a_key_is_explained() {
    let home = Home::new().config(FILE);
    let ended = config(&home, &["explain", "agents.defaults.timeoutSeconds"]).await.code(0);
    insta::assert_snapshot!("explain_set", ended.stdout);
    let ended = config(&home, &["explain", "agents.defaults.localModelMode"]).await.code(0);
    insta::assert_snapshot!("explain_default", ended.stdout);
    let unknown = config(&home, &["explain", "agents.defaults.timeoutSecond"]).await.code(1);
    let _ = unknown.says(&["did you mean `timeoutSeconds`?"]);
}

#[tokio::test]
async fn validate_tells_every_problem_with_its_place() {
    let valid = Home::new().config(FILE);
    let ended = config(&valid, &["validate"]).await.code(0);
    assert_eq!(ended.stdout, format!("Config valid: {}\n", valid.config_path().display()));

    let home = Home::new().config("{\n  gateway: { port: 'x' },\n  gatway: {},\n}\n");
    let _ =
        config(&home, &["validate"]).await.code(3).says(&["gateway.port", "gatway", "1 problem"]);
    let _ = config(&home, &["validate", "--strict"]).await.code(3).says(&["2 problems"]);
    let found = config(&home, &["validate", "--json"]).await.code(3).json();
    assert_eq!(found["valid"], false);
    let port = &found["problems"][0];
    assert_eq!((&port["line"], &port["column"]), (&json!(2), &json!(20)));
    assert_eq!((&port["path"], &port["severity"]), (&json!("gateway.port"), &json!("error")));
    assert_eq!(found["problems"][1]["help"], "did you mean `gateway`?");
}

#[tokio::test]
async fn a_broken_file_can_be_seen_to() {
    let broken = "{ gateway: {";
    let home = Home::new().config(broken).env("EDITOR", "sed -i s/gateway:.{/gateway:{}}/");
    let _ = config(&home, &["validate"]).await.code(3).says(&["openclaw.json:1"]);
    let json = config(&home, &["validate", "--json"]).await.code(3).json();
    assert_eq!(json["problems"][0]["severity"], "error");
    assert_eq!(config(&home, &["schema"]).await.code(0).json()["title"], "OpenClaw config");
    for command in ["file", "path"] {
        let path = config(&home, &[command]).await.code(0).stdout;
        assert_eq!(path.trim_end(), home.config_path().display().to_string());
    }
    let _ = config(&home, &["get", "gateway.port"]).await.code(3);
    let _ = config(&home, &["set", "gateway.port", "1"]).await.code(3);
    assert_eq!(text(&home), broken);
    let _ = config(&home, &["edit"]).await.code(0);
    assert_eq!(text(&home), "{ gateway:{}}");
}

#[tokio::test]
async fn an_edited_text_is_kept_when_it_is_refused() {
    let home = Home::new().config(FILE).env("VISUAL", "sed -i s/600/ten/");
    let ended = config(&home, &["edit"]).await.code(3).says(&["Your text is kept in "]);
    assert_eq!(text(&home), FILE);
    let copy = ended.stderr.split("is kept in ").nth(1).unwrap().trim_end().trim_end_matches('.');
    assert_eq!(fs::read_to_string(copy).unwrap(), FILE.replace("600", "ten"));

    let home = Home::new().config(FILE);
    let _ = config(&home, &["edit"]).await.code(1).says(&["VISUAL", "EDITOR"]);
}

#[tokio::test]
async fn several_keys_are_set_at_once_or_none() {
    let home = Home::new().config(FILE);
    let good =
        r#"[{"path": "gateway.port", "value": 1}, {"path": "tools.exec.ask", "value": "off"}]"#;
    let done = config(&home, &["set", "--batch-json", good, "--json"]).await.code(0).json();
    assert_eq!((&done["ok"], &done["changed"]), (&json!(true), &json!(true)));
    let before = text(&home);
    assert!(before.contains("port: 1") && before.contains("ask: "), "{before}");
    let bad = r#"[{"path": "gateway.port", "value": 2}, {"path": "tools.exec.ask", "value": 3}]"#;
    let failed = config(&home, &["set", "--batch-json", bad, "--json"]).await.code(3).json();
    assert_eq!(failed["problems"][0]["path"], "tools.exec.ask");
    assert_eq!(text(&home), before);
}

#[tokio::test]
async fn processes_that_set_at_once_lose_nothing() {
    let home = Home::new().config(FILE);
    for round in 0..10 {
        let path = |n| format!("models.providers.p{n}x{round}.baseUrl");
        let running: Vec<_> = (0..8)
            .map(|n| home.start(&["config", "set", &path(n), "http://127.0.0.1:1/v1"]))
            .collect();
        for process in running {
            let _ = process.ended().await.code(0);
        }
    }
    let providers = config(&home, &["get", "models.providers", "--json"]).await.code(0).json();
    assert_eq!(providers.as_object().unwrap().len(), 81);
    let expected = "'canary-literal', }, // do not move\n";
    assert!(text(&home).contains(expected), "{}", text(&home));
}
