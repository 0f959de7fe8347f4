//! The address of a gateway.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use openclaw_protocol::gateway::DEFAULT_PORT;

/// The address of a gateway: `ws://HOST[:PORT][/PATH]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayAddress {
    host: String,
    port: u16,
    path: String,
}

/// Why a text is no address of a gateway. `Display` is a sentence without its full stop.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct InvalidAddress {
    problem: String,
}

impl GatewayAddress {
    /// A gateway on this machine.
    #[must_use]
    pub fn on_this_machine(port: u16) -> Self {
        Self { host: "127.0.0.1".to_owned(), port, path: "/".to_owned() }
    }

    /// A gateway at an address of the network.
    #[must_use]
    pub fn from_socket_address(address: SocketAddr) -> Self {
        let host = match address.ip() {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        };
        Self { host, port: address.port(), path: "/".to_owned() }
    }

    /// Host and port, as in `127.0.0.1:18789`.
    #[must_use]
    pub fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Whether it leads to this machine, so that a secret does not cross a network.
    #[must_use]
    pub fn is_on_this_machine(&self) -> bool {
        let bare = self.host.trim_start_matches('[').trim_end_matches(']');
        bare.eq_ignore_ascii_case("localhost")
            || bare.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
    }
}

impl fmt::Display for GatewayAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ws://{}:{}{}", self.host, self.port, self.path)
    }
}

impl FromStr for GatewayAddress {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        let invalid = |problem: String| InvalidAddress { problem };
        let shown: String = text.chars().take(200).collect();
        if text.starts_with("wss://") || text.starts_with("https://") {
            return Err(invalid(format!(
                "`{shown}` needs TLS, which is not supported; a tunnel such as `ssh -L \
                 18789:127.0.0.1:18789 HOST` leads to the gateway of another machine"
            )));
        }
        let rest = text.strip_prefix("ws://").or(text.strip_prefix("http://"));
        let Some(rest) = rest else {
            return Err(invalid(format!("`{shown}` does not begin with `ws://`")));
        };
        let (authority, path) = match rest.split_once('/') {
            Some((authority, path)) => (authority, format!("/{path}")),
            None => (rest, "/".to_owned()),
        };
        if authority.contains('@') {
            return Err(invalid("the address contains a user or a password".to_owned()));
        }
        let is_number = |port: &str| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if is_number(port) => (host, Some(port)),
            _ => (authority, None),
        };
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let is_host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
            Some(inner) => inner.parse::<std::net::Ipv6Addr>().is_ok(),
            None => !host.is_empty() && host.chars().all(is_plain),
        };
        if !is_host {
            return Err(invalid(format!("`{shown}` has no valid host")));
        }
        let port = match port.map(str::parse) {
            Some(Ok(port)) => port,
            Some(Err(_)) => return Err(invalid(format!("`{shown}` has no valid port"))),
            None => DEFAULT_PORT,
        };
        if !path.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(invalid(format!("`{shown}` has no valid path")));
        }
        Ok(Self { host: host.to_owned(), port, path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_with_their_defaults() {
        for (text, shown) in [
            ("ws://127.0.0.1:7000", "ws://127.0.0.1:7000/"),
            ("ws://desk", "ws://desk:18789/"),
            ("http://[::1]:9/x", "ws://[::1]:9/x"),
        ] {
            assert_eq!(text.parse::<GatewayAddress>().unwrap().to_string(), shown);
        }
        assert!("ws://localhost".parse::<GatewayAddress>().unwrap().is_on_this_machine());
        assert!("ws://[::1]".parse::<GatewayAddress>().unwrap().is_on_this_machine());
        assert!(!"ws://desk".parse::<GatewayAddress>().unwrap().is_on_this_machine());
    }

    #[test]
    fn what_is_no_address_is_refused_without_its_secret() {
        for (text, said) in [
            ("127.0.0.1:18789", "ws://"),
            ("wss://desk.example", "TLS"),
            ("ws://", "no valid host"),
            ("ws://a b", "no valid host"),
            ("ws://desk:99999", "no valid port"),
            ("ws://me:secret@desk", "a password"),
            ("ws://desk/a\r\nb", "no valid path"),
        ] {
            let error = text.parse::<GatewayAddress>().unwrap_err().to_string();
            assert!(error.contains(said), "{text}: {error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
