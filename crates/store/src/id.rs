//! Session ids and keys, valid by construction.

use std::fmt;
use std::str::FromStr;

use crate::StoreError;
use crate::error::StoreFault;

/// The identifier of a session: 1 to 128 of `a-z`, `A-Z`, `0-9`, `.`, `_` and `-`, beginning with a
/// letter or a digit. Ids that the store makes are UUIDs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(String);

/// The name under which callers find a session, e.g. `agent:main:main`: 1 to 512 printable
/// characters. A key leads to one session at a time.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionKey(String);

impl SessionId {
    /// The identifier as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Makes a version 4 UUID of random bytes.
    pub(crate) fn from_random(bytes: [u8; 16]) -> Self {
        let number = u128::from_be_bytes(bytes);
        let number = number & !(0xF << 76) | (0x4 << 76);
        let number = number & !(0x3 << 62) | (0x2 << 62);
        let hex = format!("{number:032x}");
        let mut text = String::with_capacity(36);
        for (index, digit) in hex.chars().enumerate() {
            if matches!(index, 8 | 12 | 16 | 20) {
                text.push('-');
            }
            text.push(digit);
        }
        Self(text)
    }
}

impl FromStr for SessionId {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if text.len() <= 128
            && text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.chars().all(allowed)
        {
            return Ok(Self(text.to_owned()));
        }
        Err(StoreError::new(StoreFault::Invalid {
            what: "session id",
            expected: "1 to 128 letters, digits, `.`, `_` and `-`, a letter or a digit first",
            text: text.to_owned(),
        }))
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl SessionKey {
    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SessionKey {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        let text = text.trim();
        if !text.is_empty() && text.len() <= 512 && !text.contains(char::is_control) {
            return Ok(Self(text.to_owned()));
        }
        Err(StoreError::new(StoreFault::Invalid {
            what: "session key",
            expected: "1 to 512 printable characters, e.g. `agent:main:main`",
            text: text.to_owned(),
        }))
    }
}

impl fmt::Display for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_ids_are_uuids() {
        let id = SessionId::from_random([0xFF; 16]);
        assert_eq!(id.as_str(), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(
            SessionId::from_random([0; 16]).as_str(),
            "00000000-0000-4000-8000-000000000000"
        );
        assert_eq!(id.as_str().parse::<SessionId>().unwrap(), id);
    }

    #[test]
    fn an_id_is_never_a_path() {
        for text in ["", ".", "..", "../x", "a/b", "-x", "a b", "\u{e9}", &"x".repeat(129)] {
            assert!(text.parse::<SessionId>().is_err(), "{text:?}");
        }
    }
}
