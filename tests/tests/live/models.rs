//! What the real server says it has.

use openclaw_tests::Home;
use serde_json::json;

use crate::lab::lab;

#[tokio::test]
async fn the_served_model_is_found_with_its_real_window() {
    let Some(lab) = lab() else { return };
    let served = lab.served().await;
    let ended = lab.home().run(&["models", "list", "--json"]).await.code(0);
    let list = ended.json();
    let model = &list["models"][0];
    assert_eq!(model["key"], json!(format!("vllm/{}", served.id)));
    assert_eq!(model["contextWindow"], json!(served.window));
    assert_eq!(model["contextWindowSource"], json!("server"));
    assert_eq!(model["available"], json!(true));
    assert_eq!(list["failures"], json!([]));
}

#[tokio::test]
async fn an_unknown_model_is_answered_with_the_one_that_is_served() {
    let Some(lab) = lab() else { return };
    let served = lab.served().await;
    for command in [&["infer", "model", "run", "--prompt", "hi"][..], &["agent", "-m", "hi"]] {
        let args = [command, &["--model", "vllm/no-such-model"]].concat();
        let ended = lab.home().run(&args).await.code(5);
        let _ = ended.says(&["vllm/no-such-model", &format!("`vllm/{}`", served.id)]);
    }
}

#[tokio::test]
async fn a_wrong_key_is_refused_and_named_by_its_source() {
    let Some(lab) = lab() else { return };
    let key = "sk-canary-0123456789";
    let home = Home::with_vllm(&lab.base_url(), key);
    for args in [
        &["models", "list", "-v"][..],
        &["infer", "model", "run", "--prompt", "hi", "-v"],
        &["agent", "-m", "hi", "-v", "--json"],
    ] {
        let ended = home.run(args).await.code(5).hides(&[key]);
        let _ = ended.says(&["401", "`sk..89`", "env VLLM_API_KEY"]);
    }
}
