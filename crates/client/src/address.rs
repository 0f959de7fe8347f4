//! The address of a gateway.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
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

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether it leads to this machine, so that a secret does not cross a network.
    #[must_use]
    pub fn is_on_this_machine(&self) -> bool {
        let bare = self.host.trim_start_matches('[').trim_end_matches(']');
        bare.eq_ignore_ascii_case("localhost")
            || bare.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
    }
}

impl GatewayAddress {
    /// The address with `localhost` replaced by where a gateway of this machine listens, when it has
    /// this port.
    #[must_use]
    pub fn resolve_localhost(self, listener: SocketAddr) -> Self {
        if !self.host.eq_ignore_ascii_case("localhost") || self.port != listener.port() {
            return self;
        }
        let ip = match listener.ip().to_canonical() {
            ip if ip.is_loopback() => ip,
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            _ => return self,
        };
        let resolved = Self::from_socket_address(SocketAddr::new(ip, self.port));
        Self { path: self.path, ..resolved }
    }

    /// Whether it leads to what listens on this machine at a socket address. A name never does,
    /// because others decide where it leads.
    #[must_use]
    pub fn leads_to(&self, listener: SocketAddr) -> bool {
        let bare = self.host.trim_start_matches('[').trim_end_matches(']');
        let Ok(host) = bare.parse::<IpAddr>() else { return false };
        let (host, ip) = (host.to_canonical(), listener.ip().to_canonical());
        let is_any = ip.is_unspecified() && ip.is_ipv4() == host.is_ipv4() && host.is_loopback();
        self.port == listener.port() && (host == ip || is_any)
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
    fn an_address_leads_to_the_listener_whose_it_is() {
        for (address, listener, leads) in [
            ("ws://127.0.0.1:7", "127.0.0.1:7", true),
            ("ws://127.0.0.1:7", "0.0.0.0:7", true),
            ("ws://192.0.2.1:7", "192.0.2.1:7", true),
            ("ws://[::1]:7", "[::]:7", true),
            ("ws://127.0.0.1:8", "127.0.0.1:7", false),
            ("ws://[::1]:7", "127.0.0.1:7", false),
            ("ws://[::1]:7", "0.0.0.0:7", false),
            ("ws://127.0.0.2:7", "127.0.0.1:7", false),
            ("ws://192.0.2.1:7", "0.0.0.0:7", false),
            ("ws://localhost:7", "127.0.0.1:7", false),
        ] {
            let parsed: GatewayAddress = address.parse().unwrap();
            assert_eq!(parsed.leads_to(listener.parse().unwrap()), leads, "{address} {listener}");
        }
    }

    #[test]
    fn localhost_is_where_the_gateway_of_this_machine_listens() {
        for (address, listener, resolved) in [
            ("ws://localhost:7/x", "127.0.0.1:7", "ws://127.0.0.1:7/x"),
            ("ws://LOCALHOST:7", "0.0.0.0:7", "ws://127.0.0.1:7/"),
            ("ws://localhost:7", "[::]:7", "ws://[::1]:7/"),
            ("ws://localhost:8", "127.0.0.1:7", "ws://localhost:8/"),
            ("ws://localhost:7", "192.0.2.1:7", "ws://localhost:7/"),
            ("ws://desk:7", "127.0.0.1:7", "ws://desk:7/"),
        ] {
            let parsed: GatewayAddress = address.parse().unwrap();
            let found = parsed.resolve_localhost(listener.parse().unwrap());
            assert_eq!(found.to_string(), resolved, "{address} {listener}");
        }
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
