//! The first request of a client: who it is, and what it asks for.

use std::net::IpAddr;
use std::time::Duration;

use openclaw_protocol::gateway::{
    ClientInfo, ConnectErrorCode, ConnectParams, GatewayError, PROTOCOL_VERSION, RequestFrame,
};
use openclaw_runtime::DeviceFacts;
use serde_json::json;

use crate::admission::ConnectionHolder;
use crate::auth::{FailureLimiter, GatewayAuthentication};
use crate::device_proof::verify_device;
use crate::grants::ClientScope;
use crate::nodes::{NODE_ROLE, NodeDeclaration};

/// How long a client may take to connect.
pub(crate) const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(15);

/// The programs of protocol 4.
const CLIENT_IDS: &[&str] = &[
    "webchat-ui",
    "openclaw-control-ui",
    "openclaw-browser-copilot",
    "openclaw-tui",
    "webchat",
    "cli",
    "gateway-client",
    "openclaw-macos",
    "openclaw-linux",
    "openclaw-ios",
    "openclaw-watchos",
    "openclaw-android",
    "node-host",
    "openclaw-worker",
    "test",
    "fingerprint",
    "openclaw-probe",
];

/// How they are used.
const CLIENT_MODES: &[&str] =
    &["webchat", "cli", "ui", "backend", "node", "worker", "probe", "test"];

/// The version that nodes and probes may speak as well.
const OLDER_PROTOCOL: u32 = 3;

/// Lets a connection in, or says why not.
pub(crate) struct ClientAuthenticator<'a> {
    pub(crate) authentication: &'a GatewayAuthentication,
    pub(crate) limiter: &'a FailureLimiter,
    pub(crate) address: IpAddr,
    /// What a device must have signed.
    pub(crate) nonce: &'a str,
    /// The commands of nodes that the config denies.
    pub(crate) denied_commands: &'a [String],
}

/// How a client shows that it may connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ClientCredential {
    /// It knows the gateway's own secret.
    Owner,
    /// It sent the token of its device, which is still to be compared.
    DeviceToken(String),
    /// It has only its signature.
    SignatureOnly,
}

/// What a client asks for, and what it has proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClientClaim {
    pub(crate) role: String,
    /// The scopes that exist, of those that it asked for.
    pub(crate) scopes: Vec<String>,
    pub(crate) takes_approvals: bool,
    pub(crate) device: Option<DeviceFacts>,
    pub(crate) credential: ClientCredential,
    /// The version that both speak.
    pub(crate) protocol: u32,
    /// What a node offers.
    pub(crate) node: Option<NodeDeclaration>,
}

impl ClientClaim {
    /// To whose share a connection of the client counts.
    pub(crate) fn holder_at(&self, address: IpAddr) -> ConnectionHolder {
        match &self.device {
            Some(device)
                if self.credential != ClientCredential::Owner || self.role == NODE_ROLE =>
            {
                ConnectionHolder::Device(device.id.clone())
            }
            _ => ConnectionHolder::owner_at(address),
        }
    }
}

