//! `agent` when a turn does not end as it should.

use openclaw_mock_vllm::{Call, ErrorBody, Finish, MockVllm, ModelSpec, Reply, Turn};
use openclaw_tests::{Home, soon};
use serde_json::json;

use crate::servers::{config, nobody, tiny};

#[tokio::test]
async fn a_silent_server_is_waited_for_as_long_as_was_asked() {
    let (server, home) = tiny().await;
    server.push(Reply::from(Turn::text("never")).silent_at(1));
    server.push(Reply::from(Turn::text("never")).silent_at(1));
    let args = ["agent", "-m", "hi", "--timeout", "1"];
    let ended = home.run(&args).await.code(124).says(&["1 s", "--timeout"]);
    assert_eq!(ended.stdout, "");
    let ended = home.run(&[&args[..], &["--json"]].concat()).await.code(124);
    let value = ended.json();
    assert_eq!((&value["ok"], &value["payloads"]), (&json!(false), &json!([])));
    assert_eq!(value["meta"]["aborted"], json!(true));
    assert_eq!(value["error"]["kind"], json!("timeout"));
    let requests = server.requests();
    for chat in requests.iter().filter(|seen| seen.path == "/v1/chat/completions") {
        soon(chat.until_aborted()).await;
    }
}

#[tokio::test]
async fn a_model_that_falls_silent_is_named_with_the_clock_and_the_key_that_sets_it() {
    // Behind a proxy that keeps to itself whether the server is busy.
    let spec = ModelSpec::new("tiny", 16_384);
    let server = MockVllm::builder().model(spec).root_routes(false).start().await.unwrap();
    let home = Home::with_vllm(&server.base_url(), "any-value")
        .config("{ agents: { defaults: { llm: { idleTimeoutSeconds: 1 } } } }");
    server.push(Reply::from(Turn::text("never")).silent_at(1));
    let ended = home.run(&["agent", "-m", "hi"]).await.code(124);
    let _ = ended.says(&["within 1", "agents.defaults.llm.idleTimeoutSeconds", "openclaw.json:1"]);
    let chats = server.requests().into_iter().filter(|seen| seen.path == "/v1/chat/completions");
    assert_eq!(chats.count(), 1, "a slow prefill is not begun again");
}

#[tokio::test]
async fn an_answer_that_was_cut_off_is_reported() {
    let (server, home) = tiny().await;
    server.push(Turn::text("Once upon").finish(Finish::Length));
    server.push(Turn::text("Once upon").finish(Finish::Length));
    let ended = home.run(&["agent", "-m", "hi"]).await.code(0).says(&["warning:", "`maxTokens`"]);
    assert_eq!(ended.stdout, "Once upon\n");
    let ended = home.run(&["agent", "-m", "hi", "--json"]).await.code(0);
    assert_eq!(ended.json()["meta"]["stopReason"], json!("length"));
}

#[tokio::test]
async fn a_call_that_was_cut_off_is_not_run() {
    let (server, home) = tiny().await;
    let call = Call::new("write", "{\"path\": \"a.txt\", \"content\": \"half of");
    server.push(Turn::empty().then_call(call).finish(Finish::Length));
    server.push(Turn::text("then not"));
    let ended = home.run(&["agent", "-m", "hi"]).await.code(0);
    assert_eq!(ended.stdout, "then not\n");
    assert!(home.files().is_empty());
}

#[tokio::test]
async fn invalid_calls_are_reported_to_the_model_and_the_turn_continues() {
    let (server, home) = tiny().await;
    for (name, arguments) in [
        ("write", "{\"path\": \"a.txt\""),
        ("write", "[1, 2]"),
        ("write", "{\"path\": 7}"),
        ("wirte", "{}"),
        ("write", "{\"path\": \"a.txt\", \"content\": \"right\"}"),
    ] {
        server.push(Turn::call(name, arguments));
    }
    server.push(Turn::text("at last"));
    let ended = home.run(&["agent", "-m", "hi"]).await.code(0);
    assert_eq!(ended.stdout, "at last\n");
    assert_eq!(ended.stderr.matches('✗').count(), 4, "{ended:#?}");
    assert_eq!(home.get("a.txt"), "right");
    // Whatever the model emitted, each request after it is one that any server takes.
    for chat in server.requests().iter().filter(|seen| seen.path == "/v1/chat/completions") {
        for message in chat.json()["messages"].as_array().unwrap() {
            for call in message["tool_calls"].as_array().into_iter().flatten() {
                let arguments = call["function"]["arguments"].as_str().unwrap();
                let arguments: serde_json::Value = serde_json::from_str(arguments).unwrap();
                assert!(arguments.is_object(), "{message}");
            }
        }
    }
}

