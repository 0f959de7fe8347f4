//! JSON as servers write it, whole and in events.

use proptest::prelude::*;
use serde_json::json;

use super::*;

#[test]
fn what_is_nearly_json_is_read() {
    let table = [
        ("{\"a\": \"b\tc\nd\"}", json!({"a": "b\tc\nd"})),
        (r#"{"a": "b\xc\'d"}"#, json!({"a": "b\\xc\\'d"})),
        (r#"{"a": "b\u12"}"#, json!({"a": "b\\u12"})),
        (r#"{"a": "now \ud99c here"}"#, json!({"a": "now \u{fffd} here"})),
        (r#"{"a": "\ude00\ud83d\ude00\ud83d"}"#, json!({"a": "\u{fffd}😀\u{fffd}"})),
        (r#"{"a": "\ud83d\ud83d\ude00"}"#, json!({"a": "\u{fffd}😀"})),
        (
            r#"{"a": NaN, "b": -Infinity, "c": 1e999, "d": inf}"#,
            json!({"a": null, "b": null, "c": null, "d": null}),
        ),
        (r#"{"a": .5, "b": True, "c": None}"#, json!({"a": 0.5, "b": true, "c": null})),
        (r#"{"a": [1, 2,], "b": 3 , }"#, json!({"a": [1, 2], "b": 3})),
        (r#"{"a": 1, "a": 2}"#, json!({"a": 2})),
        (r#"{"a": "NaN, 1e999, \"True\",]"}"#, json!({"a": "NaN, 1e999, \"True\",]"})),
    ];
    for (text, expected) in table {
        assert_eq!(parse_lenient_json(text).unwrap(), expected, "{text}");
    }
}

#[test]
fn what_is_cut_off_or_no_json_stays_an_error() {
    for text in ["", "{", r#"{"a": "b"#, r#"{"a": nope}"#, "plain", r#"{"a" 1}"#] {
        assert!(parse_lenient_json(text).is_err(), "{text}");
    }
}

/// The texts of a key, event by event.
fn texts(key: &str, events: &[&str]) -> Vec<String> {
    let mut parser = LenientJsonParser::default();
    let values = events.iter().map(|event| parser.parse(event).unwrap());
    values.filter_map(|value| Some(value.get(key)?.as_str()?.to_owned())).collect()
}

#[test]
fn two_halves_in_two_events_are_one_character() {
    let events = [
        r#"{"content": "hi \ud83d"}"#,
        r#"{"content": "", "text": "other"}"#,
        r#"{"content": "\ude00 there"}"#,
    ];
    assert_eq!(texts("content", &events), ["hi ", "", "😀 there"]);
}

#[test]
fn a_half_that_stays_alone_is_replaced_where_the_text_goes_on() {
    let events = [r#"{"content": "a\ud83d"}"#, r#"{"x": 1}"#, r#"{"content": "b"}"#];
    assert_eq!(texts("content", &events), ["a", "\u{fffd}b"]);
    let unstreamed = [r#"{"token": "a\ud83d"}"#, r#"{"token": "\ude00"}"#];
    assert_eq!(texts("token", &unstreamed), ["a\u{fffd}", "\u{fffd}"]);
}

proptest! {
    #[test]
    fn valid_json_is_read_as_by_the_strict_parser(
        texts in prop::collection::vec(any::<String>(), 0..4), number in any::<f64>(),
    ) {
        let value = json!({"texts": texts, "number": number, "more": [{"a": null}, true, -1]});
        let text = value.to_string();
        prop_assert_eq!(JsonRewriter::new(&text, &mut Vec::new(), true).rewrite(), text.clone());
        prop_assert_eq!(parse_lenient_json(&text).unwrap(), serde_json::from_str::<Value>(&text).unwrap());
    }

    #[test]
    fn nothing_panics(text in r#"[\\"u:{}\[\], \x01a-fA-F0-9tdN.]{0,40}"#) {
        let _parsed = parse_lenient_json(&text);
    }

    #[test]
    fn a_character_may_be_cut_between_any_two_units(text in any::<String>(), at in any::<prop::sample::Index>()) {
        let units: Vec<String> = text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
        let (first, second) = units.split_at(if units.is_empty() { 0 } else { at.index(units.len()) });
        let events = [first, second].map(|half| format!("{{\"content\": \"{}\"}}", half.concat()));
        let events: Vec<&str> = events.iter().map(String::as_str).collect();
        prop_assert_eq!(super::tests::texts("content", &events).concat(), text);
    }
}
