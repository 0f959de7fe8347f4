//! The share of each client: what one of them takes keeps no other out.

use openclaw_mock_vllm::MockVllm;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::lab::{GatewayLab, TOKEN, TestClient, connect_params};
use crate::test_device::TestDevice;
use crate::test_node::TestNode;

#[tokio::test]
async fn wrong_secrets_of_others_do_not_keep_the_owner_out() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let mut limited = false;
    while !limited {
        let mut client = lab.open().await;
        client.next().await;
        let mut params = connect_params(&[], &[]);
        params["auth"]["token"] = json!("a-guess-of-somebody-else");
        client.request("c", "connect", params).await;
        let refused = client.response("c").await;
        limited = refused["error"]["details"]["code"] == "AUTH_RATE_LIMITED";
    }
    let right = format!("Bearer {TOKEN}");
    let models = lab.http("GET /v1/models", &[("Authorization", &right)], "").await;
    assert_eq!(models.status, 200, "{}", models.body);
    let mut owner = lab.operator().await;
    assert_eq!(owner.call("status", json!({})).await["ok"], true);
    let wrong = [("Authorization", "Bearer another-guess")];
    assert_eq!(lab.http("GET /v1/models", &wrong, "").await.status, 429);
    lab.end().await;
}

#[tokio::test]
async fn a_device_with_many_sockets_keeps_nobody_out() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let mut owner = lab.operator().await;
    let mut greedy = TestDevice::new(1, &["operator.read"]);
    let mut open = vec![greedy.pair(&lab, &mut owner).await];
    let mut honest = TestDevice::new(2, &["operator.read"]);
    drop(honest.pair(&lab, &mut owner).await);
    while open.len() < 128 {
        open.push(greedy.connect(&lab).await);
    }
    let mut refused = greedy.attempt(&lab, |_| ()).await;
    assert_eq!(refused.reason(), "TOO_MANY_CONNECTIONS", "{}", refused.response);
    assert_eq!(refused.client.closing().await, (1013, "TOO_MANY_CONNECTIONS".to_owned()));
    let mut other = honest.connect(&lab).await;
    assert_eq!(other.call("status", json!({})).await["ok"], true);
    assert_eq!(lab.operator().await.call("status", json!({})).await["ok"], true);
    // One that leaves makes room, with the token that the device has.
    open.pop();
    loop {
        let again = greedy.attempt(&lab, |_| ()).await;
        match again.reason().as_str() {
            "TOO_MANY_CONNECTIONS" => tokio::task::yield_now().await,
            reason => break assert_eq!(reason, "none", "{}", again.response),
        }
    }
    lab.end().await;
}

/// Sends the beginning of a frame that claims to have `length` bytes.
async fn send_unfinished(client: &mut TestClient, length: u64, sent: usize) {
    let mut head = vec![0x81, 0xff];
    head.extend(length.to_be_bytes());
    head.extend([0; 4]);
    let stream = client.stream();
    // The gateway may close the connection before it has read all.
    if stream.write_all(&head).await.is_ok() {
        let _ = stream.write_all(&vec![b' '; sent]).await;
    }
}

#[tokio::test]
async fn unfinished_frames_of_a_device_leave_room_for_others() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let mut owner = lab.operator().await;
    let mut greedy = TestDevice::new(1, &["operator.read"]);
    let mut held = vec![greedy.pair(&lab, &mut owner).await];
    held.push(greedy.connect(&lab).await);
    held.push(greedy.connect(&lab).await);
    let size = 24_usize << 20;
    for client in &mut held {
        send_unfinished(client, 25 << 20, size).await;
    }
    let (code, reason) = held[2].closing().await;
    assert_eq!((code, reason.as_str()), (1013, "too much of this client's frames waits"));
    let mut honest = TestDevice::new(2, &["operator.read"]);
    let mut other = honest.pair(&lab, &mut owner).await;
    for client in [&mut other, &mut owner] {
        let answer = client.call("no.such.method", json!({ "text": "x".repeat(size) })).await;
        assert_eq!(answer["error"]["code"], "INVALID_REQUEST");
    }
    // Finished frames take nothing: the same client may send many of them.
    for _ in 0..4 {
        let answer = other.call("no.such.method", json!({ "text": "x".repeat(size) })).await;
        assert_eq!(answer["error"]["code"], "INVALID_REQUEST");
    }
    lab.end().await;
}

