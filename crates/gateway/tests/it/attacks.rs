//! What an attacker sends: forged devices, replays, floods and broken frames.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use openclaw_mock_vllm::MockVllm;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Bytes, Message};

use crate::lab::{GatewayLab, connect_params};
use crate::test_device::TestDevice;
use crate::test_node::TestNode;

fn now_millis() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(since.as_millis()).unwrap()
}

#[tokio::test]
async fn a_forged_device_is_refused_with_what_is_wrong() {
    type Change = fn(&mut Value);
    let server = MockVllm::builder().start().await.unwrap();
    let cases: [(Change, &str); 16] = [
        (|p| p["device"]["nonce"] = json!("another"), "DEVICE_AUTH_NONCE_MISMATCH"),
        (|p| p["device"]["nonce"] = json!(""), "DEVICE_AUTH_NONCE_MISMATCH"),
        (|p| p["device"]["id"] = json!("0".repeat(64)), "DEVICE_AUTH_DEVICE_ID_MISMATCH"),
        (|p| p["device"]["id"] = json!(""), "DEVICE_AUTH_DEVICE_ID_MISMATCH"),
        (|p| p["device"]["publicKey"] = json!("A".repeat(43)), "DEVICE_AUTH_PUBLIC_KEY_INVALID"),
        (|p| p["device"]["publicKey"] = json!("x"), "DEVICE_AUTH_PUBLIC_KEY_INVALID"),
        (|p| p["device"]["signature"] = json!("A".repeat(86)), "DEVICE_AUTH_SIGNATURE_INVALID"),
        (|p| p["device"]["signature"] = json!(""), "DEVICE_AUTH_SIGNATURE_INVALID"),
        (
            |p| p["device"]["signedAt"] = json!(now_millis() - 600_000),
            "DEVICE_AUTH_SIGNATURE_EXPIRED",
        ),
        (
            |p| p["device"]["signedAt"] = json!(now_millis() + 600_000),
            "DEVICE_AUTH_SIGNATURE_EXPIRED",
        ),
        (|p| p["device"]["signedAt"] = json!(0), "DEVICE_AUTH_SIGNATURE_EXPIRED"),
        (|p| p["client"]["platform"] = json!("linux|x"), "DEVICE_AUTH_INVALID"),
        (|p| p["client"]["platform"] = json!("x".repeat(65)), "DEVICE_AUTH_INVALID"),
        (|p| p["client"]["platform"] = json!("macos"), "DEVICE_AUTH_SIGNATURE_INVALID"),
        (|p| p["role"] = json!("node"), "DEVICE_AUTH_SIGNATURE_INVALID"),
        (|p| p["auth"] = json!({ "deviceToken": "mine" }), "DEVICE_AUTH_SIGNATURE_INVALID"),
    ];
    let lab = GatewayLab::start(&server).await;
    for (change, reason) in cases {
        let device = TestDevice::new(1, &["operator.read"]);
        let mut attempt = device.attempt(&lab, change).await;
        assert_eq!(attempt.reason(), reason, "{}", attempt.response);
        assert_eq!(attempt.client.closing().await, (1008, reason.to_owned()));
        let mut owner = lab.operator().await;
        let list = owner.call("device.pair.list", json!({})).await;
        assert_eq!(list["payload"]["pending"], json!([]), "{reason}");
    }
    lab.end().await;
}

#[tokio::test]
async fn a_recorded_connect_opens_no_other_connection() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let mut owner = lab.operator().await;
    let mut device = TestDevice::new(1, &["operator.read"]);
    drop(device.pair(&lab, &mut owner).await);
    let mut first = lab.open().await;
    let challenge = first.next().await;
    let recorded = device.connect_params(challenge["payload"]["nonce"].as_str().unwrap());
    first.request("c", "connect", recorded.clone()).await;
    assert_eq!(first.response("c").await["ok"], true);
    let mut second = lab.open().await;
    second.next().await;
    second.request("c", "connect", recorded).await;
    let refused = second.response("c").await;
    assert_eq!(refused["error"]["details"]["code"], "DEVICE_AUTH_NONCE_MISMATCH");
    // A token without its key is worth nothing, nor with another key.
    let thief =
        TestDevice { token: device.token.clone(), ..TestDevice::new(9, &["operator.read"]) };
    assert_eq!(thief.refusal(&lab).await, "AUTH_DEVICE_TOKEN_MISMATCH");
    let bare = device.attempt(&lab, |params| params["device"] = Value::Null).await;
    assert_eq!(bare.reason(), "DEVICE_IDENTITY_REQUIRED");
    lab.end().await;
}

