//! Any edit of any document equals the same edit of its value, and comments survive.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::documents::{any_choices, document};
use crate::{
    ConfigDocument, KeyPath, NewValue, PathSegment,
    pattern::to_key_path,
    text::{Json5Node, Json5Value, Lexer},
};

/// All comments of a text that are not inside a token.
fn comments(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut at = 0;
    let tokens: Vec<_> = Lexer::new(text).map(|token| token.span).collect();
    for (start, end) in tokens.iter().map(|span| (span.start, span.end)).chain([(text.len(), 0)]) {
        let mut gap = &text[at..start];
        while let Some(place) = gap.find('/') {
            let comment = &gap[place..];
            let length = match comment.find("*/") {
                Some(close) if comment.starts_with("/*") => close + 2,
                _ => comment.find(['\n', '\r', '\u{2028}']).unwrap_or(comment.len()),
            };
            found.insert(comment[..length].to_owned());
            gap = &comment[length..];
        }
        at = end;
    }
    found
}

fn json(text: &str) -> Json {
    json5::from_str(text).unwrap()
}

/// All paths of a document, containers included.
fn paths(root: &Json5Node) -> Vec<KeyPath> {
    let mut paths = vec![KeyPath::root()];
    root.walk_nodes(&mut |steps, _, _| {
        paths.push(to_key_path(steps));
        true
    });
    paths
}

/// Applies the same edit to a JSON value; `None` when it is not possible.
fn put(value: &mut Json, path: &[PathSegment], new: Json) -> Option<()> {
    let Some((first, rest)) = path.split_first() else {
        *value = new;
        return Some(());
    };
    match first {
        PathSegment::Key(key) => {
            if value.is_null() {
                *value = json!({});
            }
            put(value.as_object_mut()?.entry(key).or_insert(Json::Null), rest, new)
        }
        PathSegment::Index(index) => {
            if value.is_null() {
                *value = json!([]);
            }
            let elements = value.as_array_mut()?;
            if *index == elements.len() {
                elements.push(Json::Null);
            }
            put(elements.get_mut(*index)?, rest, new)
        }
    }
}

fn take(value: &mut Json, path: &[PathSegment]) {
    match path {
        [PathSegment::Key(key)] => drop(value.as_object_mut().unwrap().remove(key)),
        [PathSegment::Index(index)] => drop(value.as_array_mut().unwrap().remove(*index)),
        [PathSegment::Key(key), rest @ ..] => take(&mut value[key.as_str()], rest),
        [PathSegment::Index(index), rest @ ..] => take(&mut value[*index], rest),
        [] => unreachable!("the whole document is not removed"),
    }
}

fn any_value() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<u64>().prop_map(Json::from),
        any::<f64>().prop_filter("no JSON", |number| number.is_finite()).prop_map(Json::from),
        ".{0,6}".prop_map(Json::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::btree_map("[a-e]|.{0,3}", inner, 0..4)
                .prop_map(|entries| Json::Object(entries.into_iter().collect())),
        ]
    })
}

fn any_steps() -> impl Strategy<Value = Vec<PathSegment>> {
    let step = prop_oneof![
        3 => "[a-e]|.{0,3}".prop_map(PathSegment::Key),
        1 => (0usize..3).prop_map(PathSegment::Index),
    ];
    prop::collection::vec(step, 0..3)
}

