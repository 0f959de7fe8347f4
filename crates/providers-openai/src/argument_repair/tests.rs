//! Which faults are repaired, which are not, and that nothing is invented.

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;

use super::*;

/// Parses the arguments of a tool named `read`.
fn parse_arguments(
    raw: &str,
    schema: ArgumentSchema<'_>,
) -> Result<RepairedArguments, ArgumentsParseError> {
    super::parse_arguments(raw, "read", schema)
}

fn repair_text(raw: &str) -> Option<(String, Vec<&'static str>)> {
    let repaired = parse_arguments(raw, ArgumentSchema::default()).ok()?;
    Some((repaired.arguments.to_json(), repaired.repairs))
}

#[test]
fn what_stands_around_and_between_values_is_mended() {
    let table: &[(&str, &str, &[&str])] = &[
        (r#"{"a": 1}"#, r#"{"a":1}"#, &[]),
        ("", "{}", &[]),
        ("```json\n{\"a\": 1}\n```", r#"{"a":1}"#, &[FENCE_REPAIR]),
        ("```\n{}\n```", "{}", &[FENCE_REPAIR]),
        (
            "{\"cmd\": \"a\u{1}b\"}}",
            r#"{"cmd":"a\u0001b"}"#,
            &[CONTROL_CHARACTER_REPAIR, TRAILING_TEXT_REPAIR],
        ),
        ("{\"a\": \"b\n\tc\"}", r#"{"a":"b\n\tc"}"#, &[CONTROL_CHARACTER_REPAIR]),
        (
            r#"{"a": [1, 2,], "b": {"c": 3 , } }"#,
            r#"{"a":[1,2],"b":{"c":3}}"#,
            &[TRAILING_COMMA_REPAIR],
        ),
        (r#"{"a": 1}</tool_call><|im_end|>"#, r#"{"a":1}"#, &[TRAILING_TEXT_REPAIR]),
        (r#""{\"a\": \"b\"}""#, r#"{"a":"b"}"#, &[STRING_REPAIR]),
        (r#"{\"a\": \"b\"}"#, r#"{"a":"b"}"#, &[STRING_REPAIR]),
        (r#"{"a": "},]"}}"#, r#"{"a":"},]"}"#, &[TRAILING_TEXT_REPAIR]),
        (
            "{'a': 'it\\'s', 'b': [True, None],}",
            r#"{"a":"it's","b":[true,null]}"#,
            &[LITERAL_REPAIR],
        ),
        ("{a: 1}", r#"{"a":1}"#, &[LITERAL_REPAIR]),
        (r#"[{"a": 1}]"#, r#"{"a":1}"#, &[LIST_REPAIR]),
        (r#""\"{\\\"a\\\": 1}\"""#, r#"{"a":1}"#, &[STRING_REPAIR, STRING_REPAIR]),
        ("```json\n{\"a\": 1}", r#"{"a":1}"#, &[FENCE_REPAIR]),
        ("`{\"a\": 1}`", r#"{"a":1}"#, &[FENCE_REPAIR]),
        ("\u{feff}{\"a\": 1}", r#"{"a":1}"#, &[]),
        (
            "<tool_call>\n{\"a\": 1}\n</tool_call>",
            r#"{"a":1}"#,
            &[LEADING_TEXT_REPAIR, TRAILING_TEXT_REPAIR],
        ),
        (r#"read({"a": 1})"#, r#"{"a":1}"#, &[LEADING_TEXT_REPAIR, TRAILING_TEXT_REPAIR]),
        (r#"Here: {"a": 1}"#, r#"{"a":1}"#, &[LEADING_TEXT_REPAIR]),
        (r#"{"read": {"a": 1}}"#, r#"{"read":{"a":1}}"#, &[]),
    ];
    for (raw, arguments, mends) in table {
        let expected = Some(((*arguments).to_owned(), mends.to_vec()));
        assert_eq!(repair_text(raw), expected, "{raw}");
    }
}

#[test]
fn what_would_have_to_be_invented_is_left() {
    let table = [
        r#"{"cmd": "ls""#,
        r#"{"cmd": "ls"#,
        r#"{"a": [1, 2}"#,
        r#"{"a": }"#,
        r#"{"a" 1}"#,
        "{a: b}",
        "{'a': 'b}",
        r#"{"a": 1}{"b": 2}"#,
        r#"{"a": 1} and {"b": 2}"#,
        "{\"a\": \"\\\n\"}",
        "{}}",
        "{,}",
        r#""{\"a\": ""#,
        r#""text""#,
        "[1]",
        "19.21E-012",
        "ls -l",
        r#""a", {"a": 1}"#,
    ];
    for raw in table {
        assert_eq!(repair_text(raw), None, "{raw}");
    }
}

#[test]
fn values_and_keys_leave_their_quotes_where_the_schema_wants_it() {
    let root = json!({"properties": {
        "list": {"type": "array"}, "map": {"type": ["object", "null"]}, "text": {"type": "string"},
        "any": {}, "n": {"type": "integer"}, "yes": {"type": ["boolean", "null"]},
    }});
    let raw = json!({
        "list": "[1]", "map": " {\"k\": 1}", "text": "[1]", "any": "[1]", "n": "1", "other": "[1]",
    });
    let repaired = parse_arguments(&raw.to_string(), ArgumentSchema::new(&root)).unwrap();
    let expected = json!({
        "list": [1], "map": {"k": 1}, "text": "[1]", "any": "[1]", "n": 1, "other": "[1]",
    });
    assert_eq!(repaired.arguments.to_value(), expected);
    assert_eq!(repaired.repairs, [QUOTED_VALUE_REPAIR; 3]);
    for (raw, expected) in [
        (json!({"n": 3.0, "yes": "True"}), json!({"n": 3, "yes": true})),
        (json!({"n": " 12 ", "yes": "false"}), json!({"n": 12, "yes": false})),
        (json!({"n": "1.5", "yes": "yes"}), json!({"n": "1.5", "yes": "yes"})),
        (json!({"n": 1.5, "yes": "null"}), json!({"n": 1.5, "yes": null})),
        (
            json!({"n": "99999999999999999999999", "yes": ""}),
            json!({"n": "99999999999999999999999", "yes": ""}),
        ),
        (json!({"n": 1e30, "text": "5"}), json!({"n": 1e30, "text": "5"})),
    ] {
        let repaired = parse_arguments(&raw.to_string(), ArgumentSchema::new(&root)).unwrap();
        assert_eq!(repaired.arguments.to_value(), expected, "{raw}");
    }
    let raw = json!({"\"text\"": "a", "\"other\"": "b", "\"list\"": "[1]", "list": [2]});
    let repaired = parse_arguments(&raw.to_string(), ArgumentSchema::new(&root)).unwrap();
    let expected = json!({"text": "a", "\"other\"": "b", "\"list\"": "[1]", "list": [2]});
    assert_eq!(repaired.arguments.to_value(), expected);
    assert_eq!(repaired.repairs, [QUOTED_KEY_REPAIR]);
    let wrong =
        parse_arguments(r#"{"list": "{}", "map": "{"}"#, ArgumentSchema::new(&root)).unwrap();
    assert_eq!(wrong.repairs, [""; 0]);
}

/// The keys, strings and numbers of a value.
fn collect_literals(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Null | Value::Bool(_) => {}
        Value::Number(number) => found.push(number.to_string()),
        Value::String(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| collect_literals(item, found)),
        Value::Object(fields) => {
            for (key, value) in fields {
                found.push(key.clone());
                collect_literals(value, found);
            }
        }
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<i32>().prop_map(Value::from),
        "[a-z\\n\u{1}{},]{0,6}".prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::from),
            vec(("[a-z]{1,3}", inner), 0..3)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// Malformed JSON as models write it: escaped, quoted, with something before, inside or after.
fn any_malformed() -> impl Strategy<Value = String> {
    let around = prop_oneof![
        Just(""),
        Just("}"),
        Just("```"),
        Just("```json\n"),
        Just(","),
        Just("\""),
        Just("{"),
    ];
    let spoil = (any::<bool>(), any::<bool>(), any::<prop::sample::Index>(), around.clone());
    (any_value(), around.clone(), around, spoil).prop_map(
        |(value, before, after, (is_raw, is_quoted, at, inside))| {
            let mut text = value.to_string();
            if is_raw {
                text = text.replace("\\n", "\n").replace("\\u0001", "\u{1}");
            }
            if is_quoted {
                text = Value::from(text).to_string();
            }
            let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
            text.insert_str(ends[at.index(ends.len())], inside);
            format!("{before}{text}{after}")
        },
    )
}

proptest! {
    #[test]
    fn nothing_is_invented(raw in prop_oneof![any_malformed(), any::<String>()]) {
        if let Ok(salvaged) = parse_arguments(&raw, ArgumentSchema::default()) {
            let mut found = Vec::new();
            collect_literals(&salvaged.arguments.to_value(), &mut found);
            // Literals appear raw, escaped once, or escaped twice inside a string.
            for literal in found {
                let once = Value::from(literal.clone()).to_string();
                let once = &once[1..once.len() - 1];
                let twice = Value::from(once).to_string();
                let twice = &twice[1..twice.len() - 1];
                let plain = raw.replace("\\n", "\n").replace("\\u0001", "\u{1}");
                prop_assert!(
                    [&literal, once, twice].iter().any(|form| raw.contains(*form))
                        || plain.contains(&literal),
                    "{literal:?} is not in {raw:?}"
                );
            }
        }
    }

    #[test]
    fn what_is_right_is_left_as_it_is(value in any_value()) {
        // What is inside a text or a list of one is looked at.
        let is_wrapped = |list: &Vec<Value>| matches!(list.as_slice(), [Value::Object(_) | Value::String(_)]);
        prop_assume!(!value.is_string() && !value.as_array().is_some_and(is_wrapped));
        let right = parse_arguments(&value.to_string(), ArgumentSchema::default());
        prop_assert_eq!(right.is_ok(), value.is_object());
        if let Ok(right) = right {
            prop_assert_eq!(right.arguments.to_value(), value);
            prop_assert_eq!(right.repairs.len(), 0);
        }
    }
}
