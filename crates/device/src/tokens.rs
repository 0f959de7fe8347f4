//! The tokens that gateways gave to this device.

use std::collections::BTreeMap;
use std::path::PathBuf;

use openclaw_fs::{StateFile, StateFileError};
use serde::{Deserialize, Serialize};

/// The file with the tokens that gateways gave to this device, for its owner only.
#[derive(Debug, Clone)]
pub struct DeviceTokenFile {
    file: StateFile,
}

/// By the address of the gateway and the role.
#[derive(Debug, Default, Serialize, Deserialize)]
struct TokenTable {
    #[serde(default)]
    tokens: BTreeMap<String, BTreeMap<String, String>>,
}

impl DeviceTokenFile {
    /// The file at a path; it need not exist.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self { file: StateFile::new(path) }
    }

    /// The token for a gateway and a role. A file that cannot be read has none: the gateway then
    /// asks for a new approval.
    #[must_use]
    pub fn find_token(&self, gateway: &str, role: &str) -> Option<String> {
        let text = self.file.read_text().ok()??;
        let table: TokenTable = serde_json::from_str(&text).ok()?;
        table.tokens.get(gateway)?.get(role).cloned()
    }

    /// Keeps a token, or forgets it.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn set_token(
        &self,
        gateway: &str,
        role: &str,
        token: Option<&str>,
    ) -> Result<(), StateFileError> {
        self.file.update_text(|current| {
            let text = current.ok().flatten().unwrap_or_default();
            let mut table: TokenTable = serde_json::from_str(&text).unwrap_or_default();
            let roles = table.tokens.entry(gateway.to_owned()).or_default();
            match token {
                Some(token) => roles.insert(role.to_owned(), token.to_owned()),
                None => roles.remove(role),
            };
            serde_json::to_string_pretty(&table).ok()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_kept_for_its_gateway_and_role_until_it_is_forgotten() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("identity/tokens.json");
        let file = DeviceTokenFile::new(path.clone());
        assert_eq!(file.find_token("ws://a/", "operator"), None);
        file.set_token("ws://a/", "operator", Some("one")).unwrap();
        file.set_token("ws://b/", "operator", Some("two")).unwrap();
        assert_eq!(file.find_token("ws://a/", "operator").as_deref(), Some("one"));
        assert_eq!(file.find_token("ws://a/", "node"), None);
        file.set_token("ws://a/", "operator", None).unwrap();
        assert_eq!(file.find_token("ws://a/", "operator"), None);
        assert_eq!(file.find_token("ws://b/", "operator").as_deref(), Some("two"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }
}
