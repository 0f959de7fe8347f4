//! The identity of this device and its file.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openclaw_fs::{ForeignAccess, StateFile, StateFileError};
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde::{Deserialize, Serialize};

use crate::signature::hash_key;

/// The bytes of a private key.
const SEED_BYTES: usize = 32;

/// The version of the file.
const FILE_VERSION: u32 = 1;

/// The key of a device. `Debug` shows its id only.
pub struct DeviceIdentity {
    keys: Ed25519KeyPair,
    id: String,
    public_key: String,
}

/// Why an identity cannot be used. `Display` fits "failed to {…}".
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// The file cannot be read.
    #[error("read the identity in {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The file is no identity.
    #[error("use the identity in {}: {problem}", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A new identity cannot be written.
    #[error("keep the identity in {}", path.display())]
    NotWritten {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: StateFileError,
    },
    /// The system has no randomness.
    #[error("make a key: the system has no random numbers")]
    NoRandomness,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct IdentityFile {
    version: u32,
    device_id: String,
    public_key: String,
    private_key: String,
}

impl IdentityError {
    /// How to mend it, as a sentence; `None` when only the cause says that.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Broken { path, .. } | Self::Unreadable { path, .. } => Some(format!(
                "Restore {} from a backup. It is never replaced by itself: moving it away makes a \
                 new identity, which must be paired again.",
                path.display()
            )),
            _ => None,
        }
    }
}

impl DeviceIdentity {
    /// Loads the identity of a file, and makes one when there is no file.
    ///
    /// # Errors
    /// When the file is broken, can be read by others, or cannot be read or written. A file that
    /// exists is never changed.
    pub fn load_or_create(path: impl AsRef<Path>) -> Result<Self, IdentityError> {
        let path = path.as_ref();
        if let Some(identity) = Self::load(path)? {
            return Ok(identity);
        }
        let made = Self::generate()?;
        let file = StateFile::new(path.to_owned());
        // Another program may have made one meanwhile, which is then this device's.
        file.update_text(|current| matches!(current, Ok(None)).then_some(made))
            .map_err(|source| IdentityError::NotWritten { path: path.to_owned(), source })?;
        Self::load(path)?.ok_or_else(|| IdentityError::Broken {
            path: path.to_owned(),
            problem: "it was removed at once".to_owned(),
        })
    }

    /// Loads the identity of a file; `None` when there is no file.
    ///
    /// # Errors
    /// When the file is broken, can be read by others, or cannot be read.
    pub fn load(path: &Path) -> Result<Option<Self>, IdentityError> {
        let unreadable = |source| IdentityError::Unreadable { path: path.to_owned(), source };
        let broken = |problem: &str| IdentityError::Broken {
            path: path.to_owned(),
            problem: problem.to_owned(),
        };
        let Some(text) = StateFile::new(path.to_owned()).read_text().map_err(unreadable)? else {
            return Ok(None);
        };
        if let Some(access) = ForeignAccess::of_path(path).map_err(unreadable)? {
            if access.is_foreign {
                return Err(broken("it belongs to another user"));
            }
            if access.mode & 0o077 != 0 {
                let path = path.display();
                let problem = format!("others can read it; `chmod 600 {path}` ends that");
                return Err(broken(&problem));
            }
        }
        if text.trim().is_empty() {
            return Err(broken("it is empty"));
        }
        let file: IdentityFile = serde_json::from_str(&text)
            .map_err(|_| broken("it is no JSON object with the fields of an identity"))?;
        if file.version != FILE_VERSION {
            return Err(broken("its version is not 1"));
        }
        let seed = URL_SAFE_NO_PAD.decode(&file.private_key).ok();
        let identity = seed.and_then(|seed| Self::from_seed(&seed));
        let identity = identity.ok_or_else(|| broken("its private key is no Ed25519 key"))?;
        if identity.id != file.device_id || identity.public_key != file.public_key {
            return Err(broken("its keys do not belong together"));
        }
        Ok(Some(identity))
    }

    /// The identity with a private key of 32 bytes; `None` when it has another length.
    #[must_use]
    pub fn from_seed(seed: &[u8]) -> Option<Self> {
        let keys = Ed25519KeyPair::from_seed_unchecked(seed).ok()?;
        let public = keys.public_key().as_ref();
        let (id, public_key) = (hash_key(public), URL_SAFE_NO_PAD.encode(public));
        Some(Self { keys, id, public_key })
    }

    /// The id: the SHA-256 of the public key, in hexadecimal.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The public key in base64url.
    #[must_use]
    pub fn public_key(&self) -> &str {
        &self.public_key
    }

    /// Signs a text; the signature is in base64url.
    #[must_use]
    pub fn sign(&self, text: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.keys.sign(text.as_bytes()))
    }

    /// Makes the text of a new identity's file.
    fn generate() -> Result<String, IdentityError> {
        let mut seed = [0; SEED_BYTES];
        SystemRandom::new().fill(&mut seed).map_err(|_| IdentityError::NoRandomness)?;
        let identity = Self::from_seed(&seed).ok_or(IdentityError::NoRandomness)?;
        let file = IdentityFile {
            version: FILE_VERSION,
            device_id: identity.id,
            public_key: identity.public_key,
            private_key: URL_SAFE_NO_PAD.encode(seed),
        };
        let text = serde_json::to_string_pretty(&file).unwrap_or_default();
        Ok(format!("{text}\n"))
    }
}

impl fmt::Debug for DeviceIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceIdentity").field("id", &self.id).finish_non_exhaustive()
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn an_identity_is_made_once_and_for_its_owner_only() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("identity/device.json");
        let first = DeviceIdentity::load_or_create(&path).unwrap();
        let second = DeviceIdentity::load_or_create(&path).unwrap();
        assert_eq!(first.id(), second.id());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let text = fs::read_to_string(&path).unwrap();
        let seed = text.split('"').nth(17).unwrap_or_default();
        assert!(!format!("{first:?}").contains(seed) || seed.is_empty());
    }

    #[test]
    fn a_broken_identity_is_refused_and_stays_as_it_is() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("device.json");
        let whole = DeviceIdentity::generate().unwrap();
        let other = DeviceIdentity::generate().unwrap();
        let key = |text: &str| -> String {
            let file: IdentityFile = serde_json::from_str(text).unwrap();
            file.private_key
        };
        let mixed = whole.replace(&key(&whole), &key(&other));
        let cut = &whole[..whole.len() / 2];
        for (text, said) in [
            ("", "empty"),
            ("{}", "no JSON object"),
            (cut, "no JSON object"),
            ("\0\0\0\0", "no JSON object"),
            (&mixed, "belong together"),
            (&whole.replace("\"version\": 1", "\"version\": 2"), "version"),
            (&whole.replace(&key(&whole), "AAAA"), "private key"),
        ] {
            let _ = fs::remove_file(&path);
            let file = StateFile::new(path.clone());
            file.update_text(|_| Some(text.to_owned())).unwrap();
            let error = DeviceIdentity::load_or_create(&path).unwrap_err();
            assert!(error.to_string().contains(said), "{text:?}: {error}");
            assert!(error.hint().unwrap().contains("backup"));
            assert!(!error.to_string().contains(&key(&whole)));
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        let file = StateFile::new(path.clone());
        file.update_text(|_| Some(whole)).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let error = DeviceIdentity::load_or_create(&path).unwrap_err().to_string();
        assert!(error.contains("others can read it"), "{error}");
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        DeviceIdentity::load_or_create(&path).unwrap_err();
    }
}
