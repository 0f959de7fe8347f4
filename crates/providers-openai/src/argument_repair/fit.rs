//! Gives arguments the types that the tool's schema wants, at any depth, where nothing is lost.

use openclaw_core::ToolArguments;
use serde_json::{Map, Value};

use super::{QUOTED_KEY_REPAIR, QUOTED_VALUE_REPAIR};
use crate::schema::ArgumentSchema;

/// The deepest nesting that is looked at.
const MAX_DEPTH: u8 = 16;

/// Unwraps values from strings where the schema wants another type, and keys from quotes.
pub(super) fn fit_arguments(
    arguments: &ToolArguments,
    schema: ArgumentSchema<'_>,
    repairs: &mut Vec<&'static str>,
) -> ToolArguments {
    let mut map = arguments.as_map().clone();
    fit_object(&mut map, schema, MAX_DEPTH, repairs);
    ToolArguments::from(map)
}

fn fit_object(
    map: &mut Map<String, Value>,
    schema: ArgumentSchema<'_>,
    depth: u8,
    repairs: &mut Vec<&'static str>,
) {
    let keys: Vec<String> = map.keys().cloned().collect();
    for key in keys {
        let bare = key.strip_prefix('"').and_then(|key| key.strip_suffix('"'));
        let bare = bare.filter(|bare| schema.has_argument(bare) && !map.contains_key(*bare));
        let name = bare.unwrap_or(&key);
        if bare.is_some()
            && let Some(value) = map.remove(&key)
        {
            map.insert(name.to_owned(), value);
            repairs.push(QUOTED_KEY_REPAIR);
        }
        if let Some(value) = map.get_mut(name) {
            fit_value(value, schema.property(name), depth, repairs);
        }
    }
}

fn fit_value(
    value: &mut Value,
    schema: ArgumentSchema<'_>,
    depth: u8,
    repairs: &mut Vec<&'static str>,
) {
    let Some(depth) = depth.checked_sub(1) else { return };
    if let Some(fitted) = convert_value(value, schema) {
        *value = fitted;
        repairs.push(QUOTED_VALUE_REPAIR);
    }
    match value {
        Value::Object(map) => fit_object(map, schema, depth, repairs),
        Value::Array(list) => {
            let items = schema.items();
            for item in list {
                fit_value(item, items, depth, repairs);
            }
        }
        _ => {}
    }
}

/// The value as one of the types that the schema allows; `None` if it is one, or cannot be.
fn convert_value(value: &Value, schema: ArgumentSchema<'_>) -> Option<Value> {
    let types = schema.types();
    if types.accepts_value(value) {
        return None;
    }
    match value {
        Value::String(text) if types.forbids_text() => {
            let parsed = types.parse_value(text);
            if types.accepts_value(&parsed) {
                return Some(parsed);
            }
            // A list of one, without its brackets.
            let is_list =
                types.allows_type("array") && schema.items().types().allows_type("string");
            is_list.then(|| Value::Array(vec![value.clone()]))
        }
        Value::Number(number) if number.is_f64() && types.allows_type("integer") => {
            Some(Value::from(number.as_f64()?.to_string().parse::<i64>().ok()?))
        }
        // A fraction may have been written with more digits.
        Value::Number(number) if types.allows_type("string") && !number.is_f64() => {
            Some(Value::String(number.to_string()))
        }
        Value::Bool(word) if types.allows_type("string") => Some(Value::String(word.to_string())),
        Value::Array(list) if !types.allows_type("array") => match list.as_slice() {
            [only] if types.accepts_value(only) => Some(only.clone()),
            _ => None,
        },
        _ => None,
    }
}
