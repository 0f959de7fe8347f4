//! The phrases, and the walk through several steps.

use serde_json::{Value, json};

use super::{Question, by_rules};
use crate::turn::{Part, Turn};

const TOOLS: [&str; 4] = ["read", "write", "exec", "edit"];

fn shown(turn: &Turn) -> String {
    let piece = |part: &Part| match part {
        Part::Text(text) => text.clone(),
        Part::Call(call) => format!("[{} {}]", call.name, call.arguments.concat()),
        other => format!("{other:?}"),
    };
    turn.parts.iter().map(piece).collect()
}

fn ask(messages: &Value, tools: &[&str]) -> String {
    let messages = messages.as_array().expect("an array");
    shown(&by_rules(&Question { messages, tools, is_forced: false, goes_on: false }))
}

fn one(prompt: &str) -> String {
    ask(&json!([{"role": "user", "content": prompt}]), &TOOLS)
}

#[test]
fn phrases_become_calls() {
    let cases = [
        ("write hi there to a.txt", r#"[write {"path": "a.txt", "content": "hi there"}]"#),
        ("Write \"a to b\" to `c.txt`", r#"[write {"path": "c.txt", "content": "a to b"}]"#),
        ("read src/main.rs", r#"[read {"path": "src/main.rs"}]"#),
        ("Read main.py and tell me what it does", r#"[read {"path": "main.py"}]"#),
        ("run echo \"a\" 'b'", r#"[exec {"command": "echo \"a\" 'b'"}]"#),
        (
            "replace x = 1 with x = 2 in f",
            r#"[edit {"path": "f", "old_text": "x = 1", "new_text": "x = 2"}]"#,
        ),
        ("write a to b.txt\n\n[It is Monday.]", r#"[write {"path": "b.txt", "content": "a"}]"#),
        ("It is Monday.\nread a\nBe brief.", r#"[read {"path": "a"}]"#),
    ];
    for (prompt, call) in cases {
        assert_eq!(one(prompt), call, "{prompt}");
    }
}

#[test]
fn a_tool_is_called_by_its_name() {
    let prompt = "Call the tool `report` with `ok` set to true. Do not answer in words.";
    let messages = json!([{"role": "user", "content": prompt}]);
    assert_eq!(ask(&messages, &["report"]), r#"[report {"ok": true}]"#);
    assert!(ask(&messages, &["read"]).starts_with("You said"), "it is not offered");
}

#[test]
fn other_prompts_are_answered_in_words() {
    assert_eq!(one("reply exactly: one then two"), "one then two");
    assert_eq!(one("Please reply with exactly: PONG"), "PONG");
    assert_eq!(
        one("how are you today, my dear friend"),
        "You said \"how are you today, my dear\". I am here to help."
    );
    let unoffered = ask(&json!([{"role": "user", "content": "run ls"}]), &["read"]);
    assert_eq!(unoffered, "You said \"run ls\". I am here to help.");
}

#[test]
fn a_text_that_was_begun_is_written_on() {
    let rest = |begun: &str, goes_on| {
        let messages = [
            json!({"role": "user", "content": "reply exactly: one two three"}),
            json!({"role": "assistant", "content": begun}),
        ];
        let question = Question { messages: &messages, tools: &TOOLS, is_forced: false, goes_on };
        shown(&by_rules(&question))
    };
    assert_eq!(rest("one t", true), "wo three");
    assert_eq!(rest("", true), "one two three");
    assert_eq!(rest("one two three", true), "");
    assert_eq!(rest("something else", true), "one two three");
    assert_eq!(rest("one t", false), "one two three");
}

#[test]
fn steps_are_taken_one_a_turn() {
    let user =
        json!({"role": "user", "content": "write hi to a, then read a then reply exactly: ok"});
    let call = json!({"role": "assistant", "content": null});
    let result = |text: &str| json!({"role": "tool", "content": text});
    assert_eq!(ask(&json!([user]), &TOOLS), r#"[write {"path": "a", "content": "hi"}]"#);
    let second = json!([user, call, result("written")]);
    assert_eq!(ask(&second, &TOOLS), r#"[read {"path": "a"}]"#);
    assert_eq!(ask(&json!([user, call, result("written"), call, result("hi")]), &TOOLS), "ok");
    let again = json!([{"role": "user", "content": "read b"}, call, result("B\nC")]);
    assert_eq!(ask(&again, &TOOLS), "Done. The last result begins with: B");
}

#[test]
fn a_forced_call_is_made() {
    let messages = [json!({"role": "user", "content": "hello"})];
    let tools = &["look"];
    let turn = by_rules(&Question { messages: &messages, tools, is_forced: true, goes_on: false });
    assert_eq!(shown(&turn), "[look {}]");
}
