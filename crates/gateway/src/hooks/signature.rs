//! The signature of a body, as GitHub and others send it: `sha256=` and HMAC-SHA256 in hexadecimal
//! digits.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// Whether a signature is that of a body. Takes the same time wherever they differ.
pub(super) fn is_signature(secret: &str, body: &[u8], signature: &str) -> bool {
    let Some(digits) = signature.trim().strip_prefix("sha256=") else { return false };
    let Some(offered) = from_hex(digits) else { return false };
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return false };
    mac.update(body);
    mac.verify_slice(&offered).is_ok()
}

fn from_hex(digits: &str) -> Option<Vec<u8>> {
    if !digits.len().is_multiple_of(2) || !digits.is_ascii() {
        return None;
    }
    let pairs = (0..digits.len()).step_by(2);
    pairs.map(|at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example in the documentation of GitHub's webhooks.
    #[test]
    fn the_example_of_github_is_a_signature_and_nothing_else_is() {
        let secret = "It's a Secret to Everybody";
        let body = b"Hello, World!";
        let digits = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        assert!(is_signature(secret, body, &format!("sha256={digits}")));
        for wrong in
            [digits.to_owned(), String::new(), "sha256=".to_owned(), format!("sha1={digits}")]
        {
            assert!(!is_signature(secret, body, &wrong), "{wrong}");
        }
        assert!(!is_signature(secret, b"Hello, World", &format!("sha256={digits}")));
        assert!(!is_signature("another", body, &format!("sha256={digits}")));
    }
}
