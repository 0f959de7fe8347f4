//! Content is split the same, whole or in pieces.

use std::sync::Arc;

use openclaw_core::{ToolName, ToolSpec};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;

use super::*;

mod families;
mod prose;

fn offered_tools() -> Option<OfferedTools> {
    let tools = ["read", "exec"].map(|name| ToolSpec {
        name: ToolName::new(name).unwrap(),
        description: "A tool.".into(),
        parameters: Arc::new(json!({"properties": {"n": {"type": "integer"}}})),
    });
    OfferedTools::new(tools.into())
}

/// Splits content that arrives in these pieces; a restart discards earlier segments.
fn split_pieces(
    pieces: &[&str],
    expects_reasoning: bool,
    is_truncated: bool,
) -> (Vec<ContentSegment>, Option<bool>) {
    let mut content = ContentSplitter::new(offered_tools(), expects_reasoning);
    let mut segments = Vec::new();
    for piece in pieces {
        content.push(piece, &mut segments);
    }
    content.finish_content(is_truncated, &mut segments);
    if let Some(last) = segments.iter().rposition(|piece| *piece == ContentSegment::Restart) {
        segments.drain(..=last);
    }
    (join_segments(segments), content.started_in_reasoning())
}

/// Joins neighbours of the same kind.
fn join_segments(pieces: Vec<ContentSegment>) -> Vec<ContentSegment> {
    let mut all: Vec<ContentSegment> = Vec::new();
    for piece in pieces {
        match (all.last_mut(), piece) {
            (Some(ContentSegment::Text(before)), ContentSegment::Text(text))
            | (Some(ContentSegment::Marker(before)), ContentSegment::Marker(text)) => {
                before.push_str(&text);
            }
            (
                Some(ContentSegment::Reasoning(one, before)),
                ContentSegment::Reasoning(other, text),
            ) if *one == other => {
                before.push_str(&text);
            }
            (_, piece) => all.push(piece),
        }
    }
    all
}

fn raw_text(pieces: &[ContentSegment]) -> String {
    let texts = pieces.iter().map(|piece| match piece {
        ContentSegment::Text(text)
        | ContentSegment::Reasoning(_, text)
        | ContentSegment::Marker(text) => text.as_str(),
        ContentSegment::ToolCalls { raw, .. } => raw,
        ContentSegment::Unreadable(call) => &call.raw,
        ContentSegment::Restart => "",
    });
    texts.collect()
}

/// The reasoning, the text, and the number of calls.
fn summarize_segments(pieces: &[ContentSegment]) -> (String, String, usize) {
    let (mut thought, mut text, mut calls) = (String::new(), String::new(), 0);
    for piece in pieces {
        match piece {
            ContentSegment::Text(piece) => text.push_str(piece),
            ContentSegment::Reasoning(_, piece) => thought.push_str(piece),
            ContentSegment::ToolCalls { calls: found, .. } => calls += found.len(),
            ContentSegment::Marker(_) | ContentSegment::Unreadable(_) | ContentSegment::Restart => {
            }
        }
    }
    (thought, text, calls)
}

const CALL: &str = "<tool_call>{\"name\": \"read\", \"arguments\": {}}</tool_call>";

#[test]
fn reasoning_between_tags_is_distinguished_from_text() {
    let literal = "Write\n```\n<think>a</think>\n``` or `</think>`.";
    let table = [
        ("<think>\nhm\n</think>\n\nyes", "hm\n", "yes"),
        (" \n<thinking>hm</thinking>yes", "hm", "yes"),
        ("<reasoning>hm</think></reasoning>yes", "hm</think>", "yes"),
        ("<think>\n\n</think>\n\nyes", "", "yes"),
        ("<think>hm", "hm", ""),
        ("<think>hm</thin", "hm</thin", ""),
        ("hm\n</think>\n\nyes", "hm\n", "yes"),
        ("</think>yes", "", "yes"),
        ("a\n<think>b</think>\nc", "b", "a\nc"),
        ("<think>a</think>b\n<think>c</think>d", "ac", "b\nd"),
        ("Use the <think> tag.", "", "Use the <think> tag."),
        ("a < b <thin", "", "a < b <thin"),
        (literal, "", literal),
        ("```\na</think>\n```\nb", "", "```\na</think>\n```\nb"),
        ("<think>`</think>` ends</think>yes", "`</think>` ends", "yes"),
        ("<think>a ` b</think>\nyes `", "a ` b", "yes `"),
        ("<think>`ls`</think>yes", "`ls`", "yes"),
        ("<think>```\nls\n</think>yes", "```\nls\n", "yes"),
        ("<think>a</think>b</think>c", "a", "b</think>c"),
        ("  \n", "", ""),
    ];
    for (content, thought, text) in table {
        let (pieces, _) = split_pieces(&[content], false, false);
        assert_eq!(
            summarize_segments(&pieces),
            (thought.to_owned(), text.to_owned(), 0),
            "{content:?}"
        );
        assert_eq!(raw_text(&pieces), content);
    }
}

