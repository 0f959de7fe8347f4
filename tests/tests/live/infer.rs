//! One prompt to the real server.

use openclaw_tests::Ended;
use serde_json::{Value, json};

use crate::lab::{Lab, lab};
use crate::proxy::{Proxy, writes};

const RUN: [&str; 4] = ["infer", "model", "run", "--prompt"];

/// A random model may end at once, which is then told; anything else is an answer with its usage.
#[track_caller]
fn answered(ended: &Ended) -> Option<Value> {
    let value = ended.json();
    if value["ok"] == json!(false) {
        assert_eq!(
            (ended.code, &value["error"]["kind"]),
            (Some(1), &json!("no_answer")),
            "{ended:#?}"
        );
        return None;
    }
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    assert_ne!(value["outputs"][0]["text"], json!(""), "{ended:#?}");
    for count in ["input", "output", "total"] {
        assert!(value["usage"][count].as_u64().unwrap() > 0, "{ended:#?}");
    }
    Some(value)
}

/// How many tokens the server counts in a prompt.
async fn tokens(lab: &Lab, prompt: &str) -> u64 {
    let proxy = Proxy::start(lab, [writes("ok")]).await;
    let home = lab.capped(proxy.base_url(), &lab.served().await.id, 64);
    let ended = home.run(&[&RUN[..], &[prompt, "--json"]].concat()).await.code(0);
    ended.json()["usage"]["input"].as_u64().unwrap()
}

#[tokio::test]
async fn a_prompt_is_answered_and_counted() {
    let Some(lab) = lab() else { return };
    let served = lab.served().await;
    let home = lab.capped(&lab.base_url(), &served.id, 48);
    let ended = home.run(&[&RUN[..], &["Say something.", "--json"]].concat()).await;
    if let Some(value) = answered(&ended) {
        assert_eq!((&value["provider"], &value["model"]), (&json!("vllm"), &json!(served.id)));
        let output = value["usage"]["output"].as_u64().unwrap();
        assert!(output <= 48, "{value}");
        if value["truncated"] == json!(true) {
            let _ = ended.says(&["warning:", "cut off"]);
        }
    }
}

#[tokio::test]
async fn a_text_arrives_as_the_server_wrote_it() {
    let Some(lab) = lab() else { return };
    let text = "Größe: 5 µm — \"done\", 你好 🙂";
    let proxy = Proxy::start(&lab, [writes(text), writes(text)]).await;
    let served = lab.served().await;
    let home = lab.capped(proxy.base_url(), &served.id, 256);
    let ended = home.run(&[&RUN[..], &["hi"]].concat()).await.code(0);
    assert_eq!((&*ended.stdout, &*ended.stderr), (&*format!("{text}\n"), ""));
    let ended = home.run(&[&RUN[..], &["hi", "--json"]].concat()).await.code(0);
    assert_eq!(ended.json()["outputs"], json!([{"text": text, "mediaUrl": null}]));
    assert_eq!(ended.json()["truncated"], json!(false));
}

#[tokio::test]
async fn near_the_limit_the_server_counts_and_the_answer_gets_the_room_that_is_left() {
    let Some(lab) = lab() else { return };
    let served = lab.served().await;
    let one = tokens(&lab, "word ").await;
    let each = (tokens(&lab, &"word ".repeat(101)).await - one) / 100;
    let words = (served.window - one - 150) / each;
    let prompt = "word ".repeat(usize::try_from(words).unwrap());
    let proxy = Proxy::start(&lab, [writes("ok")]).await;
    let home = lab.capped(proxy.base_url(), &served.id, served.window);
    let ended = home.run(&[&RUN[..], &[&prompt, "--json"]].concat()).await.code(0);
    let input = ended.json()["usage"]["input"].as_u64().unwrap();
    assert!(input + 300 > served.window, "the prompt is near the limit: {input}");
    assert_eq!(proxy.seen("/tokenize").len(), 1, "{ended:#?}");
    let chats = proxy.seen("/v1/chat/completions");
    assert_eq!(chats.len(), 1, "it is right the first time");
    let body = &chats[0].body;
    let cap = ["max_tokens", "max_completion_tokens"].iter().find_map(|key| body[*key].as_u64());
    assert_eq!(cap, Some(served.window - input));
}

#[tokio::test]
async fn a_prompt_beyond_the_window_is_refused_with_the_count() {
    let Some(lab) = lab() else { return };
    let served = lab.served().await;
    let prompt = "word ".repeat(usize::try_from(served.window).unwrap());
    let ended = lab.home().run(&[&RUN[..], &[&prompt, "--json"]].concat()).await.code(5);
    assert_eq!(ended.json()["error"]["kind"], json!("context_overflow"));
    let _ = ended.says(&[&served.window.to_string(), "--max-model-len"]);
}
