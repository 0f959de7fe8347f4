//! Schema and code agree.

use openclaw_config::{AgentDefaults, Config, ExecConfig, GatewayConfig};
use serde_json::{Value, json};

fn default_of<'s>(schema: &'s Value, definition: &str, key: &str) -> &'s Value {
    schema.pointer(&format!("/$defs/{definition}/properties/{key}/default")).unwrap()
}

#[test]
fn the_defaults_in_the_schema_are_those_of_the_code() {
    let schema = Config::json_schema();
    let (agent, exec, gateway) =
        (AgentDefaults::default(), ExecConfig::default(), GatewayConfig::default());
    let seconds = |limit: Option<std::time::Duration>| json!(limit.unwrap().as_secs());
    for (definition, key, code) in [
        ("AgentDefaults", "timeoutSeconds", seconds(agent.run_timeout())),
        ("LlmConfig", "idleTimeoutSeconds", seconds(agent.llm.idle_timeout())),
        ("CompactionConfig", "timeoutSeconds", seconds(agent.compaction.timeout())),
        ("ExecConfig", "timeoutSec", seconds(exec.timeout())),
        ("GatewayConfig", "port", json!(gateway.port())),
    ] {
        assert_eq!(*default_of(&schema, definition, key), code, "{definition}.{key}");
    }
}

#[test]
fn a_config_that_spells_out_the_defaults_changes_nothing() {
    let schema = Config::json_schema();
    let of = |definition, key| default_of(&schema, definition, key);
    let text = json!({
        "agents": { "defaults": {
            "localModelMode": of("AgentDefaults", "localModelMode"),
            "compaction": { "mode": of("CompactionConfig", "mode") },
        } },
        "models": { "mode": of("ModelsConfig", "mode") },
        "tools": { "exec": {
            "host": of("ExecConfig", "host"),
            "security": of("ExecConfig", "security"),
            "ask": of("ExecConfig", "ask"),
        } },
        "gateway": {
            "mode": of("GatewayConfig", "mode"),
            "bind": of("GatewayConfig", "bind"),
            "auth": { "mode": of("GatewayAuth", "mode") },
            "tailscale": { "mode": of("TailscaleConfig", "mode") },
        },
        "diagnostics": { "trace": {
            "enabled": of("TraceConfig", "enabled"),
            "keep": of("TraceConfig", "keep"),
            "maxBytes": of("TraceConfig", "maxBytes"),
        } },
    });
    let loaded = Config::parse(&text.to_string(), &openclaw_config::Env::default()).unwrap();
    assert_eq!(loaded.diagnostics, []);
    let resolved = |config: &Config| {
        let Config { agents, models, tools, gateway, diagnostics, .. } = config;
        let (defaults, exec) = (&agents.defaults, &tools.exec);
        (
            (defaults.local_model_mode(), defaults.compaction.mode(), models.mode()),
            (exec.host(), exec.security(), exec.ask_mode()),
            (gateway.mode(), gateway.bind(), gateway.auth.mode(), gateway.tailscale.mode()),
            (
                diagnostics.trace.is_enabled(),
                diagnostics.trace.retained_traces(),
                diagnostics.trace.max_bytes(),
            ),
        )
    };
    assert_eq!(resolved(&loaded.config), resolved(&Config::default()));
}

#[test]
fn every_property_has_a_description() {
    let schema = Config::json_schema();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    let definitions = schema["$defs"].as_object().unwrap();
    let described = |value: &Value| value.get("description").is_some();
    for (name, definition) in definitions.iter().chain([(&"Config".to_owned(), &schema)]) {
        assert!(described(definition), "{name}");
        for (key, property) in definition["properties"].as_object().into_iter().flatten() {
            assert!(described(property), "{name}.{key}");
        }
    }
}

#[test]
fn keys_with_a_preferred_spelling_are_deprecated_and_others_are_not() {
    let schema = Config::json_schema();
    let mut deprecated = Vec::new();
    let definitions = schema["$defs"].as_object().unwrap();
    for (name, definition) in definitions.iter().chain([(&"Config".to_owned(), &schema)]) {
        for (key, property) in definition["properties"].as_object().into_iter().flatten() {
            if property["deprecated"] == json!(true) {
                deprecated.push(format!("{name}.{key}"));
            }
        }
    }
    for expected in ["ExperimentalConfig.localModelLean", "ExecConfig.timeoutSeconds"] {
        assert!(deprecated.contains(&expected.to_owned()), "{expected}: {deprecated:?}");
    }
    for unmarked in ["LlmConfig.idleTimeoutSeconds", "AgentsConfig.list"] {
        assert!(!deprecated.contains(&unmarked.to_owned()), "{unmarked}");
    }
    assert!(!deprecated.contains(&"ProviderConfig.timeoutSeconds".to_owned()));
}

#[test]
fn every_example_of_the_schema_is_valid() {
    let schema = Config::json_schema();
    let mut count = 0;
    for definition in schema["$defs"].as_object().unwrap().values() {
        for property in definition["properties"].as_object().into_iter().flatten() {
            let (_, property) = property;
            for example in property["examples"].as_array().into_iter().flatten() {
                let mut alone = property.clone();
                alone["$defs"] = schema["$defs"].clone();
                assert!(jsonschema::is_valid(&alone, example), "{example}");
                count += 1;
            }
        }
    }
    assert!(count >= 6);
}
