//! Several layers: which value is used, where it was set, what it overrode.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs::{self, File},
    io::Write as _,
    path::Path,
};

use openclaw_config::{
    AppPaths, Config, ConfigLayer, ConfigLoader, Env, KeyPath, LoadError, LoadOptions,
    LoadedConfig, Severity,
};
use tempfile::TempDir;

/// A machine with a system, a user and a project folder.
struct Machine {
    root: TempDir,
}

impl Machine {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        for folder in ["system", "state", "checkout/.openclaw", "checkout/deep/down"] {
            fs::create_dir_all(root.path().join(folder)).unwrap();
        }
        Self { root }
    }

    fn put(&self, layer: &str, text: &[u8]) {
        let path = match layer {
            "system" => "system/openclaw.json5",
            "user" => "state/openclaw.json",
            _ => "checkout/.openclaw/openclaw.json5",
        };
        File::create(self.root.path().join(path)).unwrap().write_all(text).unwrap();
    }

    fn env(&self, pairs: &BTreeMap<String, String>) -> Env {
        let state = self.root.path().join("state").display().to_string();
        let state = [("OPENCLAW_STATE_DIR".to_owned(), state)];
        Env::from_pairs(pairs.clone().into_iter().chain(state))
    }

    fn paths(&self, env: &Env) -> AppPaths {
        AppPaths::new(env, None).unwrap().with_system_dir(self.root.path().join("system"))
    }

    fn options<'a>(&self, paths: &'a AppPaths, env: &'a Env) -> LoadOptions<'a> {
        let start = self.root.path().join("checkout/deep/down");
        LoadOptions::new(paths, env).with_project_dir(Some(start))
    }

    fn load(&self) -> Result<LoadedConfig, LoadError> {
        let env = self.env(&BTreeMap::new());
        let paths = self.paths(&env);
        ConfigLoader::load(&self.options(&paths, &env))
    }

    fn history(&self) -> Vec<std::path::PathBuf> {
        let Ok(entries) = fs::read_dir(self.root.path().join("state/config-history")) else {
            return Vec::new();
        };
        entries.map(|entry| entry.unwrap().path()).collect()
    }
}

fn pairs(folder: &Path, name: &str) -> BTreeMap<String, String> {
    let text = fs::read_to_string(folder.join(name)).unwrap_or_else(|_| "{}".to_owned());
    serde_json::from_str(&text).unwrap()
}

/// The merged result of a sample: diagnostics, every value with its origin, overridden values.
fn outcome(folder: &Path) -> String {
    let machine = Machine::new();
    for layer in ["system", "user", "project"] {
        if let Ok(text) = fs::read(folder.join(format!("{layer}.json5"))) {
            machine.put(layer, &text);
        }
    }
    let env = machine.env(&pairs(folder, "env.json"));
    let paths = machine.paths(&env);
    let mut options = machine.options(&paths, &env);
    for (path, text) in pairs(folder, "set.json") {
        options = options.override_json5(path.parse().unwrap(), &text, "--set");
    }
    let loaded = ConfigLoader::load(&options).unwrap();
    let mut said = String::new();
    for diagnostic in &loaded.diagnostics {
        writeln!(said, "{diagnostic}").unwrap();
        let span = diagnostic.span.map(|span| (span.start, span.end));
        let text = loaded.diagnostic_source_text(diagnostic);
        assert_eq!(span.is_some(), text.is_some(), "{diagnostic}");
        if let (Some((start, end)), Some(text)) = (span, text) {
            assert!(text.get(start..end).is_some());
        }
    }
    for key in [
        "agents.defaults.timeoutSeconds",
        "agents.defaults.llm.idleTimeoutSeconds",
        "agents.defaults.model",
        "agents.defaults.model.primary",
        "agents.defaults.model.fallbacks",
        "agents.defaults.localModelMode",
        "agents.defaults.workspace",
        "models.providers.p.baseUrl",
        "models.providers.p.apiKey",
        "models.providers.q.baseUrl",
        "tools.exec.ask",
        "gateway.port",
        "gateway.bind",
        "gateway.auth.token",
    ] {
        let path: KeyPath = key.parse().unwrap();
        let Some(value) = loaded.redacted_value(&path) else { continue };
        writeln!(said, "{} = {value}", loaded.find_origin(key)).unwrap();
        for (origin, value) in loaded.overridden_values(&path) {
            writeln!(said, "  over {} [{}] = {value}", origin, origin.layer()).unwrap();
        }
    }
    said.replace(&machine.root.path().display().to_string(), "ROOT")
}

#[test]
fn every_sample_of_several_layers_is_merged_and_explained() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples/layers");
    let mut samples: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    samples.sort();
    let mut said = String::new();
    for sample in samples {
        let name = sample.file_name().unwrap().to_str().unwrap().to_owned();
        write!(said, "## {name}\n{}", outcome(&sample)).unwrap();
    }
    assert!(!said.contains("secret"), "{said}");
    assert!(!said.contains("canary"), "{said}");
    insta::assert_snapshot!(said);
}

