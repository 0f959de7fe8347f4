//! The codes that strangers are given, so that the owner can let them in.

use std::fmt;
use std::io;
use std::time::Duration;

/// How long a code can be used.
pub const PAIRING_CODE_LIFETIME: Duration = Duration::from_hours(1);

/// The most strangers of a channel that wait at once. Others get no code until one is approved or
/// has run out.
pub const MAX_PENDING_PAIRINGS: usize = 3;

/// The characters of a code: without those that look alike.
const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// The characters of a code.
const CODE_LENGTH: usize = 8;

/// A code of eight characters that nobody guesses in its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairingCode(String);

impl PairingCode {
    /// Makes a new one.
    ///
    /// # Errors
    /// When the system has no random numbers.
    pub fn generate() -> io::Result<Self> {
        let mut bytes = [0; CODE_LENGTH];
        getrandom::fill(&mut bytes).map_err(io::Error::other)?;
        // 256 is a multiple of 32: each character is as likely as any other.
        let chars = bytes.iter().filter_map(|byte| ALPHABET.get(usize::from(byte % 32)));
        Ok(Self(chars.map(|byte| char::from(*byte)).collect()))
    }

    /// Reads one that a person typed: case and spaces around it do not matter.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_uppercase();
        let is_code =
            text.len() == CODE_LENGTH && text.bytes().all(|byte| ALPHABET.contains(&byte));
        is_code.then_some(Self(text))
    }

    /// The characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PairingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_eight_characters_that_are_not_mistaken() {
        let codes: Vec<PairingCode> = (0..200).map(|_| PairingCode::generate().unwrap()).collect();
        for code in &codes {
            assert_eq!(code.as_str().len(), 8);
            assert!(!code.as_str().contains(['0', 'O', '1', 'I']), "{code}");
            let typed = format!(" {} ", code.as_str().to_lowercase());
            assert_eq!(PairingCode::parse(&typed).as_ref(), Some(code));
        }
        assert!(codes.iter().any(|code| code != &codes[0]));
        for text in ["", "ABCDEFG", "ABCDEFGHJ", "ABCDEFG0", "ABCDEFGÄ"] {
            assert_eq!(PairingCode::parse(text), None, "{text}");
        }
    }
}