#[tokio::test]
async fn a_model_that_does_not_get_on_is_stopped_with_the_reason() {
    let (server, home) = tiny().await;
    for _ in 0..6 {
        server.push(Turn::call("read", "{\"path\": \".\"}"));
    }
    let ended = home.run(&["agent", "-m", "hi"]).await.code(8);
    let _ = ended.says(&["`read`", "the same one 6 times", "the model wrote: {\"path\":\".\"}"]);

    for _ in 0..3 {
        server.push(Turn::call("write", "{\"path\": \"a.txt\""));
    }
    let ended = home.run(&["agent", "-m", "hi", "--json"]).await.code(8);
    let error = &ended.json()["error"];
    assert_eq!(error["kind"], json!("invalid_tool_calls"));
    let chats = server.requests().into_iter().filter(|seen| seen.path == "/v1/chat/completions");
    let forced = chats.last().unwrap().json()["tool_choice"].clone();
    assert_eq!(forced["function"]["name"], json!("write"));
    assert!(home.files().is_empty());
}

#[tokio::test]
async fn what_the_model_calls_does_not_command_the_terminal() {
    let (server, home) = tiny().await;
    let hidden = "a\u{1b}[2J\u{202e}\rb";
    let path = json!({"path": hidden, "content": "x"}).to_string();
    for (name, arguments) in [
        ("write", path.clone()),
        ("read", json!({"path": hidden}).to_string()),
        ("edit", json!({"path": hidden, "old_text": "x", "new_text": "y"}).to_string()),
        ("exec", json!({"command": format!("true {hidden}")}).to_string()),
        ("exec", json!({"command": "true", "directory": hidden}).to_string()),
        ("write", json!({"path": "a.txt", hidden: hidden}).to_string()),
        (hidden, path),
        (hidden, "{".to_owned()),
    ] {
        server.push(Turn::call(name, arguments));
    }
    server.push(Turn::text("done"));
    let ended = home.run(&["agent", "--yes", "-m", "hi"]).await.code(0);
    let commands = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!ended.stderr.contains(commands), "{ended:#?}");
}

#[tokio::test]
async fn an_empty_answer_is_a_failure() {
    let (server, home) = tiny().await;
    server.push(Turn::empty());
    server.push(Turn::empty());
    let ended = home.run(&["agent", "-m", "hi", "--json"]).await.code(1);
    let value = ended.json();
    assert_eq!((&value["ok"], &value["payloads"]), (&json!(false), &json!([])));
    assert_eq!(value["meta"]["executionTrace"]["winnerModel"], json!(null));
    assert_eq!(value["meta"]["executionTrace"]["attempts"][0]["result"], json!("error"));
    let _ = ended.says(&["without saying anything"]);
}

#[tokio::test]
async fn a_server_without_a_tool_parser_is_used_all_the_same_and_its_flags_are_reported() {
    let server = MockVllm::builder()
        .model(ModelSpec::new("tiny", 16_384))
        .auto_tool_choice(false)
        .start()
        .await
        .unwrap();
    let home = Home::with_vllm(&server.base_url(), "any-value");
    let call = json!({"name": "write", "arguments": {"path": "a.txt", "content": "1"}});
    server.push(Turn::text(format!("<tool_call>\n{call}\n</tool_call>")));
    server.push(Turn::text("written"));
    let ended = home.run(&["agent", "--yes", "-m", "go"]).await.code(0);
    assert_eq!(ended.stdout, "written\n");
    assert_eq!(home.files(), ["a.txt"]);
    let ended = ended.says(&["! The server takes no tools", "--enable-auto-tool-choice"]);
    assert_eq!(ended.stderr.matches("takes no tools").count(), 1, "{ended:#?}");
}

#[tokio::test]
async fn an_unreachable_server_a_wrong_key_and_an_unknown_model_have_their_exit_codes() {
    let server = MockVllm::builder()
        .model(ModelSpec::new("tiny", 16_384))
        .api_key("right-value")
        .start()
        .await
        .unwrap();
    let url = server.base_url();
    let cases = [
        (Home::with_vllm(&nobody(), "any-value"), 4, "connect"),
        (Home::with_vllm(&url, "wrong-value"), 5, "auth"),
        (Home::with_vllm(&url, "right-value"), 5, "unknown_model"),
    ];
    for (home, code, kind) in cases {
        let args = ["agent", "-m", "hi", "--model", "vllm/huge", "--json"];
        let ended = home.run(&args).await.code(code);
        let value = ended.json();
        assert_eq!((&value["ok"], &value["payloads"]), (&json!(false), &json!([])));
        assert_eq!(value["error"]["kind"], json!(kind));
    }
}

