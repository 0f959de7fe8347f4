//! Every spelling of a secret, what it resolves to, and that it is never shown.

use std::io::Write as _;

use secrecy::ExposeSecret as _;

use super::*;
use crate::{Config, Env, LoadedConfig};

fn env() -> Env {
    Env::from_pairs([("VLLM_API_KEY", "vllm-local"), ("BLANK", "")])
}

fn loaded(json5: &str) -> LoadedConfig {
    let text = format!("{{ models: {{ providers: {{ p: {{ apiKey: {json5} }} }} }} }}");
    Config::parse(&text, &Env::default()).unwrap()
}

fn secret(json5: &str) -> SecretInput {
    loaded(json5).config.find_provider("p").unwrap().api_key.clone().unwrap()
}

fn outcome(json5: &str) -> String {
    match secret(json5).resolve_secret(&env()) {
        Ok(found) => {
            format!("{} | {} | {}", found.value.expose_secret(), found.source, found.fingerprint())
        }
        Err(error) => format!("{:?} | {error}", error.kind()),
    }
}

#[test]
fn every_form_resolves_to_a_value_with_its_source() {
    let outcomes: Vec<String> = [
        r#""${VLLM_API_KEY}""#,
        r#""Bearer ${VLLM_API_KEY}""#,
        r#""${NONE:-sk-default}""#,
        r#"{ source: "env", id: "VLLM_API_KEY" }"#,
        r#""sk-literal-1""#,
        r#""short""#,
        r#""VLLM_API_KEY""#,
        r#""OTHER_API_KEY""#,
        r#""${NONE}""#,
        r#""${BLANK}""#,
        r#""""#,
        r#"{ source: "env", id: "NONE" }"#,
        r#"{ source: "file", path: "/nonexistent/key" }"#,
        r#"{ source: "exec", command: ["pass", "show", "vllm"] }"#,
    ]
    .iter()
    .map(|json5| format!("{json5} => {}", outcome(json5)))
    .collect();
    insta::assert_snapshot!(outcomes.join("\n"), @r#"
    "${VLLM_API_KEY}" => vllm-local | env VLLM_API_KEY | vl..al
    "Bearer ${VLLM_API_KEY}" => Bearer vllm-local | env VLLM_API_KEY | Be..al
    "${NONE:-sk-default}" => sk-default | config literal | sk..lt
    { source: "env", id: "VLLM_API_KEY" } => vllm-local | env VLLM_API_KEY | vl..al
    "sk-literal-1" => sk-literal-1 | config literal | sk..-1
    "short" => short | config literal | set
    "VLLM_API_KEY" => vllm-local | env VLLM_API_KEY | vl..al
    "OTHER_API_KEY" => OTHER_API_KEY | config literal | OT..EY
    "${NONE}" => UnsetVariable | read the environment variable NONE, which is not set
    "${BLANK}" => Empty | use the secret from env BLANK, which is empty
    "" => Empty | use the secret from config literal, which is empty
    { source: "env", id: "NONE" } => UnsetVariable | read the environment variable NONE, which is not set
    { source: "file", path: "/nonexistent/key" } => File | read the secret in /nonexistent/key
    { source: "exec", command: ["pass", "show", "vllm"] } => ExecNotSupported | get the secret from `pass`: no command is run here
    "#);
}

#[test]
fn a_file_gives_its_content_without_the_last_line_end() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"from-a-file\r\n").unwrap();
    let home = file.path().parent().unwrap().to_owned();
    let name = file.path().file_name().unwrap().to_str().unwrap();
    let input = secret(&format!("{{ source: 'file', path: '~/{name}' }}"));
    let found = input.resolve_secret(&Env::from_pairs([("HOME", &home)])).unwrap();
    assert_eq!(found.value.expose_secret(), "from-a-file");
    assert_eq!(found.source, SecretSource::File(file.path().to_owned()));

    file.write_all(&vec![b'x'; 70_000]).unwrap();
    let error = input.resolve_secret(&Env::from_pairs([("HOME", &home)])).unwrap_err();
    assert_eq!(error.kind(), SecretErrorKind::File);
}

#[test]
fn nothing_shows_the_value() {
    let env = Env::from_pairs([("KEY", "canary-in-env")]);
    let texts = ["canary-in-config", "${KEY}", "${NONE}canary", "${NONE:-canary}"];
    for input in texts.map(SecretInput::from_text) {
        let shown = format!("{input:?} {:?}", input.resolve_secret(&env));
        assert!(!shown.contains("canary"), "{shown}");
    }
}

#[test]
fn an_incomplete_reference_says_what_is_missing() {
    for (json5, missing) in [
        ("{ source: 'env' }", "`id`"),
        ("{ source: 'file' }", "`path`"),
        ("{ source: 'exec', command: [] }", "`command`"),
    ] {
        let loaded = loaded(json5);
        assert!(loaded.config.find_provider("p").unwrap().api_key.is_none());
        assert!(loaded.diagnostics[0].message.contains(missing), "{:?}", loaded.diagnostics);
    }
}
