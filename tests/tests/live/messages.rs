//! The Messages API of the real vLLM, for whoever asks for it in the config.

use openclaw_tests::Home;
use serde_json::json;

use crate::lab::{Lab, lab};

/// A home whose config speaks the API.
async fn home(lab: &Lab, most: u64) -> Home {
    let served = lab.served().await;
    let models = format!("models: [{{ id: '{}', maxTokens: {most} }}]", served.id);
    lab.configured(&lab.base_url(), &format!("api: 'anthropic-messages', {models}"))
}

#[tokio::test]
async fn a_text_arrives_and_is_counted() {
    let Some(lab) = lab() else { return };
    let home = home(&lab, 8).await;
    let ended = home.run(&["infer", "model", "run", "--prompt", "hi", "--json"]).await.code(0);
    let value = ended.json();
    let text = value["outputs"][0]["text"].as_str().unwrap_or_default();
    assert!(!text.is_empty(), "{ended:#?}");
    for count in ["input", "output", "total"] {
        assert!(value["usage"][count].as_u64().unwrap() > 0, "{value}");
    }
    if value["usage"]["output"] == json!(8) {
        assert_eq!(value["truncated"], json!(true), "{ended:#?}");
    }
}

#[tokio::test]
async fn what_does_not_fit_is_reported_with_the_window() {
    let Some(lab) = lab() else { return };
    let served = lab.served().await;
    let home = home(&lab, 8).await;
    let long = "many words ".repeat(usize::try_from(served.window).unwrap());
    let ended = home.run(&["infer", "model", "run", "--prompt", &long]).await;
    assert_ne!(ended.code, Some(0), "{ended:#?}");
    assert!(ended.stderr.contains(&served.window.to_string()), "{ended:#?}");
}
