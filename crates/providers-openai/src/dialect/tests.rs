//! A corpus for each dialect: which texts are calls, which are not, and that growing text never
//! changes a decision.

mod corpus;

use proptest::prelude::*;
use std::sync::Arc;

use openclaw_core::ToolSpec;
use serde_json::json;

use self::corpus::{CALL_TEXTS, OTHER_TEXTS};
use super::*;

fn offered_tools() -> OfferedTools {
    let properties = json!({
        "path": {"type": "string"}, "n": {"type": "integer"}, "all": {"type": "boolean"},
        "items": {"type": "array"}, "map": {"type": "object"}, "maybe": {"type": ["string", "null"]},
    });
    let tools = ["read", "exec"].map(|name| ToolSpec {
        name: ToolName::new(name).unwrap(),
        description: "A tool.".into(),
        parameters: Arc::new(json!({"type": "object", "properties": properties})),
    });
    OfferedTools::new(tools.into()).unwrap()
}

/// The dialect and the calls of a whole text, each as `name arguments`, or `name!raw` if invalid;
/// and the length of the calls in the text.
fn describe_calls(text: &str) -> Option<(&'static str, Vec<String>, usize)> {
    match match_calls(text, &offered_tools(), true, true) {
        CallMatch::NoCall => None,
        CallMatch::Undecided => panic!("a text that has ended is not open: {text:?}"),
        CallMatch::Calls { dialect, len, calls } => {
            let calls = calls.iter().map(|call| {
                let sign = if call.problem.is_some() { '!' } else { ' ' };
                format!("{}{sign}{}", call.name, call.arguments)
            });
            Some((dialect, calls.collect(), len))
        }
    }
}

#[test]
fn each_dialect_is_read() {
    for (dialect, text, calls) in CALL_TEXTS {
        let calls: Vec<String> = calls.iter().map(|call| (*call).to_owned()).collect();
        assert_eq!(describe_calls(text), Some((*dialect, calls, text.len())), "{text}");
    }
}

#[test]
fn other_text_is_not() {
    for text in OTHER_TEXTS {
        assert_eq!(describe_calls(text), None, "{text}");
    }
}

#[test]
fn text_may_go_on_behind_a_call_with_marks_only() {
    for (dialect, text, calls) in CALL_TEXTS {
        // More text also breaks a call that has no end.
        let has_end = !text.ends_with("</arg_value>") && !text.ends_with("</func");
        let broken = !has_end || calls.iter().any(|call| call.contains('!'));
        let is_whole = call_families().any(|known| known.name == *dialect && known.is_whole_text);
        let more = format!("{text} and so on");
        match describe_calls(&more) {
            Some((found, _, len)) if !broken => {
                assert_eq!(found, *dialect, "{text}");
                assert!(!is_whole, "{text}");
                assert!(more[len..].ends_with("and so on"), "{text}");
            }
            None => assert!(is_whole || broken, "{text}"),
            Some(_) => {}
        }
        let later = match_calls(text, &offered_tools(), false, true);
        assert_eq!(later == CallMatch::NoCall, is_whole, "{text}");
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
    assert!(describe_calls(&call(MAX_CALL_BYTES / 2)).is_some());
    assert!(describe_calls(&call(MAX_CALL_BYTES)).is_none());
    assert_eq!(
        match_calls(&call(MAX_CALL_BYTES)[..MAX_CALL_BYTES + 9], &offered_tools(), true, false),
        CallMatch::NoCall
    );
}

fn any_text() -> impl Strategy<Value = String> {
    let all: Vec<&'static str> =
        CALL_TEXTS.iter().map(|(_, text, _)| *text).chain(OTHER_TEXTS.iter().copied()).collect();
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
        let offered = offered_tools();
        let mut decided: Option<CallMatch> = None;
        let ends = text.char_indices().map(|(at, _)| at).skip(1).chain([text.len()]);
        for end in ends {
            let verdict = match_calls(&text[..end], &offered, first, false);
            if let Some(before) = &decided {
                prop_assert_eq!(before, &verdict);
            } else if verdict != CallMatch::Undecided {
                decided = Some(verdict);
            }
        }
        let last = match_calls(&text, &offered, first, true);
        prop_assert_ne!(&last, &CallMatch::Undecided);
        if let Some(decided) = decided {
            prop_assert_eq!(last, decided);
        }
    }
}
