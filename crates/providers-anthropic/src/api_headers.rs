//! Sends the API key and version as headers.

use openclaw_transport::{ClientOptions, Endpoint};

/// The API version that requests name.
pub const API_VERSION: &str = "2023-06-01";

/// Adds the headers of this API to a client's options. Headers that are set already win.
///
/// The key goes into `x-api-key`. Anthropic takes a bearer for another kind of token, so its host
/// gets none; other servers, such as vLLM, know only the bearer and get both.
#[must_use]
pub fn with_api_headers(mut options: ClientOptions) -> ClientOptions {
    let mut headers = vec![("anthropic-version".to_owned(), API_VERSION.into())];
    if let Some(key) = &options.bearer {
        headers.push(("x-api-key".to_owned(), key.clone()));
    }
    if is_anthropic_hosted(&options.endpoint) {
        options.bearer = None;
    }
    headers.append(&mut options.headers);
    options.headers = headers;
    options
}

/// Returns whether the endpoint is one of Anthropic's own servers, over `https`.
#[must_use]
pub fn is_anthropic_hosted(endpoint: &Endpoint) -> bool {
    let host = endpoint.base_url().host_str().unwrap_or_default();
    let is_anthropic_host = host == "anthropic.com" || host.ends_with(".anthropic.com");
    is_anthropic_host && endpoint.base_url().scheme() == "https"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_anthropic_is_anthropic() {
        for (address, expected) in [
            ("https://api.anthropic.com/v1", true),
            ("https://anthropic.com/v1", true),
            ("http://api.anthropic.com/v1", false),
            ("https://notanthropic.com/v1", false),
            ("https://api.anthropic.com.example/v1", false),
            ("http://127.0.0.1:8000/v1", false),
        ] {
            assert_eq!(
                is_anthropic_hosted(&Endpoint::parse(address).unwrap()),
                expected,
                "{address}"
            );
        }
    }
}
