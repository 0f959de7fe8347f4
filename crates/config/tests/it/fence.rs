//! What keeps a command from starting, over files: restrictions, unreadable texts, the project.

#![expect(clippy::disallowed_methods, reason = "nobody reads the files meanwhile")]

use std::{fs, path::Path};

use openclaw_config::{AppPaths, ConfigLoader, Env, LoadError, LoadOptions, LoadedConfig, RunKind};
use tempfile::TempDir;

const AGENT: RunKind<'_> = RunKind::Agent { id: Some("main") };

/// Writes files below a new folder; `state` is the state folder, `checkout` the project.
fn machine(files: &[(&str, &str)]) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    for (file, text) in files {
        let path = root.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    root
}

fn load(root: &Path, overrides: &[(&str, &str)]) -> Result<LoadedConfig, LoadError> {
    let folders = [("OPENCLAW_STATE_DIR", "state"), ("HOME", "home")];
    let env = Env::from_pairs(folders.map(|(name, folder)| (name, root.join(folder))));
    let paths = AppPaths::new(&env, None).unwrap().with_system_dir(root.join("system"));
    let mut options = LoadOptions::new(&paths, &env).with_project_dir(Some(root.join("checkout")));
    for (key, value) in overrides {
        options = options.override_json5(key.parse().unwrap(), value, "--set");
    }
    ConfigLoader::load(&options)
}

fn blocks(loaded: &LoadedConfig) -> bool {
    !loaded.start_blockers(AGENT).is_empty()
}

#[test]
fn an_approvals_file_outside_the_state_folder_stops_an_agent_unless_no_command_runs() {
    let root = machine(&[("state/exec-approvals.json", "{"), ("state/openclaw.json", "{}")]);
    assert!(!blocks(&load(root.path(), &[]).unwrap()), "it is acted on");
    let place = ("home/.openclaw/exec-approvals.json", "{");
    let root = machine(&[place, ("state/openclaw.json", "{}")]);
    let loaded = load(root.path(), &[]).unwrap();
    let found = loaded.start_blockers(AGENT);
    assert!(found[0].message.contains("exec-approvals.json"), "{found:?}");
    assert!(loaded.start_blockers(RunKind::ModelCall).is_empty());
    assert!(!blocks(&load(root.path(), &[("tools.exec.security", "deny")]).unwrap()));
}

#[test]
fn a_broken_file_that_may_restrict_stops_an_agent() {
    let root = machine(&[("state/openclaw.json", "{ tools: { deny: ['exec'] } }")]);
    assert!(!blocks(&load(root.path(), &[]).unwrap()));
    fs::write(root.path().join("state/openclaw.json"), "{ tools: { deny: ['exec'], ").unwrap();
    let loaded = load(root.path(), &[]).unwrap();
    assert!(loaded.is_last_good() && blocks(&loaded));

    let root = machine(&[("system/openclaw.json5", "{ tools: {")]);
    assert!(blocks(&load(root.path(), &[]).unwrap()));
    let root = machine(&[("checkout/.openclaw/openclaw.json5", "{ tools: {")]);
    assert!(!blocks(&load(root.path(), &[]).unwrap()), "a project file restricts nothing");
}

#[test]
fn a_value_of_the_user_overrides_a_restriction_and_one_that_is_unusable_is_reported() {
    let text = "{ agents: { defaults: { sandbox: { mode: 'all', workspaceAccess: 'none' } } } }";
    let root = machine(&[("state/openclaw.json", text)]);
    assert!(blocks(&load(root.path(), &[]).unwrap()));
    let off = load(root.path(), &[("agents.defaults.sandbox.mode", "off")]).unwrap();
    assert!(!blocks(&off) && off.unusable_overrides().is_empty());
    for (key, value) in [
        ("tools.exec.security", "DENY"),
        ("tools.exec.secruity", "deny"),
        ("tools.alow", "[]"),
        ("tools.deny", "exec"),
        ("tools.deny", "['exce']"),
        ("tools.exec.host", "nodes"),
        ("models.egress", "null"),
        ("agents.defaults.timeoutSeconds", "soon"),
        ("tools.deny[0]", "exec"),
        ("strange", "1"),
    ] {
        let loaded = load(root.path(), &[(key, value)]).unwrap();
        assert!(!loaded.unusable_overrides().is_empty(), "{key}={value}");
    }
}

