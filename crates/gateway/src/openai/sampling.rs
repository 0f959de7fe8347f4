//! The fields of a request that a model is called with, besides the conversation.

use serde_json::{Map, Value};

/// What a field must be.
#[derive(Debug, Clone, Copy)]
enum FieldRule {
    /// A number between two, both included.
    Number(f64, f64),
    /// A whole number.
    Integer,
    /// A text or a list of at most some texts.
    Texts(usize),
    Text,
    Object,
}

/// The fields that are passed on, with what they must be.
const FIELDS: &[(&str, FieldRule)] = &[
    ("temperature", FieldRule::Number(0.0, 2.0)),
    ("top_p", FieldRule::Number(0.0, 1.0)),
    ("min_p", FieldRule::Number(0.0, 1.0)),
    ("frequency_penalty", FieldRule::Number(-2.0, 2.0)),
    ("presence_penalty", FieldRule::Number(-2.0, 2.0)),
    ("repetition_penalty", FieldRule::Number(0.0, 10.0)),
    ("top_k", FieldRule::Integer),
    ("seed", FieldRule::Integer),
    ("stop", FieldRule::Texts(16)),
    ("reasoning_effort", FieldRule::Text),
    ("logit_bias", FieldRule::Object),
    ("response_format", FieldRule::Object),
    ("chat_template_kwargs", FieldRule::Object),
    ("structured_outputs", FieldRule::Object),
];

/// The names of the limit of an answer, in the order in which they count.
const LIMIT_FIELDS: [&str; 2] = ["max_completion_tokens", "max_tokens"];

/// Reads the fields that are passed on.
///
/// # Errors
/// What is wrong with one of them, as a sentence.
pub(crate) fn read_sampling(body: &Value) -> Result<Map<String, Value>, String> {
    let mut fields = Map::new();
    for (name, rule) in FIELDS {
        let Some(value) = body.get(*name).filter(|value| !value.is_null()) else { continue };
        rule.check(value).map_err(|expected| format!("`{name}` must be {expected}."))?;
        fields.insert((*name).to_owned(), value.clone());
    }
    if body.get("logprobs").and_then(Value::as_bool) == Some(true) {
        return Err("`logprobs` are not supported here.".to_owned());
    }
    Ok(fields)
}

/// Reads the most tokens of an answer.
///
/// # Errors
/// What is wrong with it, as a sentence.
pub(crate) fn read_token_limit(body: &Value) -> Result<Option<u32>, String> {
    for name in LIMIT_FIELDS {
        let Some(value) = body.get(name).filter(|value| !value.is_null()) else { continue };
        let limit = value.as_u64().and_then(|limit| u32::try_from(limit).ok());
        return match limit.filter(|limit| *limit > 0) {
            Some(limit) => Ok(Some(limit)),
            None => Err(format!("`{name}` must be a number of tokens above 0.")),
        };
    }
    Ok(None)
}

impl FieldRule {
    fn check(self, value: &Value) -> Result<(), String> {
        let is_right = match self {
            Self::Number(least, most) => {
                value.as_f64().is_some_and(|number| (least..=most).contains(&number))
            }
            Self::Integer => value.is_i64() || value.is_u64(),
            Self::Texts(most) => {
                let is_list =
                    |items: &Vec<Value>| items.len() <= most && items.iter().all(Value::is_string);
                value.is_string() || value.as_array().is_some_and(is_list)
            }
            Self::Text => value.is_string(),
            Self::Object => value.is_object(),
        };
        if is_right {
            return Ok(());
        }
        Err(match self {
            Self::Number(least, most) => format!("a number from {least} to {most}"),
            Self::Integer => "a whole number".to_owned(),
            Self::Texts(most) => format!("a text or a list of at most {most} texts"),
            Self::Text => "a text".to_owned(),
            Self::Object => "an object".to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn known_fields_are_passed_on_and_wrong_ones_are_named() {
        let body = json!({
            "temperature": 0.5, "stop": ["a"], "seed": 7, "top_p": null, "metadata": {}, "n": 1,
        });
        let fields = read_sampling(&body).unwrap();
        assert_eq!(Value::from(fields), json!({ "temperature": 0.5, "stop": ["a"], "seed": 7 }));
        for (body, said) in [
            (json!({ "temperature": 3 }), "`temperature` must be a number from 0 to 2."),
            (json!({ "temperature": "hot" }), "`temperature`"),
            (json!({ "top_k": 1.5 }), "`top_k` must be a whole number."),
            (json!({ "stop": [1] }), "`stop`"),
            (json!({ "response_format": "json" }), "`response_format` must be an object."),
            (json!({ "logprobs": true }), "`logprobs`"),
        ] {
            let problem = read_sampling(&body).unwrap_err();
            assert!(problem.contains(said), "{body}: {problem}");
        }
        assert_eq!(read_token_limit(&json!({ "max_tokens": 9 })), Ok(Some(9)));
        let both = json!({ "max_tokens": 9, "max_completion_tokens": 8 });
        assert_eq!(read_token_limit(&both), Ok(Some(8)));
        assert!(read_token_limit(&json!({ "max_tokens": 0 })).is_err());
    }
}
