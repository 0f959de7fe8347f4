//! What people run into with servers of their own, a row each, as they meet it: what they typed,
//! what it said, and how it ended.

use openclaw_mock_vllm::{ErrorBody, Finish, MockVllm, ModelSpec, Reply, Turn};
use openclaw_tests::Home;
use serde_json::json;

use crate::servers::{config, tiny, website};

const ASK: [&str; 5] = ["infer", "model", "run", "--prompt", "hi"];

fn refusal() -> Reply {
    let kind = "BadRequestError".to_owned();
    Reply::status(400, ErrorBody::Error { message: "top_p must be in (0, 1]".to_owned(), kind })
}

#[tokio::test]
async fn a_failure_prints_no_earlier_answer() {
    let (server, home) = tiny().await;
    let json = [&ASK[..], &["--json"]].concat();
    for (args, failed) in [
        (&ASK[..], 5),
        (&json[..], 5),
        (&["agent", "-m", "hi"], 5),
        (&["agent", "-m", "hi", "--json"], 5),
    ] {
        server.push(Turn::text("The first answer."));
        let first = home.run(args).await.code(0);
        assert!(first.stdout.contains("The first answer."), "{first:#?}");
        server.push(refusal());
        let ended = home.run(args).await.code(failed).hides(&["The first answer."]);
        let ended = ended.says(&["top_p must be in (0, 1]", "status 400"]);
        if args.contains(&"--json") {
            assert_eq!(ended.json()["ok"], json!(false));
        } else {
            assert_eq!(ended.stdout, "");
        }
    }
}

#[tokio::test]
async fn a_message_larger_than_the_window_is_refused_with_both_numbers() {
    let (server, home) = tiny().await;
    let log = "a line of a log\n".repeat(3_000);
    let log = format!("{log}ERROR 4711\n{log}");
    for args in [
        &["agent", "--no-session"][..],
        &["agent", "--no-session", "--json"],
        &["infer", "model", "run", "--json"],
    ] {
        let prompt = if args[0] == "infer" { "--prompt" } else { "--message" };
        let ended = home.run(&[args, &[prompt, &log]].concat()).await.code(5);
        let ended = ended.says(&["prompt tokens", "into 16384 tokens", "a file of the workspace"]);
        if args.contains(&"--json") {
            assert_eq!(ended.json()["error"]["kind"], json!("context_overflow"));
        }
    }
    let ended =
        home.run_with_input(&["agent", "--no-session", "find the error"], &log).await.code(5);
    let _ = ended.says(&["into 16384 tokens"]);
    let sent = server.requests().into_iter().filter(|it| it.path.ends_with("/chat/completions"));
    assert_eq!(sent.count(), 0, "nothing is sent in place of the message");
}

#[tokio::test]
async fn an_answer_that_only_counts_is_stopped_and_kept() {
    let (server, home) = tiny().await;
    let counting: Vec<_> = (1..900).map(|n| format!("[{n}] [1.0.0.0] ")).collect();
    let counting = counting.concat();
    let json = [&ASK[..], &["--json"]].concat();
    let allowed = [&json[..], &["--set", "agents.defaults.llm.maxRepeatedLines=0"]].concat();

    server.push(Turn::tokens(&counting));
    let ended = home.run(&ASK).await.code(1);
    assert!(ended.stdout.starts_with("[1] [1.0.0.0] [2]"), "{ended:#?}");
    assert!(ended.stdout.len() < counting.len() / 2, "{}", ended.stdout.len());
    let _ = ended.says(&["repeated itself without end in its answer", "maxRepeatedLines"]);

    server.push(Turn::tokens(&counting));
    let ended = home.run(&json).await.code(1).json();
    assert_eq!(ended["error"]["kind"], json!("repetition"));
    let kept = ended["outputs"][0]["text"].as_str().unwrap();
    assert!(kept.starts_with("[1] [1.0.0.0] [2]") && kept.len() < counting.len() / 2);

    server.push(Turn::tokens(&counting));
    let ended = home.run(&allowed).await.code(0).json();
    assert!(ended["outputs"][0]["text"].as_str() == Some(counting.as_str()), "all of it");
}

/// Makes a reply.
type Made = fn() -> Reply;

#[tokio::test]
async fn answers_that_are_none() {
    let table: [(&str, Made, &str); 6] = [
        (
            "an error in the first event, then the end mark",
            || Reply::from(Turn::text("never")).error_at(0, "no slot"),
            "no slot",
        ),
        (
            "only the end mark",
            || Reply::from(Turn::text("never")).done_at(0),
            "without any content",
        ),
        ("nothing", || Turn::empty().into(), "without saying anything"),
        (
            "nothing but a thought",
            || Turn::empty().then_reasoning("Hm.").into(),
            "only reasoned and then said nothing",
        ),
        (
            "a thought up to the limit",
            || Turn::empty().then_reasoning("Hm.").finish(Finish::Length).into(),
            "reasoned until",
        ),
        (
            "the limit alone",
            || Turn::empty().finish(Finish::Length).into(),
            "before anything was said",
        ),
    ];
    for (name, reply, says) in table {
        for args in [&[&ASK[..], &["--json"]].concat()[..], &["agent", "-m", "hi", "--json"]] {
            let (server, home) = tiny().await;
            for _ in 0..6 {
                server.push(reply());
            }
            let ended = home.run(args).await.code(1).hides(&["never"]);
            assert_eq!(ended.json()["ok"], json!(false), "{name}: {ended:#?}");
            let _ = ended.says(&[says]);
        }
    }
}

