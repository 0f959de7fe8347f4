//! The signature with which a client proves which device it is.

use std::time::SystemTime;

use openclaw_device::{
    ClaimsVersion, ConnectClaims, SignatureError, device_id_of_key, verify_signature,
};
use openclaw_protocol::gateway::{ConnectErrorCode, ConnectParams, GatewayError};
use openclaw_runtime::DeviceFacts;

use crate::runs::unix_millis;

/// How far the clocks of a device and of the gateway may be apart, in milliseconds.
const MAX_SKEW_MS: u64 = 120_000;

/// The most characters of a text about a device.
const MAX_FACT_CHARS: usize = 64;

/// Verifies the device of a request; `None` when it names none.
///
/// # Errors
/// When the signature does not prove that the device made this request on this connection now.
pub(crate) fn verify_device(
    params: &ConnectParams,
    nonce: &str,
) -> Result<Option<DeviceFacts>, GatewayError> {
    use ConnectErrorCode as Code;
    let Some(device) = &params.device else { return Ok(None) };
    let refuse = |code, text: &str| Err(GatewayError::not_connected(code, text));
    match device_id_of_key(&device.public_key) {
        Ok(id) if id == device.id => {}
        Ok(_) => {
            let text = "`device.id` is not the SHA-256 of `device.publicKey`.";
            return refuse(Code::DeviceAuthIdMismatch, text);
        }
        Err(_) => {
            let text = "`device.publicKey` is no usable Ed25519 key in base64url.";
            return refuse(Code::DeviceAuthKeyInvalid, text);
        }
    }
    if unix_millis(SystemTime::now()).abs_diff(device.signed_at) > MAX_SKEW_MS {
        let text = "`device.signedAt` is more than two minutes from the gateway's clock.";
        return refuse(Code::DeviceAuthSignatureExpired, text);
    }
    if device.nonce != nonce {
        let text = "`device.nonce` is not the nonce of this connection's challenge.";
        return refuse(Code::DeviceAuthNonceMismatch, text);
    }
    let auth = params.auth.as_ref();
    let secrets = auth.map(|auth| [auth.token.as_deref(), auth.device_token.as_deref()]);
    let token = secrets.into_iter().flatten().flatten().next().unwrap_or_default();
    let family = params.client.device_family.as_deref().unwrap_or_default();
    let claims = ConnectClaims {
        device_id: &device.id,
        client_id: &params.client.id,
        client_mode: &params.client.mode,
        role: params.role.as_deref().unwrap_or("operator"),
        scopes: &params.scopes,
        signed_at: device.signed_at,
        token,
        nonce,
        platform: &params.client.platform,
        device_family: family,
    };
    let is_long = |text: &str| text.chars().count() > MAX_FACT_CHARS;
    if is_long(&params.client.platform) || is_long(family) {
        let text = "`client.platform` and `client.deviceFamily` have 64 characters at most.";
        return refuse(Code::DeviceAuthInvalid, text);
    }
    // The older form does not cover the platform, so that it is not taken from there.
    for version in [ClaimsVersion::V3, ClaimsVersion::V2] {
        let text = match claims.to_text(version) {
            Ok(text) => text,
            Err(error) => {
                return refuse(Code::DeviceAuthInvalid, &format!("The gateway does not {error}."));
            }
        };
        match verify_signature(&device.public_key, &text, &device.signature) {
            Ok(()) => return Ok(Some(to_facts(params, version))),
            Err(SignatureError::InvalidKey) => break,
            Err(_) => {}
        }
    }
    refuse(Code::DeviceAuthSignatureInvalid, "`device.signature` does not fit this request.")
}

fn to_facts(params: &ConnectParams, version: ClaimsVersion) -> DeviceFacts {
    let client = &params.client;
    let covered = |text: &str| match version {
        ClaimsVersion::V3 => text.trim().to_ascii_lowercase(),
        ClaimsVersion::V2 => String::new(),
    };
    let device = params.device.as_ref();
    let name = client.display_name.as_deref().unwrap_or_default();
    DeviceFacts {
        id: device.map(|device| device.id.clone()).unwrap_or_default(),
        public_key: device.map(|device| device.public_key.clone()).unwrap_or_default(),
        client_id: client.id.clone(),
        client_mode: client.mode.clone(),
        platform: covered(&client.platform),
        device_family: covered(client.device_family.as_deref().unwrap_or_default()),
        display_name: name.chars().take(MAX_FACT_CHARS).collect(),
    }
}
