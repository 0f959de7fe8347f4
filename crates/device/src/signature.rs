//! Public keys and signatures.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{ED25519, UnparsedPublicKey};
use sha2::{Digest as _, Sha256};

/// The bytes of a public key.
const KEY_BYTES: usize = 32;

/// The points of small order in their canonical forms, without the bit of the sign: a signature by
/// such a key proves nothing, because it can fit any text.
const SMALL_ORDER_POINTS: [[u8; KEY_BYTES]; 5] = [
    [0; KEY_BYTES],
    [
        1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0,
    ],
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ],
    [
        0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0x7f,
    ],
];

/// Why a signature proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// The public key is no base64url of 32 bytes, or no usable key.
    #[error("use the public key: it is no Ed25519 key in base64url")]
    InvalidKey,
    /// The signature is another key's, or another text's.
    #[error("verify the signature")]
    WrongSignature,
}

/// The id of the device with a public key: the SHA-256 of its bytes, in hexadecimal.
///
/// # Errors
/// When the text is no usable key.
pub fn device_id_of_key(public_key: &str) -> Result<String, SignatureError> {
    Ok(hash_key(&decode_key(public_key)?))
}

/// Verifies the signature of a text.
///
/// # Errors
/// When the key is not usable, or the signature is not its signature of this text.
pub fn verify_signature(
    public_key: &str,
    text: &str,
    signature: &str,
) -> Result<(), SignatureError> {
    let key = decode_key(public_key)?;
    let signature =
        URL_SAFE_NO_PAD.decode(signature).map_err(|_| SignatureError::WrongSignature)?;
    UnparsedPublicKey::new(&ED25519, key)
        .verify(text.as_bytes(), &signature)
        .map_err(|_| SignatureError::WrongSignature)
}

pub(crate) fn hash_key(key: &[u8]) -> String {
    let mut id = String::with_capacity(64);
    for byte in Sha256::digest(key) {
        // Writing to a string does not fail.
        let _ = write!(id, "{byte:02x}");
    }
    id
}

/// Decodes a key; one in a form that is not the only one of its point, or of small order, is none.
fn decode_key(public_key: &str) -> Result<[u8; KEY_BYTES], SignatureError> {
    let bytes = URL_SAFE_NO_PAD.decode(public_key).map_err(|_| SignatureError::InvalidKey)?;
    let key: [u8; KEY_BYTES] = bytes.try_into().map_err(|_| SignatureError::InvalidKey)?;
    let mut coordinate = key;
    let [first, .., last] = &mut coordinate;
    *last &= 0x7f;
    let is_above_field = *last == 0x7f
        && *first >= 0xed
        && key.get(1..KEY_BYTES - 1).is_some_and(|middle| middle.iter().all(|byte| *byte == 0xff));
    if is_above_field || SMALL_ORDER_POINTS.contains(&coordinate) {
        return Err(SignatureError::InvalidKey);
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DeviceIdentity;

    #[test]
    fn only_the_signature_of_the_key_and_the_text_is_right() {
        let [one, two] = [[1; 32], [2; 32]].map(|seed| DeviceIdentity::from_seed(&seed).unwrap());
        let signature = one.sign("text");
        verify_signature(one.public_key(), "text", &signature).unwrap();
        let wrong = Err(SignatureError::WrongSignature);
        assert_eq!(verify_signature(two.public_key(), "text", &signature), wrong);
        assert_eq!(verify_signature(one.public_key(), "texts", &signature), wrong);
        let zero = URL_SAFE_NO_PAD.encode([0; 64]);
        for signature in ["", "AA", "=", &zero, &signature[1..], &format!("{signature}A")] {
            assert_eq!(verify_signature(one.public_key(), "text", signature), wrong, "{signature}");
        }
    }

    #[test]
    fn a_signature_has_one_form() {
        let identity = DeviceIdentity::from_seed(&[7; 32]).unwrap();
        let mut bytes = URL_SAFE_NO_PAD.decode(identity.sign("text")).unwrap();
        // The order of the group, which added to the scalar gives the same point.
        let order = [
            0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9,
            0xde, 0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
        ];
        let mut carry = 0_u16;
        for (byte, add) in bytes[32..].iter_mut().zip(order) {
            let sum = u16::from(*byte) + add + carry;
            *byte = sum.to_le_bytes()[0];
            carry = sum >> 8;
        }
        let second = URL_SAFE_NO_PAD.encode(bytes);
        let verified = verify_signature(identity.public_key(), "text", &second);
        assert_eq!(verified, Err(SignatureError::WrongSignature));
    }

    #[test]
    fn keys_that_fit_any_text_are_refused() {
        let mut keys: Vec<[u8; 32]> = SMALL_ORDER_POINTS.to_vec();
        for mut key in SMALL_ORDER_POINTS {
            key[31] |= 0x80;
            keys.push(key);
        }
        let mut above = [0xff; 32];
        above[0] = 0xee;
        above[31] = 0x7f;
        keys.push(above);
        for key in keys {
            let key = URL_SAFE_NO_PAD.encode(key);
            assert_eq!(device_id_of_key(&key), Err(SignatureError::InvalidKey), "{key}");
            let verified = verify_signature(&key, "text", &URL_SAFE_NO_PAD.encode([0; 64]));
            assert_eq!(verified, Err(SignatureError::InvalidKey), "{key}");
        }
        for text in ["", "AAAA", "not base64!", "A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="] {
            assert_eq!(device_id_of_key(text), Err(SignatureError::InvalidKey), "{text}");
        }
    }
}
