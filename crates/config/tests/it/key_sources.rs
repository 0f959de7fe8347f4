//! The places in which people keep keys, and configs of several files.

use std::{fs, path::Path};

use openclaw_config::{
    AppPaths, AuthProfileStore, Config, DiagnosticKind, Env, LoadedConfig, RunKind, SecretInput,
};
use secrecy::ExposeSecret as _;
use tempfile::TempDir;

/// A state folder with these files.
fn state(files: &[(&str, &str)]) -> (TempDir, Env) {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        write_file(&path, text);
    }
    let state_dir = dir.path().to_str().unwrap().to_owned();
    (dir, Env::from_pairs([("OPENCLAW_STATE_DIR", state_dir.as_str()), ("SET", "by-process")]))
}

#[expect(clippy::disallowed_methods, reason = "a test writes its own files")]
fn write_file(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
}

fn load(env: &Env) -> LoadedConfig {
    Config::load(&AppPaths::new(env, None).unwrap(), env).unwrap()
}

/// The key of a provider with its source, or why there is none.
fn key(loaded: &LoadedConfig, provider: &str) -> String {
    let config = loaded.config.find_provider(provider).unwrap();
    resolved(config.api_key().unwrap(), loaded.env())
}

fn resolved(secret: &SecretInput, env: &Env) -> String {
    match secret.resolve_secret(env) {
        Ok(found) => format!("{} | {}", found.value.expose_secret(), found.source),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_variable_comes_from_the_process_or_the_env_file_or_the_config() {
    let (dir, env) = state(&[
        (".env", "FROM_FILE=file\nBOTH=file\nSET=file\n"),
        (
            "openclaw.json",
            "{
                env: { BOTH: 'config', IN_CONFIG: 'inline', SET: 'config', vars: { IN_VARS: '${FROM_FILE}-2' } },
                models: { providers: {
                    a: { apiKey: '${FROM_FILE}' }, b: { apiKey: 'IN_CONFIG' },
                    c: { apiKey: { source: 'env', id: 'IN_VARS' } }, d: { apiKey: '${BOTH}' },
                    e: { apiKey: '${SET}' }, f: { apiKey: '${NONE}' },
                } },
            }",
        ),
    ]);
    let loaded = load(&env);
    let file = dir.path().join(".env").display().to_string();
    for (provider, expected) in [
        ("a", format!("file | env FROM_FILE from {file}")),
        ("b", "inline | env IN_CONFIG from env.IN_CONFIG in openclaw.json".to_owned()),
        ("c", "file-2 | env IN_VARS from env.vars.IN_VARS in openclaw.json".to_owned()),
        ("d", format!("file | env BOTH from {file}")),
        ("e", "by-process | env SET".to_owned()),
        ("f", "read the environment variable NONE, which is not set".to_owned()),
    ] {
        assert_eq!(key(&loaded, provider), expected, "{provider}");
    }
    // Commands get none of them, and nothing shows their values.
    assert_eq!(loaded.env().iter_pairs().count(), 2);
    let shown = loaded.redacted_json(&"env".parse().unwrap(), loaded.env()).unwrap().to_string();
    assert!(!shown.contains("inline") && !format!("{loaded:?}").contains("inline"), "{shown}");
}

#[test]
fn a_line_of_the_env_file_that_is_no_assignment_is_reported_without_its_text() {
    let (_dir, env) = state(&[(".env", "A=1\nsk-canary\n"), ("openclaw.json", "{}")]);
    let loaded = load(&env);
    let [found] = loaded.diagnostics.as_slice() else { panic!("{:?}", loaded.diagnostics) };
    assert!(found.message.starts_with("line 2 of ") && !found.to_string().contains("canary"));
}

#[test]
fn a_project_cannot_set_variables() {
    let (dir, env) = state(&[("openclaw.json", "{ env: { A: 'mine' } }")]);
    let project = dir.path().join("project");
    fs::create_dir_all(project.join(".openclaw")).unwrap();
    write_file(&project.join(".openclaw/openclaw.json5"), "{ env: { A: 'theirs', B: 'theirs' } }");
    let paths = AppPaths::new(&env, None).unwrap();
    let options = openclaw_config::LoadOptions::new(&paths, &env).with_project_dir(Some(project));
    let loaded = openclaw_config::ConfigLoader::load(&options).unwrap();
    assert_eq!((loaded.env().get("A"), loaded.env().get("B")), (Some("mine"), None));
}

#[test]
fn a_secret_of_a_provider_is_found_where_the_provider_keeps_it() {
    let (dir, env) = state(&[
        ("secrets.json", r#"{ "models": { "sec": "from-json", "n": 5, "a/b": "escaped" } }"#),
        ("one.txt", "single\n"),
        (
            "openclaw.json",
            "{
                secrets: {
                    providers: {
                        box: { source: 'file', path: '${OPENCLAW_STATE_DIR}/secrets.json' },
                        one: { source: 'file', path: '${OPENCLAW_STATE_DIR}/one.txt', mode: 'singleValue' },
                        some: { source: 'env', allowlist: ['SET'] },
                        run: { source: 'exec', command: '/bin/vault', args: ['get'] },
                    },
                    defaults: { file: 'one' },
                },
                models: { providers: {
                    a: { apiKey: { source: 'file', provider: 'box', id: '/models/sec' } },
                    b: { apiKey: { source: 'file', provider: 'box', id: '/models/a~1b' } },
                    c: { apiKey: { source: 'file', provider: 'box', id: '/models/none' } },
                    d: { apiKey: { source: 'file', provider: 'box', id: '/models/n' } },
                    e: { apiKey: { source: 'file', id: 'value' } },
                    f: { apiKey: { source: 'env', provider: 'some', id: 'SET' } },
                    g: { apiKey: { source: 'env', provider: 'some', id: 'HOME' } },
                    h: { apiKey: { source: 'env', provider: 'nosuch', id: 'SET' } },
                    i: { apiKey: { source: 'file', provider: 'nosuch', id: '/x' } },
                    j: { apiKey: { source: 'exec', provider: 'run', id: 'k' } },
                    k: { apiKey: { source: 'file', provider: 'run', id: '/x' } },
                } },
            }",
        ),
    ]);
    let loaded = load(&env);
    assert!(!loaded.has_errors(), "{:?}", loaded.diagnostics);
    let file = |name: &str| dir.path().join(name).display().to_string();
    let json = file("secrets.json");
    for (provider, expected) in [
        ("a", format!("from-json | file {json}")),
        ("b", format!("escaped | file {json}")),
        ("c", format!("read the secret in {json}: it has nothing at `/models/none`")),
        ("d", format!("read the secret in {json}: `/models/n` is no string in it")),
        ("e", format!("single | file {}", file("one.txt"))),
        ("f", "by-process | env SET".to_owned()),
        ("g", "use the secret provider `some`: its `allowlist` does not have `HOME`".to_owned()),
        ("h", "by-process | env SET".to_owned()),
        ("i", "find the secret provider `nosuch`: `secrets.providers` has none".to_owned()),
        ("j", "get the secret from `/bin/vault`: no command is run here".to_owned()),
        (
            "k",
            "use the secret provider `run`: `secrets.providers.run.source` is another than the \
             reference's"
                .to_owned(),
        ),
    ] {
        assert_eq!(key(&loaded, provider), expected, "{provider}");
    }
    let command = loaded.config.find_provider("j").unwrap().api_key().unwrap().exec_command();
    let command = command.unwrap();
    assert_eq!(command.words, ["/bin/vault", "get"]);
    assert!(!command.allows_symlink && command.request.unwrap().json_only);
}

#[test]
fn a_profile_gives_the_key_of_its_provider() {
    let profiles = r#"{ "version": 1, "profiles": {
        "vllm:default": { "type": "api_key", "provider": "vllm", "key": "canary-1" },
        "vllm:second": { "type": "token", "provider": "vllm", "token": "canary-2" },
        "lab:x": { "type": "api_key", "provider": "lab", "keyRef": { "source": "env", "provider": "default", "id": "SET" } },
        "cloud:y": { "type": "oauth", "provider": "cloud", "access": "canary-3" },
        "empty:z": { "type": "api_key", "provider": "empty", "key": "" } } }"#;
    let (dir, env) = state(&[
        ("agents/main/agent/auth-profiles.json", profiles),
        ("agents/x/agent/auth-profiles.json", "{ canary"),
        (
            "openclaw.json",
            "{ auth: { order: { vllm: ['none', 'vllm:second'] } }, agents: { list: [{ id: 'main' }, { id: 'x' }, { id: 'y', agentDir: '~/k' }] } }",
        ),
    ]);
    let loaded = load(&env);
    let config = &loaded.config;
    let paths = AppPaths::new(&env, None).unwrap();
    let read = |agent: &str| {
        let folders = config.agent_dirs(agent, &paths, &env);
        AuthProfileStore::read_folders(&folders, &config.secrets, &env)
    };
    let file = dir.path().join("agents/main/agent/auth-profiles.json").display().to_string();
    let found = |store: &AuthProfileStore, provider: &str| {
        let key = store.find_key(provider, &config.auth, &env)?;
        Some(format!("{} | {}", key.value.expose_secret(), key.source))
    };
    let main = read("main");
    let expected = format!("canary-2 | auth profile vllm:second in {file}");
    assert_eq!(found(&main, "vllm"), Some(expected.clone()));
    assert_eq!(found(&main, "lab"), Some(format!("by-process | auth profile lab:x in {file}")));
    assert_eq!((found(&main, "cloud"), found(&main, "empty")), (None, None));
    assert_eq!(main.profile_ids("vllm").collect::<Vec<_>>(), ["vllm:default", "vllm:second"]);
    let other = read("x");
    assert_eq!(found(&other, "vllm"), Some(expected));
    let [problem] = other.problems() else { panic!() };
    assert!(problem.ends_with("auth-profiles.json: no JSON at line 1, column 3"), "{problem}");
    assert!(!format!("{main:?}").contains("canary"));
    assert_eq!(
        config.agent_dirs("y", &paths, &Env::from_pairs([("HOME", "/h")]))[0],
        Path::new("/h/k")
    );
}

