//! Loading from files: which file, missing and broken files, positions of values.

use std::{fs::File, io::Write as _, path::Path};

use openclaw_config::{AppPaths, Config, Env, LoadError, LoadedConfig};
use tempfile::TempDir;

fn home() -> (TempDir, Env) {
    let dir = tempfile::tempdir().unwrap();
    let env = Env::from_pairs([("OPENCLAW_STATE_DIR", dir.path())]);
    (dir, env)
}

fn put(dir: &Path, name: &str, content: &[u8]) {
    File::create(dir.join(name)).unwrap().write_all(content).unwrap();
}

fn load(env: &Env) -> Result<LoadedConfig, LoadError> {
    Config::load(&AppPaths::new(env, None).unwrap(), env)
}

#[test]
fn no_file_in_the_default_place_means_every_default() {
    let (dir, env) = home();
    let loaded = load(&env).unwrap();
    assert!(!loaded.exists && loaded.diagnostics.is_empty() && loaded.source_text().is_none());
    assert_eq!(loaded.path, Some(dir.path().join("openclaw.json")));
    assert_eq!(loaded.find_origin("agents.defaults.timeoutSeconds").to_string(), "default");
}

#[test]
fn a_file_that_somebody_named_must_exist() {
    let (dir, env) = home();
    let missing = dir.path().join("mine.json5");
    let error = Config::load(&AppPaths::new(&env, Some(&missing)).unwrap(), &env).unwrap_err();
    let expected = format!("find the config file {} named by --config", missing.display());
    assert_eq!(error.to_string(), expected);

    let env = Env::from_pairs([
        ("OPENCLAW_STATE_DIR", dir.path()),
        ("OPENCLAW_CONFIG_PATH", missing.as_path()),
    ]);
    let LoadError::Missing { named_by, .. } = load(&env).unwrap_err() else { panic!() };
    assert_eq!(named_by, "OPENCLAW_CONFIG_PATH");
}

#[test]
fn diagnostics_name_the_file_and_a_mark_at_its_start_is_no_problem() {
    let (dir, env) = home();
    put(dir.path(), "openclaw-config.json5", "\u{feff}{ gateway: {\r\n porte: 1 } }".as_bytes());
    let loaded = load(&env).unwrap();
    let place = dir.path().join("openclaw-config.json5");
    let expected = format!(
        "{}:2:2: warning: gateway.porte: unknown key, it has no effect\n  help: did you mean `port`?",
        place.display()
    );
    assert_eq!(loaded.diagnostics[0].to_string(), expected);
}

#[test]
fn a_broken_file_is_an_error_with_its_places_and_stays_as_it_is() {
    let (dir, env) = home();
    let long = vec![b'['; 2_000_000];
    for content in [b"{ gateway: ".as_slice(), b"", b"{ a: \"\xff\" }", &long] {
        put(dir.path(), "openclaw.json", content);
        let error = load(&env).unwrap_err();
        let [diagnostic] = error.diagnostics() else { panic!("{error}") };
        assert!(diagnostic.file.is_some());
        let path = dir.path().join("openclaw.json");
        let start = format!("parse the config file {} at line 1, column ", path.display());
        let text = error.to_string();
        assert!(text.starts_with(&start) && text.ends_with(&diagnostic.message), "{text}");
        assert_eq!(std::fs::read(dir.path().join("openclaw.json")).unwrap(), content);
    }
}

#[test]
fn a_broken_text_without_a_file_is_an_error_with_its_place() {
    let error = Config::parse("{\n  gateway 1 }", &Env::default()).unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("parse the config text at line 2, column "), "{text}");
}

#[test]
fn a_folder_cannot_be_read_as_a_file() {
    let (dir, env) = home();
    std::fs::create_dir(dir.path().join("openclaw.json")).unwrap();
    assert!(matches!(load(&env), Err(LoadError::Unreadable { .. })));
}

#[test]
fn a_value_knows_where_it_was_set() {
    let (dir, env) = home();
    let text = r#"{
  agents: { defaults: {
    timeoutSeconds: 600,
    llm: { idleTimeoutSeconds: "no" },
    models: { "vllm/a.b": { alias: "A" } },
  } },
  models: { providers: { vllm: { models: [{ id: "a" },
    { id: "b", contextWindow: 5 }] } } },
}"#;
    put(dir.path(), "openclaw.json", text.as_bytes());
    let loaded = load(&env).unwrap();
    for (path, origin) in [
        ("agents.defaults.timeoutSeconds", "agents.defaults.timeoutSeconds (openclaw.json:3)"),
        ("agents.defaults.llm.idleTimeoutSeconds", "default"),
        ("agents.defaults.workspace", "default"),
        (
            r#"agents.defaults.models["vllm/a.b"].alias"#,
            r#"agents.defaults.models["vllm/a.b"].alias (openclaw.json:5)"#,
        ),
        (
            "models.providers.vllm.models[1].contextWindow",
            "models.providers.vllm.models[1].contextWindow (openclaw.json:8)",
        ),
        ("not..a path", "default"),
    ] {
        assert_eq!(loaded.find_origin(path).to_string(), origin);
    }
    let text = "{ models: { providers: { p: { models: [{ name: 'no id' }] } } } }";
    let refused = Config::parse(text, &env).unwrap();
    assert_eq!(refused.find_origin("models.providers.p.models[0].name").to_string(), "default");
    assert_eq!(
        refused.find_origin("models.providers.p").to_string(),
        "models.providers.p (line 1)"
    );
    let path = "models.providers.vllm.models[1].contextWindow".parse().unwrap();
    assert_eq!(loaded.find_position(&path), Some((8, 16)));
}

#[test]
fn an_unset_variable_stops_only_what_needs_it() {
    let text = r#"{
      agents: { defaults: { model: "vllm/a", workspace: "${NOWHERE}/x" } },
      models: { providers: { vllm: { baseUrl: "http://${HOST}/v1", apiKey: "${NO_KEY}" } } },
    }"#;
    let (_dir, env) = home();
    let loaded = Config::parse(text, &env).unwrap();
    assert_eq!(loaded.diagnostics, []);
    assert_eq!(loaded.config.primary_model(&env).unwrap().as_deref(), Some("vllm/a"));
    let paths = AppPaths::new(&env, None).unwrap();
    let error = loaded.config.resolve_workspace(&paths, &env).unwrap_err();
    assert_eq!(error.variable(), "NOWHERE");
    let vllm = loaded.config.find_provider("vllm").unwrap();
    assert_eq!(vllm.resolve_base_url(&env).unwrap_err().variable(), "HOST");
    assert!(vllm.api_key().unwrap().resolve_secret(&env).is_err());

    let env = Env::from_pairs([("HOST", "box"), ("NOWHERE", "~"), ("HOME", "/h")]);
    assert_eq!(vllm.resolve_base_url(&env).unwrap().as_deref(), Some("http://box/v1"));
    assert_eq!(loaded.config.resolve_workspace(&paths, &env).unwrap(), Path::new("/h/x"));
    let aliases = r#"{ agents: { defaults: { models: { "vllm/a": { alias: "Small" } } } } }"#;
    let config = Config::parse(aliases, &env).unwrap().config;
    assert_eq!(
        (config.resolve_alias("small"), config.resolve_alias("big")),
        (Some("vllm/a"), None)
    );
    assert_eq!(config.resolve_workspace(&paths, &env).unwrap(), paths.default_workspace());
}
