//! The schemas of the tools agree with the arguments they accept.

use std::time::Duration;

use openclaw_core::ToolOutput;
use openclaw_tools::{BackgroundOptions, CommandRuns};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};

use crate::support::{Fixture, call, exec_options};

/// The most bytes of JSON that all tools may add to every prompt (about 4 per token).
const MAX_BYTES: usize = 6 << 10;
/// The most bytes of the tools that there are now.
const MAX_BYTES_NOW: usize = 4300;

#[test]
fn the_tools_are_sorted_and_cheap_to_describe() {
    let fixture = fixture();
    let names: Vec<_> = fixture.tools.iter().map(|tool| tool.spec().name.as_str()).collect();
    assert_eq!(names, ["edit", "exec", "list", "process", "read", "search", "write"]);

    let described: Vec<Value> = fixture
        .tools
        .iter()
        .map(|tool| {
            let spec = tool.spec();
            json!({"type": "function", "function": {
                "name": spec.name.as_str(),
                "description": &*spec.description,
                "parameters": &*spec.parameters,
            }})
        })
        .collect();
    let bytes = Value::from(described).to_string().len();
    println!("the tools take {bytes} bytes");
    assert!(bytes <= MAX_BYTES.min(MAX_BYTES_NOW), "{bytes} bytes");
}

#[test]
fn a_schema_has_nothing_that_a_grammar_chokes_on() {
    let read = fixture().tool("read").spec().parameters.clone();
    assert_eq!(
        *read,
        json!({
            "type": "object",
            "properties": {
                "path": {"type": "string", "description": "Relative to the workspace"},
                "offset": {"type": "integer", "description": "First line, from 1"},
                "limit": {"type": "integer", "description": "Most lines"},
            },
            "required": ["path"],
            "additionalProperties": false,
        })
    );
    for tool in &fixture().tools {
        let text = tool.spec().parameters.to_string();
        for word in ["$ref", "$defs", "$schema", "title", "format", "minimum", "null", "anyOf"] {
            assert!(!text.contains(word), "{word} in {text}");
        }
    }
}

#[test]
fn a_wrong_argument_is_named_with_what_was_expected() {
    let fixture = fixture();
    for (tool, arguments, problem) in [
        ("read", json!({}), "missing field `path`"),
        ("read", json!({"path": 5}), "`path`: invalid type: integer `5`, expected a string"),
        (
            "read",
            json!({"path": "a", "offset": "x"}),
            "`offset`: invalid type: string \"x\", expected a whole number",
        ),
        (
            "read",
            json!({"path": "a", "limit": 1.5}),
            "`limit`: invalid type: floating point `1.5`, expected a whole number",
        ),
        (
            "read",
            json!({"file": "a"}),
            "unknown field `file`, expected one of `path`, `offset`, `limit`",
        ),
        ("edit", json!({"path": "a", "old_text": "b"}), "`old_text` needs a `new_text`"),
        (
            "edit",
            json!({"path": "a", "old_text": "b", "new_text": "c", "all": "yes"}),
            "`all`: invalid type: string \"yes\", expected a boolean",
        ),
        ("write", json!({"path": "../a", "content": ""}), "`../a` is outside the workspace"),
        ("exec", json!({"command": "ls", "directory": "/"}), "`/` is outside the workspace"),
    ] {
        let error = fixture.plan(tool, arguments).unwrap_err();
        assert_eq!(error.tool.as_str(), tool);
        assert!(error.problem.starts_with(problem), "{}", error.problem);
    }
}

/// All tools.
fn fixture() -> Fixture {
    let runs = CommandRuns::new(Duration::from_mins(1));
    let background = BackgroundOptions { runs, yield_after: Duration::from_mins(1) };
    let mut options = exec_options();
    options.background = Some(background);
    Fixture::with(options)
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (-50i32..50).prop_map(|number| Value::from(f64::from(number))),
        "[a-z]{0,6}".prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        Just(json!([])),
        Just(json!(["ls", "-l"])),
        Just(json!({"TZ": "UTC"})),
        Just(json!("poll")),
        Just(json!({})),
    ]
}

fn arguments() -> impl Strategy<Value = Map<String, Value>> {
    let keys = [
        "path",
        "offset",
        "limit",
        "content",
        "old_text",
        "new_text",
        "all",
        "edits",
        "command",
        "directory",
        "timeout",
        "depth",
        "glob",
        "hidden",
        "pattern",
        "literal",
        "ignore_case",
        "context",
        "argv",
        "env",
        "background",
        "action",
        "sessionId",
        "other",
    ];
    prop::collection::btree_map(prop::sample::select(keys.to_vec()), value(), 0..6)
        .prop_map(|map| map.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

#[test]
fn schema_and_decoder_agree() {
    let fixture = fixture();
    let validators: Vec<_> = fixture
        .tools
        .iter()
        .map(|tool| jsonschema::validator_for(&tool.spec().parameters).unwrap())
        .collect();
    let check = |arguments: Map<String, Value>| {
        for (tool, validator) in fixture.tools.iter().zip(&validators) {
            let parameters = &tool.spec().parameters;
            let is_optional = |key: &str| {
                let required = parameters["required"].as_array();
                parameters["properties"].get(key).is_some()
                    && !required.is_some_and(|names| names.iter().any(|one| one == key))
            };
            // The tools also accept `null` for an optional value; the schema does not offer it.
            let mut strict = arguments.clone();
            strict.retain(|key, value| !(value.is_null() && is_optional(key)));
            let valid = validator.is_valid(&Value::Object(strict));

            let name = tool.spec().name.as_str();
            let planned = tool.plan_call(&call(name, Value::Object(arguments.clone())));
            let decoded = planned.as_ref().err().is_none_or(|error| {
                // An impossible path or pattern is decoded first and refused later.
                !error.problem.contains("expected") && !error.problem.contains(" field ")
            });
            prop_assert_eq!(valid, decoded, "{} {:?}", name, planned);
        }
        Ok(())
    };
    let mut runner = TestRunner::new(ProptestConfig::with_cases(3000));
    runner.run(&arguments(), check).unwrap();
}

#[test]
fn no_arguments_make_a_file_tool_panic() {
    let fixture = fixture();
    let tokio = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let check = |arguments: Map<String, Value>| {
        for tool in ["read", "write", "edit", "list", "search"] {
            let call = fixture.call(tool, Value::Object(arguments.clone()));
            let output: ToolOutput = tokio.block_on(call);
            prop_assert!(output.text.len() < 60_000);
        }
        Ok(())
    };
    let mut runner = TestRunner::new(ProptestConfig::with_cases(1000));
    runner.run(&arguments(), check).unwrap();
    fixture.assert_outside_untouched();
}