#[tokio::test]
async fn one_failure_of_the_server_is_overcome() {
    let (server, home) = tiny().await;
    server.push(Reply::overloaded());
    server.push(Turn::text("here again"));
    let ended = home.run(&["agent", "-m", "hi"]).await.code(0);
    assert_eq!(ended.stdout, "here again\n");
}

#[tokio::test]
async fn a_busy_server_is_waited_for_where_no_other_model_is_left() {
    for args in [&["agent", "-m", "hi"][..], &["infer", "model", "run", "--prompt", "hi"]] {
        let (server, home) = tiny().await;
        for _ in 0..3 {
            server.push(Reply::overloaded());
        }
        server.push(Turn::text("here again"));
        let ended = home.run(args).await.code(0).says(&["status 503", "10 min at most"]);
        assert_eq!(ended.stdout, "here again\n");
    }
}

#[tokio::test]
async fn a_server_that_asks_for_too_long_a_pause_is_not_waited_for() {
    let (server, home) = tiny().await;
    server.push(Reply::overloaded().retry_after(3600));
    let ended = home.run(&["agent", "-m", "hi"]).await.code(1);
    let _ = ended.says(&["a pause of 3600 s", "600 s at most", "onServerLoss.wait"]);
}

#[tokio::test]
async fn a_refusal_is_shown_with_the_request_it_was_about() {
    let (server, home) = tiny().await;
    let said = "you must provide a chat template if the tokenizer does not define one";
    let message = said.to_owned();
    server.push(Reply::status(400, ErrorBody::Error { message, kind: "BadRequestError".into() }));
    let ended = home.run(&["agent", "-m", "hi"]).await.code(5);
    let url = format!("POST {}/chat/completions answered 400", server.base_url());
    let _ = ended.says(&[said, &url, "--chat-template"]);
}

#[tokio::test]
async fn a_template_without_a_system_role_gets_the_system_prompt_in_another_way() {
    let (server, home) = tiny().await;
    let message = "System role not supported".to_owned();
    server.push(Reply::status(400, ErrorBody::Error { message, kind: "BadRequestError".into() }));
    server.push(Turn::text("hello"));
    let ended = home.run(&["agent", "-m", "hi"]).await.code(0);
    assert_eq!(ended.stdout, "hello\n");
    let _ = ended.says(&["! The model's template takes no system message", "--chat-template"]);
}

#[tokio::test]
async fn a_fallback_takes_over_before_the_first_word() {
    let (server, _) = tiny().await;
    let models = "{ id: 'tiny' }";
    let home = Home::new().config(&config(&server.base_url(), models).replacen(
        "{ models:",
        "{ agents: { defaults: { model: { primary: 'vllm/gone', fallbacks: ['vllm/tiny'] } } }, models:",
        1,
    ));
    let ended = home.run(&["agent", "-m", "reply exactly: here", "--json"]).await.code(0);
    let trace = &ended.json()["meta"]["executionTrace"];
    assert_eq!(trace["fallbackUsed"], json!(true));
    assert_eq!(trace["attempts"][0]["model"], json!("gone"));
    assert_eq!(trace["winnerModel"], json!("tiny"));
}

#[tokio::test]
async fn commands_run_or_not_as_the_config_says() {
    for (exec, code, ran) in [
        ("{ host: 'gateway' }", 0, false),
        ("{}", 0, true),
        ("{ host: 'sandbox' }", 0, true),
        ("{ host: 'sandbox', security: 'allowlist' }", 0, false),
        ("{ ask: 'always' }", 6, false),
        ("{ security: 'full', ask: 'off' }", 0, true),
        ("{ security: 'allowlist', ask: 'off' }", 0, false),
        ("{ security: 'full', ask: 'always' }", 6, false),
        ("{ security: 'deny' }", 0, false),
    ] {
        let (_server, home) = tiny().await;
        let home = home.config(&format!("{{ tools: {{ exec: {exec} }} }}"));
        let _ = home.run(&["agent", "-m", "run touch a.txt"]).await.code(code);
        assert_eq!(home.files(), if ran { vec!["a.txt"] } else { vec![] }, "{exec}");
    }
    let (_server, home) = tiny().await;
    let home = home.config("{ tools: { exec: { security: 'deny' } } }");
    let ended = home.run(&["agent", "--yes", "-m", "run touch a.txt"]).await.code(0);
    let _ = ended.says(&["commands are switched off"]);
    assert!(home.files().is_empty());
}
