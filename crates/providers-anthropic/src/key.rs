//! How the key and the version of the API are sent.

use openclaw_transport::ClientOptions;

/// The version of the API that this crate speaks.
pub const VERSION: &str = "2023-06-01";

/// Adds the headers of this API to a client's options, before those that are set already and win.
///
/// The key goes into `x-api-key`. Anthropic takes a bearer for a token of another kind, so there is
/// none for its host; other servers, such as vLLM, know the bearer only, and get both.
#[must_use]
pub fn with_headers(mut options: ClientOptions) -> ClientOptions {
    let mut headers = vec![("anthropic-version".to_owned(), VERSION.into())];
    if let Some(key) = &options.bearer {
        headers.push(("x-api-key".to_owned(), key.clone()));
    }
    let host = options.endpoint.base().host_str().unwrap_or_default();
    if host == "anthropic.com" || host.ends_with(".anthropic.com") {
        options.bearer = None;
    }
    headers.append(&mut options.headers);
    options.headers = headers;
    options
}