impl ClientAuthenticator<'_> {
    /// Examines the first request.
    ///
    /// # Errors
    /// When the client is not let in whatever is known about its device.
    pub(crate) fn examine(&self, request: &RequestFrame) -> Result<ClientClaim, GatewayError> {
        if request.method != "connect" {
            return Err(GatewayError::invalid_request(
                "The first request of a connection is `connect`.",
            ));
        }
        let params: ConnectParams =
            serde_json::from_value(request.params.clone()).map_err(|error| {
                GatewayError::invalid_request(format!("`connect` cannot be read: {error}."))
            })?;
        let protocol = choose_protocol(&params)?;
        check_client(&params.client)?;
        // No pace: a signature cannot be guessed, and a device must not slow down its neighbours.
        let device = verify_device(&params, self.nonce)?;
        let credential = self.find_credential(&params, device.is_some())?;
        let role = params.role.as_deref().unwrap_or("operator");
        let is_node = role == NODE_ROLE;
        check_role(role, &params, device.is_some())?;
        let node = is_node.then(|| NodeDeclaration::from_params(&params, self.denied_commands));
        let role = role.to_owned();
        let asked = params.scopes.into_iter();
        // A node has no scope, whatever it asks for.
        let mut scopes: Vec<String> =
            asked.filter(|scope| !is_node && ClientScope::from_name(scope).is_some()).collect();
        scopes.sort();
        scopes.dedup();
        let takes_approvals =
            !is_node && params.caps.iter().any(|cap| cap == "exec-approvals" || cap == "approvals");
        Ok(ClientClaim { role, scopes, takes_approvals, device, credential, protocol, node })
    }

    /// Refuses an address of which too many wrong attempts came.
    fn check_pace(&self) -> Result<(), GatewayError> {
        let Some(delay) = self.limiter.remaining_delay(self.address) else { return Ok(()) };
        let seconds = delay.as_secs_f64().ceil();
        let text = format!(
            "Too many attempts with a wrong secret came from this address; the right one is \
             accepted again in {seconds} s."
        );
        let error = GatewayError::not_connected(ConnectErrorCode::AuthRateLimited, text);
        Err(error.with_retry(Some(u64::try_from(delay.as_millis()).unwrap_or(u64::MAX))))
    }

    fn find_credential(
        &self,
        params: &ConnectParams,
        has_device: bool,
    ) -> Result<ClientCredential, GatewayError> {
        let auth = params.auth.as_ref();
        let offered = match self.authentication {
            GatewayAuthentication::Open => return Ok(ClientCredential::Owner),
            GatewayAuthentication::Password(_) => auth.and_then(|auth| auth.password.as_deref()),
            GatewayAuthentication::Token(_) => auth.and_then(|auth| auth.token.as_deref()),
        };
        let offered = offered.filter(|offered| !offered.is_empty());
        let token = auth.and_then(|auth| auth.device_token.as_deref());
        match (offered, token.filter(|token| !token.is_empty())) {
            (None, Some(token)) if has_device => {
                Ok(ClientCredential::DeviceToken(token.to_owned()))
            }
            (None, Some(_)) => Err(GatewayError::not_connected(
                ConnectErrorCode::DeviceIdentityRequired,
                "The token of a device counts only with the signature of that device.",
            )),
            (None, None) if has_device => Ok(ClientCredential::SignatureOnly),
            _ => self.check_offered(offered).map(|()| ClientCredential::Owner),
        }
    }

    /// Checks the secret of an HTTP request or of a websocket's client.
    pub(crate) fn check_offered(&self, offered: Option<&str>) -> Result<(), GatewayError> {
        use GatewayAuthentication::{Open, Password, Token};
        let is_right = self.authentication.accepts(offered.unwrap_or_default());
        match self.check_pace() {
            Ok(()) if is_right => {
                self.limiter.record_success(self.address);
                return Ok(());
            }
            // Wrong attempts of others at the same address keep nobody out, and stay paced.
            Err(_) if is_right && self.authentication.is_unguessable() => return Ok(()),
            paced => paced?,
        }
        if offered.is_some() {
            tracing::warn!("a wrong secret came from {}", self.address);
            self.limiter.record_failure(self.address);
        }
        let (code, text) = match (self.authentication, offered) {
            (Token(_) | Open, None) => (
                ConnectErrorCode::AuthTokenMissing,
                "The gateway needs its token: `gateway.auth.token`, or OPENCLAW_GATEWAY_TOKEN.",
            ),
            (Token(_) | Open, Some(_)) => {
                (ConnectErrorCode::AuthTokenMismatch, "The token is not the gateway's.")
            }
            (Password(_), None) => (
                ConnectErrorCode::AuthPasswordMissing,
                "The gateway needs its password: `gateway.auth.password`.",
            ),
            (Password(_), Some(_)) => {
                (ConnectErrorCode::AuthPasswordMismatch, "The password is not the gateway's.")
            }
        };
        Err(GatewayError::not_connected(code, text))
    }
}

/// The version that both speak: nodes and probes may speak an older one.
fn choose_protocol(params: &ConnectParams) -> Result<u32, GatewayError> {
    let mode = params.client.mode.as_str();
    let is_node = params.role.as_deref() == Some(NODE_ROLE) && mode == NODE_ROLE;
    let oldest = if is_node || mode == "probe" { OLDER_PROTOCOL } else { PROTOCOL_VERSION };
    let spoken = params.min_protocol..=params.max_protocol;
    (oldest..=PROTOCOL_VERSION).rev().find(|version| spoken.contains(version)).ok_or_else(|| {
        let text = format!(
            "The gateway speaks protocol {PROTOCOL_VERSION}, and the client {} to {}.",
            params.min_protocol, params.max_protocol
        );
        GatewayError::invalid_request(text).with_details(json!({
            "code": ConnectErrorCode::ProtocolMismatch.as_str(),
            "expectedProtocol": PROTOCOL_VERSION,
            "minimumProbeProtocol": OLDER_PROTOCOL,
        }))
    })
}

/// Refuses roles that are not served, and nodes that do not say which device they are.
fn check_role(role: &str, params: &ConnectParams, has_device: bool) -> Result<(), GatewayError> {
    if role == NODE_ROLE {
        if params.client.mode != NODE_ROLE {
            let text = "`client.mode` of a node must be `node`.";
            return Err(GatewayError::invalid_request(text));
        }
        if !has_device {
            return Err(GatewayError::not_connected(
                ConnectErrorCode::DeviceIdentityRequired,
                "A node must sign with the key of its device.",
            ));
        }
    } else if role != "operator" {
        return Err(GatewayError::not_connected(
            ConnectErrorCode::RoleNotServed,
            "The gateway serves operators and nodes only.",
        ));
    }
    Ok(())
}