#[tokio::test]
async fn wrong_attempts_are_slowed_down_whatever_else_is_sent() {
    let server = MockVllm::builder().start().await.unwrap();
    for extra in [json!({}), json!({ "deviceToken": "" }), json!({ "password": "" })] {
        let lab = GatewayLab::start(&server).await;
        let mut limited = 0;
        for number in 0..5 {
            let mut client = lab.open().await;
            client.next().await;
            let mut params = connect_params(&[], &[]);
            params["auth"] = extra.clone();
            params["auth"]["token"] = json!(format!("wrong-{number}"));
            params["client"]["id"] = json!(["cli", "test", "webchat"][number % 3]);
            client.request("c", "connect", params).await;
            let refused = client.response("c").await;
            match refused["error"]["details"]["code"].as_str().unwrap() {
                "AUTH_RATE_LIMITED" => limited += 1,
                other => assert_eq!(other, "AUTH_TOKEN_MISMATCH"),
            }
        }
        assert!(limited >= 3, "{limited} of 5 with {extra}");
        lab.end().await;
    }
}

#[tokio::test]
async fn a_flood_of_pairing_requests_is_slowed_down_and_bounded() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let mut owner = lab.operator().await;
    let mut limited = 0;
    for seed in 1..=40 {
        let reason = TestDevice::new(seed, &["operator.admin"]).refusal(&lab).await;
        match reason.as_str() {
            "AUTH_RATE_LIMITED" => limited += 1,
            other => assert_eq!(other, "PAIRING_REQUIRED"),
        }
    }
    assert!(limited >= 20, "{limited}");
    let list = owner.call("device.pair.list", json!({})).await;
    assert!(list["payload"]["pending"].as_array().unwrap().len() <= 8);
    lab.end().await;
}

#[tokio::test]
async fn changes_of_devices_are_limited_in_number() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let mut owner = lab.operator().await;
    let params = json!({ "requestId": "none" });
    for _ in 0..30 {
        let refused = owner.call("device.pair.approve", params.clone()).await;
        assert_eq!(refused["error"]["details"]["code"], "UNKNOWN_REQUEST_ID");
    }
    let refused = owner.call("device.pair.approve", params).await;
    assert_eq!(refused["error"]["code"], "UNAVAILABLE");
    assert_eq!(owner.call("device.pair.list", json!({})).await["ok"], true);
    lab.end().await;
}

#[tokio::test]
async fn broken_first_frames_close_their_connection_and_nothing_else() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let connect = json!({
        "type": "req", "id": "1", "method": "connect", "params": connect_params(&[], &[]),
    })
    .to_string();
    let twice = |key: &str, value: &str| connect.replacen('{', &format!("{{\"{key}\":{value},"), 1);
    let frames = [
        (Message::text(""), 1007),
        (Message::text("[]"), 1007),
        (Message::text("7"), 1007),
        (Message::text("{"), 1007),
        (Message::text("[".repeat(30_000)), 1007),
        (Message::text("{\"a\":".repeat(10_000)), 1007),
        (Message::text("\u{feff}{}"), 1007),
        (Message::text("{}"), 1008),
        (Message::text(connect.replace("\"req\"", "\"REQ\"")), 1008),
        (Message::text(twice("id", "\"2\"")), 1007),
        (Message::text(connect.replace("\"token\":", "\"token\":\"x\",\"token\":")), 1007),
        (Message::text(connect.replace("\"scopes\":", "\"scopes\":[],\"scopes\":")), 1007),
        (Message::text(connect.replace("\"id\":\"1\"", "\"id\":1")), 1007),
        (Message::text(connect.replace("\"1\"", &format!("\"{}\"", "x".repeat(300)))), 1007),
        (Message::text("x".repeat(70_000)), 1009),
        (Message::Binary(Bytes::from_static(&[0xff; 8])), 1003),
        (Message::text(connect.replace("\"maxProtocol\":4", "\"maxProtocol\":-1")), 1008),
        (Message::text(connect.replace("\"minProtocol\":4", "\"minProtocol\":5")), 1002),
        (Message::text(connect.replace("\"maxProtocol\":4", "\"maxProtocol\":\"4\"")), 1008),
    ];
    for (frame, code) in frames {
        let mut client = lab.open().await;
        client.next().await;
        let shown: String = frame.to_string().chars().take(80).collect();
        client.send(frame).await;
        assert_eq!(client.closing().await.0, code, "{shown}");
    }
    let mut owner = lab.operator().await;
    let again = owner.call("connect", connect_params(&["operator.admin"], &[])).await;
    assert_eq!(again["error"]["code"], "INVALID_REQUEST");
    for (method, params) in [
        ("../agent", json!({})),
        ("__proto__", json!({})),
        ("status", json!([1])),
        ("status", json!({ "__proto__": { "admin": true } })),
    ] {
        let answer = owner.call(method, params).await;
        assert_eq!(answer["type"], "res", "{method}");
    }
    let long = "m".repeat(1 << 20);
    assert!(
        owner.call(&long[..200], json!({})).await["error"]["message"].as_str().unwrap().len() < 200
    );
    assert_eq!(owner.call("status", json!({})).await["payload"]["clients"], 1);
    lab.end().await;
}

