//! A node that answers what it is told to.

use std::time::{SystemTime, UNIX_EPOCH};

use openclaw_device::{ClaimsVersion, ConnectClaims, DeviceIdentity};
use serde_json::{Value, json};

use crate::lab::{GatewayLab, TOKEN, TestClient};
use crate::test_device::ConnectAttempt;

/// A node, with what it sends when it connects.
pub(crate) struct TestNode {
    pub(crate) identity: DeviceIdentity,
    /// The gateway's own token, which alone lets no node in.
    pub(crate) gateway_token: Option<&'static str>,
    /// The token of its device.
    pub(crate) token: Option<String>,
    pub(crate) platform: String,
    pub(crate) commands: Vec<String>,
}

impl TestNode {
    pub(crate) fn new(seed: u8, commands: &[&str]) -> Self {
        Self {
            identity: DeviceIdentity::from_seed(&[seed; 32]).unwrap(),
            gateway_token: Some(TOKEN),
            token: None,
            platform: "linux".to_owned(),
            commands: commands.iter().map(|command| (*command).to_owned()).collect(),
        }
    }

    pub(crate) fn id(&self) -> String {
        self.identity.id().to_owned()
    }

    fn connect_params(&self, nonce: &str) -> Value {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let signed_at = u64::try_from(since.as_millis()).unwrap();
        let token = self.gateway_token.or(self.token.as_deref()).unwrap_or_default();
        let claims = ConnectClaims {
            device_id: self.identity.id(),
            client_id: "node-host",
            client_mode: "node",
            role: "node",
            scopes: &[],
            signed_at,
            token,
            nonce,
            platform: &self.platform,
            device_family: "Linux",
        };
        let signature = self.identity.sign(&claims.to_text(ClaimsVersion::V3).unwrap());
        let mut auth = json!({});
        if let Some(token) = self.gateway_token {
            auth["token"] = json!(token);
        }
        if let Some(token) = &self.token {
            auth["deviceToken"] = json!(token);
        }
        json!({
            "minProtocol": 3, "maxProtocol": 4, "role": "node", "scopes": [],
            "caps": ["system"], "commands": self.commands, "pathEnv": "/usr/bin:/bin",
            "client": {
                "id": "node-host", "version": "9", "platform": self.platform, "mode": "node",
                "deviceFamily": "Linux", "displayName": "server-node",
            },
            "auth": auth,
            "device": {
                "id": self.identity.id(), "publicKey": self.identity.public_key(),
                "signature": signature, "signedAt": signed_at, "nonce": nonce,
            },
        })
    }

    /// Connects with changed parameters.
    pub(crate) async fn attempt(
        &self,
        lab: &GatewayLab,
        change: impl FnOnce(&mut Value),
    ) -> ConnectAttempt {
        let mut client = lab.open().await;
        let challenge = client.next().await;
        let mut params = self.connect_params(challenge["payload"]["nonce"].as_str().unwrap());
        change(&mut params);
        client.request("c", "connect", params).await;
        let response = client.response("c").await;
        ConnectAttempt { client, response }
    }

    /// Connects and takes the token that the gateway tells.
    pub(crate) async fn connect(&mut self, lab: &GatewayLab) -> TestClient {
        let ConnectAttempt { client, response } = self.attempt(lab, |_| ()).await;
        assert_eq!(response["payload"]["type"], "hello-ok", "{response}");
        if let Some(token) = response["payload"]["auth"]["deviceToken"].as_str() {
            self.token = Some(token.to_owned());
        }
        client
    }

    /// Asks to be paired; returns the id of the request.
    pub(crate) async fn request_pairing(&self, lab: &GatewayLab) -> String {
        let attempt = self.attempt(lab, |_| ()).await;
        assert_eq!(attempt.reason(), "PAIRING_REQUIRED", "{}", attempt.response);
        attempt.response["error"]["details"]["requestId"].as_str().unwrap().to_owned()
    }

    /// Is approved with its commands and connects.
    pub(crate) async fn pair(&mut self, lab: &GatewayLab, owner: &mut TestClient) -> TestClient {
        let id = self.request_pairing(lab).await;
        let approved = owner.call("device.pair.approve", json!({ "requestId": id })).await;
        assert_eq!(approved["ok"], true, "{approved}");
        self.connect(lab).await
    }

    /// The request to invoke one of its commands.
    pub(crate) fn invoke(&self, command: &str, params: &Value) -> Value {
        json!({
            "nodeId": self.id(), "command": command, "params": params,
            "idempotencyKey": "key-1",
        })
    }

    /// Answers an invocation with a result; returns the acknowledgement.
    pub(crate) async fn answer(
        &self,
        client: &mut TestClient,
        request: &Value,
        payload: &Value,
    ) -> Value {
        let params = json!({
            "id": request["payload"]["id"], "nodeId": self.id(), "ok": true,
            "payloadJSON": payload.to_string(),
        });
        client.call("node.invoke.result", params).await
    }
}