#[tokio::test]
async fn a_key_that_is_wanted_and_one_that_is_none() {
    let server = MockVllm::builder().api_key("right").start().await.unwrap();
    let none = Home::new().config(&config(&server.base_url(), ""));
    let args = [&ASK[..], &["--model", "vllm/tiny"]].concat();
    let ended = none.run(&args).await.code(5);
    let _ = ended.says(&[
        "401",
        "The server wants a key and none was sent: set `VLLM_API_KEY` or \
         `models.providers.vllm.apiKey`",
    ]);
    let seen = server.requests();
    assert!(!seen.is_empty() && seen.iter().all(|seen| seen.header("authorization").is_none()));

    // The name of a variable that is set stands for its value, and is told to.
    let text = config(&server.base_url(), "").replace("models: [", "apiKey: 'LAB_KEY', models: [");
    let named = Home::new().config(&text).env("LAB_KEY", "right");
    let ended = named.run(&["config", "validate"]).await.code(0).hides(&["right"]);
    let _ = ended.says(&["models.providers.vllm.apiKey", "${LAB_KEY}"]);
    let _ = named.run(&args).await.code(0);
    assert_eq!(server.requests().last().unwrap().header("authorization"), Some("Bearer right"));
}

#[tokio::test]
async fn an_adapters_folder_is_nobodys_business() {
    let server = MockVllm::builder()
        .model(ModelSpec::new("tiny", 16_384))
        .model(ModelSpec::lora("tiny-sql", "tiny").root("/secret/adapters/sql"))
        .start()
        .await
        .unwrap();
    let home = Home::with_vllm(&server.base_url(), "any-value");
    for args in [
        &["models", "list"][..],
        &["models", "list", "--json"],
        &["models", "status"],
        &["models", "status", "--json"],
        &["doctor", "--model", "vllm/tiny-sql"],
        &["doctor", "--model", "vllm/tiny-sql", "--json"],
        &["infer", "model", "run", "--model", "vllm/tiny-sq", "--prompt", "hi"],
        &["infer", "model", "run", "--model", "vllm/tiny-sql", "--prompt", "hi", "--json"],
    ] {
        let ended = home.run(args).await.hides(&["/secret"]);
        assert!(!ended.stdout.is_empty() || !ended.stderr.is_empty(), "{args:?}");
    }
}

#[tokio::test]
async fn an_answer_of_ten_tokens_is_reported_as_likely_gibberish() {
    let (server, _) = tiny().await;
    let home = Home::new().config(&config(&server.base_url(), "{ id: 'tiny', maxTokens: 10 }"));
    let ended = home.run(&["config", "validate"]).await;
    let _ = ended.says(&["models[0].maxTokens", "10 tokens", "it looks like gibberish"]);
    server.push(Turn::text("The sky is").finish(Finish::Length));
    let ended = home.run(&ASK).await.code(0);
    assert_eq!(ended.stdout, "The sky is\n");
    let _ = ended.says(&["cut off by its output limit", "maxTokens"]);
}

#[tokio::test]
async fn content_is_a_string_whatever_the_config_says_of_it() {
    for compat in
        ["", "compat: { requiresStringContent: true }", "compat: { requiresStringContent: false }"]
    {
        let (server, _) = tiny().await;
        let model = format!("{{ id: 'tiny', {compat} }}");
        let home = Home::new().config(&config(&server.base_url(), &model));
        let message = "write x to a.txt then read a.txt";
        let _ = home.run(&["agent", "--yes", "-m", message]).await.code(0);
        let seen = server.requests().into_iter().filter(|it| it.path == "/v1/chat/completions");
        let bodies: Vec<_> = seen.map(|seen| seen.json()).collect();
        assert_eq!(bodies.len(), 3, "{compat}");
        for message in bodies.iter().flat_map(|body| body["messages"].as_array().unwrap()) {
            let content = message.get("content");
            assert!(content.is_none_or(serde_json::Value::is_string), "{compat}: {message}");
        }
    }
}

#[tokio::test]
async fn a_page_in_place_of_the_api_leads_to_the_api() {
    let (address, _website) = website().await;
    for wrong in ["/chat", "/ui/v1"] {
        let home = Home::with_vllm(&format!("{address}{wrong}"), "any-value");
        let args = [&ASK[..], &["--model", "vllm/m"]].concat();
        let ended = home.run(&args).await.code(1);
        let right = format!("The API answers at {address}/v1");
        let _ = ended.says(&[&right]).hides(&["<!doctype"]);
    }
}