/// Raw bytes after the upgrade of a websocket, and the close code that comes back.
async fn close_code_of(lab: &GatewayLab, bytes: &[u8]) -> Option<u16> {
    let mut stream = TcpStream::connect(lab.address).await.unwrap();
    let head = format!(
        "GET / HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
        lab.address
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    let reading = tokio::time::timeout(Duration::from_secs(30), stream.read_to_end(&mut answer));
    // A connection that is reset ends the reading as well.
    let _ = reading.await.unwrap();
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
    let text = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
    assert!(text.starts_with("http/1.1 101") && !text.contains("deflate"), "{text}");
    // Frames of the gateway are short and not masked.
    let mut rest = &answer[end..];
    while let [first, length, tail @ ..] = rest {
        let (length, tail) = match length {
            126 => (usize::from(u16::from_be_bytes([tail[0], tail[1]])), &tail[2..]),
            length => (usize::from(*length), tail),
        };
        if first & 0x0f == 8 {
            return Some(u16::from_be_bytes([tail[0], tail[1]]));
        }
        rest = &tail[length..];
    }
    None
}

#[tokio::test]
async fn frames_that_break_the_websocket_are_answered_with_their_code() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    for (bytes, code, what) in [
        (vec![0x81, 0x02, b'h', b'i'], 1002, "not masked"),
        (vec![0x81, 0x82, 0, 0, 0, 0, 0xff, 0xfe], 1007, "no UTF-8"),
        (vec![0xc1, 0x82, 0, 0, 0, 0, b'h', b'i'], 1002, "a reserved bit"),
        (vec![0x83, 0x80, 0, 0, 0, 0], 1002, "an unknown kind"),
        (vec![0x09, 0x80, 0, 0, 0, 0], 1002, "a ping in pieces"),
        (vec![0x80, 0x80, 0, 0, 0, 0], 1002, "a piece of nothing"),
        (
            vec![0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0],
            1002,
            "a length beyond any limit",
        ),
    ] {
        assert_eq!(close_code_of(&lab, &bytes).await, Some(code), "{what}");
    }
    // Many small pieces are bounded as one large frame is.
    let mut pieces = vec![0x01, 0x81, 0, 0, 0, 0, b'x'];
    for _ in 0..20_000 {
        pieces.extend([0x00, 0x81, 0, 0, 0, 0, b'x']);
    }
    assert_eq!(close_code_of(&lab, &pieces).await, Some(1009), "many pieces");
    let mut owner = lab.operator().await;
    assert_eq!(owner.call("status", json!({})).await["ok"], true);
    lab.end().await;
}

#[tokio::test]
async fn a_socket_from_a_page_or_under_another_name_is_not_opened() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let upgrade = [
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    for (header, status) in [
        (("Origin", "https://evil.example"), 403),
        (("Origin", "null"), 403),
        (("Origin", "http://127.0.0.1:18789"), 403),
        (("Origin", ""), 403),
        (("Origin", "http://localhost."), 403),
        (("Sec-Fetch-Site", "cross-site"), 403),
        (("Sec-Fetch-Site", "same-site"), 403),
        (("Host", "evil.example"), 421),
        (("Host", "localhost.evil.example:18789"), 421),
        (("Host", "127.0.0.1@evil.example"), 421),
        (("Host", "127.0.0.1.nip.io"), 421),
    ] {
        let mut headers = upgrade.to_vec();
        headers.push(header);
        let answer = lab.http("GET /", &headers, "").await;
        assert_eq!(answer.status, status, "{header:?}: {}", answer.body);
    }
    lab.end().await;
}

#[tokio::test]
async fn a_flood_of_requests_of_nodes_is_bounded() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let mut owner = lab.operator().await;
    for seed in 1..=8 {
        TestNode::new(seed, &["system.run"]).request_pairing(&lab).await;
    }
    // The ninth of a kind within a minute is slowed down, and displaces nobody.
    let mut refused = 0;
    for seed in 9..=20 {
        let attempt = TestNode::new(seed, &["system.run"]).attempt(&lab, |_| ()).await;
        refused += usize::from(attempt.reason() == "AUTH_RATE_LIMITED");
    }
    assert!(refused > 0);
    let list = owner.call("device.pair.list", json!({})).await;
    assert!(list["payload"]["pending"].as_array().unwrap().len() <= 8);
    lab.end().await;
}
