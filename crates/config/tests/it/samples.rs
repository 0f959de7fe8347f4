//! Runs every sample through the loader and the schema, with snapshots of the diagnostics.

use std::{fmt::Write as _, fs, path::Path};

use openclaw_config::{Config, Diagnostic, Env, LoadError, LoadedConfig, Severity};
use serde_json::Value;

fn samples(folder: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples").join(folder);
    let mut samples: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect();
    samples.sort();
    samples
}

fn env() -> Env {
    Env::from_pairs([("VLLM_API_KEY", "vllm-local")])
}

/// Writes one line for each diagnostic, followed by the text of its span.
fn say(out: &mut String, text: &str, diagnostics: &[Diagnostic]) {
    for diagnostic in diagnostics {
        let span = diagnostic.span.unwrap();
        let covered = text.get(span.start..span.end).unwrap();
        let short: String = covered.chars().take(40).collect();
        writeln!(out, "{diagnostic}\n  at {short:?}").unwrap();
    }
}

fn valid() -> impl Iterator<Item = (String, String, LoadedConfig)> {
    samples("valid").into_iter().map(|(name, text)| match Config::parse(&text, &env()) {
        Ok(loaded) => (name, text, loaded),
        Err(error) => panic!("{name}: {:?}", error.diagnostics()),
    })
}

#[test]
fn valid_samples_load_without_an_error_or_an_unknown_key() {
    let mut said = String::new();
    let mut count = 0;
    for (name, text, loaded) in valid() {
        count += 1;
        let unknown = |diagnostic: &Diagnostic| diagnostic.message.contains("unknown key");
        assert!(!loaded.has_errors(), "{name}: {:?}", loaded.diagnostics);
        assert!(!loaded.diagnostics.iter().any(unknown), "{name}: {:?}", loaded.diagnostics);
        let unused: Vec<String> = loaded.unused_keys().iter().map(ToString::to_string).collect();
        writeln!(said, "## {name}\nunused: {}", unused.join(" ")).unwrap();
        say(&mut said, &text, &loaded.diagnostics);
    }
    assert!(count >= 40);
    insta::assert_snapshot!("valid", said);
}

#[test]
fn invalid_samples_are_explained() {
    let mut said = String::new();
    assert!(samples("invalid").len() >= 60);
    for (name, text) in samples("invalid") {
        writeln!(said, "## {name}").unwrap();
        match Config::parse(&text, &env()) {
            Ok(loaded) => {
                let bad = |found: &Diagnostic| {
                    found.severity != Severity::Note || name.starts_with("lint-address-")
                };
                assert!(loaded.diagnostics.iter().any(bad), "{name}");
                assert!(!name.starts_with("syntax-"), "{name}");
                say(&mut said, &text, &loaded.diagnostics);
            }
            Err(error) => {
                assert!(matches!(error, LoadError::Broken { .. }), "{name}: {error:?}");
                assert!(name.starts_with("syntax-"), "{name}: {error:?}");
                say(&mut said, &text, error.diagnostics());
            }
        }
    }
    insta::assert_snapshot!("invalid", said);
}

#[test]
fn the_schema_agrees_with_the_loader_on_every_sample() {
    let validator = jsonschema::validator_for(&Config::json_schema()).unwrap();
    for (name, text) in samples("valid") {
        let value: Value = json5::from_str(&text).unwrap();
        let problems: Vec<String> =
            validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(problems.is_empty(), "{name}: {problems:?}");
    }
    // A JSON value has no duplicate keys, and the schema reports neither lints nor keys below those
    // without effect.
    let loader_only = |name: &str| {
        ["duplicate-key", "lint-", "strange-"].iter().any(|kind| name.starts_with(kind))
    };
    // JSON has no infinite number, and no limit to how deep it nests.
    let apart = ["value-infinite", "syntax-too-deep"];
    for (name, text) in samples("invalid") {
        let Ok(value) = json5::from_str::<Value>(&text) else { continue };
        if !apart.contains(&name.as_str()) {
            assert_eq!(validator.is_valid(&value), loader_only(&name), "{name}");
        }
    }
}

#[test]
fn wrong_parts_are_left_out_and_the_rest_is_served() {
    let (_, text) = samples("invalid")
        .into_iter()
        .find(|(name, _)| name == "several-problems-at-once")
        .unwrap();
    let loaded = Config::parse(&text, &env()).unwrap();
    let vllm = loaded.config.find_provider("vllm").unwrap();
    assert!(vllm.api_key.is_none());
    let ids: Vec<&str> = vllm.models.iter().map(|model| model.id.as_str()).collect();
    assert_eq!(ids, ["good", "also-good"]);
    assert_eq!(vllm.find_model("good").unwrap().max_tokens.map(u32::from), Some(100));
    assert_eq!(vllm.find_model("good").unwrap().context_window, None);
    assert_eq!(vllm.find_model("also-good").unwrap().input.as_ref().map(Vec::len), Some(1));
    let defaults = &loaded.config.agents.defaults;
    assert_eq!(defaults.run_timeout().map(|limit| limit.as_secs()), Some(172_800));
}

#[test]
fn the_config_of_the_original_program_reads_as_it_was_meant() {
    let (_, _, loaded) =
        valid().find(|(name, ..)| name == "thread-written-by-the-original").unwrap();
    let Config { agents, gateway, tools, .. } = &loaded.config;
    let env = env();
    let model = "vllm/meta-llama/Llama-3.3-70B-Instruct";
    assert_eq!(loaded.config.primary_model(&env).unwrap().as_deref(), Some(model));
    assert_eq!(agents.defaults.models.len(), 4);
    assert_eq!((gateway.port(), gateway.auth.token().is_some()), (18_789, false));
    assert_eq!(tools.web.search.provider.as_deref(), Some("gemini"));
    let vllm = loaded.config.find_provider("vllm").unwrap();
    assert_eq!(
        vllm.resolve_base_url(&env).unwrap().as_deref(),
        Some("http://192.168.75.81:8000/v1")
    );
    assert_eq!(
        vllm.api_key().unwrap().resolve_secret(&env).unwrap().source.to_string(),
        "env VLLM_API_KEY"
    );
    let served = vllm.find_model("meta-llama/Llama-3.3-70B-Instruct").unwrap();
    assert_eq!(served.context_window.map(u32::from), Some(32_768));
    assert_eq!(served.compat.supports_tools, Some(false));
    assert_eq!(served.compat.requires_string_content, Some(true));
}

#[test]
fn a_file_that_is_wrong_all_over_is_not_used_at_all() {
    let wrong = "1, ".repeat(70);
    let fallbacks = format!("model: {{ primary: 'a/b', fallbacks: [{wrong}] }}");
    let text = format!("{{ agents: {{ defaults: {{ timeoutSeconds: 1, {fallbacks} }} }} }}");
    let loaded = Config::parse(&text, &env()).unwrap();
    assert_eq!(loaded.config.primary_model(&env()).unwrap(), None);
    assert_eq!(loaded.find_origin("agents.defaults.timeoutSeconds").to_string(), "default");
    assert!(loaded.unused_keys().is_empty());
    let message = "64 values or more are wrong, nothing is used";
    assert!(loaded.diagnostics.iter().any(|diagnostic| diagnostic.message == message));
}
