//! The first request of a client: who it is, and what it may do.

use std::net::IpAddr;
use std::time::Duration;

use openclaw_protocol::gateway::{
    ConnectErrorCode, ConnectParams, GatewayError, PROTOCOL_VERSION, RequestFrame,
};
use serde_json::json;

use crate::auth::{FailureLimiter, GatewayAuthentication};
use crate::clients::ClientGrant;

/// How long a client may take to connect.
pub(crate) const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(15);

/// The scopes that can be granted.
const SCOPES: &[&str] = &[
    "operator.admin",
    "operator.read",
    "operator.write",
    "operator.approvals",
    "operator.pairing",
];

/// A connection before its handshake.
pub(crate) struct ClientAuthenticator<'a> {
    pub(crate) authentication: &'a GatewayAuthentication,
    pub(crate) limiter: &'a FailureLimiter,
    pub(crate) address: IpAddr,
}

impl ClientAuthenticator<'_> {
    /// Examines the first request.
    ///
    /// # Errors
    /// When the client is not let in.
    pub(crate) fn examine(&self, request: &RequestFrame) -> Result<ClientGrant, GatewayError> {
        if request.method != "connect" {
            return Err(GatewayError::invalid_request(
                "The first request of a connection is `connect`.",
            ));
        }
        let params: ConnectParams =
            serde_json::from_value(request.params.clone()).map_err(|error| {
                GatewayError::invalid_request(format!("`connect` cannot be read: {error}."))
            })?;
        if !(params.min_protocol..=params.max_protocol).contains(&PROTOCOL_VERSION) {
            let text = format!(
                "The gateway speaks protocol {PROTOCOL_VERSION}, and the client {} to {}.",
                params.min_protocol, params.max_protocol
            );
            return Err(GatewayError::invalid_request(text).with_details(json!({
                "code": ConnectErrorCode::ProtocolMismatch.as_str(),
                "expectedProtocol": PROTOCOL_VERSION,
            })));
        }
        self.check_secret(&params)?;
        let role = params.role.as_deref().unwrap_or("operator");
        if role != "operator" {
            return Err(GatewayError::not_connected(
                ConnectErrorCode::RoleNotServed,
                "The gateway serves operators only; nodes cannot connect to it yet.",
            ));
        }
        let asked = params.scopes.into_iter();
        let scopes: Vec<String> = asked.filter(|scope| SCOPES.contains(&scope.as_str())).collect();
        let takes_approvals =
            params.caps.iter().any(|cap| cap == "exec-approvals" || cap == "approvals");
        Ok(ClientGrant { scopes, takes_approvals })
    }

    /// Checks the secret of an HTTP request or of a websocket's client.
    pub(crate) fn check_offered(&self, offered: Option<&str>) -> Result<(), GatewayError> {
        use GatewayAuthentication::{Open, Password, Token};
        if let Some(delay) = self.limiter.remaining_delay(self.address) {
            let delay = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
            let error = GatewayError::not_connected(
                ConnectErrorCode::AuthRateLimited,
                "Too many attempts with a wrong secret came from this address.",
            );
            return Err(error.with_retry(Some(delay)));
        }
        if self.authentication.accepts(offered.unwrap_or_default()) {
            self.limiter.record_success(self.address);
            return Ok(());
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

    fn check_secret(&self, params: &ConnectParams) -> Result<(), GatewayError> {
        let auth = params.auth.as_ref();
        let offered = match self.authentication {
            GatewayAuthentication::Password(_) => auth.and_then(|auth| auth.password.as_deref()),
            _ => auth.and_then(|auth| auth.token.as_deref()),
        };
        self.check_offered(offered.filter(|offered| !offered.is_empty()))
    }
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

    fn examine(request: &RequestFrame) -> Result<ClientGrant, String> {
        let handshake = ClientAuthenticator {
            authentication: &GatewayAuthentication::Token("the-right-token-of-it".into()),
            limiter: &FailureLimiter::default(),
            address: "127.0.0.1".parse().unwrap(),
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
        let none = examine(&connect(|params| params["scopes"] = json!([]))).unwrap();
        assert!(none.scopes.is_empty());
    }

    #[test]
    fn what_is_wrong_with_a_handshake_has_its_code() {
        type Change = fn(&mut Value);
        let cases: [(Change, &str); 7] = [
            (|params| params["auth"] = Value::Null, "AUTH_TOKEN_MISSING"),
            (|params| params["auth"]["token"] = json!(""), "AUTH_TOKEN_MISSING"),
            (|params| params["auth"] = json!({ "password": "x" }), "AUTH_TOKEN_MISSING"),
            (|params| params["auth"]["token"] = json!("wrong"), "AUTH_TOKEN_MISMATCH"),
            (|params| params["maxProtocol"] = json!(3), "PROTOCOL_MISMATCH"),
            (|params| params["role"] = json!("node"), "AUTH_UNAUTHORIZED"),
            (|params| params["client"] = json!("cli"), "INVALID_REQUEST"),
        ];
        for (change, code) in cases {
            let request = connect(change);
            let mut request_of_3 = request.clone();
            if code == "PROTOCOL_MISMATCH" {
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
