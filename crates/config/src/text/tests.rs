//! Positions of values, checked against the parser itself.

use std::fmt::Write as _;

use proptest::{collection::vec, prelude::*};
use serde_json::Value as Json;

use super::{Json5Node, Json5Value, fast, read, read::parse_with_json5};
use crate::pattern::to_key_path;

/// Prints a JSON value as JSON5 in one of many ways, selected by `choices`.
struct Printer<'c> {
    out: String,
    choices: std::iter::Cycle<std::slice::Iter<'c, u8>>,
    /// Whether a non-ASCII name was written without quotes.
    has_exotic_name: bool,
}

impl<'c> Printer<'c> {
    fn new(choices: &'c [u8]) -> Self {
        Self { out: String::new(), choices: choices.iter().cycle(), has_exotic_name: false }
    }

    fn choose(&mut self, among: &[&'static str]) -> &'static str {
        let choice = usize::from(*self.choices.next().unwrap());
        among[choice % among.len()]
    }

    fn gap(&mut self) {
        let gap = self.choose(&[
            "",
            "",
            " ",
            "\n",
            "\t",
            "\u{feff}",
            "\u{2028}",
            "\u{a0}",
            "/* } ' [ */",
            "// \"]\r\n",
            "/**/",
            "/***/",
        ]);
        self.out.push_str(gap);
    }

    fn text(&mut self, text: &str) {
        let quote = self.choose(&["\"", "'"]);
        self.out.push_str(quote);
        for character in text.chars() {
            let plain = self.choose(&["plain", "plain", "escaped"]) == "plain";
            let must_escape = matches!(character, '"' | '\'' | '\\' | '\n' | '\r');
            if plain && !must_escape {
                self.out.push(character);
            } else if (character as u32) < 0x10000 {
                write!(self.out, "\\u{:04x}", character as u32).unwrap();
            } else {
                self.out.push_str("\\\r\n");
                self.out.push(character);
            }
        }
        self.out.push_str(quote);
    }

    fn value(&mut self, value: &Json) {
        self.gap();
        match value {
            Json::String(text) => self.text(text),
            Json::Array(elements) => {
                self.out.push('[');
                for (index, element) in elements.iter().enumerate() {
                    self.out.push_str(if index > 0 { "," } else { "" });
                    self.value(element);
                }
                self.close(elements.is_empty(), ']');
            }
            Json::Object(entries) => {
                self.out.push('{');
                for (index, (key, value)) in entries.iter().enumerate() {
                    self.out.push_str(if index > 0 { "," } else { "" });
                    self.gap();
                    let plain = key.starts_with('a') && key.chars().all(char::is_alphanumeric);
                    if plain {
                        self.has_exotic_name |= !key.is_ascii();
                        self.out.push_str(key);
                    } else {
                        self.text(key);
                    }
                    self.gap();
                    self.out.push(':');
                    self.value(value);
                }
                self.close(entries.is_empty(), '}');
            }
            Json::Number(number) if number.is_u64() => {
                let sign = self.choose(&["", "+"]);
                let radix = self.choose(&["", "0x", "."]);
                let digits = match radix {
                    "0x" => format!("0x{:X}", number.as_u64().unwrap()),
                    "." if number.as_u64().unwrap() < 1000 => format!("{number}."),
                    _ => number.to_string(),
                };
                write!(self.out, "{sign}{digits}").unwrap();
            }
            other => self.out.push_str(&other.to_string()),
        }
        self.gap();
    }

    fn close(&mut self, empty: bool, close: char) {
        let comma = if empty { "" } else { self.choose(&["", ","]) };
        self.out.push_str(comma);
        self.gap();
        self.out.push(close);
    }
}

fn any_json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<u16>().prop_map(Json::from),
        (-1e9..1e9).prop_map(Json::from),
        ".{0,6}".prop_map(Json::from),
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Json::from),
            prop::collection::btree_map(".{0,4}|a[a-zé]{0,3}", inner, 0..5)
                .prop_map(|entries| entries.into_iter().collect::<Json>()),
        ]
    })
}

