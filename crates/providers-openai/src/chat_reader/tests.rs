//! Events as servers really send them.

use super::*;

/// The content of events, and the first fault.
fn read_content(events: &[&str]) -> (String, Option<String>) {
    let mut reader = ChatReader::default();
    let mut content = String::new();
    for event in events {
        if let Some(delta) = reader.read_by_template(event) {
            content.push_str(&delta.content.unwrap_or_default());
            continue;
        }
        match reader.read(event) {
            Ok(StreamItem::Chunk(chunk)) => {
                let deltas = chunk.choices.into_iter().filter_map(|choice| choice.delta.content);
                content.extend(deltas);
            }
            Ok(_) => {}
            Err(StreamFault::ServerError(value)) => {
                let error = parse_error_event(&value).unwrap();
                return (content, Some(error.message));
            }
            Err(_) => return (content, Some("malformed".to_owned())),
        }
    }
    (content, None)
}

fn content_event(text: &str) -> String {
    format!(r#"{{"choices":[{{"index":0,"delta":{{"content":"{text}"}}}}]}}"#)
}

#[test]
fn a_character_in_two_chunks_is_joined_also_on_the_fast_path() {
    let events = ["a", "b", "c \\ud83d", "\\ude00 d", "e", "\\ud83d", "f", "g"].map(content_event);
    let events: Vec<&str> = events.iter().map(String::as_str).collect();
    assert_eq!(read_content(&events), ("abc 😀 de\u{fffd}fg".to_owned(), None));
}

#[test]
fn half_a_character_at_the_very_end_is_replaced() {
    let end = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;
    let cut = content_event("a \\ud83d");
    assert_eq!(read_content(&[&cut, end]), ("a \u{fffd}".to_owned(), None));
    let with_text = end.replace("{}", r#"{"content":"b \ud83d"}"#);
    assert_eq!(read_content(&[&with_text]), ("b \u{fffd}".to_owned(), None));
}

#[test]
fn events_of_every_shape_are_read_or_refused() {
    let hello = content_event("hello");
    for (event, content, fault) in [
        (hello.as_str(), "hello", None),
        (&format!("[{hello},{hello}]"), "hellohello", None),
        (" null ", "", None),
        ("", "", None),
        ("{}", "", None),
        (r#"{"choices":[],"usage":{"x":NaN}}"#, "", None),
        (r#"{"choices":[{"delta":{"content":"a"},"error":null}],"error":{}}"#, "a", None),
        (r#"{"choices":[{"delta":{"content":"a"},"error":{"message":"no"}}]}"#, "", Some("no")),
        (r#"{"choices":[{"delta":{"content":"a"}}],"error":"no"}"#, "", Some("no")),
        (r#"{"detail":"no"}"#, "", Some("no")),
        (r#"[{"error":{"message":"no"}}]"#, "", Some("no")),
        ("plain", "", Some("malformed")),
        ("7", "", Some("malformed")),
        (r#"{"choices":[{"#, "", Some("malformed")),
    ] {
        let expected = (content.to_owned(), fault.map(str::to_owned));
        assert_eq!(read_content(&[event]), expected, "{event}");
    }
}
