//! The Responses API of the real vLLM, for whoever asks for it in the config.

use openclaw_tests::Home;
use serde_json::{Value, json};

use crate::lab::{Lab, lab};
use crate::proxy::{CHAT, Passed, Proxy, RESPONSES, calls, writes};

/// A home whose config speaks the API.
async fn home(lab: &Lab, proxy: &Proxy, most: u64) -> Home {
    let served = lab.served().await;
    let models = format!("models: [{{ id: '{}', maxTokens: {most} }}]", served.id);
    lab.configured(proxy.base_url(), &format!("api: 'openai-responses', {models}"))
}

#[track_caller]
fn items<'a>(sent: &'a Passed, kind: &str) -> Vec<&'a Value> {
    let items = sent.body["input"].as_array().unwrap();
    items.iter().filter(|item| item["type"] == kind).collect()
}

#[tokio::test]
async fn a_text_arrives_as_the_server_wrote_it_and_is_counted() {
    let Some(lab) = lab() else { return };
    let text = "Größe: 5 µm — \"done\", 你好 🙂";
    let proxy = Proxy::start(&lab, [writes(text)]).await;
    let home = home(&lab, &proxy, 256).await;
    let ended = home.run(&["infer", "model", "run", "--prompt", "hi", "--json"]).await.code(0);
    let value = ended.json();
    assert_eq!(value["outputs"], json!([{"text": text, "mediaUrl": null}]));
    assert_eq!(value["truncated"], json!(false));
    for count in ["input", "output", "total"] {
        assert!(value["usage"][count].as_u64().unwrap() > 0, "{value}");
    }
    let sent = proxy.seen(RESPONSES);
    assert_eq!((sent.len(), proxy.seen(CHAT).len()), (1, 0), "{ended:#?}");
    assert_eq!((&sent[0].body["store"], &sent[0].body["stream"]), (&json!(false), &json!(true)));
}

#[tokio::test]
async fn an_answer_cut_off_is_reported() {
    let Some(lab) = lab() else { return };
    // No answer that fits the expression ends within the limit, whatever the model draws.
    let steps = [json!({"structured_outputs": {"regex": "(so ){200}"}})];
    let proxy = Proxy::start(&lab, steps).await;
    let home = home(&lab, &proxy, 8).await;
    let ended = home.run(&["infer", "model", "run", "--prompt", "hi", "--json"]).await.code(0);
    let value = ended.json();
    assert_eq!(value["usage"]["output"], json!(8), "{ended:#?}");
    assert_eq!(value["truncated"], json!(true), "{ended:#?}");
}

/// Calls, their results and the texts beside them go back as items that the real server takes.
#[tokio::test]
async fn a_whole_turn_uses_tools() {
    let Some(lab) = lab() else { return };
    let steps = [
        calls("write", &json!({"path": "note.txt", "content": "milk, \"bread\" größe 🙂"})),
        calls("read", &json!({"path": "note.txt"})),
        writes("Both steps are done."),
    ];
    let proxy = Proxy::start(&lab, steps).await;
    let home = home(&lab, &proxy, 512).await;
    let ended = home.run(&["agent", "--yes", "-m", "Do it.", "--json"]).await.code(0);
    assert_eq!(home.get("note.txt"), "milk, \"bread\" größe 🙂");
    let payloads = &ended.json()["payloads"];
    assert_eq!(payloads, &json!([{"text": "Both steps are done.", "mediaUrl": null}]));
    let sent = proxy.seen(RESPONSES);
    assert_eq!((sent.len(), proxy.left()), (3, 0), "{ended:#?}");
    assert!(sent[0].body["instructions"].is_string(), "{:?}", sent[0]);
    let (made, answered) =
        (items(&sent[2], "function_call"), items(&sent[2], "function_call_output"));
    assert_eq!((made.len(), answered.len()), (2, 2));
    for (call, result) in made.iter().zip(&answered) {
        assert_eq!(call["call_id"], result["call_id"]);
    }
    assert!(answered[1]["output"].as_str().unwrap().contains("größe 🙂"), "{answered:?}");
}

#[tokio::test]
async fn a_prompt_beyond_the_window_is_refused_with_the_window() {
    let Some(lab) = lab() else { return };
    let proxy = Proxy::start(&lab, []).await;
    let served = lab.served().await;
    let home = home(&lab, &proxy, 64).await;
    let prompt = "word ".repeat(usize::try_from(served.window).unwrap());
    let run = ["infer", "model", "run", "--prompt", &prompt, "--json"];
    let ended = home.run(&run).await.code(5);
    assert_eq!(ended.json()["error"]["kind"], json!("context_overflow"));
    let _ = ended.says(&[&served.window.to_string()]);
}
