//! `infer model run`: one prompt, one answer.

use openclaw_mock_vllm::{MockVllm, ModelSpec, Turn, UsageOverride};
use openclaw_tests::Home;
use serde_json::json;

use crate::servers::{config, tiny};

const RUN: [&str; 3] = ["infer", "model", "run"];

#[tokio::test]
async fn the_answer_alone_is_on_stdout() {
    let (_server, home) = tiny().await;
    let args = [&RUN[..], &["--model", "vllm/tiny", "--prompt", "Reply with exactly: smoke-ok"]];
    let ended = home.run(&args.concat()).await.code(0);
    assert_eq!((&*ended.stdout, &*ended.stderr), ("smoke-ok\n", ""));
}

#[tokio::test]
async fn the_only_model_needs_no_name_and_the_prompt_may_come_from_stdin() {
    let (_server, home) = tiny().await;
    let args = [&RUN[..], &["--prompt", "-"]].concat();
    let ended = home.run_with_input(&args, "reply exactly: from a pipe\n").await.code(0);
    assert_eq!(ended.stdout, "from a pipe\n");
    let ended = home.run_with_input(&args, " \n").await.code(2).says(&["the prompt is empty"]);
    assert_eq!(ended.stdout, "");
}

#[tokio::test]
async fn the_json_has_the_fields_of_the_original_and_the_usage() {
    let (server, home) = tiny().await;
    let usage = UsageOverride {
        prompt: Some(11),
        completion: Some(2),
        cached: Some(8),
        ..UsageOverride::default()
    };
    server.push(Turn::pieces(["hel", "lo"]).usage(usage));
    let args = [&RUN[..], &["--model", "vllm/tiny", "--prompt", "hi", "--json"]].concat();
    let ended = home.run(&args).await.code(0);
    let expected = json!({
        "ok": true,
        "capability": "model.run",
        "transport": "local",
        "provider": "vllm",
        "model": "tiny",
        "attempts": [],
        "outputs": [{"text": "hello", "mediaUrl": null}],
        "truncated": false,
        "usage": {"input": 11, "output": 2, "total": 13, "cacheRead": 8},
    });
    assert_eq!(ended.json(), expected);
    assert_eq!(ended.stderr, "");
}

#[tokio::test]
async fn the_request_holds_one_message_and_nothing_of_an_agent() {
    let (server, home) = tiny().await;
    let args = [&RUN[..], &["--prompt", "hi"]].concat();
    let _ = home.run(&args).await.code(0);
    let requests = server.requests();
    let chat = requests.iter().find(|seen| seen.path == "/v1/chat/completions").unwrap();
    assert_eq!(chat.json()["messages"], json!([{"role": "user", "content": "hi"}]));
    for absent in ["tools", "tool_choice", "store"] {
        assert_eq!(chat.json().get(absent), None, "{absent}");
    }
}

/// The case of a user whose config promises 128,000 tokens for a server that has 16,384: every
/// request was refused, and the prompt was never answered.
#[tokio::test]
async fn a_config_that_promises_too_much_is_held_to_what_the_server_has() {
    let id = "meta-llama/Llama-4-Scout-17B-16E-Instruct";
    let server = MockVllm::builder().model(ModelSpec::new(id, 16_384)).start().await.unwrap();
    let model = format!("{{ id: '{id}', contextWindow: 128000, maxTokens: 8192 }}");
    let home = Home::new().config(&config(&server.base_url(), &model));
    let reference = format!("vllm/{id}");
    // About as many tokens as the agent's prompt of that user had.
    let prompt = format!("{} reply exactly: it fits", "word ".repeat(6_750));
    let args = [&RUN[..], &["--model", &reference, "--prompt", &prompt, "--json"]].concat();
    let ended = home.run(&args).await.code(0).says(&["128000", "16384"]);
    let answer = ended.json();
    assert_eq!(answer["outputs"][0]["text"], json!("it fits"));
    assert!(answer["usage"]["input"].as_u64().unwrap() > 13_500, "{answer}");
    let chats = server.requests().into_iter().filter(|seen| seen.path == "/v1/chat/completions");
    let chats: Vec<_> = chats.collect();
    assert_eq!(chats.len(), 1, "it is right the first time");
    let body = chats[0].json();
    let cap = ["max_tokens", "max_completion_tokens"].iter().find_map(|key| body[*key].as_u64());
    let room = 16_384 - answer["usage"]["input"].as_u64().unwrap();
    assert_eq!(cap, Some(room), "{:?}", body.as_object().unwrap().keys());
}

#[tokio::test]
async fn an_answer_that_was_cut_off_is_reported() {
    let (server, _) = tiny().await;
    let model = "{ id: 'tiny', maxTokens: 5 }";
    let home = Home::new().config(&config(&server.base_url(), model));
    let args = [&RUN[..], &["--model", "vllm/tiny", "--prompt", "hi", "--json"]].concat();
    let ended = home.run(&args).await.code(0).says(&["warning:", "cut off", "`maxTokens`"]);
    assert_eq!(ended.json()["truncated"], json!(true));
    assert_eq!(ended.json()["usage"]["output"], json!(5));
}

#[tokio::test]
async fn a_fallback_answers_for_a_server_that_is_down_and_the_trace_says_so() {
    let (server, home) = tiny().await;
    let down = crate::servers::nobody();
    let home = home.config(&format!(
        "{{ agents: {{ defaults: {{ model: {{ primary: 'lab/big', fallbacks: ['vllm/tiny'] }} }} }},
            models: {{ providers: {{ lab: {{ baseUrl: '{down}' }} }} }} }}"
    ));
    let args = [&RUN[..], &["--prompt", "reply exactly: here", "--json"]].concat();
    let ended = home.run(&args).await.code(0).says(&["lab/big"]);
    let answer = ended.json();
    assert_eq!(answer["outputs"][0]["text"], json!("here"));
    assert_eq!((&answer["provider"], &answer["model"]), (&json!("vllm"), &json!("tiny")));
    let attempt = &answer["attempts"][0];
    assert_eq!(
        (&attempt["provider"], &attempt["model"], &attempt["result"]),
        (&json!("lab"), &json!("big"), &json!("connect"))
    );
    assert!(!server.requests().is_empty());
}
