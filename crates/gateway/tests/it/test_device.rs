//! A device that signs what it is told to.

use std::time::{SystemTime, UNIX_EPOCH};

use openclaw_device::{ClaimsVersion, ConnectClaims, DeviceIdentity};
use serde_json::{Value, json};

use crate::lab::{GatewayLab, TestClient};

/// A device, with what it sends when it connects.
pub(crate) struct TestDevice {
    pub(crate) identity: DeviceIdentity,
    pub(crate) token: Option<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) platform: &'static str,
    pub(crate) version: ClaimsVersion,
}

/// What became of an attempt to connect.
pub(crate) struct ConnectAttempt {
    pub(crate) client: TestClient,
    /// The response to `connect`.
    pub(crate) response: Value,
}

impl TestDevice {
    pub(crate) fn new(seed: u8, scopes: &[&str]) -> Self {
        Self {
            identity: DeviceIdentity::from_seed(&[seed; 32]).unwrap(),
            token: None,
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            platform: "linux",
            version: ClaimsVersion::V3,
        }
    }

    /// The parameters of `connect` for a nonce, signed.
    pub(crate) fn connect_params(&self, nonce: &str) -> Value {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let signed_at = u64::try_from(since.as_millis()).unwrap();
        self.params_signed_at(nonce, signed_at)
    }

    pub(crate) fn params_signed_at(&self, nonce: &str, signed_at: u64) -> Value {
        let claims = ConnectClaims {
            device_id: self.identity.id(),
            client_id: "cli",
            client_mode: "cli",
            role: "operator",
            scopes: &self.scopes,
            signed_at,
            token: self.token.as_deref().unwrap_or_default(),
            nonce,
            platform: self.platform,
            device_family: "",
        };
        let signature = self.identity.sign(&claims.to_text(self.version).unwrap());
        json!({
            "minProtocol": 4, "maxProtocol": 4, "role": "operator", "scopes": self.scopes,
            "client": {
                "id": "cli", "version": "1", "platform": self.platform, "mode": "cli",
                "displayName": "desk",
            },
            "auth": { "deviceToken": self.token },
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
        let nonce = challenge["payload"]["nonce"].as_str().unwrap();
        let mut params = self.connect_params(nonce);
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

    /// The reason for which the gateway does not let the device in.
    pub(crate) async fn refusal(&self, lab: &GatewayLab) -> String {
        self.attempt(lab, |_| ()).await.reason()
    }

    /// Asks to be paired; returns the id of the request.
    pub(crate) async fn request_pairing(&self, lab: &GatewayLab) -> String {
        let attempt = self.attempt(lab, |_| ()).await;
        assert_eq!(attempt.reason(), "PAIRING_REQUIRED");
        attempt.response["error"]["details"]["requestId"].as_str().unwrap().to_owned()
    }

    /// Is approved by the owner and connects.
    pub(crate) async fn pair(&mut self, lab: &GatewayLab, owner: &mut TestClient) -> TestClient {
        let id = self.request_pairing(lab).await;
        let approved = owner.call("device.pair.approve", json!({ "requestId": id })).await;
        assert_eq!(approved["ok"], true, "{approved}");
        self.connect(lab).await
    }
}

impl ConnectAttempt {
    pub(crate) fn reason(&self) -> String {
        let error = &self.response["error"];
        let code = error["details"]["code"].as_str().or(error["code"].as_str());
        code.unwrap_or("none").to_owned()
    }
}
