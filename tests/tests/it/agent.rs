//! `agent`: a turn with tools, and what it leaves behind.

use openclaw_mock_vllm::{Call, MockVllm, Turn};
use openclaw_tests::Home;
use serde_json::{Value, json};

use crate::servers::{UNSANDBOXED, config, tiny};

const STEPS: &str = "write \"milk, bread\" to list.txt then read list.txt then replace bread with \
                     tea in list.txt then run wc -w list.txt > count.txt";

fn chats(server: &MockVllm) -> Vec<Value> {
    let seen = server.requests().into_iter();
    seen.filter(|seen| seen.path == "/v1/chat/completions").map(|seen| seen.json()).collect()
}

#[tokio::test]
async fn a_turn_uses_every_tool_and_the_files_are_right() {
    let (server, home) = tiny().await;
    let ended = home.run(&["agent", "--yes", "-m", STEPS]).await.code(0);
    assert_eq!(home.files(), ["count.txt", "list.txt"]);
    assert_eq!(home.get("list.txt"), "milk, tea");
    assert_eq!(home.get("count.txt").trim(), "2 list.txt");
    assert_eq!(ended.stdout, "Done. The last result begins with: exit code 0\n");
    let ended = ended.says(&["● write list.txt", "● read list.txt", "● exec wc -w list.txt"]);
    assert_eq!(ended.stderr.matches('✓').count(), 4, "{ended:#?}");
    assert_eq!(chats(&server).len(), 5);
}

#[tokio::test]
async fn the_json_alone_is_on_stdout() {
    let (_server, home) = tiny().await;
    let message = "write x to a.txt then read a.txt";
    let ended = home.run(&["agent", "--local", "--agent", "main", "-m", message, "--json"]).await;
    let ended = ended.code(0).says(&["● write a.txt"]);
    let value = ended.json();
    assert_eq!((&value["ok"], &value["error"]), (&json!(true), &json!(null)));
    let text = value["payloads"][0]["text"].as_str().unwrap();
    assert!(text.starts_with("Done."), "{text}");
    assert_eq!(value["payloads"], json!([{"text": text, "mediaUrl": null}]));
    let meta = &value["meta"];
    let agent = &meta["agentMeta"];
    assert_eq!((&agent["provider"], &agent["model"]), (&json!("vllm"), &json!("tiny")));
    assert_eq!(agent["contextWindow"], json!(16_384));
    assert_eq!((&agent["modelCalls"], &agent["toolCalls"]), (&json!(3), &json!(2)));
    for usage in [&agent["usage"], &agent["lastCallUsage"]] {
        let [input, output, total] =
            ["input", "output", "total"].map(|key| usage[key].as_u64().unwrap());
        assert!(input > 0 && output > 0 && total == input + output, "{usage}");
    }
    assert_eq!(meta["aborted"], json!(false));
    assert_eq!(meta["finalPromptText"], json!(message));
    assert_eq!(meta["finalAssistantVisibleText"], json!(text));
    assert_eq!(meta["completion"], json!({"stopReason": "stop", "finishReason": "stop"}));
    assert_eq!(meta["workspace"], json!(home.workspace()));
    let trace = &meta["executionTrace"];
    assert_eq!((&trace["winnerProvider"], &trace["winnerModel"]), (&json!("vllm"), &json!("tiny")));
    assert_eq!(trace["fallbackUsed"], json!(false));
    assert!(meta["durationMs"].is_u64() && meta["firstTokenMs"].is_u64());
}

#[tokio::test]
async fn without_a_terminal_a_command_is_not_run_and_the_model_gets_the_reason() {
    let (server, home) = tiny().await;
    let home = home.config(UNSANDBOXED);
    let ended = home.run(&["agent", "-m", "run touch made.txt"]).await.code(0);
    let _ = ended.says(&["✗ exec", "`--yes`"]);
    assert!(home.files().is_empty());
    let chats = chats(&server);
    let messages = chats[1]["messages"].as_array().unwrap();
    let result = messages.last().unwrap();
    assert_eq!(result["role"], json!("tool"));
    assert!(result["content"].as_str().unwrap().contains("was not run"), "{result}");
}

