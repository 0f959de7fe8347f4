//! Calls of the Bot API. The token is in every URL, so that nothing here ever tells one.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderValue};
use reqwest::{Client, Response};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use super::wire::Answer;
use super::{TelegramOptions, TelegramOptionsError};
use crate::{ChannelError, ChannelErrorKind};

/// The most bytes of an answer.
const MAX_ANSWER_BYTES: usize = 16 << 20;

/// The longest text of the service in an error.
const MAX_REASON_CHARS: usize = 300;

/// The longest time for which the service is believed to be busy, in seconds.
const MAX_RETRY_SECONDS: u64 = 3600;

/// How long calls may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct CallClocks {
    pub(super) connect: Duration,
    pub(super) call: Duration,
}

/// The client of one bot.
pub(super) struct BotCalls {
    http: Client,
    api_root: Url,
    token: SecretString,
    clocks: CallClocks,
}

impl BotCalls {
    pub(super) fn new(
        options: TelegramOptions,
        clocks: CallClocks,
    ) -> Result<Self, TelegramOptionsError> {
        let TelegramOptions { token, api_root } = options;
        if !is_token(token.expose_secret()) {
            return Err(TelegramOptionsError::Token);
        }
        let api_root = parse_root(&api_root).ok_or(TelegramOptionsError::ApiRoot)?;
        let mut builder = Client::builder()
            .user_agent(concat!("openclaw/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .http1_only()
            .connect_timeout(clocks.connect);
        let provider = rustls::crypto::ring::default_provider();
        if api_root.scheme() == "https" {
            // An error means that the process has chosen a provider already.
            let _chosen_before = provider.install_default();
        } else {
            // Nothing is encrypted: the certificates of the system need not be read.
            let tls = rustls::ClientConfig::builder_with_provider(Arc::new(provider))
                .with_safe_default_protocol_versions()
                .map_err(|_| TelegramOptionsError::Client)?
                .with_root_certificates(rustls::RootCertStore::empty())
                .with_no_client_auth();
            builder = builder.tls_backend_preconfigured(tls);
        }
        let http = builder.build().map_err(|_| TelegramOptionsError::Client)?;
        Ok(Self { http, api_root, token, clocks })
    }

    pub(super) fn api_root(&self) -> &Url {
        &self.api_root
    }

    pub(super) async fn call<T: DeserializeOwned>(
        &self,
        method: &'static str,
        body: &Value,
    ) -> Result<T, ChannelError> {
        self.call_within(method, body, self.clocks.call).await
    }

    pub(super) async fn call_within<T: DeserializeOwned>(
        &self,
        method: &'static str,
        body: &Value,
        limit: Duration,
    ) -> Result<T, ChannelError> {
        let fail = |kind, reason: String| {
            // A server that repeats the path in its answer repeats the token.
            let reason = reason.replace(self.token.expose_secret(), "***");
            ChannelError::new(kind, format!("call `{method}` of Telegram"), reason)
        };
        let url = format!(
            "{}/bot{}/{method}",
            self.api_root.as_str().trim_end_matches('/'),
            self.token.expose_secret()
        );
        let request = self
            .http
            .post(url)
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .timeout(limit)
            .body(body.to_string());
        let mut response = request.send().await.map_err(|error| {
            let kind = if error.is_connect() || error.is_builder() {
                ChannelErrorKind::Unreachable
            } else {
                ChannelErrorKind::AnswerLost
            };
            fail(kind, describe_failure(&error).to_owned())
        })?;
        let status = response.status().as_u16();
        let bytes = read_body(&mut response)
            .await
            .map_err(|reason| fail(ChannelErrorKind::AnswerLost, reason.to_owned()))?;
        match serde_json::from_slice::<Answer<T>>(&bytes) {
            Ok(Answer { ok: true, result: Some(result), .. }) => Ok(result),
            Ok(answer) => {
                let code = answer.error_code.unwrap_or(status);
                let kind = failure_kind(code, answer.parameters.retry_after);
                let description = answer.description.unwrap_or_default();
                let text: String = description.chars().take(MAX_REASON_CHARS).collect();
                Err(fail(kind, format!("{code} {}", text.escape_debug())))
            }
            // A proxy in between that answers with a page did not pass the request on.
            Err(_) if status >= 400 => {
                Err(fail(failure_kind(status, None), format!("{status}, without a JSON answer")))
            }
            Err(_) => {
                let reason = "the answer is not that of the Bot API";
                Err(fail(ChannelErrorKind::AnswerLost, reason.to_owned()))
            }
        }
    }
}

fn failure_kind(code: u16, retry_after: Option<u64>) -> ChannelErrorKind {
    match code {
        429 => {
            let seconds = retry_after.unwrap_or(5).clamp(1, MAX_RETRY_SECONDS);
            ChannelErrorKind::RateLimited { retry_after: Duration::from_secs(seconds) }
        }
        409 => ChannelErrorKind::OtherReceiver,
        // The Bot API answers with 404 when it does not know the token.
        401 | 404 => ChannelErrorKind::Unauthorized,
        500.. => ChannelErrorKind::Unavailable,
        _ => ChannelErrorKind::Refused,
    }
}

async fn read_body(response: &mut Response) -> Result<Vec<u8>, &'static str> {
    let mut bytes = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if bytes.len() + chunk.len() > MAX_ANSWER_BYTES => {
                return Err("the answer is too long");
            }
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => return Ok(bytes),
            Err(error) => return Err(describe_failure(&error)),
        }
    }
}

/// Says what failed, without the URL.
fn describe_failure(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "the server cannot be reached"
    } else if error.is_builder() {
        "the request cannot be made"
    } else {
        "the connection ended before the answer"
    }
}

/// A token is `NUMBER:TEXT`. Anything else could lead to another path of the server.
fn is_token(token: &str) -> bool {
    let is_secret = |text: &str| {
        text.len() >= 8 && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c))
    };
    token.split_once(':').is_some_and(|(id, secret)| {
        !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()) && is_secret(secret)
    })
}

fn parse_root(text: &str) -> Option<Url> {
    let url = Url::parse(text.trim()).ok()?;
    let is_plain = url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    (is_plain && url.has_host() && matches!(url.scheme(), "https" | "http")).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_form_of_a_token_is_taken() {
        assert!(is_token("123456:ABC-def_1234567890"));
        for token in ["", "123", ":ABCDEFGHIJ", "12a:ABCDEFGHIJ", "1:short", "1:ABCDEFGH/../x"] {
            assert!(!is_token(token), "{token}");
        }
    }

    #[test]
    fn only_a_plain_address_is_taken() {
        for root in ["https://api.telegram.org", "http://127.0.0.1:8081/", "https://x.example/tg"] {
            assert!(parse_root(root).is_some(), "{root}");
        }
        for root in ["", "api.telegram.org", "ftp://x", "https://a:b@x", "https://x/?a=1"] {
            assert!(parse_root(root).is_none(), "{root}");
        }
    }
}
