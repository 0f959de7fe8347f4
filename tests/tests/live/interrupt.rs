//! Who leaves frees the server.

use openclaw_tests::soon;
use serde_json::json;

use crate::lab::{Lab, lab};
use crate::proxy::Proxy;

const RUNNING: &str = "vllm:num_requests_running";
const COMPLETED: &str = "vllm:request_success_total";

/// Asks the server until so many requests run or none do; each question is an exchange.
async fn until_running(lab: &Lab, is_any: bool) {
    soon(async { while (lab.metric(RUNNING).await > 0.0) != is_any {} }).await;
}

#[tokio::test]
async fn ctrl_c_and_the_clock_of_the_turn_end_the_generation() {
    let Some(lab) = lab() else { return };
    let served = lab.served().await;
    // Without an end of its own an answer takes all the room there is, far longer than the test.
    let endless = || json!({"ignore_eos": true});
    let proxy = Proxy::start(&lab, [endless(), endless(), endless()]).await;
    let home = lab.capped(proxy.base_url(), &served.id, served.window);
    for (args, code) in [
        (&["agent", "-m", "hi"][..], 130),
        (&["infer", "model", "run", "--prompt", "hi", "--json"], 130),
        (&["agent", "-m", "hi", "--timeout", "2"], 124),
    ] {
        let completed = lab.metric(COMPLETED).await;
        let running = home.start(args);
        until_running(&lab, true).await;
        if code == 130 {
            running.interrupt().await;
        }
        let ended = running.ended().await.code(code);
        assert!(!ended.stderr.contains("panic"), "{ended:#?}");
        until_running(&lab, false).await;
        let now = lab.metric(COMPLETED).await;
        assert!((now - completed).abs() < 0.5, "it was ended, and did not end: {now} {completed}");
    }
    assert_eq!(proxy.left(), 0);
}
