//! The real `LiteLLM` proxy in front of the real vLLM.
//!
//! It passes what it does not know, so the server behind it can still be bound to a text.

use serde_json::json;

use crate::lab::litellm;
use crate::proxy::{CHAT, Proxy, calls, writes};

const RUN: [&str; 4] = ["infer", "model", "run", "--prompt"];
/// The window of the server behind it, in tokens.
const WINDOW: u64 = 8192;

#[tokio::test]
async fn its_models_are_found_with_the_windows_that_it_tells() {
    let Some(lab) = litellm() else { return };
    let home = lab.configured(&lab.base_url(), "");
    let list = home.run(&["models", "list", "--json"]).await.code(0).json();
    let models = list["models"].as_array().unwrap();
    let window = |key: &str| {
        let model = models.iter().find(|model| model["key"] == json!(key)).unwrap();
        (model["contextWindow"].as_u64(), model["contextWindowSource"].as_str().unwrap_or_default())
    };
    assert_eq!(window("litellm/tiny"), (Some(WINDOW), "server"));
    assert_eq!(window("litellm/overstated"), (Some(100_000), "server"));
    assert_eq!(list["failures"], json!([]));
}

#[tokio::test]
async fn a_text_arrives_as_the_server_behind_it_wrote_it_and_is_counted() {
    let Some(lab) = litellm() else { return };
    let text = "Größe: 5 µm — \"done\", 你好 🙂";
    let proxy = Proxy::start(&lab, [writes(text)]).await;
    let home = lab.capped(proxy.base_url(), "tiny", 256);
    let args = [&RUN[..], &["hi", "--model", "litellm/tiny", "--json"]].concat();
    let value = home.run(&args).await.code(0).json();
    assert_eq!(value["outputs"], json!([{"text": text, "mediaUrl": null}]));
    for count in ["input", "output", "total"] {
        assert!(value["usage"][count].as_u64().unwrap() > 0, "{value}");
    }
    assert_eq!(proxy.seen(CHAT)[0].body["stream"], json!(true));
}

#[tokio::test]
async fn a_turn_with_tools_goes_through_it() {
    let Some(lab) = litellm() else { return };
    let steps = [
        calls("write", &json!({"path": "note.txt", "content": "milk\n\"and\" größe 🙂"})),
        calls("read", &json!({"path": "note.txt"})),
        writes("Both steps are done."),
    ];
    let proxy = Proxy::start(&lab, steps).await;
    let home = lab.capped(proxy.base_url(), "tiny", 512);
    let args = ["agent", "--model", "litellm/tiny", "--yes", "-m", "Do it.", "--json"];
    let ended = home.run(&args).await.code(0);
    assert_eq!(home.get("note.txt"), "milk\n\"and\" größe 🙂");
    let value = ended.json();
    assert_eq!(value["payloads"][0]["text"], json!("Both steps are done."));
    let agent = &value["meta"]["agentMeta"];
    assert_eq!((&agent["modelCalls"], &agent["toolCalls"]), (&json!(3), &json!(2)));
    assert_eq!(proxy.left(), 0);
}

/// The refusal of the server behind it comes as JSON inside a sentence inside JSON.
#[tokio::test]
async fn a_refusal_of_the_server_behind_it_is_recognised() {
    let Some(lab) = litellm() else { return };
    let home = lab.configured(&lab.base_url(), "models: [{ id: 'overstated' }]");
    let prompt = "word ".repeat(9000);
    let args = [&RUN[..], &[&prompt, "--model", "litellm/overstated", "--json"]].concat();
    let ended = home.run(&args).await.code(5);
    assert_eq!(ended.json()["error"]["kind"], json!("context_overflow"), "{ended:#?}");
    let _ = ended.says(&[&WINDOW.to_string()]);
}

/// Without a database it cannot tell a wrong key from an unknown one, and says just that.
#[tokio::test]
async fn a_wrong_key_is_refused_in_its_own_words() {
    let Some(lab) = litellm() else { return };
    let key = "sk-canary-0123456789";
    let home = openclaw_tests::Home::new().env("LAB_KEY", key).config(&format!(
        "{{ models: {{ providers: {{ litellm: {{
           baseUrl: '{}', apiKey: '${{LAB_KEY}}',
         }} }} }} }}",
        lab.base_url()
    ));
    let args = [&RUN[..], &["hi", "--model", "litellm/tiny"]].concat();
    let ended = home.run(&args).await;
    assert_ne!(ended.code, Some(0), "{ended:#?}");
    let _ = ended.hides(&[key]).says(&["status 400", "No connected db."]);
}

#[tokio::test]
async fn a_dead_server_behind_it_is_reported_as_unreachable() {
    let Some(lab) = litellm() else { return };
    let home = lab.configured(&lab.base_url(), "");
    let args = [&RUN[..], &["hi", "--model", "litellm/gone", "--json"]].concat();
    let ended = home.run(&args).await.code(1);
    let error = &ended.json()["error"];
    assert_eq!((&error["status"], &error["model"]), (&json!(500), &json!("gone")), "{ended:#?}");
    let _ = ended.says(&["Hosted_vllmException", "Cannot connect to host"]);
}