fn is_container(document: &ConfigDocument, path: &KeyPath) -> bool {
    let found = document.root_node().find_path(path, &BTreeSet::new());
    found
        .is_some_and(|(_, node)| matches!(node.value, Json5Value::Object(_) | Json5Value::Array(_)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_set_equals_the_same_set_on_the_value(
        choices in any_choices(), duplicates in any::<bool>(),
        place in any::<prop::sample::Index>(), steps in any_steps(), new in any_value(),
    ) {
        let text = document(&choices, duplicates);
        let mut edited = ConfigDocument::parse(&text).unwrap();
        let paths = paths(edited.root_node());
        let start = place.get(&paths).segments().iter().cloned();
        let path: KeyPath = start.chain(steps).collect();
        let mut wanted = json(&text);
        let possible = put(&mut wanted, path.segments(), new.clone()).is_some();
        let possible = possible && wanted.is_object();
        let keeps_all = !is_container(&edited, &path);
        match edited.set_value(&path, &NewValue::from(new)) {
            Ok(()) => {
                prop_assert!(possible);
                prop_assert_eq!(json(edited.text()), wanted, "{}", edited.text());
                if keeps_all {
                    let (before, after) = (comments(&text), comments(edited.text()));
                    prop_assert!(after.is_superset(&before), "{}\n{}", text, edited.text());
                }
            }
            Err(error) => {
                prop_assert!(!possible, "{error}: {text}");
                prop_assert_eq!(edited.text(), text);
            }
        }
    }

    #[test]
    fn any_unset_equals_the_same_unset_on_the_value(
        choices in any_choices(), duplicates in any::<bool>(), place in any::<prop::sample::Index>(),
    ) {
        let text = document(&choices, duplicates);
        let mut edited = ConfigDocument::parse(&text).unwrap();
        let paths = paths(edited.root_node());
        let path = place.get(&paths);
        if path.is_root() {
            return Ok(());
        }
        let (key_span, node) = edited.root_node().find_path(path, &BTreeSet::new()).unwrap();
        let inside = comments(&text[key_span.start..node.span.end]);
        let mut wanted = json(&text);
        take(&mut wanted, path.segments());
        edited.unset_value(path).unwrap();
        prop_assert_eq!(json(edited.text()), wanted, "{}\n{}", text, edited.text());
        if !duplicates {
            let expected: BTreeSet<_> = &comments(&text) - &inside;
            prop_assert_eq!(comments(edited.text()), expected, "{}\n{}", text, edited.text());
        }
    }

    #[test]
    fn setting_a_value_to_what_it_is_changes_no_byte(
        choices in any_choices(), place in any::<prop::sample::Index>(),
    ) {
        let text = document(&choices, false);
        let mut edited = ConfigDocument::parse(&text).unwrap();
        let paths = paths(edited.root_node());
        let path = place.get(&paths);
        let (_, node) = edited.root_node().find_path(path, &BTreeSet::new()).unwrap();
        let value = NewValue::parse(&text[node.span.start..node.span.end]).unwrap();
        edited.set_value(path, &value).unwrap();
        prop_assert_eq!(edited.text(), text);
    }

    #[test]
    fn many_edits_in_a_row_come_to_the_same(
        choices in any_choices(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), prop::option::of(any_value())), 1..6),
    ) {
        let mut edited = ConfigDocument::parse(&document(&choices, true)).unwrap();
        let mut wanted = json(edited.text());
        for (place, new) in edits {
            let paths = paths(edited.root_node());
            let path = place.get(&paths);
            if path.is_root() {
                continue;
            }
            if let Some(new) = new {
                put(&mut wanted, path.segments(), new.clone()).unwrap();
                edited.set_value(path, &new.into()).unwrap();
            } else {
                take(&mut wanted, path.segments());
                edited.unset_value(path).unwrap();
            }
        }
        prop_assert_eq!(json(edited.text()), wanted);
    }

    #[test]
    fn any_text_and_any_path_are_edited_or_refused(
        text in "\\{[\\[\\]{}:,\"'/*\\\\a0ux \\r\n.+-]{0,30}\\}", path in "[a-c.\\[\\]+0\"]{0,8}",
        value in "[\\[\\]{}:,\"'/*\\\\a0ux \\r\n.+-]{0,12}",
    ) {
        if let (Ok(mut edited), Ok(value)) = (ConfigDocument::parse(&text), NewValue::parse(&value))
            && let Ok(path) = edited.parse_path(&path)
        {
            let _ = edited.set_value(&path, &value);
            let _ = edited.unset_value(&path);
        }
    }
}
