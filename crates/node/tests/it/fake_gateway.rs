//! A gateway that says what a test wants.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

/// How long a test waits for what must happen.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// The time between two ticks that the gateway tells, in milliseconds: longer than any test.
const TICK_INTERVAL_MS: u64 = 600_000;

pub(crate) struct FakeGateway {
    listener: TcpListener,
}

/// A node that has sent `connect`.
pub(crate) struct ConnectingNode {
    socket: WebSocketStream<TcpStream>,
    pub(crate) nonce: String,
    id: Value,
    pub(crate) params: Value,
}

/// A node that was let in.
pub(crate) struct ConnectedNode {
    socket: WebSocketStream<TcpStream>,
    pub(crate) node_id: String,
    /// The progress that was not looked at, each with its invocation.
    pub(crate) progress: Vec<(String, u64, String)>,
    /// The events that the node sent.
    pub(crate) events: Vec<Value>,
    /// Whether results are acknowledged.
    pub(crate) acknowledges: bool,
}

impl FakeGateway {
    pub(crate) async fn start() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap() }
    }

    pub(crate) fn port(&self) -> u16 {
        self.listener.local_addr().unwrap().port()
    }

    /// Waits for the next `connect`.
    pub(crate) async fn accept(&self) -> ConnectingNode {
        let accepted = tokio::time::timeout(PATIENCE, self.listener.accept()).await;
        let (stream, _) = accepted.expect("no node connects").unwrap();
        let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
        let nonce = "nonce-of-the-test".to_owned();
        let challenge = json!({
            "type": "event", "event": "connect.challenge",
            "payload": { "nonce": nonce, "ts": 0 },
        });
        socket.send(Message::text(challenge.to_string())).await.unwrap();
        let request = read_frame(&mut socket).await.unwrap();
        assert_eq!(request["method"], "connect");
        ConnectingNode {
            socket,
            nonce,
            id: request["id"].clone(),
            params: request["params"].clone(),
        }
    }

    /// Lets the next node in.
    pub(crate) async fn welcome(&self) -> ConnectedNode {
        self.accept().await.welcome(json!({}), TICK_INTERVAL_MS).await
    }
}

impl ConnectingNode {
    /// Lets the node in with these additions to what it is allowed.
    pub(crate) async fn welcome(mut self, grant: Value, tick_interval_ms: u64) -> ConnectedNode {
        let mut auth = json!({ "role": "node", "scopes": [] });
        auth.as_object_mut().unwrap().extend(grant.as_object().unwrap().clone());
        let hello = json!({
            "type": "hello-ok",
            "protocol": 4,
            "server": { "version": "test", "bootId": "b", "connId": "c" },
            "features": { "methods": [], "events": [] },
            "snapshot": {
                "presence": [], "health": {}, "uptimeMs": 0,
                "stateVersion": { "presence": 0, "health": 0 },
            },
            "auth": auth,
            "policy": {
                "maxPayload": 26_214_400, "maxBufferedBytes": 52_428_800,
                "tickIntervalMs": tick_interval_ms,
            },
        });
        let response = json!({ "type": "res", "id": self.id, "ok": true, "payload": hello });
        self.socket.send(Message::text(response.to_string())).await.unwrap();
        ConnectedNode {
            node_id: self.params["device"]["id"].as_str().unwrap().to_owned(),
            socket: self.socket,
            progress: Vec::new(),
            events: Vec::new(),
            acknowledges: true,
        }
    }

    /// Refuses the node with a code and other details.
    pub(crate) async fn refuse(mut self, code: &str, details: Value) {
        let mut all = json!({ "code": code });
        all.as_object_mut().unwrap().extend(details.as_object().unwrap().clone());
        let error = json!({ "code": "INVALID_REQUEST", "message": "no", "details": all });
        let response = json!({ "type": "res", "id": self.id, "ok": false, "error": error });
        self.socket.send(Message::text(response.to_string())).await.unwrap();
        let _ = self.socket.close(None).await;
    }
}