#[test]
fn a_broken_file_is_served_by_its_last_good_version_and_stays_as_it_is() {
    let machine = Machine::new();
    machine.put("user", b"{ agents: { defaults: { timeoutSeconds: 7200 } } }");
    assert!(!machine.load().unwrap().is_last_good());
    // A wrong value is not a syntax error, so this becomes the last good version.
    machine.put("user", b"{ agents: { defaults: { timeoutSeconds: 3600 } }, gateway: 5 }");
    machine.load().unwrap();

    for broken in [b"{ agents: {".as_slice(), b"", b"{ a: '\xff' }"] {
        machine.put("user", broken);
        let loaded = machine.load().unwrap();
        assert!(loaded.exists && loaded.is_last_good());
        let seconds = loaded.config.agents.defaults.run_timeout().map(|limit| limit.as_secs());
        assert_eq!(seconds, Some(3600));
        let file = loaded.path.clone().unwrap();
        let in_file = |severity| {
            loaded.diagnostics.iter().any(|diagnostic| {
                diagnostic.severity == severity && diagnostic.file.as_deref() == Some(&*file)
            })
        };
        assert!(in_file(Severity::Error) && in_file(Severity::Warning));
        assert!(
            loaded.find_origin("agents.defaults.timeoutSeconds").to_string().contains("last-good-")
        );
        assert_eq!(fs::read(&file).unwrap(), broken);
    }
    machine.put("user", b"{}");
    let mended = machine.load().unwrap();
    assert!(!mended.is_last_good() && mended.diagnostics.is_empty());
    assert_eq!(machine.history().len(), 1, "one copy, and nothing that is half written");
}

#[cfg(unix)]
#[test]
fn the_last_good_version_is_for_the_user_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let machine = Machine::new();
    machine.put("user", b"{ gateway: { auth: { token: 'canary' } } }");
    machine.load().unwrap();
    let [copy] = machine.history().try_into().unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&copy), mode(copy.parent().unwrap())), (0o600, 0o700));
}

#[test]
fn without_a_last_good_version_or_when_strict_a_broken_file_is_an_error() {
    let machine = Machine::new();
    machine.put("user", b"{ agents: {");
    assert!(matches!(machine.load(), Err(LoadError::Broken { .. })));
    machine.put("user", b"{ gatway: {} }");
    let env = machine.env(&BTreeMap::new());
    let paths = machine.paths(&env);
    let strict = || ConfigLoader::load(&machine.options(&paths, &env).with_strict(true));
    let severities: Vec<_> =
        strict().unwrap().diagnostics.iter().map(|diagnostic| diagnostic.severity).collect();
    assert_eq!(severities, [Severity::Error]);
    machine.put("user", b"{ agents: {");
    assert!(machine.load().is_ok());
    assert!(matches!(strict(), Err(LoadError::Broken { .. })));
}

#[test]
fn derived_data_never_outranks_the_file() {
    let machine = Machine::new();
    machine.put("user", b"{ gateway: { port: 1 } }");
    machine.load().unwrap();
    for copy in machine.history() {
        File::create(copy).unwrap().write_all(b"{ gateway: { port: 2 } }").unwrap();
    }
    assert_eq!(machine.load().unwrap().config.gateway.port(), 1);
    fs::remove_file(machine.root.path().join("state/openclaw.json")).unwrap();
    assert_eq!(machine.load().unwrap().config.gateway.port(), 18_789);
}

#[test]
fn the_folder_of_the_state_is_no_project() {
    let machine = Machine::new();
    let home = machine.root.path().join("checkout");
    File::create(home.join(".openclaw/openclaw.json5"))
        .unwrap()
        .write_all(b"{ agents: { defaults: { workspace: '/mine' } } }")
        .unwrap();
    let env = Env::from_pairs([("HOME", &home)]);
    let paths = AppPaths::new(&env, None).unwrap().with_system_dir("/nonexistent");
    let options = machine.options(&paths, &env);
    let loaded = ConfigLoader::load(&options).unwrap();
    assert_eq!(loaded.diagnostics, []);
    assert_eq!(loaded.find_origin("agents.defaults.workspace").layer(), ConfigLayer::User);
}

#[test]
fn the_window_is_compared_with_the_one_of_the_server() {
    let text = "{\n agents: { defaults: { models: { 'p/m': { alias: 'Big' } } } },\n models: {\n  \
                providers: { p: { models: [{ bad: 1 }, { id: 'm',\n   contextWindow: 131072 }] } } } }";
    let loaded = Config::parse(text, &Env::default()).unwrap();
    for model in ["p/m", "big"] {
        let found = loaded.lint_context_window(model, 32_768).unwrap();
        let path = "models.providers.p.models[1].contextWindow";
        assert_eq!((found.path.to_string().as_str(), found.line), (path, 5));
        assert!(found.message.contains("131072") && found.message.contains("32768"));
    }
    assert_eq!(loaded.lint_context_window("p/m", 131_072), None);
    assert_eq!(loaded.lint_context_window("p/other", 1), None);
}
