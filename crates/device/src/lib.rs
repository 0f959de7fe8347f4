#![doc = include_str!("../README.md")]

mod claims;
mod identity;
mod signature;
mod tokens;

pub use claims::{ClaimsVersion, ConnectClaims, UnsignableField};
pub use identity::{DeviceIdentity, IdentityError};
pub use signature::{SignatureError, device_id_of_key, verify_signature};
pub use tokens::DeviceTokenFile;