/// Refuses programs and uses that the protocol does not have.
fn check_client(client: &ClientInfo) -> Result<(), GatewayError> {
    for (field, value, known) in
        [("id", &client.id, CLIENT_IDS), ("mode", &client.mode, CLIENT_MODES)]
    {
        if !known.contains(&value.as_str()) {
            let text = format!("`client.{field}` must be one of: {}.", known.join(", "));
            return Err(GatewayError::invalid_request(text));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn connect(change: impl FnOnce(&mut Value)) -> RequestFrame {
        let mut params = json!({
            "minProtocol": 4, "maxProtocol": 4,
            "client": { "id": "cli", "version": "1", "platform": "linux", "mode": "cli" },
            "scopes": ["operator.read", "operator.everything"],
            "auth": { "token": "the-right-token-of-it" },
        });
        change(&mut params);
        RequestFrame::new("1", "connect", params)
    }

    fn examine(request: &RequestFrame) -> Result<ClientClaim, String> {
        let handshake = ClientAuthenticator {
            authentication: &GatewayAuthentication::Token("the-right-token-of-it".into()),
            limiter: &FailureLimiter::default(),
            address: "127.0.0.1".parse().unwrap(),
            nonce: "nonce",
            denied_commands: &[],
        };
        handshake.examine(request).map_err(|error| {
            let code = error.details.as_ref().and_then(|details| details["code"].as_str());
            code.unwrap_or(&error.code).to_owned()
        })
    }

    #[test]
    fn a_client_gets_the_known_scopes_that_it_asks_for_and_no_others() {
        let grant = examine(&connect(|_| ())).unwrap();
        assert_eq!(grant.scopes, ["operator.read"]);
        assert_eq!(grant.credential, ClientCredential::Owner);
        let none = examine(&connect(|params| params["scopes"] = json!([]))).unwrap();
        assert!(none.scopes.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn wrong_attempts_of_others_delay_a_short_secret_only() {
        let long = "c61a98d3f27b405e8d19e0a4";
        for (secret, is_at_once) in [(long, true), (&long[..23], false)] {
            for make in [GatewayAuthentication::Token, GatewayAuthentication::Password] {
                for address in ["127.0.0.1", "192.0.2.7"] {
                    let authentication = make(secret.into());
                    let limiter = FailureLimiter::default();
                    let handshake = ClientAuthenticator {
                        authentication: &authentication,
                        limiter: &limiter,
                        address: address.parse().unwrap(),
                        nonce: "nonce",
                        denied_commands: &[],
                    };
                    for _ in 0..20 {
                        limiter.record_failure(handshake.address);
                    }
                    let right = handshake.check_offered(Some(secret));
                    assert_eq!(right.is_ok(), is_at_once, "{secret} from {address}");
                    let wrong = handshake.check_offered(Some("wrong")).unwrap_err();
                    assert_eq!(wrong.reason_code(), Some("AUTH_RATE_LIMITED"));
                }
            }
        }
    }

    #[test]
    fn what_is_wrong_with_a_handshake_has_its_code() {
        type Change = fn(&mut Value);
        fn as_node(params: &mut Value) {
            params["role"] = json!("node");
            params["client"]["mode"] = json!("node");
            params["maxProtocol"] = json!(3);
        }
        let cases: [(Change, &str); 14] = [
            (|params| params["auth"] = Value::Null, "AUTH_TOKEN_MISSING"),
            (|params| params["auth"]["token"] = json!(""), "AUTH_TOKEN_MISSING"),
            (|params| params["auth"] = json!({ "password": "x" }), "AUTH_TOKEN_MISSING"),
            (|params| params["auth"]["token"] = json!("wrong"), "AUTH_TOKEN_MISMATCH"),
            (|params| params["maxProtocol"] = json!(3), "PROTOCOL_MISMATCH"),
            (|params| params["role"] = json!("admin"), "AUTH_UNAUTHORIZED"),
            (|params| params["role"] = json!("node"), "INVALID_REQUEST"),
            (as_node, "DEVICE_IDENTITY_REQUIRED"),
            (|params| params["client"] = json!("cli"), "INVALID_REQUEST"),
            (|params| params["client"]["id"] = json!("curl"), "INVALID_REQUEST"),
            (|params| params["client"]["mode"] = json!("operator"), "INVALID_REQUEST"),
            (|params| params["auth"]["magicToken"] = json!("x"), "INVALID_REQUEST"),
            (|params| params["device"] = json!({ "id": "x" }), "INVALID_REQUEST"),
            (|params| params["auth"] = json!({ "deviceToken": "x" }), "DEVICE_IDENTITY_REQUIRED"),
        ];
        for (change, code) in cases {
            let request = connect(change);
            let mut request_of_3 = request.clone();
            if request.params["maxProtocol"] == 3 {
                request_of_3.params["minProtocol"] = json!(3);
            }
            assert_eq!(examine(&request_of_3).unwrap_err(), code, "{}", request.params);
        }
        assert_eq!(
            examine(&RequestFrame::new("1", "health", json!({}))).unwrap_err(),
            "INVALID_REQUEST"
        );
    }
}
