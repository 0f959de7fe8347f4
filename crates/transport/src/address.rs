//! Classes of network addresses, and host names that are judged by the addresses they lead to.

use std::error::Error;
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::Host;

use crate::Endpoint;

/// Addresses at which clouds hand out the credentials of a machine. No model is served there.
const METADATA_V4: [Ipv4Addr; 4] = [
    Ipv4Addr::new(169, 254, 169, 254),
    Ipv4Addr::new(169, 254, 170, 2),
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(168, 63, 129, 16),
];
const METADATA_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);

/// The addresses that a client may connect to when its host is a name. An address in the URL itself
/// is judged by [`Endpoint::is_private`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AddressRule {
    /// Where the name itself is a private one (`gpu`, `box.local`), only private addresses; else
    /// any.
    #[default]
    AsNamed,
    /// Any address.
    Any,
}

/// Looks up the addresses of host names.
#[derive(Clone)]
pub struct HostLookup(Arc<LookupFn>);

type LookupFn = dyn Fn(String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> + Send + Sync;

impl HostLookup {
    /// Uses another lookup than the system's, e.g. in tests.
    pub fn from_fn(
        lookup: impl Fn(String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(lookup))
    }

    /// Looks up a name.
    ///
    /// # Errors
    /// When there is no such name, or the lookup fails.
    pub async fn look_up(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        (self.0)(name.to_owned()).await
    }

    /// The first address outside this machine and the private networks that a private name leads
    /// to; `None` when there is none, when the lookup fails, or when the endpoint's host is an
    /// address or a public name.
    pub async fn find_public_address(&self, endpoint: &Endpoint) -> Option<IpAddr> {
        let Some(Host::Domain(name)) = endpoint.base_url().host() else { return None };
        if !endpoint.is_private() {
            return None;
        }
        let addresses = self.look_up(name).await.ok()?;
        addresses.into_iter().find(|address| !is_private_address(*address))
    }
}

impl Default for HostLookup {
    /// The lookup of the system.
    fn default() -> Self {
        Self::from_fn(|name| {
            async move {
                let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
                Ok(found.map(|address| address.ip()).collect())
            }
            .boxed()
        })
    }
}

impl fmt::Debug for HostLookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostLookup").finish_non_exhaustive()
    }
}

/// Looks up names for connections. A connection goes to an address that was judged here, so that no
/// second lookup can lead elsewhere.
pub(crate) struct JudgingResolver {
    pub(crate) lookup: HostLookup,
    pub(crate) is_private_only: bool,
}

impl Resolve for JudgingResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (lookup, is_private_only) = (self.lookup.clone(), self.is_private_only);
        async move {
            let addresses = lookup.look_up(name.as_str()).await?;
            for &address in &addresses {
                let host = || name.as_str().to_owned();
                if is_metadata_address(address) {
                    return Err(Box::new(AddressRefused::Metadata { host: host(), address }) as _);
                }
                if is_private_only && !is_private_address(address) {
                    return Err(Box::new(AddressRefused::Public { host: host(), address }) as _);
                }
            }
            let addresses = addresses.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok::<Addrs, Box<dyn Error + Send + Sync>>(Box::new(addresses))
        }
        .boxed()
    }
}

/// A host name leads to an address that the client may not connect to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AddressRefused {
    #[error(
        "the name {host} looks like one of this machine or its network, but its address {address} \
         is in neither"
    )]
    Public { host: String, address: IpAddr },
    #[error("{host} leads to {address}, where a cloud hands out the credentials of this machine")]
    Metadata { host: String, address: IpAddr },
}

/// Returns whether an address is this machine's or one of a private network: loopback, private and
/// link-local addresses and those of overlay networks (`100.64.0.0/10`), but not the addresses at
/// which clouds hand out credentials.
#[must_use]
pub fn is_private_address(address: IpAddr) -> bool {
    if is_metadata_address(address) {
        return false;
    }
    match address.to_canonical() {
        IpAddr::V4(address) => {
            address.is_loopback()
                || address.is_private()
                || address.is_link_local()
                || address.is_unspecified()
                || matches!(address.octets(), [100, 64..=127, ..])
        }
        IpAddr::V6(address) => {
            address.is_loopback()
                || address.is_unique_local()
                || address.is_unicast_link_local()
                || address.is_unspecified()
        }
    }
}

fn is_metadata_address(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => METADATA_V4.contains(&address),
        IpAddr::V6(address) => address == METADATA_V6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(pairs: &'static [(&'static str, &'static [&'static str])]) -> HostLookup {
        HostLookup::from_fn(move |name| {
            let found = pairs.iter().find(|(known, _)| *known == name);
            let addresses =
                found.map(|(_, all)| all.iter().map(|it| it.parse().unwrap()).collect());
            std::future::ready(addresses.ok_or_else(|| io::ErrorKind::NotFound.into())).boxed()
        })
    }

    const NAMES: &[(&str, &[&str])] = &[
        ("gpu", &["10.0.0.7", "fd00::7"]),
        ("rebound", &["8.8.8.8"]),
        ("mixed", &["10.0.0.7", "2001:db8::1"]),
        ("mapped", &["::ffff:8.8.8.8"]),
        ("metadata.google.internal", &["169.254.169.254"]),
        ("models.example", &["8.8.8.8"]),
        ("inside.example", &["10.0.0.7"]),
        ("trap.example", &["::ffff:169.254.169.254"]),
    ];

    async fn resolve(name: &str, is_private_only: bool) -> Result<Vec<SocketAddr>, String> {
        let resolver = JudgingResolver { lookup: table(NAMES), is_private_only };
        let found = resolver.resolve(name.parse().unwrap()).await;
        found.map(Iterator::collect).map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn a_connection_goes_only_to_an_address_that_was_judged() {
        for (name, is_private_only, expected) in [
            ("gpu", true, Ok(2)),
            ("gpu", false, Ok(2)),
            ("rebound", true, Err("8.8.8.8")),
            ("rebound", false, Ok(1)),
            ("mixed", true, Err("2001:db8::1")),
            ("mapped", true, Err("8.8.8.8")),
            ("metadata.google.internal", true, Err("credentials")),
            ("metadata.google.internal", false, Err("credentials")),
            ("trap.example", false, Err("credentials")),
            ("models.example", false, Ok(1)),
            ("inside.example", true, Ok(1)),
        ] {
            match (resolve(name, is_private_only).await, expected) {
                (Ok(found), Ok(count)) => assert_eq!(found.len(), count, "{name}"),
                (Err(error), Err(part)) => assert!(error.contains(part), "{name}: {error}"),
                (found, _) => panic!("{name} {is_private_only}: {found:?}"),
            }
        }
    }

    #[tokio::test]
    async fn a_private_name_with_a_public_address_is_found() {
        for (url, expected) in [
            ("http://gpu:8000", None),
            ("http://rebound:8000", Some("8.8.8.8")),
            ("http://mixed:8000", Some("2001:db8::1")),
            ("http://metadata.google.internal", Some("169.254.169.254")),
            ("https://models.example", None),
            ("http://unknown:8000", None),
            ("http://127.0.0.1:8000", None),
        ] {
            let endpoint = Endpoint::parse(url).unwrap();
            let found = table(NAMES).find_public_address(&endpoint).await;
            assert_eq!(found, expected.map(|it| it.parse().unwrap()), "{url}");
        }
    }
}
