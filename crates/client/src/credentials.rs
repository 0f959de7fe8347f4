//! How a client shows that it may connect.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use openclaw_device::{ClaimsVersion, ConnectClaims, DeviceIdentity, UnsignableField};
use openclaw_protocol::gateway::{ClientInfo, ConnectAuth, ConnectDevice, ConnectParams};
use secrecy::{ExposeSecret as _, SecretString};

/// The secret that a gateway shares with its owner.
#[derive(Debug, Clone)]
pub enum GatewaySecret {
    /// The token.
    Token(SecretString),
    /// The password.
    Password(SecretString),
}

/// The device of a client.
#[derive(Debug, Clone)]
pub struct ClientDevice {
    /// Its key.
    pub identity: Arc<DeviceIdentity>,
    /// The token that the gateway gave it; `None` before it has one.
    pub token: Option<SecretString>,
}

/// What a node says about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodeDeclaration {
    /// Its name for people.
    pub display_name: Option<String>,
    /// The commands that it offers, e.g. `system.run`.
    pub commands: Vec<String>,
    /// Where it looks for programs.
    pub path_env: Option<String>,
}

/// How a client shows that it may connect, and what it wants to do.
#[derive(Debug, Clone, Default)]
pub struct ClientCredentials {
    /// The secret of the gateway's owner.
    pub secret: Option<GatewaySecret>,
    /// The device; its token counts only without a secret.
    pub device: Option<ClientDevice>,
    /// The scopes, e.g. `operator.read`; a node has none.
    pub scopes: Vec<String>,
    /// Whether the client decides about calls that wait for an approval.
    pub decides_calls: bool,
    /// What a node offers; `None` for an operator.
    pub node: Option<NodeDeclaration>,
}

impl ClientCredentials {
    /// Credentials of the gateway's owner, or of nobody when there is no secret.
    #[must_use]
    pub fn for_owner(secret: Option<GatewaySecret>, scopes: &[&str]) -> Self {
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        Self { secret, scopes, ..Self::default() }
    }

    /// Credentials of a node. A secret of the gateway's owner is sent only while the device has no
    /// token of its own.
    #[must_use]
    pub fn for_node(
        node: NodeDeclaration,
        device: ClientDevice,
        secret: Option<GatewaySecret>,
    ) -> Self {
        let secret = secret.filter(|_| device.token.is_none());
        Self { secret, device: Some(device), node: Some(node), ..Self::default() }
    }

    /// The parameters of `connect`, signed for a nonce.
    pub(crate) fn to_params(&self, nonce: &str) -> Result<ConnectParams, UnsignableField> {
        let mut info = ClientInfo {
            id: "cli".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            platform: std::env::consts::OS.to_owned(),
            mode: "cli".to_owned(),
            display_name: None,
            device_family: None,
        };
        let mut params = match &self.node {
            None => ConnectParams::for_operator(info, &self.scopes, self.to_auth()),
            Some(node) => {
                "node-host".clone_into(&mut info.id);
                "node".clone_into(&mut info.mode);
                info.display_name.clone_from(&node.display_name);
                // Gateways offer no command of a Linux machine of another family.
                info.device_family = cfg!(target_os = "linux").then(|| "Linux".to_owned());
                let commands: Vec<&str> = node.commands.iter().map(String::as_str).collect();
                let mut params = ConnectParams::for_node(info, &commands, self.to_auth());
                params.path_env.clone_from(&node.path_env);
                params
            }
        };
        if self.decides_calls {
            params.caps.push("exec-approvals".to_owned());
        }
        if let Some(device) = &self.device {
            params.device = Some(sign_claims(&device.identity, &params, nonce)?);
        }
        Ok(params)
    }

    fn to_auth(&self) -> Option<ConnectAuth> {
        let expose = |secret: &SecretString| Some(secret.expose_secret().to_owned());
        let none = ConnectAuth::default();
        match (&self.secret, &self.device) {
            (Some(GatewaySecret::Token(token)), _) => {
                Some(ConnectAuth { token: expose(token), ..none })
            }
            (Some(GatewaySecret::Password(password)), _) => {
                Some(ConnectAuth { password: expose(password), ..none })
            }
            (None, Some(ClientDevice { token: Some(token), .. })) => {
                Some(ConnectAuth { device_token: expose(token), ..none })
            }
            _ => None,
        }
    }
}

fn sign_claims(
    identity: &DeviceIdentity,
    params: &ConnectParams,
    nonce: &str,
) -> Result<ConnectDevice, UnsignableField> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let signed_at = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
    let auth = params.auth.as_ref();
    let token = auth.and_then(|auth| auth.token.as_deref().or(auth.device_token.as_deref()));
    let claims = ConnectClaims {
        device_id: identity.id(),
        client_id: &params.client.id,
        client_mode: &params.client.mode,
        role: params.role.as_deref().unwrap_or("operator"),
        scopes: &params.scopes,
        signed_at,
        token: token.unwrap_or_default(),
        nonce,
        platform: &params.client.platform,
        device_family: params.client.device_family.as_deref().unwrap_or_default(),
    };
    let text = claims.to_text(ClaimsVersion::V3)?;
    Ok(ConnectDevice {
        id: identity.id().to_owned(),
        public_key: identity.public_key().to_owned(),
        signature: identity.sign(&text),
        signed_at,
        nonce: nonce.to_owned(),
    })
}
