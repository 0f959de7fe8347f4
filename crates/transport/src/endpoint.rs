//! The base URL of a server. Every URL of the crate is built here, so that all callers agree on
//! whether `/v1` belongs into it.

use std::fmt;

use url::{Host, Url};

use crate::is_private_address;

/// API routes that people paste along with the base URL.
const PASTED_ROUTES: [&[&str]; 5] =
    [&["chat", "completions"], &["completions"], &["messages"], &["models"], &["responses"]];

/// The base URL of an OpenAI-compatible API, in one normal form.
///
/// `http://host`, `http://host/`, `http://host/v1`, `http://host/v1/`,
/// `http://host/v1/chat/completions` and `http://host/v1/models` are the same endpoint. A path of
/// another kind, e.g. `/api/coding/paas/v4`, is kept as it is. It never holds a credential, a
/// query or a fragment, and its text has no slash at the end.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Endpoint {
    base: Url,
}

/// A text that is not a base URL. No variant repeats the text, which may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidEndpoint {
    /// There is no text.
    #[error("the base URL is empty")]
    Empty,
    /// The text is not a URL.
    #[error("the base URL is not a URL")]
    NotAUrl(#[source] url::ParseError),
    /// The scheme is neither `http` nor `https`.
    #[error("the base URL begins with `{scheme}:`, not with `http:` or `https:`")]
    Scheme {
        /// The scheme that was found.
        scheme: String,
    },
    /// The scheme is missing, and the host is a public one without a port.
    #[error("the base URL does not say whether it is `http://` or `https://`")]
    NoScheme,
    /// There is a user name or a password in front of the host.
    #[error("the base URL holds a user name or password; a key is given by its own setting")]
    UserInfo,
    /// There is a `?` part.
    #[error("the base URL has a query (`?`…)")]
    Query,
    /// There is a `#` part.
    #[error("the base URL has a fragment (`#`…)")]
    Fragment,
}

impl Endpoint {
    /// Reads a base URL as people write it.
    ///
    /// Without a scheme it is `http`, if it has a port or its host is private; a public host
    /// without a port must say which, because a key must not travel in the clear by accident.
    ///
    /// # Errors
    /// When the text is not an `http` or `https` URL, or has a part that a base URL cannot have.
    pub fn parse(text: &str) -> Result<Self, InvalidEndpoint> {
        let text = text.trim();
        if text.is_empty() {
            return Err(InvalidEndpoint::Empty);
        }
        if text.contains("://") {
            return Self::from_url(Url::parse(text).map_err(InvalidEndpoint::NotAUrl)?);
        }
        let url = Url::parse(&format!("http://{text}")).map_err(InvalidEndpoint::NotAUrl)?;
        let has_port = text.split('/').next().is_some_and(|authority| authority.contains(':'));
        let endpoint = Self::from_url(url)?;
        if has_port || endpoint.is_private() {
            Ok(endpoint)
        } else {
            Err(InvalidEndpoint::NoScheme)
        }
    }

    /// Reads the address of one resource, which is kept as it is written, with its query.
    ///
    /// # Errors
    /// When the text is not an `http` or `https` URL, or has a part that no server sees.
    pub fn parse_resource(text: &str) -> Result<Self, InvalidEndpoint> {
        let url = Url::parse(text.trim()).map_err(InvalidEndpoint::NotAUrl)?;
        check_url(&url)?;
        Ok(Self { base: url })
    }

    /// The same endpoint with `/v1` at the end of a path that has no version: `http://host/anthropic`
    /// becomes `http://host/anthropic/v1`. With `api` at the end of the path, `v1` replaces it, as
    /// Ollama's own API is beside the compatible one.
    #[must_use]
    pub fn with_version(mut self) -> Self {
        let path = self.base.path().to_owned();
        let mut parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        if parts.iter().any(|part| is_version(part)) {
            return self;
        }
        if parts.last() == Some(&"api") {
            parts.pop();
        }
        parts.push("v1");
        self.base.set_path(&parts.join("/"));
        self
    }

