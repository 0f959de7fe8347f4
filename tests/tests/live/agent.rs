//! Turns of the agent on the real server, which parses the tool calls itself.

use serde_json::{Value, json};

use crate::lab::lab;
use crate::proxy::{CHAT, Passed, Proxy, calls, writes};

#[track_caller]
fn results(chat: &Passed) -> Vec<String> {
    let messages = chat.body["messages"].as_array().unwrap();
    let results = messages.iter().filter(|message| message["role"] == "tool");
    results.map(|result| result["content"].as_str().unwrap().to_owned()).collect()
}

/// System prompt, tools and streaming as they are sent by default are taken by the server; what a
/// random model makes of them is an answer or a failure that is told.
#[tokio::test]
async fn a_turn_with_tools_ends_in_an_answer_or_says_why_not() {
    let Some(lab) = lab() else { return };
    let served = lab.served().await;
    let proxy = Proxy::start(&lab, []).await;
    let home = lab.capped(proxy.base_url(), &served.id, 64);
    let ended = home.run(&["agent", "-m", "Say hello.", "--json"]).await;
    let value = ended.json();
    let chats = proxy.seen(CHAT);
    assert_eq!(chats[0].body["messages"][0]["role"], json!("system"));
    assert_eq!(chats[0].body["tools"].as_array().unwrap().len(), 13);
    match ended.code {
        Some(0) => assert!(!value["payloads"][0]["text"].as_str().unwrap().is_empty()),
        Some(1) => assert_eq!(value["error"]["kind"], json!("no_answer"), "{ended:#?}"),
        _ => panic!("{ended:#?}"),
    }
    let usage = &value["meta"]["agentMeta"]["usage"];
    assert!(usage["input"].as_u64().unwrap() > 0, "{ended:#?}");
}

/// Each tool once, each call parsed by the real server out of what its model wrote.
#[tokio::test]
async fn a_whole_turn_uses_every_tool() {
    let Some(lab) = lab() else { return };
    let served = lab.served().await;
    let steps = [
        calls("write", &json!({"path": "note.txt", "content": "milk, bread\n\"and\" größe 🙂"})),
        calls("edit", &json!({"path": "note.txt", "old_text": "bread", "new_text": "tea"})),
        calls("exec", &json!({"command": "cp note.txt copy.txt && wc -l < copy.txt"})),
        calls("read", &json!({"path": "copy.txt"})),
        writes("All four steps are done."),
    ];
    let proxy = Proxy::start(&lab, steps).await;
    let home = lab.capped(proxy.base_url(), &served.id, 512);
    let ended = home.run(&["agent", "--yes", "-m", "Do it.", "--json"]).await.code(0);
    assert_eq!(home.get("copy.txt"), "milk, tea\n\"and\" größe 🙂");
    assert_eq!(home.files(), ["copy.txt", "note.txt"]);
    let value = ended.json();
    assert_eq!(value["payloads"], json!([{"text": "All four steps are done.", "mediaUrl": null}]));
    let agent = &value["meta"]["agentMeta"];
    assert_eq!((&agent["modelCalls"], &agent["toolCalls"]), (&json!(5), &json!(4)));
    assert_eq!(agent["contextWindow"], json!(served.window));
    let chats = proxy.seen(CHAT);
    assert_eq!(chats.len(), 5);
    let results = results(&chats[4]);
    assert_eq!(results.len(), 4);
    assert!(results[3].contains("milk, tea") && results[3].contains("größe 🙂"), "{results:?}");
    let ended = ended.says(&["● write note.txt", "● edit", "● exec cp", "● read copy.txt"]);
    assert_eq!(ended.stderr.matches('✓').count(), 4, "{ended:#?}");
}

/// As above with the rest left to the model: what it says after a real result is noise, and it is
/// shown, cut off at its limit or told to be missing.
#[tokio::test]
async fn after_a_forced_call_the_model_goes_on_by_itself() {
    let Some(lab) = lab() else { return };
    let served = lab.served().await;
    let proxy = Proxy::start(&lab, [calls("read", &json!({"path": "note.txt"}))]).await;
    let home = lab.capped(proxy.base_url(), &served.id, 96);
    home.put("note.txt", "a line of the file");
    let ended = home.run(&["agent", "-m", "What does note.txt say?"]).await;
    assert!(matches!(ended.code, Some(0 | 1)), "{ended:#?}");
    let ended = ended.says(&["● read note.txt", "✓ 1 line"]);
    assert_eq!(proxy.left(), 0);
    let results = results(&proxy.seen(CHAT)[1]);
    assert!(results[0].contains("a line of the file"), "{results:?}");
    assert_eq!(ended.stdout.trim().is_empty(), ended.code == Some(1), "{ended:#?}");
}

/// What the server makes of calls that its model wrote badly reaches the tools never, and the next
/// request is one that it takes.
#[tokio::test]
async fn badly_written_calls_do_no_harm_and_the_turn_goes_on() {
    let Some(lab) = lab() else { return };
    let served = lab.served().await;
    let cut =
        "<tool_call>\n{\"name\": \"write\", \"arguments\": {\"path\": \"bad.txt\"\n</tool_call>";
    let steps = [
        calls("wirte", &json!({"path": "bad.txt", "content": "x"})),
        calls("write", &json!({"path": "bad.txt"})),
        calls("write", &json!({"path": "../bad.txt", "content": "x"})),
        writes(cut),
        calls("write", &json!({"path": "good.txt", "content": "right"})),
        writes("Done in the end."),
    ];
    let proxy = Proxy::start(&lab, steps).await;
    let home = lab.capped(proxy.base_url(), &served.id, 512);
    let ended = home.run(&["agent", "-m", "Do it."]).await.code(0);
    assert_eq!(home.files(), ["good.txt"]);
    assert_eq!((&*ended.stdout, proxy.left()), ("Done in the end.\n", 0), "{ended:#?}");
    assert_eq!(ended.stderr.matches('✗').count(), 4, "{ended:#?}");
    for chat in proxy.seen(CHAT) {
        for message in chat.body["messages"].as_array().unwrap() {
            for call in message["tool_calls"].as_array().into_iter().flatten() {
                let arguments = call["function"]["arguments"].as_str().unwrap();
                let arguments: Value = serde_json::from_str(arguments).unwrap();
                assert!(arguments.is_object(), "{message}");
            }
        }
    }
}