#[test]
fn a_config_of_several_files_is_one_config() {
    let (_dir, env) = state(&[
        (
            "openclaw.json",
            "{
                $include: './base.json5',
                agents: { $include: ['parts/a.json5', 'parts/b.json5'], defaults: { timeoutSeconds: '5m' } },
                tools: { deny: { $include: 'deny.json5' } },
            }",
        ),
        ("base.json5", "{ agents: { defaults: { timeoutSeconds: 1, model: 'vllm/base' } } }"),
        ("parts/a.json5", "{ list: [{ id: 'a', tools: { deny: ['exec'] } }] }"),
        ("parts/b.json5", "{ list: [{ id: 'b' }], defaults: { $include: 'c.json5' } }"),
        ("parts/c.json5", "{ llm: { idleTimeoutSeconds: '2m' } }"),
        ("deny.json5", "['write']"),
    ]);
    let loaded = load(&env);
    let problems: Vec<_> = loaded.start_blockers(RunKind::Agent { id: Some("a") });
    assert!(problems.is_empty(), "{problems:?}");
    let config = &loaded.config;
    assert_eq!(config.agent_ids(), ["main", "a", "b"]);
    assert_eq!(config.agents.defaults.timeout_seconds, Some(300));
    assert_eq!(config.agents.defaults.llm.idle_timeout_seconds, Some(120));
    assert_eq!(config.primary_model(&env).unwrap().as_deref(), Some("vllm/base"));
    let offered = ["read", "write", "exec"].map(|tool| config.offers_tool("a", tool));
    assert_eq!(offered, [true, false, false]);
    let origin = |key: &str| loaded.find_origin(key).to_string();
    assert_eq!(origin("agents.list[1].id"), "agents.list[1].id (b.json5:1)");
    assert_eq!(
        origin("agents.defaults.timeoutSeconds"),
        "agents.defaults.timeoutSeconds (openclaw.json:3)"
    );
    assert!(loaded.source_text().unwrap().contains("$include"));
}

