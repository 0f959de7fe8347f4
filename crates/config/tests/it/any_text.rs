//! Any text is either a config or explained, and schema and loader agree on any JSON.

use std::sync::LazyLock;

use openclaw_config::{Config, Env, LoadError, LoadedConfig, Severity};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

static SCHEMA: LazyLock<jsonschema::Validator> =
    LazyLock::new(|| jsonschema::validator_for(&Config::json_schema()).unwrap());

/// Keys that exist somewhere in the config, and some that do not.
const KEYS: &[&str] = &[
    "agents",
    "defaults",
    "model",
    "primary",
    "fallbacks",
    "models",
    "mode",
    "providers",
    "vllm",
    "apiKey",
    "source",
    "id",
    "path",
    "command",
    "headers",
    "baseUrl",
    "api",
    "contextWindow",
    "cost",
    "input",
    "compat",
    "supportsTools",
    "tools",
    "exec",
    "ask",
    "timeoutSec",
    "web",
    "search",
    "gateway",
    "auth",
    "token",
    "port",
    "browser",
    "alias",
    "colour",
    "x.y",
];

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3i64..70_000).prop_map(Value::from),
        Just(json!(0.5)),
        prop::sample::select(vec!["text", "env", "merge", "node", "", "${A}", "openai-responses"])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 48, 5, |inner| {
        let object = prop::collection::vec((prop::sample::select(KEYS), inner.clone()), 0..5);
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Value::from),
            object.prop_map(|entries| {
                let entries = entries.into_iter().map(|(key, value)| (key.to_owned(), value));
                Value::Object(entries.collect::<Map<_, _>>())
            }),
        ]
    })
}

/// A JSON value at a path for which the config has a type.
fn config_like() -> impl Strategy<Value = Value> {
    let places = prop::sample::select(vec![
        "",
        "agents",
        "agents/defaults",
        "agents/defaults/model",
        "agents/defaults/models/a",
        "models/providers/vllm",
        "models/providers/vllm/apiKey",
        "models/providers/vllm/headers",
        "tools/exec",
        "tools/web",
        "gateway",
        "gateway/auth",
    ]);
    (places, any_json(), any::<bool>()).prop_map(|(place, value, in_model)| {
        let value = if in_model {
            let model = json!({ "id": "m", "compat": value.clone(), "input": value });
            json!({ "models": { "providers": { "p": { "models": [model] } } } })
        } else {
            place
                .split('/')
                .rev()
                .filter(|key| !key.is_empty())
                .fold(value, |inner, key| json!({ key: inner }))
        };
        if value.is_object() { value } else { json!({ "agents": value }) }
    })
}

fn check(text: &str, outcome: &Result<LoadedConfig, LoadError>) -> Result<(), TestCaseError> {
    let diagnostics = match outcome {
        Ok(loaded) => &loaded.diagnostics,
        Err(LoadError::Broken { diagnostics, redacted_text: text_to_show, .. }) => {
            prop_assert_eq!(text_to_show.len(), text.len());
            prop_assert!(!diagnostics.is_empty());
            diagnostics
        }
        Err(other) => return Err(TestCaseError::fail(other.to_string())),
    };
    for diagnostic in diagnostics {
        let span = diagnostic.span.unwrap();
        prop_assert!(text.get(span.start..span.end).is_some(), "{:?}", diagnostic);
        prop_assert!(diagnostic.line >= 1 && diagnostic.column >= 1);
    }
    Ok(())
}

#[test]
fn a_text_that_nests_without_end_is_refused() {
    for opening in ["[", "{a:", "{a:[", "/*[", "\"["] {
        let text = opening.repeat(100_000);
        check(&text, &Config::parse(&text, &Env::default())).unwrap();
        assert!(Config::parse(&text, &Env::default()).is_err());
    }
}

#[test]
fn at_most_a_hundred_problems_are_reported() {
    let keys: Vec<String> = (0..5_000).map(|number| format!("k{number}: 1")).collect();
    let loaded = Config::parse(&format!("{{ {} }}", keys.join(",")), &Env::default()).unwrap();
    assert_eq!(loaded.diagnostics.len(), 101);
    let last = loaded.diagnostics.last().unwrap();
    assert_eq!(last.message, "there are more problems than are listed here");
}

proptest! {
    #[test]
    fn any_bytes_are_a_config_or_explained(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let text = String::from_utf8_lossy(&bytes);
        check(&text, &Config::parse(&text, &Env::default()))?;
    }

    #[test]
    fn any_text_that_looks_like_json5_is_a_config_or_explained(
        text in "\\{[\\[\\]{}:,\"'/*\\\\a0ux \\r\n.+-]{0,40}"
    ) {
        check(&text, &Config::parse(&text, &Env::default()))?;
    }

    #[test]
    fn any_json_is_judged_as_the_schema_does(value in config_like(), json5 in any::<bool>()) {
        let text = if json5 { json5::to_string(&value).unwrap() } else { value.to_string() };
        let outcome = Config::parse(&text, &Env::default());
        check(&text, &outcome)?;
        let loaded = outcome.unwrap();
        let unknown = |message: &str| message.contains("unknown key");
        let fine = loaded.diagnostics.iter().all(|diagnostic| {
            diagnostic.severity != Severity::Error && !unknown(&diagnostic.message)
        });
        prop_assert_eq!(fine, SCHEMA.is_valid(&value), "{:?}", loaded.diagnostics);
        for path in loaded.unused_keys() {
            prop_assert!(loaded.find_position(&path).is_some());
        }
    }
}
