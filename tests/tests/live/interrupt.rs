//! Who leaves frees the server.

use std::time::Instant;

use openclaw_tests::soon;
use serde_json::json;

use crate::lab::{Lab, lab, measured};
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

#[tokio::test]
async fn the_server_is_free_within_a_moment_of_ctrl_c() {
    let Some(lab) = lab() else { return };
    let served = lab.served().await;
    let proxy = Proxy::start(&lab, std::iter::repeat_n(json!({"ignore_eos": true}), 5)).await;
    let home = lab.capped(proxy.base_url(), &served.id, served.window);
    let mut times = Vec::new();
    for _ in 0..5 {
        let running = home.start(&["infer", "model", "run", "--prompt", "hi"]);
        until_running(&lab, true).await;
        let begin = Instant::now();
        running.interrupt().await;
        until_running(&lab, false).await;
        times.push(begin.elapsed());
        let _ = running.ended().await.code(130);
    }
    times.sort_unstable();
    measured(
        "the server is free after Ctrl-C (median of 5)",
        &format!("{:.3} s", times[2].as_secs_f64()),
    );
    // What is measured is of this program, and the others on the machine only add to it.
    assert!(times[0].as_secs_f64() <= 0.3, "{times:?}");
}
