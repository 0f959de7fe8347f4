//! Whether the server lives, and how busy it is.

use openclaw_core::{ChatModel, ServerLiveness};
use openclaw_mock_vllm::{Gate, MockVllm, Reply, Turn};
use openclaw_test_support::raw_server::{RawServer, hold, response};

use crate::vllm::{model, question};

#[tokio::test]
async fn a_serving_server_says_how_much_runs_and_waits() {
    let server = MockVllm::builder().max_running(1).start().await.unwrap();
    let model = model(&server.base_url(), 4096, None);
    let serving = |running, waiting| ServerLiveness::Serving {
        running_requests: Some(running),
        queued_requests: Some(waiting),
    };
    assert_eq!(model.check_liveness().await, serving(0, 0));
    let gate = Gate::new();
    server.push(Reply::from(Turn::text("one")).gate(1, &gate));
    let _running = model.stream_chat(question("hi")).await.unwrap();
    gate.reached().await;
    let _waiting = model.stream_chat(question("hi")).await.unwrap();
    assert_eq!(model.check_liveness().await, serving(1, 1));
    server.kill();
    let _port = hold(server.port()).await;
    assert_eq!(model.check_liveness().await, ServerLiveness::Unreachable);
}

#[tokio::test]
async fn health_is_believed_and_its_absence_is_no_illness() {
    let unknown = ServerLiveness::Serving { running_requests: None, queued_requests: None };
    for (status, expected) in [
        ("200 OK", unknown),
        ("404 Not Found", unknown),
        ("405 Method Not Allowed", unknown),
        ("503 Service Unavailable", ServerLiveness::Loading),
        ("500 Internal Server Error", ServerLiveness::EngineDead),
    ] {
        let server = RawServer::start(move |line| {
            Some(match line {
                "GET /health" => response(status, "application/json", "{}"),
                _ => response("404 Not Found", "application/json", r#"{"detail":"Not Found"}"#),
            })
        })
        .await;
        let model = model(&server.base_url(), 4096, None);
        assert_eq!(model.check_liveness().await, expected, "{status}");
    }
}
