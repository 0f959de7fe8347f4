//! Windows, ages and waits of servers, as they are shown.

use std::net::Ipv4Addr;

use openclaw_mock_vllm::MockVllm;
use openclaw_tests::Home;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::servers::{config, nobody};

const PROMPT: [&str; 5] = ["infer", "model", "run", "--prompt", "reply exactly: yes"];

/// A server with these routes, each a path and its JSON, and no others. Returns its base URL; the
/// task ends with the runtime.
async fn server(routes: &'static [(&'static str, &'static str)]) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let task = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                match stream.read_u8().await {
                    Ok(byte) => head.push(byte),
                    Err(_) => break,
                }
            }
            let head = String::from_utf8_lossy(&head);
            let path = head.split(' ').nth(1).unwrap_or_default();
            let (status, body) = match routes.iter().find(|(route, _)| *route == path) {
                Some((_, body)) => ("200 OK", *body),
                None => ("404 Not Found", r#"{"error":"no such route"}"#),
            };
            let answer = format!(
                "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
                 connection: close\r\n\r\n{body}",
                body.len()
            );
            // A client that has left asks again, or fails its test.
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    (url, task)
}

#[tokio::test]
async fn the_window_of_a_loaded_model_of_lm_studio_is_shown_with_its_source() {
    let (url, _task) = server(&[
        ("/v1/models", r#"{"data":[{"id":"qwen/qwen3-8b","owned_by":"organization_owner"}]}"#),
        (
            "/api/v1/models",
            r#"{"models":[{"key":"qwen/qwen3-8b","type":"llm","max_context_length":40960,
                "loaded_instances":[{"id":"qwen/qwen3-8b","config":{"context_length":8192}}]}]}"#,
        ),
    ])
    .await;
    let provider = format!("{{ models: {{ providers: {{ lmstudio: {{ baseUrl: '{url}' }} }} }} }}");
    let home = Home::new().config(&provider);
    let ended = home.run(&["models", "list", "--json"]).await.code(0);
    let model = &ended.json()["models"][0];
    assert_eq!(model["key"], json!("lmstudio/qwen/qwen3-8b"));
    assert_eq!(
        (&model["contextWindow"], &model["contextWindowSource"], &model["contextWindowFrom"]),
        (&json!(8192), &json!("server"), &json!("/api/v1/models of LM Studio"))
    );
}

#[tokio::test]
async fn a_server_that_is_down_is_listed_with_the_age_of_what_it_said() {
    let server = MockVllm::builder().start().await.unwrap();
    let home = Home::new().config(&config(&server.base_url(), ""));
    let _ = home.run(&["models", "list"]).await.code(0);
    server.kill();
    let ended = home.run(&["models", "list"]).await.code(4);
    assert!(ended.stdout.contains("vllm/tiny"), "{ended:#?}");
    assert!(ended.stdout.contains("4096 cache (now)"), "{ended:#?}");
    let model = home.run(&["models", "list", "--json"]).await.code(4).json()["models"][0].clone();
    assert_eq!((&model["available"], &model["missing"]), (&json!(false), &json!(false)));
    assert!(model["ageSeconds"].is_u64() && model["contextWindowAgeSeconds"].is_u64(), "{model}");
}

#[tokio::test]
async fn a_broken_cache_is_said_and_stops_nothing() {
    let server = MockVllm::builder().start().await.unwrap();
    let home = Home::with_vllm(&server.base_url(), "any-value");
    let _ = home.run(&["models", "list"]).await.code(0);
    let file = home.path().join(".openclaw/cache/servers.json");
    std::fs::File::create(&file).unwrap();
    let ended = home.run(&[&PROMPT[..], &["--model", "vllm/tiny"]].concat()).await.code(0);
    let ended = ended.says(&["warning:", "servers.json"]);
    assert_eq!(ended.stdout, "yes\n");
    let ended = home.run(&[&PROMPT[..], &["--model", "vllm/tiny"]].concat()).await.code(0);
    assert_eq!(ended.stderr, "");
}

#[tokio::test]
async fn what_was_learnt_is_shown_with_its_age() {
    let server = MockVllm::builder().auto_tool_choice(false).start().await.unwrap();
    let home = Home::with_vllm(&server.base_url(), "any-value");
    let run = ["agent", "-m", "reply exactly: yes", "--model", "vllm/tiny"];
    let _ = home.run(&run).await.code(0).says(&["--enable-auto-tool-choice"]);
    let ended = home.run(&["models", "status"]).await.code(0);
    assert!(ended.stdout.contains("no auto-tool-choice (now)"), "{ended:#?}");
    let refused = server.requests().len();
    let ended = home.run(&run).await.code(0);
    assert!(!ended.stderr.contains("--enable-auto-tool-choice"), "{ended:#?}");
    let later = server.requests().split_off(refused);
    let chats = later.iter().filter(|seen| seen.path == "/v1/chat/completions").count();
    assert_eq!(chats, 1, "it is not found out again");
    let status = home.run(&["models", "status", "--json"]).await.code(0).json();
    let learnt = &status["auth"]["providers"][0]["learned"][0];
    assert_eq!(
        (&learnt["model"], &learnt["unsupported"][0]["name"]),
        (&json!("tiny"), &json!("auto-tool-choice"))
    );
}

#[tokio::test]
async fn a_server_that_is_still_starting_is_waited_for_when_that_is_asked_for() {
    // First there is a proxy with nobody behind it.
    let proxy = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = proxy.local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}/v1");
    let text = format!(
        "{{ models: {{ providers: {{ vllm: {{ baseUrl: '{url}', onServerLoss: {{ poll: 1 }} }} }} }} }}"
    );
    let home = Home::new().config(&text);
    let args = [&PROMPT[..], &["--model", "vllm/tiny", "--wait"]].concat();
    let running = home.run(&args);
    let starts = async {
        let (mut stream, _) = proxy.accept().await.unwrap();
        let _request = stream.read(&mut [0; 4096]).await.unwrap();
        let answer = b"HTTP/1.1 503 x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        stream.write_all(answer).await.unwrap();
        drop((stream, proxy));
        MockVllm::builder().port(port).start().await.unwrap()
    };
    let (ended, _server) = tokio::join!(running, starts);
    assert_eq!(ended.code(0).stdout, "yes\n");
}

#[tokio::test]
async fn a_server_that_never_comes_is_given_up_with_the_same_exit_code() {
    let home = Home::with_vllm(&nobody(), "any-value");
    let args = [&PROMPT[..], &["--model", "vllm/tiny"]].concat();
    let at_once = home.run(&args).await.code(4);
    assert!(!at_once.stderr.contains("waiting"), "{at_once:#?}");
    let ended = home.run(&[&args[..], &["--wait", "1s"]].concat()).await.code(4);
    let _ = ended.says(&["waiting for the server, at most 1.0 s", "1 s (from --wait)"]);
    let _ = home.run(&[&args[..], &["--wait", "soon"]].concat()).await.code(2).says(&["90s, 10m"]);
}
