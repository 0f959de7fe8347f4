//! A server that echoes the request teaches nothing by that.

use openclaw_core::ChatRequest;
use openclaw_provider::refusal_evidence;

use super::{Adaptation, REFUSAL_MESSAGES, find_adaptation, full_request, refusal_error};
use crate::capabilities::ServerCapabilities;

/// A JSON value as Python prints it.
fn python_repr(value: &serde_json::Value) -> String {
    use serde_json::Value;
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'")),
        Value::Array(elements) => {
            format!("[{}]", elements.iter().map(python_repr).collect::<Vec<_>>().join(", "))
        }
        Value::Object(entries) => {
            let entry = |(key, value)| format!("'{key}': {}", python_repr(value));
            format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
    }
}

/// The top-level fields as Python prints the arguments of a constructor.
fn python_arguments(value: &serde_json::Value) -> String {
    let fields = value.as_object().into_iter().flatten();
    fields
        .map(|(key, value)| format!("{key}={}", python_repr(value)))
        .collect::<Vec<_>>()
        .join(", ")
}

/// Echoes of a request as servers write them.
fn echoes(request: &ChatRequest) -> Vec<String> {
    let body = crate::request::chat_completion_body(
        "m",
        request,
        Some(512),
        &ServerCapabilities::default(),
    );
    let text = String::from_utf8(body.to_vec()).unwrap();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let escaped = serde_json::to_string(&text).unwrap();
    let twice = serde_json::to_string(&escaped).unwrap();
    let arguments = python_arguments(&value);
    vec![
        serde_json::to_string_pretty(&value).unwrap(),
        python_repr(&value),
        format!("b'{}'", text.replace('\'', "\\'")),
        format!("ChatCompletionRequest({arguments})"),
        arguments,
        twice,
        escaped,
        text,
    ]
}

#[test]
fn a_refusal_that_echoes_the_request_teaches_nothing() {
    let mut request = full_request();
    request.history.push_user_message("Say it's } \"done\" (or not), {please}");
    let learned_from = |message: &str| {
        let evidence = refusal_evidence(&refusal_error(400, message, None), &request);
        find_adaptation(&evidence, &request, &ServerCapabilities::default())
    };
    let mut count = 0;
    for echo in echoes(&request) {
        for before in ["Invalid request: ", "1 validation error, unexpected input_value=", "Bad: "]
        {
            let ends = [10, 4, 3, 2, 1].map(|part| echo.len() / part);
            for end in ends.into_iter().filter(|end| echo.is_char_boundary(*end)) {
                let cut = echo.get(..end).unwrap();
                for message in [
                    format!("{before}{cut}"),
                    format!("{before}{cut}... (truncated)"),
                    format!("{before}{cut}\nThis is not supported."),
                ] {
                    assert_eq!(learned_from(&message), None, "{message}");
                    count += 1;
                }
            }
            for start in [echo.len() / 3, echo.len() / 2] {
                let message = format!("{before}...{}", echo.get(start..).unwrap());
                assert_eq!(learned_from(&message), None, "{message}");
            }
        }
    }
    assert!(count > 300, "{count}");
}

#[test]
fn a_refusal_beside_an_echo_teaches_its_lack() {
    let request = full_request();
    for (message, expected, _) in REFUSAL_MESSAGES {
        for echo in echoes(&request) {
            let message = format!("{message}: {echo}");
            let evidence = refusal_evidence(&refusal_error(400, &message, None), &request);
            let found = find_adaptation(&evidence, &request, &ServerCapabilities::default());
            assert!(
                matches!(found, Some(Adaptation::UnsupportedFeature { feature, .. }) if feature == *expected),
                "{message}: {found:?}"
            );
        }
    }
}
