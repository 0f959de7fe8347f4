//! What a connected client is and may do.

/// What a client may do.
#[derive(Debug, Clone, Default)]
pub(crate) struct ClientGrant {
    /// `operator` or `node`.
    pub(crate) role: String,
    pub(crate) scopes: Vec<String>,
    /// Whether it is asked about calls that need an approval.
    pub(crate) takes_approvals: bool,
    /// The device that it proved to be.
    pub(crate) device: Option<String>,
    /// Whether it knows the gateway's own secret.
    pub(crate) is_owner: bool,
}

/// What a method needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClientScope {
    Read,
    Write,
    Approvals,
    Pairing,
    Admin,
}

impl ClientScope {
    /// All that can be granted.
    pub(crate) const ALL: [Self; 5] =
        [Self::Read, Self::Write, Self::Approvals, Self::Pairing, Self::Admin];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Read => "operator.read",
            Self::Write => "operator.write",
            Self::Approvals => "operator.approvals",
            Self::Pairing => "operator.pairing",
            Self::Admin => "operator.admin",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }
}

impl ClientGrant {
    /// Whether the client has a scope. `operator.admin` has each, and writing includes reading.
    pub(crate) fn allows(&self, scope: ClientScope) -> bool {
        self.scopes.iter().any(|granted| {
            granted == ClientScope::Admin.name()
                || granted == scope.name()
                || scope == ClientScope::Read && granted == ClientScope::Write.name()
        })
    }

    /// The first of these scopes that the client does not have; an unknown one counts as such.
    pub(crate) fn first_missing<'a>(&self, scopes: &'a [String]) -> Option<&'a str> {
        scopes.iter().map(String::as_str).find(|name| !self.allows_named(name))
    }

    /// Whether the client has the scope with this name.
    pub(crate) fn allows_named(&self, name: &str) -> bool {
        ClientScope::from_name(name).is_some_and(|scope| self.allows(scope))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(scopes: &[&str]) -> ClientGrant {
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        ClientGrant { scopes, ..ClientGrant::default() }
    }

    #[test]
    fn scopes_allow_what_they_name() {
        assert!(grant(&["operator.admin"]).allows(ClientScope::Approvals));
        assert!(grant(&["operator.write"]).allows(ClientScope::Read));
        assert!(!grant(&["operator.read"]).allows(ClientScope::Write));
        assert!(!grant(&["operator.write"]).allows(ClientScope::Approvals));
        assert!(!grant(&["operator.pairing"]).allows(ClientScope::Admin));
        assert!(!grant(&[]).allows(ClientScope::Read));
        let asked = ["operator.read".to_owned(), "operator.admin".to_owned()];
        assert_eq!(grant(&["operator.write"]).first_missing(&asked), Some("operator.admin"));
        assert_eq!(grant(&["operator.admin"]).first_missing(&asked), None);
        let unknown = ["operator.everything".to_owned()];
        assert_eq!(grant(&["operator.admin"]).first_missing(&unknown), Some("operator.everything"));
    }
}
