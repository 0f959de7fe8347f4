//! Errors of requests.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Why a request failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct GatewayError {
    /// The kind, e.g. `INVALID_REQUEST`.
    pub code: String,
    /// A sentence for a person.
    pub message: String,
    /// More for a program; a failed `connect` has its reason in `code`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Value>,
    /// Whether the same request may succeed later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retryable: Option<bool>,
    /// How long to wait before that, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

/// The kinds of errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum GatewayErrorCode {
    /// The request cannot be understood, or what it names does not exist.
    InvalidRequest,
    /// The client may not do this.
    Forbidden,
    /// The gateway cannot do this now.
    Unavailable,
    /// The id of the request was used for another one.
    Conflict,
}

/// Why a client is not connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectErrorCode {
    /// Client and gateway have no version in common.
    ProtocolMismatch,
    /// The client sent no token.
    AuthTokenMissing,
    /// The client's token is wrong.
    AuthTokenMismatch,
    /// The client sent no password.
    AuthPasswordMissing,
    /// The client's password is wrong.
    AuthPasswordMismatch,
    /// Too many attempts failed.
    AuthRateLimited,
    /// The page that opened the connection is not allowed to.
    OriginNotAllowed,
    /// The gateway serves no client of this role.
    RoleNotServed,
    /// The client sent the token of a device without the device.
    DeviceIdentityRequired,
    /// What the client says about its device cannot be signed.
    DeviceAuthInvalid,
    /// The id is not that of the public key.
    DeviceAuthIdMismatch,
    /// It was signed too long ago, or in the future.
    DeviceAuthSignatureExpired,
    /// It was signed for another connection.
    DeviceAuthNonceMismatch,
    /// The signature is wrong.
    DeviceAuthSignatureInvalid,
    /// The public key is not usable.
    DeviceAuthKeyInvalid,
    /// The token of the device is wrong, revoked or replaced.
    AuthDeviceTokenMismatch,
    /// The owner of the gateway must approve the device first.
    PairingRequired,
}

impl GatewayErrorCode {
    /// The code as text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "INVALID_REQUEST",
            Self::Forbidden => "FORBIDDEN",
            Self::Unavailable => "UNAVAILABLE",
            Self::Conflict => "CONFLICT",
        }
    }
}

impl ConnectErrorCode {
    /// The code as text, in `details.code`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ProtocolMismatch => "PROTOCOL_MISMATCH",
            Self::AuthTokenMissing => "AUTH_TOKEN_MISSING",
            Self::AuthTokenMismatch => "AUTH_TOKEN_MISMATCH",
            Self::AuthPasswordMissing => "AUTH_PASSWORD_MISSING",
            Self::AuthPasswordMismatch => "AUTH_PASSWORD_MISMATCH",
            Self::AuthRateLimited => "AUTH_RATE_LIMITED",
            Self::OriginNotAllowed => "CONTROL_UI_ORIGIN_NOT_ALLOWED",
            Self::RoleNotServed => "AUTH_UNAUTHORIZED",
            Self::DeviceIdentityRequired => "DEVICE_IDENTITY_REQUIRED",
            Self::DeviceAuthInvalid => "DEVICE_AUTH_INVALID",
            Self::DeviceAuthIdMismatch => "DEVICE_AUTH_DEVICE_ID_MISMATCH",
            Self::DeviceAuthSignatureExpired => "DEVICE_AUTH_SIGNATURE_EXPIRED",
            Self::DeviceAuthNonceMismatch => "DEVICE_AUTH_NONCE_MISMATCH",
            Self::DeviceAuthSignatureInvalid => "DEVICE_AUTH_SIGNATURE_INVALID",
            Self::DeviceAuthKeyInvalid => "DEVICE_AUTH_PUBLIC_KEY_INVALID",
            Self::AuthDeviceTokenMismatch => "AUTH_DEVICE_TOKEN_MISMATCH",
            Self::PairingRequired => "PAIRING_REQUIRED",
        }
    }
}

impl GatewayError {
    /// An error of a kind.
    #[must_use]
    pub fn new(code: GatewayErrorCode, message: impl Into<String>) -> Self {
        Self {
            code: code.as_str().to_owned(),
            message: message.into(),
            details: None,
            retryable: None,
            retry_after_ms: None,
        }
    }

    /// A request that cannot be understood.
    #[must_use]
    pub fn invalid_request(message: impl Into<String>) -> Self {
        Self::new(GatewayErrorCode::InvalidRequest, message)
    }

    /// A client that is not connected.
    #[must_use]
    pub fn not_connected(code: ConnectErrorCode, message: impl Into<String>) -> Self {
        Self::invalid_request(message).with_details(json!({ "code": code.as_str() }))
    }

    /// The reason of a failed `connect`, e.g. `PAIRING_REQUIRED`; `None` when it has none.
    #[must_use]
    pub fn reason_code(&self) -> Option<&str> {
        self.details.as_ref()?.get("code")?.as_str()
    }

    /// Adds details.
    #[must_use]
    pub fn with_details(self, details: Value) -> Self {
        Self { details: Some(details), ..self }
    }

    /// Marks the error as one that passes, after `delay_ms` milliseconds when that is known.
    #[must_use]
    pub fn with_retry(self, delay_ms: Option<u64>) -> Self {
        Self { retryable: Some(true), retry_after_ms: delay_ms, ..self }
    }
}

impl fmt::Display for GatewayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.code)
    }
}

impl std::error::Error for GatewayError {}
