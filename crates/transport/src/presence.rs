//! Checks whether a server can be reached.

use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;
use url::Host;

use crate::Endpoint;

/// Returns whether the server accepts a TCP connection within the time given. Nothing is sent to
/// it.
pub async fn can_connect(endpoint: &Endpoint, within: Duration) -> bool {
    let base = endpoint.base_url();
    let (Some(host), Some(port)) = (base.host(), base.port_or_known_default()) else {
        return false;
    };
    let connected = async {
        match host {
            Host::Ipv4(address) => TcpStream::connect((address, port)).await,
            Host::Ipv6(address) => TcpStream::connect((address, port)).await,
            Host::Domain(name) => TcpStream::connect((name, port)).await,
        }
    };
    timeout(within, connected).await.is_ok_and(|connected| connected.is_ok())
}
