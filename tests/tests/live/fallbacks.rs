//! The real server takes over where another model cannot answer.

use openclaw_tests::Home;
use serde_json::json;

use crate::lab::{Lab, lab, measured};

/// A home where `primary` comes before the lab's model `id`. Nobody is there for `down`.
fn home(lab: &Lab, primary: &str, id: &str) -> Home {
    Home::new().env("LAB_KEY", &lab.key).config(&format!(
        "{{ models: {{ providers: {{
             down: {{ baseUrl: 'http://127.0.0.1:9/v1' }},
             vllm: {{ baseUrl: '{}', apiKey: '${{LAB_KEY}}',
                      models: [{{ id: '{id}', maxTokens: 16 }}] }} }} }},
           agents: {{ defaults: {{ model: {{ primary: '{primary}', fallbacks: ['vllm/{id}'] }} }} }} }}",
        lab.base_url()
    ))
}

#[tokio::test]
async fn it_answers_for_one_that_is_not_there_and_for_one_that_is_unknown() {
    let Some(lab) = lab() else { return };
    let served = lab.served().await;
    for (primary, result) in [("down/m", "connect"), ("vllm/no-such-model", "unknown_model")] {
        let home = home(&lab, primary, &served.id);
        let asks = ["infer", "model", "run", "--prompt", "Say something.", "--json"];
        let ended = home.run(&asks).await;
        let failed = format!("warning: {primary}: failed to");
        let ended = ended.says(&[&failed, &format!("; using vllm/{}", served.id)]);
        let value = ended.json();
        let attempts = value["attempts"].as_array().unwrap();
        assert_eq!((attempts.len(), &attempts[0]["result"]), (1, &json!(result)), "{ended:#?}");
        assert_eq!((&value["provider"], &value["model"]), (&json!("vllm"), &json!(served.id)));
        // A random model may end at once, which is then told.
        let said_nothing = value["error"]["kind"] == json!("no_answer");
        assert!(ended.code == Some(0) || said_nothing, "{ended:#?}");
        let took = attempts[0]["durationMs"].as_u64().unwrap();
        measured(&format!("passed over: {primary}"), &format!("{took} ms"));
    }
}