    /// The URL of a route of the API: `chat/completions` gives
    /// `http://host/v1/chat/completions`.
    #[must_use]
    pub fn api_url(&self, route: &str) -> Url {
        join_route(self.base.clone(), route)
    }

    /// The URL of a route beside the API's version: `health` gives `http://host/health`. Where the
    /// base path does not end in a version, the route is appended to the whole path.
    #[must_use]
    pub fn root_url(&self, route: &str) -> Url {
        let mut root = self.base.clone();
        if root.path_segments().and_then(|mut parts| parts.next_back()).is_some_and(is_version)
            && let Ok(mut segments) = root.path_segments_mut()
        {
            segments.pop();
        }
        join_route(root, route)
    }

    /// Maps a URL of another server to the URL of the same API route here.
    #[must_use]
    pub fn counterpart_url(&self, url: &str) -> Url {
        let path = url.split_once("://").map_or(url, |(_, rest)| rest);
        let path = path.split(['?', '#']).next().unwrap_or_default();
        let parts: Vec<&str> = path.split('/').skip(1).filter(|part| !part.is_empty()).collect();
        let version = parts.iter().rposition(|part| is_version(part));
        if let Some(route) = version.and_then(|version| parts.get(version + 1..)) {
            return self.api_url(&route.join("/"));
        }
        match PASTED_ROUTES.iter().find(|route| parts.ends_with(route)) {
            Some(route) => self.api_url(&route.join("/")),
            None => self.root_url(parts.last().copied().unwrap_or_default()),
        }
    }

    /// The base URL, e.g. `http://host:8000/v1`.
    #[must_use]
    pub fn base_url(&self) -> &Url {
        &self.base
    }

    /// Returns whether the host is this machine or in a private network, judged by its text alone:
    /// loopback, private and link-local addresses, those of overlay networks (`100.64.0.0/10`),
    /// `localhost`, `*.local`, `*.internal`, `*.home.arpa` and names without a dot. No name is
    /// looked up: [`AddressRule`](crate::AddressRule) judges what a name leads to. Addresses at
    /// which clouds hand out credentials are not private.
    #[must_use]
    pub fn is_private(&self) -> bool {
        match self.base.host() {
            Some(Host::Ipv4(address)) => is_private_address(address.into()),
            Some(Host::Ipv6(address)) => is_private_address(address.into()),
            Some(Host::Domain(name)) => is_private_name(name),
            None => false,
        }
    }

    fn from_url(mut url: Url) -> Result<Self, InvalidEndpoint> {
        check_url(&url)?;
        if url.query().is_some() {
            return Err(InvalidEndpoint::Query);
        }
        let path = url.path().to_owned();
        let mut parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        if let Some(route) = PASTED_ROUTES.iter().find(|route| parts.ends_with(route)) {
            parts.truncate(parts.len() - route.len());
        }
        if parts.is_empty() {
            parts.push("v1");
        }
        url.set_path(&parts.join("/"));
        Ok(Self { base: url })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.base.as_str())
    }
}

/// Refuses what no server sees, or what a log should not have.
fn check_url(url: &Url) -> Result<(), InvalidEndpoint> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(InvalidEndpoint::Scheme { scheme: url.scheme().to_owned() });
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(InvalidEndpoint::UserInfo);
    }
    if url.fragment().is_some() {
        return Err(InvalidEndpoint::Fragment);
    }
    Ok(())
}

fn join_route(mut base: Url, route: &str) -> Url {
    if let Ok(mut segments) = base.path_segments_mut() {
        segments.pop_if_empty().extend(route.split('/').filter(|part| !part.is_empty()));
    }
    base
}

/// Returns whether a path segment is a version: `v1`, `v4`, …
fn is_version(segment: &str) -> bool {
    segment.strip_prefix('v').is_some_and(|number| {
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

fn is_private_name(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    let mut labels = name.rsplit('.');
    match (labels.next(), labels.next()) {
        (_, None) | (Some("arpa"), Some("home")) => true,
        (last, _) => matches!(last, Some("localhost" | "local" | "internal")),
    }
}

#[cfg(test)]
mod tests;
