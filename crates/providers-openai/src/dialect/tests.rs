//! A corpus for each dialect: what is a call, what is not, and that growing text never changes a
//! verdict.

mod corpus;

use proptest::prelude::*;
use serde_json::json;

use self::corpus::{CALLS, OTHERS};
use super::*;

fn offered() -> Offered {
    let properties = json!({
        "path": {"type": "string"}, "n": {"type": "integer"}, "all": {"type": "boolean"},
        "items": {"type": "array"}, "map": {"type": "object"}, "maybe": {"type": ["string", "null"]},
    });
    let tools = ["read", "exec"].map(|name| ToolSpec {
        name: ToolName::new(name).unwrap(),
        description: "A tool.".into(),
        parameters: Arc::new(json!({"type": "object", "properties": properties})),
    });
    Offered::new(tools.into()).unwrap()
}

/// The dialect and the calls of a whole text, each as `name arguments`, or `name!raw` if broken;
/// and how much of the text is calls.
fn shown(text: &str) -> Option<(&'static str, Vec<String>, usize)> {
    match judge(text, &offered(), true, true) {
        Verdict::No => None,
        Verdict::Open => panic!("a text that has ended is not open: {text:?}"),
        Verdict::Calls { dialect, len, calls } => {
            let calls = calls.iter().map(|call| {
                let sign = if call.fault.is_some() { '!' } else { ' ' };
                format!("{}{sign}{}", call.name, call.arguments)
            });
            Some((dialect, calls.collect(), len))
        }
    }
}

#[test]
fn each_dialect_is_read() {
    for (dialect, text, calls) in CALLS {
        let calls: Vec<String> = calls.iter().map(|call| (*call).to_owned()).collect();
        assert_eq!(shown(text), Some((*dialect, calls, text.len())), "{text}");
    }
}

#[test]
fn other_text_is_not() {
    for text in OTHERS {
        assert_eq!(shown(text), None, "{text}");
    }
}

#[test]
fn text_may_go_on_behind_a_call_with_marks_only() {
    for (dialect, text, calls) in CALLS {
        let broken = calls.iter().any(|call| call.contains('!'));
        let has_end = text.ends_with("</tool_call>")
            || text.ends_with("</function>")
            || *dialect == "mistral";
        let more = format!("{text} and so on");
        match shown(&more) {
            Some((found, _, len)) if !broken => {
                assert_eq!(found, *dialect, "{text}");
                assert!(has_end || *dialect == "hermes", "{text}");
                assert!(more[len..].ends_with("and so on"), "{text}");
            }
            None => assert!(!has_end || broken, "{text}"),
            Some(_) => {}
        }
        let is_whole = DIALECTS.iter().any(|known| known.name == *dialect && known.is_whole);
        let later = judge(text, &offered(), false, true);
        assert_eq!(later == Verdict::No, is_whole, "{text}");
    }
}

#[test]
fn a_call_that_is_too_long_is_text() {
    let call = |len| {
        format!(
            "<tool_call>{{\"name\": \"read\", \"arguments\": {{\"path\": \"{}\"}}}}</tool_call>",
            "a".repeat(len)
        )
    };
    assert!(shown(&call(MAX_CALL / 2)).is_some());
    assert!(shown(&call(MAX_CALL)).is_none());
    assert_eq!(judge(&call(MAX_CALL)[..MAX_CALL + 9], &offered(), true, false), Verdict::No);
}

fn any_text() -> impl Strategy<Value = String> {
    let all: Vec<&'static str> =
        CALLS.iter().map(|(_, text, _)| *text).chain(OTHERS.iter().copied()).collect();
    let part = proptest::sample::select(all);
    let tail =
        prop_oneof![Just(String::new()), "[ -~\n]{0,6}", part.clone().prop_map(str::to_owned)];
    (part, any::<prop::sample::Index>(), "[\"{}\\[\\]<>a ]{0,3}", tail).prop_map(
        |(text, at, inside, tail)| {
            let mut text = text.to_owned();
            let ends: Vec<usize> =
                text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
            text.insert_str(ends[at.index(ends.len())], &inside);
            text + &tail
        },
    )
}

proptest! {
    #[test]
    fn more_text_never_changes_a_verdict(text in any_text(), first: bool) {
        let offered = offered();
        let mut decided: Option<Verdict> = None;
        let ends = text.char_indices().map(|(at, _)| at).skip(1).chain([text.len()]);
        for end in ends {
            let verdict = judge(&text[..end], &offered, first, false);
            if let Some(before) = &decided {
                prop_assert_eq!(before, &verdict);
            } else if verdict != Verdict::Open {
                decided = Some(verdict);
            }
        }
        let last = judge(&text, &offered, first, true);
        prop_assert_ne!(&last, &Verdict::Open);
        if let Some(decided) = decided {
            prop_assert_eq!(last, decided);
        }
    }
}