#[test]
fn what_cannot_be_included_keeps_an_agent_from_starting() {
    let outside = tempfile::tempdir().unwrap();
    let outside_file = outside.path().join("x.json5");
    write_file(&outside_file, "{}");
    let absolute = format!("'{}'", outside_file.display());
    for (value, expected) in [
        ("'none.json5'", "none.json5"),
        ("5", "the name of a file"),
        (absolute.as_str(), "is not in"),
        ("'../x.json5'", "x.json5"),
        ("'openclaw.json'", "includes itself"),
        ("'broken.json5'", "is broken"),
        ("'one.json5'", "includes itself"),
    ] {
        let (_dir, env) = state(&[
            ("openclaw.json", &format!("{{ tools: {{ $include: {value} }} }}")),
            ("broken.json5", "{ deny: ["),
            ("one.json5", "{ $include: 'two.json5' }"),
            ("two.json5", "{ $include: 'one.json5' }"),
        ]);
        let loaded = load(&env);
        let blockers = loaded.start_blockers(RunKind::ModelCall);
        let told = blockers.iter().any(|found| {
            found.kind == DiagnosticKind::UnusedText && found.message.contains(expected)
        });
        assert!(told, "{value}: {:?}", loaded.diagnostics);
    }
    let (_dir, env) = state(&[
        ("openclaw.json", "{ agents: { list: [{ $include: 'a.json5' }] } }"),
        ("a.json5", "{ id: 'a' }"),
    ]);
    assert!(!load(&env).start_blockers(RunKind::ModelCall).is_empty());
}
