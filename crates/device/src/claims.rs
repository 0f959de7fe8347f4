//! What a device signs when it connects.

/// What a device says about itself and its connection, which its signature covers.
#[derive(Debug, Clone, Copy)]
pub struct ConnectClaims<'a> {
    /// The id of the device.
    pub device_id: &'a str,
    /// `client.id` of the request.
    pub client_id: &'a str,
    /// `client.mode` of the request.
    pub client_mode: &'a str,
    /// The role.
    pub role: &'a str,
    /// The scopes, in the order of the request.
    pub scopes: &'a [String],
    /// When it was signed, in milliseconds since the Unix epoch.
    pub signed_at: u64,
    /// The secret that is sent along; empty when there is none.
    pub token: &'a str,
    /// The nonce of the gateway's challenge.
    pub nonce: &'a str,
    /// `client.platform` of the request.
    pub platform: &'a str,
    /// `client.deviceFamily` of the request; empty when it has none.
    pub device_family: &'a str,
}

/// The form of the signed text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimsVersion {
    /// Without the platform.
    V2,
    /// With the platform and the family of the device.
    V3,
}

/// A field that cannot be signed without a doubt: it contains what separates fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("sign `{field}`: it contains `|`, a control character, or a comma in a scope")]
pub struct UnsignableField {
    /// The field.
    pub field: &'static str,
}

impl ConnectClaims<'_> {
    /// The text that is signed.
    ///
    /// # Errors
    /// When a field contains a separator: two different requests would have the same text.
    pub fn to_text(&self, version: ClaimsVersion) -> Result<String, UnsignableField> {
        let signed_at = self.signed_at.to_string();
        let scopes = self.scopes.join(",");
        let platform = self.platform.trim().to_ascii_lowercase();
        let device_family = self.device_family.trim().to_ascii_lowercase();
        if self.scopes.iter().any(|scope| scope.contains(',')) {
            return Err(UnsignableField { field: "scopes" });
        }
        let label = match version {
            ClaimsVersion::V2 => "v2",
            ClaimsVersion::V3 => "v3",
        };
        let mut fields = vec![
            ("version", label),
            ("device.id", self.device_id),
            ("client.id", self.client_id),
            ("client.mode", self.client_mode),
            ("role", self.role),
            ("scopes", &scopes),
            ("device.signedAt", &signed_at),
            ("auth.token", self.token),
            ("device.nonce", self.nonce),
        ];
        if version == ClaimsVersion::V3 {
            fields.extend([
                ("client.platform", platform.as_str()),
                ("client.deviceFamily", device_family.as_str()),
            ]);
        }
        let is_separator = |c: char| c == '|' || c.is_control();
        if let Some((field, _)) = fields.iter().find(|(_, text)| text.contains(is_separator)) {
            return Err(UnsignableField { field });
        }
        let texts: Vec<&str> = fields.into_iter().map(|(_, text)| text).collect();
        Ok(texts.join("|"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DeviceIdentity, verify_signature};

    fn claims<'a>(identity: &'a DeviceIdentity, scopes: &'a [String]) -> ConnectClaims<'a> {
        ConnectClaims {
            device_id: identity.id(),
            client_id: "node-host",
            client_mode: "node",
            role: "node",
            scopes,
            signed_at: 1_767_225_600_000,
            token: "tok",
            nonce: "nonce-1",
            platform: " Linux ",
            device_family: "SERVER",
        }
    }

    fn identity() -> DeviceIdentity {
        let seed: Vec<u8> = (0..32).collect();
        DeviceIdentity::from_seed(&seed).unwrap()
    }

    /// The vector was made with two other implementations, which agree.
    #[test]
    fn the_signature_is_that_of_other_implementations() {
        let identity = identity();
        assert_eq!(identity.public_key(), "A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg");
        assert_eq!(
            identity.id(),
            "56475aa75463474c0285df5dbf2bcab73da651358839e9b77481b2eab107708c"
        );
        let claims = claims(&identity, &[]);
        for (version, signature) in [
            (
                ClaimsVersion::V3,
                "FZs_3ETjs19SOLpDNsh44xbwcCfejv6M7eco4LZwWEowwXj31_ERgZaUx4N3U5JAeiald0PU6zyn2azVm_vlDw",
            ),
            (
                ClaimsVersion::V2,
                "2edOLkfkeTr50blfEXfeJBwiiYqCo0uJyA46z_RgMpZi7RIe0Bpbyk1_s3Btf0H434kxCIWBV3OGOZfLfv6-DQ",
            ),
        ] {
            let text = claims.to_text(version).unwrap();
            assert_eq!(identity.sign(&text), signature, "{text}");
            verify_signature(identity.public_key(), &text, signature).unwrap();
        }
    }

    #[test]
    fn a_field_with_a_separator_is_refused() {
        let identity = identity();
        let comma = ["operator.read,operator.admin".to_owned()];
        let bar = ["operator.read|x".to_owned()];
        for (claims, field) in [
            (ConnectClaims { platform: "linux|x", ..claims(&identity, &[]) }, "client.platform"),
            (
                ConnectClaims { device_family: "a\nb", ..claims(&identity, &[]) },
                "client.deviceFamily",
            ),
            (ConnectClaims { token: "a|b", ..claims(&identity, &[]) }, "auth.token"),
            (ConnectClaims { client_id: "cli|cli", ..claims(&identity, &[]) }, "client.id"),
            (ConnectClaims { nonce: "\0", ..claims(&identity, &[]) }, "device.nonce"),
            (claims(&identity, &comma), "scopes"),
            (claims(&identity, &bar), "scopes"),
        ] {
            assert_eq!(claims.to_text(ClaimsVersion::V3), Err(UnsignableField { field }));
        }
    }
}