#[test]
fn a_project_names_models_but_no_names_in_use_no_variables_and_few_parameters() {
    let user = "{ models: { providers: { vllm: { baseUrl: 'http://127.0.0.1:1/v1', models: [{ id: 'm' }] } } },
        agents: { defaults: { model: 'fast', models: { 'vllm/m': { alias: 'fast' } } } } }";
    let project = "{ agents: { defaults: {
        model: { primary: 'openai/gpt', fallbacks: ['${HOME}', 'openai/other'] },
        models: {
          'openai/a': { alias: 'fast', params: { temperature: 0.5, extra_body: { x: 1 }, user: 'u' } },
          'openai/b': { alias: 'vllm/m' }, 'openai/c': { alias: 'VLLM' }, 'openai/d': { alias: 'M' },
          'openai/e': { alias: 'mine' },
        } } } }";
    let root =
        machine(&[("state/openclaw.json", user), ("checkout/.openclaw/openclaw.json5", project)]);
    let loaded = load(root.path(), &[]).unwrap();
    let defaults = &loaded.config.agents.defaults;
    let models: Vec<String> = defaults
        .model
        .as_ref()
        .unwrap()
        .fallbacks
        .iter()
        .map(|text| text.resolve_variables(&Env::default()).unwrap())
        .collect();
    assert_eq!(models, ["openai/other"]);
    assert_eq!(loaded.config.resolve_alias("fast"), Some("vllm/m"));
    assert_eq!(loaded.config.resolve_alias("vllm/m"), None);
    assert_eq!(loaded.config.resolve_alias("vllm"), None);
    assert_eq!(loaded.config.resolve_alias("m"), None);
    assert_eq!(loaded.config.resolve_alias("mine"), Some("openai/e"));
    let params: Vec<&String> = defaults.models["openai/a"].params.keys().collect();
    assert_eq!(params, ["temperature"]);
    let own = loaded.own_config().primary_model(&Env::default()).unwrap();
    assert_eq!(own.as_deref(), Some("fast"));
    assert!(loaded.own_config().agents.defaults.model.as_ref().unwrap().fallbacks.is_empty());
    let set = load(root.path(), &[("agents.defaults.model", "vllm/m")]).unwrap();
    let own = set.own_config().primary_model(&Env::default()).unwrap();
    assert_eq!(own.as_deref(), Some("vllm/m"), "what is set for the run is the user's own");
}

#[cfg(unix)]
#[test]
fn a_file_that_others_can_write_is_reported_and_that_of_a_project_is_not_used() {
    use std::os::unix::fs::PermissionsExt as _;
    let open = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    let root = machine(&[
        ("state/openclaw.json", "{}"),
        ("checkout/.openclaw/openclaw.json5", "{ agents: { defaults: { timeoutSeconds: 7 } } }"),
    ]);
    let state = root.path().join("state");
    let project = root.path().join("checkout/.openclaw");
    let seconds = || {
        let loaded = load(root.path(), &[]).unwrap();
        (loaded.config.agents.defaults.timeout_seconds, loaded.diagnostics)
    };
    assert_eq!(seconds(), (Some(7), Vec::new()));
    for path in [project.clone(), project.join("openclaw.json5")] {
        open(&path, 0o777);
        let (set, problems) = seconds();
        assert_eq!(set, None);
        assert!(problems[0].message.contains("can be written by every user"), "{problems:?}");
        open(&path, 0o755);
    }
    for path in [state.clone(), state.join("openclaw.json")] {
        open(&path, 0o777);
        let (_, problems) = seconds();
        assert!(problems[0].help.as_ref().unwrap().contains("chmod go-w"), "{problems:?}");
        open(&path, 0o755);
    }
}

#[cfg(unix)]
#[test]
fn a_socket_or_a_device_is_no_config_file() {
    let root = machine(&[("state/x", "")]);
    let file = root.path().join("state/openclaw.json");
    let _socket = std::os::unix::net::UnixListener::bind(&file).unwrap();
    for target in [None, Some("/dev/zero"), Some("/dev/null")] {
        if let Some(target) = target {
            fs::remove_file(&file).unwrap();
            std::os::unix::fs::symlink(target, &file).unwrap();
        }
        let error = load(root.path(), &[]).unwrap_err();
        assert!(matches!(error, LoadError::Unreadable { .. }), "{error:?}");
    }
}