#[tokio::test]
async fn the_prefix_of_every_request_is_the_same() {
    let (server, home) = tiny().await;
    let _ = home.run(&["agent", "--yes", "-m", STEPS]).await.code(0);
    let _ = home.run(&["agent", "--yes", "-m", "something else"]).await.code(0);
    let chats = chats(&server);
    let first = &chats[0];
    for chat in &chats {
        assert_eq!(chat["tools"], first["tools"]);
        assert_eq!(chat["messages"][0], first["messages"][0]);
        assert_eq!(chat["messages"][0]["role"], json!("system"));
    }
    let tools = first["tools"].as_array().unwrap().iter();
    let names: Vec<_> = tools.map(|tool| tool["function"]["name"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        [
            "edit",
            "exec",
            "list",
            "memory_get",
            "memory_search",
            "process",
            "read",
            "search",
            "sessions_history",
            "sessions_search",
            "sessions_spawn",
            "subagents",
            "write",
        ]
    );
    for pair in chats[..5].windows(2) {
        let [before, after] = [&pair[0], &pair[1]].map(|chat| chat["messages"].to_string());
        let before = before.split(r"\n\n[It is ").next().unwrap().trim_end_matches(']');
        assert!(after.starts_with(before), "a request only adds to the one before, up to its tail");
    }
}

#[tokio::test]
async fn another_workspace_can_be_named() {
    let (_server, home) = tiny().await;
    let place = home.path().join("project");
    std::fs::create_dir(&place).unwrap();
    let place = place.to_str().unwrap();
    let message = "write x to a.txt";
    let _ = home.run(&["agent", "-m", message, "--workspace", place]).await.code(0);
    assert_eq!(std::fs::read_to_string(home.path().join("project/a.txt")).unwrap(), "x");
    assert!(home.files().is_empty());
    let missing = home.path().join("missing");
    let args = ["agent", "-m", message, "--workspace", missing.to_str().unwrap()];
    let ended = home.run(&args).await.code(1);
    let _ = ended.says(&["missing", "hint:"]);
}

#[tokio::test]
async fn a_file_outside_the_workspace_stays_out_of_reach() {
    let (server, home) = tiny().await;
    let home = home.config("{ /* not for the model */ }");
    let message = "write x to ../../stolen.txt then read ../openclaw.json";
    let ended = home.run(&["agent", "-m", message, "--verbose"]).await.code(0);
    assert_eq!(ended.stderr.matches('✗').count(), 2, "{ended:#?}");
    assert!(!home.path().join("stolen.txt").exists());
    let told = chats(&server).iter().any(|chat| chat.to_string().contains("not for the model"));
    assert!(!told);
}

#[tokio::test]
async fn a_model_without_tools_is_sent_none() {
    let (server, _) = tiny().await;
    let model = "{ id: 'tiny', compat: { supportsTools: false } }";
    let home = Home::new().config(&config(&server.base_url(), model));
    let _ = home.run(&["agent", "--model", "vllm/tiny", "-m", STEPS]).await.code(0);
    let chats = chats(&server);
    assert_eq!(chats.len(), 1);
    assert_eq!(chats[0].get("tools"), None);
    assert!(home.files().is_empty());
}

#[tokio::test]
async fn several_calls_of_one_message_are_all_answered() {
    let (server, home) = tiny().await;
    let calls = [("a.txt", "1"), ("b.txt", "2"), ("c.txt", "3")];
    let turn = calls.iter().fold(Turn::empty(), |turn, (path, content)| {
        let arguments = json!({"path": path, "content": content}).to_string();
        turn.then_call(Call::new("write", arguments))
    });
    server.push(turn);
    server.push(Turn::text("three files"));
    let ended = home.run(&["agent", "-m", "go"]).await.code(0);
    assert_eq!(ended.stdout, "three files\n");
    assert_eq!(home.files(), ["a.txt", "b.txt", "c.txt"]);
    let chats = chats(&server);
    let messages = chats[1]["messages"].as_array().unwrap();
    let results = messages.iter().filter(|message| message["role"] == "tool");
    assert_eq!(results.count(), 3);
}

#[tokio::test]
async fn the_message_may_come_from_stdin_and_must_say_something() {
    let (_server, home) = tiny().await;
    let ended = home.run_with_input(&["agent", "-m", "-"], "reply exactly: heard").await.code(0);
    assert_eq!(ended.stdout, "heard\n");
    let _ = home.run(&["agent", "-m", "  "]).await.code(2).says(&["the message is empty"]);
}

#[tokio::test]
async fn an_agent_that_does_not_exist_is_a_usage_error() {
    let (server, home) = tiny().await;
    let ended = home.run(&["agent", "--agent", "nobody", "-m", "hi"]).await.code(2);
    let _ = ended.says(&["`nobody`", "`main`"]);
    assert!(server.requests().is_empty());
}
