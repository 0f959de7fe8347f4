//! The headers that carry the secrets of a client.

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

/// A header that cannot be sent. The error never shows its value.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InvalidHeader {
    #[error("`{0}` is not the name of a header")]
    Name(String),
    #[error("the value for the header `{0}` has a character that headers cannot carry")]
    Value(String),
}

/// The headers of every request.
pub(crate) fn build_headers(
    bearer: Option<&SecretString>,
    headers: &[(String, SecretString)],
) -> Result<HeaderMap, InvalidHeader> {
    let mut map = HeaderMap::new();
    if let Some(key) = bearer {
        let text = format!("Bearer {}", key.expose_secret());
        map.insert(AUTHORIZATION, sensitive_value(AUTHORIZATION.as_str(), &text)?);
    }
    for (name, value) in headers {
        let parsed = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| InvalidHeader::Name(name.clone()))?;
        map.insert(parsed, sensitive_value(name, value.expose_secret())?);
    }
    Ok(map)
}

fn sensitive_value(name: &str, value: &str) -> Result<HeaderValue, InvalidHeader> {
    let mut value =
        HeaderValue::from_str(value).map_err(|_| InvalidHeader::Value(name.to_owned()))?;
    value.set_sensitive(true);
    Ok(value)
}