#[test]
fn where_answers_begin_in_a_thought_so_does_this_one() {
    let table = [
        ("hm\n</think>\n\nyes", false, "hm\n", "yes", Some(true)),
        ("hm `</think>` </thinking>yes", false, "hm `</think>` ", "yes", Some(true)),
        ("<think>hm</think>yes", false, "hm", "yes", Some(false)),
        ("yes `</think>` is", false, "", "yes `</think>` is", Some(false)),
        ("hm", true, "hm", "", None),
        ("", false, "", "", None),
    ];
    for (content, cut, thought, text, in_thought) in table {
        let (pieces, began) = split_pieces(&[content], true, cut);
        assert_eq!(
            summarize_segments(&pieces),
            (thought.to_owned(), text.to_owned(), 0),
            "{content:?}"
        );
        assert_eq!(began, in_thought, "{content:?}");
    }
    let (_, began) = split_pieces(&["hm</think>yes"], false, false);
    assert_eq!(began, Some(true));
    let (_, began) = split_pieces(&["yes"], false, false);
    assert_eq!(began, None);
}

#[test]
fn reasoning_that_comes_apart_leaves_the_content_to_be_text() {
    let mut content = ContentSplitter::new(offered_tools(), true);
    let mut out = Vec::new();
    content.record_separate_reasoning();
    content.push("yes", &mut out);
    assert_eq!(out, [ContentSegment::Text("yes".to_owned())]);
    assert_eq!(content.started_in_reasoning(), Some(false));
}

#[test]
fn calls_are_found_in_text_and_only_there() {
    let table = [
        (format!("so\n{CALL}\n{CALL}\nend"), "", "so\nend", 2),
        (format!("<think>{CALL}</think>{CALL}"), CALL, "", 1),
        (format!("{CALL}</think>yes"), CALL, "yes", 0),
        (format!("`{CALL}`"), "", "`CALL`", 0),
        (format!("You said\n```\n{CALL}\n```\n."), "", "You said\n```\nCALL\n```\n.", 0),
        ("a <tool_call> is".to_owned(), "", "a <tool_call> is", 0),
        (CALL.replace("{}", "{\"text\": \"\\n<think>a</think>```\"}"), "", "", 1),
    ];
    for (content, thought, text, calls) in table {
        let (pieces, _) = split_pieces(&[&content], false, false);
        let expected = (thought.to_owned(), text.replace("CALL", CALL), calls);
        assert_eq!(summarize_segments(&pieces), expected, "{content:?}");
    }
}

#[test]
fn little_is_held_back() {
    let mut content = ContentSplitter::new(offered_tools(), false);
    let long = "word <b> [link](to) `code` { } ".repeat(40);
    for (at, c) in long.char_indices() {
        let mut out = Vec::new();
        content.push(&c.to_string(), &mut out);
        assert!(content.pending.len() <= "<tool_call>".len(), "{at}: {:?}", content.pending);
    }
    let mut content = ContentSplitter::new(offered_tools(), false);
    let mut out = Vec::new();
    let call = "<tool_call>{\"name\": \"read\", \"arguments\": {\"a\": \"";
    content.push(call, &mut out);
    content.push(&"a".repeat(100_000), &mut out);
    assert_eq!(out, []);
    content.push(&"a".repeat(300_000), &mut out);
    assert!(raw_text(&out).len() >= 400_000);
}

/// Tags, calls, code, and text around them.
fn any_part() -> impl Strategy<Value = String> {
    let marks = [
        "<think>",
        "</think>",
        "<thinking>",
        "</reasoning>",
        "<tool_call>",
        "</tool_call>",
        "`",
        "```",
        "\n",
        " ",
        "<",
        "[",
        "\"",
        "{",
        "}",
        "]",
        CALL,
        "[TOOL_CALLS]",
        "read",
        "(n=1)",
        "[read(n=1)]",
        "{\"name\": \"exec\", \"parameters\": {\"n\": 1}}",
        "```json\n",
        "~~~",
        "<function=exec>",
        "<parameter=n>\n1\n</parameter>",
        "</function>",
        "<|python_tag|>",
        "é",
        "◁think▷",
        "\u{25c0}",
        "\"",
        "“",
        "”",
        "> ",
        "assistant",
        "user",
        "analysis",
        "Hm",
        "assistantfinal",
        "commentary to=read json",
        " to=",
        "<answer>",
        "</answer>",
        "</s>",
        "[/INST]",
        "<|x|>",
    ];
    let known = marks.into_iter().chain(mark_index::all_marks()).collect::<Vec<_>>();
    prop_oneof![
        6 => proptest::sample::select(known).prop_map(str::to_owned),
        2 => proptest::sample::select(families::recorded_texts()),
        1 => "[a-z<>/`\\n ]{0,4}",
        1 => any::<String>(),
    ]
}

proptest! {
    #[test]
    fn any_split_gives_what_the_whole_gives(
        parts in vec(any_part(), 0..10),
        cuts in vec(any::<prop::sample::Index>(), 0..12),
        in_thought: bool,
        cut: bool,
    ) {
        let content = parts.concat();
        let ends: Vec<usize> =
            content.char_indices().map(|(at, _)| at).chain([content.len()]).collect();
        let mut at: Vec<usize> = cuts.iter().map(|cut| ends[cut.index(ends.len())]).collect();
        at.extend([0, content.len()]);
        at.sort_unstable();
        let pieces: Vec<&str> = at.windows(2).map(|pair| &content[pair[0]..pair[1]]).collect();
        let whole = split_pieces(&[&content], in_thought, cut);
        prop_assert_eq!(&split_pieces(&pieces, in_thought, cut), &whole);
        let each: Vec<&str> = ends.windows(2).map(|pair| &content[pair[0]..pair[1]]).collect();
        prop_assert_eq!(&split_pieces(&each, in_thought, cut), &whole);
        prop_assert_eq!(raw_text(&whole.0), content);
    }
}
