//! The session of a folder: which key a conversation has by default, and which folder a key names.
//!
//! In a project the default key names the folder, `agent:<agent>:folder:<path>`, so that a
//! conversation never carries the files of another project. Outside one, and where the config sets a
//! workspace, it is `agent:<agent>:main`.

use std::path::{Path, PathBuf};

use openclaw_store::{SessionInfo, SessionKey, Store, StoreError};

use crate::runtime::Runtime;

/// Stands between the agent's id and the folder in a key.
const FOLDER_MARKER: &str = ":folder:";

/// The longest encoded path in a key, in bytes. Of a longer one the end is kept, after a checksum of
/// the whole.
const MAX_PATH_BYTES: usize = 400;

impl Runtime {
    /// The session key of an agent when none is named. `workspace` is the folder that was asked for
    /// in the place of the configured one.
    ///
    /// # Errors
    /// When the agent's id does not form a valid session key.
    pub fn default_session_key(
        &self,
        agent: &str,
        workspace: Option<&Path>,
    ) -> Result<SessionKey, StoreError> {
        if let Some(folder) = self.session_folder(agent, workspace) {
            let folder = encode_folder(&folder);
            return format!("agent:{agent}{FOLDER_MARKER}{folder}").parse();
        }
        let main = self.config().session.main_key();
        format!("agent:{agent}:{main}").parse()
    }

    /// The session of the agent that was used last in the folder of its default session.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn latest_session(
        &self,
        store: &Store,
        agent: &str,
        workspace: Option<&Path>,
    ) -> Result<Option<SessionInfo>, StoreError> {
        Ok(self.folder_sessions(store, agent, workspace)?.into_iter().next())
    }

    /// The sessions of the agent in the folder of its default session, the last used first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn folder_sessions(
        &self,
        store: &Store,
        agent: &str,
        workspace: Option<&Path>,
    ) -> Result<Vec<SessionInfo>, StoreError> {
        let default_key = self.default_session_key(agent, workspace)?;
        let is_of_folder = |info: &SessionInfo| match self.session_folder(agent, workspace) {
            Some(_) => info.key == default_key,
            None => session_folder(&info.key).is_none(),
        };
        let mut sessions = store.list_sessions()?;
        sessions.retain(|info| info.agent == agent && is_of_folder(info));
        Ok(sessions)
    }

    /// The folder that the agent's default session belongs to; `None` when it belongs to no folder.
    fn session_folder(&self, agent: &str, workspace: Option<&Path>) -> Option<PathBuf> {
        let config = self.config().for_agent(agent);
        // Who shares one conversation shares it in every folder.
        if config.session.is_global() || config.agents.defaults.workspace.is_some() {
            return None;
        }
        let paths = self.models.app_paths();
        let folder = match workspace {
            Some(asked) => asked.canonicalize().ok()?,
            None => return paths.project_dir().map(Path::to_owned),
        };
        let state_workspace = paths.state_workspace().canonicalize();
        (state_workspace.ok().as_ref() != Some(&folder)).then_some(folder)
    }
}

/// The folder that a session key names; `None` when the session belongs to no folder, or when its
/// path was too long for the key.
#[must_use]
pub fn session_folder(key: &SessionKey) -> Option<PathBuf> {
    let (_, rest) = key.as_str().strip_prefix("agent:")?.split_once(':')?;
    let encoded = rest.strip_prefix(FOLDER_MARKER.get(1..)?)?;
    encoded.starts_with('/').then(|| decode_folder(encoded)).flatten()
}

/// Writes a path as printable text: what is not, and `%`, is written as `%XX`.
fn encode_folder(folder: &Path) -> String {
    let bytes = folder.as_os_str().as_encoded_bytes();
    let mut encoded = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if character.is_control() || character.is_whitespace() || character == '%' {
                let mut buffer = [0; 4];
                push_escaped(&mut encoded, character.encode_utf8(&mut buffer).as_bytes());
            } else {
                encoded.push(character);
            }
        }
        push_escaped(&mut encoded, chunk.invalid());
    }
    if encoded.len() <= MAX_PATH_BYTES {
        return encoded;
    }
    let checksum = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let start = encoded.ceil_char_boundary(encoded.len() - MAX_PATH_BYTES / 2);
    format!("{checksum:016x}…{}", encoded.get(start..).unwrap_or_default())
}

fn push_escaped(encoded: &mut String, bytes: &[u8]) {
    for byte in bytes {
        let [high, low] = [byte >> 4, byte & 0xF].map(|digit| char::from_digit(digit.into(), 16));
        encoded.push('%');
        encoded.extend(high.into_iter().chain(low).map(|digit| digit.to_ascii_uppercase()));
    }
}

fn decode_folder(encoded: &str) -> Option<PathBuf> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    while let Some((plain, escaped)) = rest.split_once('%') {
        bytes.extend_from_slice(plain.as_bytes());
        bytes.push(u8::from_str_radix(escaped.get(..2)?, 16).ok()?);
        rest = escaped.get(2..)?;
    }
    bytes.extend_from_slice(rest.as_bytes());
    path_from_bytes(bytes)
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere the bytes may be no path")]
fn path_from_bytes(bytes: Vec<u8>) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStringExt as _;
    Some(std::ffi::OsString::from_vec(bytes).into())
}

#[cfg(not(unix))]
fn path_from_bytes(bytes: Vec<u8>) -> Option<PathBuf> {
    String::from_utf8(bytes).ok().map(PathBuf::from)
}

#[cfg(all(test, unix))]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;

    use super::*;

    fn key_of(folder: &Path) -> Result<SessionKey, StoreError> {
        format!("agent:main{FOLDER_MARKER}{}", encode_folder(folder)).parse()
    }

    #[test]
    fn a_key_names_its_folder_whatever_the_folder_is_called() {
        for folder in [
            Path::new("/home/me/app"),
            Path::new("/srv/a b: c%20/ü\n "),
            Path::new(OsStr::from_bytes(b"/broken/\xff\xfe")),
        ] {
            assert_eq!(session_folder(&key_of(folder).unwrap()).as_deref(), Some(folder));
        }
        let key = key_of(Path::new("/home/me/app")).unwrap();
        assert_eq!(key.as_str(), "agent:main:folder:/home/me/app");
        for key in ["agent:main:main", "work", "agent:main:folder:x", "agent:main:folder:/a%2"] {
            assert_eq!(session_folder(&key.parse().unwrap()), None, "{key}");
        }
    }

    #[test]
    fn long_paths_that_differ_have_different_keys_of_valid_length() {
        let long = |name: &str| format!("/{name}/{}", "ä/".repeat(600));
        let [one, two] = ["one", "two"].map(|name| key_of(Path::new(&long(name))).unwrap());
        assert_ne!(one, two);
        assert_eq!(session_folder(&one), None);
    }
}
