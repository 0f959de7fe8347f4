//! The real llama.cpp behind the server of its Python package, which is not `llama-server`: it has
//! neither `/props` nor `/health` and leaves the count of tokens out of streams.
//!
//! A grammar binds the model to a text.

use serde_json::{Value, json};

use crate::lab::llama;
use crate::proxy::{CHAT, Proxy};

const RUN: [&str; 6] = ["infer", "model", "run", "--model", "llamacpp/tiny", "--prompt"];

/// Binds the model to one text.
fn writes(text: &str) -> Value {
    // The strings of a grammar are escaped as those of JSON are.
    json!({"grammar": format!("root ::= {}", json!(text)), "max_tokens": 1024})
}

#[tokio::test]
async fn its_model_is_found_though_it_tells_no_window() {
    let Some(lab) = llama() else { return };
    let home = lab.configured(&lab.base_url(), "");
    let list = home.run(&["models", "list", "--json"]).await.code(0).json();
    let model = &list["models"][0];
    assert_eq!(model["key"], json!("llamacpp/tiny"));
    assert_eq!(model["available"], json!(true));
    assert_ne!(model["contextWindowSource"], json!("server"), "{list}");
    assert_eq!(list["failures"], json!([]));
}

#[tokio::test]
async fn a_text_arrives_as_it_was_written_and_no_count_is_made_up() {
    let Some(lab) = llama() else { return };
    let text = "Größe: 5 µm — \"done\", 你好 🙂";
    let proxy = Proxy::start(&lab, [writes(text)]).await;
    let home = lab.configured(proxy.base_url(), "");
    let value = home.run(&[&RUN[..], &["hi", "--json"]].concat()).await.code(0).json();
    assert_eq!(value["outputs"], json!([{"text": text, "mediaUrl": null}]));
    assert_eq!(value["usage"], Value::Null);
}

/// It takes a list of tools and then leaves what the model wrote as it is.
#[tokio::test]
async fn calls_that_it_leaves_in_the_text_are_made() {
    let Some(lab) = llama() else { return };
    let call = json!({"name": "write", "arguments": {"path": "note.txt", "content": "milk"}});
    let steps = [writes(&format!("<tool_call>\n{call}\n</tool_call>")), writes("It is written.")];
    let proxy = Proxy::start(&lab, steps).await;
    let home = lab.configured(proxy.base_url(), "");
    let args = ["agent", "--model", "llamacpp/tiny", "-m", "Do it.", "--json"];
    let ended = home.run(&args).await.code(0);
    assert_eq!(home.get("note.txt"), "milk", "{ended:#?}");
    let value = ended.json();
    assert_eq!(value["payloads"], json!([{"text": "It is written.", "mediaUrl": null}]));
    assert_eq!(value["meta"]["agentMeta"]["toolCalls"], json!(1));
    assert_eq!(proxy.seen(CHAT).len(), 2);
}

/// It notices only after it has said that all is well, and breaks off without a word.
#[tokio::test]
async fn a_prompt_beyond_its_window_is_a_failure_and_no_empty_answer() {
    let Some(lab) = llama() else { return };
    let more = "models: [{ id: 'tiny', contextWindow: 100000 }]";
    let home = lab.configured(&lab.base_url(), more);
    let prompt = "word ".repeat(9000);
    let ended = home.run(&[&RUN[..], &[&prompt, "--json"]].concat()).await;
    assert_ne!(ended.code, Some(0), "{ended:#?}");
    assert_eq!(ended.json()["ok"], json!(false));
    let _ = ended.says(&["the server closed the connection in the middle of it"]);
}

#[tokio::test]
async fn a_wrong_key_is_refused_in_its_own_words() {
    let Some(lab) = llama() else { return };
    let home = openclaw_tests::Home::new().config(&format!(
        "{{ models: {{ providers: {{ llamacpp: {{ baseUrl: '{}', apiKey: 'wrong' }} }} }} }}",
        lab.base_url()
    ));
    let ended = home.run(&[&RUN[..], &["hi"]].concat()).await.code(5);
    let _ = ended.says(&["401", "Invalid API key"]);
}