/// Checks that the text at each value's span parses to that value.
fn check(text: &str, node: &Json5Node, expected: &Json) -> Result<(), TestCaseError> {
    let slice = &text[node.span.start..node.span.end];
    let alone: Json = json5::from_str(slice).map_err(|_| TestCaseError::fail(slice.to_owned()))?;
    prop_assert_eq!(&alone, &json5::from_str::<Json>(&format!(" {slice}\n")).unwrap());
    match (&node.value, expected) {
        (Json5Value::Array(elements), Json::Array(expected)) => {
            for (element, expected) in elements.iter().zip(expected) {
                check(text, element, expected)?;
            }
        }
        (Json5Value::Object(entries), Json::Object(expected)) => {
            for entry in entries {
                let key = &text[entry.key_span.start..entry.key_span.end];
                let key: Json = json5::from_str(&format!("{{{key}: 1}}")).unwrap();
                prop_assert_eq!(key, serde_json::json!({ &entry.key: 1 }));
                check(text, &entry.node, &expected[&entry.key])?;
            }
        }
        (Json5Value::Float(_), expected) => prop_assert_eq!(alone.as_f64(), expected.as_f64()),
        _ => prop_assert_eq!(&alone, expected),
    }
    Ok(())
}

proptest! {
    #[test]
    fn every_value_is_where_it_is_said_to_be(json in any_json(), choices in vec(any::<u8>(), 1..60)) {
        let json = serde_json::json!({ "a": json });
        let mut printer = Printer::new(&choices);
        printer.value(&json);
        let document = read::parse_document(&printer.out).map_err(|e| TestCaseError::fail(e.to_string()))?;
        check(&printer.out, &document.root, &json)?;
        let mut ids = std::collections::BTreeSet::from([document.root.id]);
        let mut count = 1;
        document.root.walk_nodes(&mut |steps, span, node| {
            count += 1;
            ids.insert(node.id);
            let path = to_key_path(steps);
            let (found_span, found) = document.root.find_path(&path, &[].into()).unwrap();
            assert_eq!((found.id, found_span), (node.id, span));
            true
        });
        prop_assert_eq!(ids.len(), count);
    }

    #[test]
    fn the_fast_reader_reads_what_the_slow_one_reads(
        json in any_json(), choices in vec(any::<u8>(), 1..60)
    ) {
        let mut printer = Printer::new(&choices);
        printer.value(&json);
        // The fast parser leaves unquoted non-ASCII names to the slow one.
        prop_assert_eq!(agree(&printer.out).is_some(), !printer.has_exotic_name);
    }

    #[test]
    fn the_fast_reader_accepts_nothing_else(
        text in r#"[\[{][\[\]{}:,"'/*\\a0uxe\u{e9} \r\n\t\u{7f}\u{0}\u{2028}.+-]{0,24}[\]}]?"#
    ) {
        agree(&text);
    }
}

/// Returns whether both parsers accept a text; asserts that they agree on it.
fn agree(text: &str) -> Option<()> {
    let fast = fast::parse_fast(text, 64)?;
    let slow =
        parse_with_json5(text).unwrap_or_else(|_| panic!("only the fast one accepts {text:?}"));
    assert_eq!(shape(&fast), shape(&slow), "{text:?}");
    Some(())
}

/// All the information in a tree.
fn shape(node: &Json5Node) -> String {
    let value = match &node.value {
        Json5Value::Null => "null".to_owned(),
        Json5Value::Bool(value) => value.to_string(),
        Json5Value::Unsigned(value) => format!("u{value}"),
        Json5Value::Negative(value) => format!("i{value}"),
        Json5Value::Float(value) => format!("f{:x}", value.to_bits()),
        Json5Value::Text(value) => format!("{value:?}"),
        Json5Value::Array(nodes) => nodes.iter().map(shape).collect::<Vec<_>>().join(","),
        Json5Value::Object(entries) => entries
            .iter()
            .map(|entry| format!("{:?}{:?}={}", entry.key, entry.key_span, shape(&entry.node)))
            .collect::<Vec<_>>()
            .join(";"),
    };
    format!("<{value}>{:?}", node.span)
}
