//! The doctor's word on the real server, as far as it is true whatever the model says.

use serde_json::{Value, json};

use crate::lab::lab;

#[tokio::test]
async fn what_the_doctor_finds_is_true_of_the_real_server() {
    let Some(lab) = lab() else { return };
    let served = lab.served().await;
    let ended = lab.home().run(&["doctor", "--json"]).await.code(0).hides(&[&lab.key]);
    let value = ended.json();
    let check = |id: &str| -> Value {
        let checks = value["checks"].as_array().unwrap();
        checks.iter().find(|check| check["id"] == json!(id)).unwrap().clone()
    };
    let passes = |id: &str, text: &str| {
        let check = check(id);
        assert_eq!(check["status"], json!("pass"), "{check:#}");
        assert!(check["evidence"].as_str().unwrap().contains(text), "{check:#}");
    };
    passes("reachable", "vLLM ");
    passes("auth", "without one it is 401");
    passes("models", &format!("`{}`", served.id));
    passes("window", &format!("{} tokens, from the server", served.window));
    passes("stream", "chunks");
    passes("usage", "prompt tokens");
    passes("tool-history", "");
    passes("content", "lists of parts are taken");
    passes("roles", "developer");
    passes("tokenize", "exactly what the answer counted");
    passes("prefix-cache", "came from it the second time");
    passes("cancel", "free");
    passes("exposure", "`/metrics`");
    // A random model may not end a call in time, but no call is refused.
    for id in ["tools-auto", "tools-required", "tools-named"] {
        assert_ne!(check(id)["status"], json!("fail"), "{value:#}");
    }
}

#[tokio::test]
async fn a_probe_remembers_nothing_that_the_real_server_does_not_lack() {
    let Some(lab) = lab() else { return };
    let served = lab.served().await;
    let name = format!("vllm/{}", served.id);
    let value = lab.home().run(&["models", "probe", &name, "--json"]).await.code(0).json();
    assert_eq!(value["learned"]["unsupported"], json!([]), "{value:#}");
    assert_eq!(value["learned"]["version"], value["serverVersion"]);
}
