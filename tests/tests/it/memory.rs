//! The memory of an agent through the command line: the tool finds what the agent wrote, and
//! `openclaw memory` shows and searches the same index.

#![expect(clippy::disallowed_methods, reason = "nobody reads the files meanwhile")]

use std::fs;

use openclaw_mock_vllm::Turn;
use openclaw_tests::Home;
use serde_json::{Value, json};

use crate::servers::tiny;

fn put(home: &Home, path: &str, text: &str) {
    let path = home.workspace().join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

#[tokio::test]
async fn the_agent_finds_what_it_wrote_down_in_the_same_turn() {
    let (server, home) = tiny().await;
    let note = json!({"path": "memory/2026-01-02.md", "content": "Ann likes oolong tea.\n"});
    server.push(Turn::call("write", note.to_string()));
    server
        .push(Turn::call("memory_search", json!({"query": "what tea does Ann like?"}).to_string()));
    server.push(Turn::text("Oolong."));
    let ended = home.run(&["agent", "-m", "remember and look it up"]).await.code(0);
    assert_eq!(ended.stdout, "Oolong.\n");
    let requests = server.requests();
    let chats = requests.iter().filter(|seen| seen.path == "/v1/chat/completions");
    let last = chats.last().unwrap().json();
    let result = last["messages"].as_array().unwrap().last().unwrap()["content"].clone();
    let found: Value = serde_json::from_str(result.as_str().unwrap()).unwrap();
    assert_eq!(found["mode"], "keyword");
    assert_eq!(found["results"][0]["path"], "memory/2026-01-02.md");
    assert!(found["results"][0]["snippet"].as_str().unwrap().contains("oolong"), "{found}");
}

#[tokio::test]
async fn the_commands_show_search_and_update_the_index() {
    let (_server, home) = tiny().await;
    put(&home, "MEMORY.md", "# Home\nThe printer is in the cellar.\n");
    put(&home, "memory/zh.md", "明天在北京开会。\n");
    let found = home.run(&["memory", "search", "printer", "--json"]).await.code(0);
    let found: Value = serde_json::from_str(&found.stdout).unwrap();
    let hit = &found["results"][0];
    assert_eq!((&hit["path"], &hit["startLine"]), (&json!("MEMORY.md"), &json!(1)));
    assert_eq!((&hit["endLine"], &hit["source"]), (&json!(2), &json!("memory")));
    let plain = home.run(&["memory", "search", "--query", "北京"]).await.code(0);
    assert!(plain.stdout.contains("memory/zh.md:1-1"), "{}", plain.stdout);
    assert!(!plain.stderr.contains("error"), "{}", plain.stderr);
    let status = home.run(&["memory", "status", "--json", "--agent", "main"]).await.code(0);
    let status: Value = serde_json::from_str(&status.stdout).unwrap();
    let state = &status[0]["status"];
    assert_eq!((&state["files"], &state["chunks"]), (&json!(2), &json!(2)));
    assert_eq!((&status[0]["agentId"], &state["model"]), (&json!("main"), &Value::Null));
    let deep = home.run(&["memory", "status", "--deep"]).await.code(0);
    assert!(deep.stdout.contains("embedding model: none"), "{}", deep.stdout);
    let updated = home.run(&["memory", "index", "--force"]).await.code(0);
    assert!(updated.stdout.contains("2 notes, 2 read, 0 removed"), "{}", updated.stdout);
    let _ = home.run(&["memory", "search"]).await.code(2);
    let unknown = home.run(&["memory", "status", "--agent", "nobody"]).await.code(2);
    assert!(unknown.stderr.contains("nobody"), "{}", unknown.stderr);
}