impl ConnectedNode {
    /// Sends a text as a frame.
    pub(crate) async fn send_text(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.unwrap();
    }

    pub(crate) async fn send_event(&mut self, event: &str, payload: Value) {
        let frame = json!({ "type": "event", "event": event, "payload": payload });
        self.send_text(&frame.to_string()).await;
    }

    /// Asks for a command; the id of the request is also its idempotency key.
    pub(crate) async fn request(&mut self, id: &str, command: &str, params: &Value) {
        self.request_with(id, command, params, json!({ "idempotencyKey": id })).await;
    }

    /// Asks for a command with other fields of the request.
    pub(crate) async fn request_with(
        &mut self,
        id: &str,
        command: &str,
        params: &Value,
        others: Value,
    ) {
        let mut payload = json!({
            "id": id, "nodeId": self.node_id, "command": command,
            "paramsJSON": params.to_string(),
        });
        payload.as_object_mut().unwrap().extend(others.as_object().unwrap().clone());
        self.send_event("node.invoke.request", payload).await;
    }

    pub(crate) async fn cancel(&mut self, id: &str) {
        let payload = json!({ "invokeId": id, "nodeId": self.node_id });
        self.send_event("node.invoke.cancel", payload).await;
    }

    /// Asks for a command and waits for its answer.
    pub(crate) async fn invoke(&mut self, id: &str, command: &str, params: Value) -> Value {
        self.request(id, command, &params).await;
        self.answer(id).await
    }

    /// Waits for the answer to a request; returns its payload, or `{error: …}`.
    pub(crate) async fn answer(&mut self, id: &str) -> Value {
        loop {
            let result = self.next_result().await;
            if result["id"] == id {
                assert_eq!(result["nodeId"], self.node_id.as_str());
                if result["ok"] == false {
                    return json!({ "error": result["error"] });
                }
                let text = result["payloadJSON"].as_str().unwrap();
                return serde_json::from_str(text).unwrap();
            }
        }
    }

    /// Waits for progress of any command.
    pub(crate) async fn wait_for_progress(&mut self) -> String {
        while self.progress.is_empty() {
            let (method, params) = self.next_request().await.unwrap();
            assert_ne!(method, "node.invoke.result", "{params}");
        }
        self.progress.iter().map(|(_, _, chunk)| chunk.as_str()).collect()
    }

    /// The next result.
    pub(crate) async fn next_result(&mut self) -> Value {
        loop {
            let (method, params) = self.next_request().await.expect("the node is gone");
            if method == "node.invoke.result" {
                return params;
            }
        }
    }

    /// The next request of the node, acknowledged; `None` when the connection has ended.
    pub(crate) async fn next_request(&mut self) -> Option<(String, Value)> {
        let frame = read_frame(&mut self.socket).await?;
        let (method, params) = (frame["method"].as_str().unwrap(), &frame["params"]);
        match method {
            "node.invoke.progress" => {
                let text = |key: &str| params[key].as_str().unwrap().to_owned();
                let seq = params["seq"].as_u64().unwrap();
                self.progress.push((text("invokeId"), seq, text("chunk")));
            }
            "node.event" => self.events.push(params.clone()),
            _ => {}
        }
        if self.acknowledges || method != "node.invoke.result" {
            let response =
                json!({ "type": "res", "id": frame["id"], "ok": true, "payload": { "ok": true } });
            self.send_text(&response.to_string()).await;
        }
        Some((method.to_owned(), params.clone()))
    }
}

async fn read_frame(socket: &mut WebSocketStream<TcpStream>) -> Option<Value> {
    loop {
        let message = tokio::time::timeout(PATIENCE, socket.next()).await.expect("no frame comes");
        match message {
            Some(Ok(Message::Text(text))) => return Some(serde_json::from_str(&text).unwrap()),
            Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
            Some(Ok(_)) => {}
        }
    }
}