/// Has a command prepared by a node and asks about it; returns the response.
async fn ask_about(
    client: &mut TestClient,
    (node, socket): (&TestNode, &mut TestClient),
    number: usize,
) -> Value {
    let hash = format!("hash-{number}");
    let prepare = node.invoke("system.run.prepare", &json!({ "command": ["id"] }));
    client.request("prepare", "node.invoke", prepare).await;
    let request = socket.event("node.invoke.request").await;
    let plan = json!({ "argv": ["id"], "cwd": "/", "commandText": "id", "planHash": hash });
    node.answer(socket, &request, &json!({ "plan": plan, "decision": "ask" })).await;
    client.response("prepare").await;
    let params = json!({
        "host": "node", "nodeId": node.id(), "twoPhase": true,
        "systemRunPlan": { "planHash": hash },
    });
    let id = format!("ask-{number}");
    client.request(&id, "exec.approval.request", params).await;
    client.response(&id).await
}

#[tokio::test]
async fn questions_of_a_device_leave_room_for_those_of_others() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let mut owner = lab.operator().await;
    let mut node = TestNode::new(1, &["system.run.prepare", "system.run"]);
    let mut socket = node.pair(&lab, &mut owner).await;
    let mut greedy = TestDevice::new(2, &["operator.admin"]);
    let mut device = greedy.pair(&lab, &mut owner).await;
    for number in 0..16 {
        let asked = ask_about(&mut device, (&node, &mut socket), number).await;
        assert_eq!(asked["payload"]["status"], "accepted", "{number}: {asked}");
    }
    // On another connection it is the same client.
    let mut again = greedy.connect(&lab).await;
    let refused = ask_about(&mut again, (&node, &mut socket), 16).await;
    assert_eq!(refused["error"]["code"], "UNAVAILABLE", "{refused}");
    let asked = ask_about(&mut owner, (&node, &mut socket), 17).await;
    assert_eq!(asked["payload"]["status"], "accepted", "{asked}");
    lab.end().await;
}

/// What comes back for raw bytes until the gateway closes the connection.
async fn answer_to(lab: &GatewayLab, request: &str) -> String {
    let mut stream = TcpStream::connect(lab.address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn what_two_readers_could_read_differently_is_refused() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let host = format!("Host: {}", lab.address);
    let bearer = format!("Authorization: Bearer {TOKEN}");
    for (lines, status) in [
        (vec![host.as_str(), "Host: evil.example"], "400"),
        (vec!["Host: evil.example", &host], "421 400"),
        (vec![&host, &host], "400"),
        (vec![&host, "Origin: https://desk.example", "Origin: https://evil.example"], "400"),
        (vec![&host, &bearer, "Authorization: Bearer another"], "400"),
        (vec![&host, "Sec-Fetch-Site: none", "Sec-Fetch-Site: cross-site"], "400"),
        (vec![&host, "Content-Length: 0", "Content-Length: 5"], "400"),
        (vec![&host, "Transfer-Encoding: chunked", "Transfer-Encoding: identity"], "400"),
        (vec![], "421 400"),
    ] {
        let request =
            format!("GET /healthz HTTP/1.1\r\n{}\r\nConnection: close\r\n\r\n", lines.join("\r\n"));
        let request = request.replace("HTTP/1.1\r\n\r\n", "HTTP/1.1\r\n");
        let answer = answer_to(&lab, &request).await;
        let code = answer.split(' ').nth(1).unwrap_or_default();
        assert!(!code.is_empty() && status.contains(code), "{lines:?}: {answer}");
    }
    let absolute = format!(
        "GET http://evil.example/healthz HTTP/1.1\r\n{host}\r\n\
                            Connection: close\r\n\r\n"
    );
    assert!(answer_to(&lab, &absolute).await.starts_with("HTTP/1.1 421"));
    // What follows a body whose end two readers see at two places is no request.
    let smuggled = format!("GET /readyz HTTP/1.1\r\n{host}\r\n\r\n");
    let both = format!(
        "POST /healthz HTTP/1.1\r\n{host}\r\nContent-Length: {}\r\nTransfer-Encoding: chunked\r\n\r\n\
         0\r\n\r\n{smuggled}",
        5 + smuggled.len()
    );
    let answer = answer_to(&lab, &both).await;
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
    lab.end().await;
}
