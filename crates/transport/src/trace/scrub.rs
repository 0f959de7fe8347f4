//! Removes secrets from bytes by their value, in any encoding.
//!
//! A secret is found as it is, with any of its characters JSON-escaped (nested escapes too),
//! percent-encoded as in URLs, and inside base64 text, as in a `Basic` header.
//!
//! Not found is a secret that is split over several events of a stream. That would mean to parse
//! events as answers and hold them back, and the trace would not show what arrived when.

use std::borrow::Cow;

use base64::alphabet;
use base64::engine::Engine as _;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};
use secrecy::{ExposeSecret, SecretString};

use crate::secrets::{MIN_SECRET_LEN, SECRET_PLACEHOLDER};

/// How many backslashes encode one: in plain text, in JSON, in JSON within JSON, and so on.
const ESCAPE_DEPTHS: [usize; 5] = [1, 2, 4, 8, 16];

/// The most backslashes before an escaped character; it also bounds the work on a text of nothing
/// but backslashes.
const MAX_BACKSLASHES: usize = 16;

/// Authentication schemes: the first word of a header value, which is no secret.
const AUTH_SCHEMES: [&str; 6] = ["bearer", "basic", "token", "digest", "apikey", "negotiate"];

/// The least length of a part of a secret that is searched for by itself.
const MIN_PART_LEN: usize = 8;

/// Base64 without padding. What is read may end in bits that are none of a byte, as lax writers
/// leave them.
const UNPADDED_BASE64: GeneralPurpose =
    GeneralPurpose::new(&alphabet::STANDARD, NO_PAD.with_decode_allow_trailing_bits(true));

/// Searches for a set of secrets.
#[derive(Default)]
pub(crate) struct SecretScrubber {
    /// The secrets, and their base64 encodings.
    patterns: Vec<SecretString>,
    /// The first bytes that a match can have.
    first_bytes: Vec<u8>,
}

impl SecretScrubber {
    /// Returns a scrubber with more secrets.
    pub(crate) fn with_secrets<'a>(
        &self,
        secrets: impl IntoIterator<Item = &'a SecretString>,
    ) -> Self {
        let mut more =
            Self { patterns: self.patterns.clone(), first_bytes: self.first_bytes.clone() };
        for secret in secrets {
            more.add_secret(secret.expose_secret());
        }
        more
    }

    /// Adds a secret with its parts: the header `Basic eDp5` is one, and so are `eDp5` and `y`.
    fn add_secret(&mut self, secret: &str) {
        if secret.len() >= MIN_SECRET_LEN {
            self.add_encodings(secret);
        }
        for word in secret.split_whitespace().filter(|word| *word != secret) {
            let is_scheme = AUTH_SCHEMES.iter().any(|scheme| word.eq_ignore_ascii_case(scheme));
            if word.len() < MIN_PART_LEN || is_scheme {
                continue;
            }
            self.add_encodings(word);
            let decoded = UNPADDED_BASE64.decode(word.trim_end_matches('=')).ok();
            let decoded = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
            let password = decoded.as_ref().and_then(|pair| pair.split_once(':'));
            if let Some((_, password)) = password.filter(|(_, word)| word.len() >= MIN_SECRET_LEN) {
                self.add_encodings(password);
            }
        }
    }

    fn add_encodings(&mut self, secret: &str) {
        self.add_pattern(secret.to_owned());
        for offset in 0..3 {
            let core = encoded_core(secret.as_bytes(), offset);
            if core.len() >= MIN_SECRET_LEN {
                let for_urls = core.replace('+', "-").replace('/', "_");
                if for_urls != core {
                    self.add_pattern(for_urls);
                }
                self.add_pattern(core);
            }
        }
    }

    fn add_pattern(&mut self, pattern: String) {
        if self.patterns.iter().any(|known| known.expose_secret() == pattern) {
            return;
        }
        let first = pattern.as_bytes().first().copied().unwrap_or_default();
        let first = if first == b' ' { vec![b' ', b'+'] } else { vec![first] };
        self.first_bytes.extend(first);
        self.patterns.push(pattern.into());
    }

    /// Replaces the secrets in a text.
    pub(crate) fn scrub_text(&self, text: &str) -> String {
        match self.scrub_bytes(text.as_bytes()) {
            (Cow::Borrowed(_), _) => text.to_owned(),
            (Cow::Owned(bytes), _) => String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    /// Replaces the secrets in bytes, and returns how many there were.
    pub(crate) fn scrub_bytes<'a>(&self, bytes: &'a [u8]) -> (Cow<'a, [u8]>, usize) {
        if self.patterns.is_empty() {
            return (Cow::Borrowed(bytes), 0);
        }
        let mut starts = [false; 256];
        for start in self.first_bytes.iter().chain(b"%\\") {
            if let Some(flag) = starts.get_mut(usize::from(*start)) {
                *flag = true;
            }
        }
        let may_start = |byte: &u8| starts.get(usize::from(*byte)).copied().unwrap_or(false);
        let mut clean: Vec<u8> = Vec::new();
        let mut found = 0;
        let mut kept_from = 0;
        let mut at = 0;
        while let Some(step) = bytes.get(at..).and_then(|rest| rest.iter().position(may_start)) {
            at += step;
            let length =
                self.patterns.iter().filter_map(|pattern| match_pattern(bytes, at, pattern));
            match length.max() {
                Some(end) => {
                    clean.extend_from_slice(bytes.get(kept_from..at).unwrap_or_default());
                    clean.extend_from_slice(SECRET_PLACEHOLDER.as_bytes());
                    found += 1;
                    at = end;
                    kept_from = end;
                }
                None => at += 1,
            }
        }
        if found == 0 {
            return (Cow::Borrowed(bytes), 0);
        }
        clean.extend_from_slice(bytes.get(kept_from..).unwrap_or_default());
        (Cow::Owned(clean), found)
    }
}

/// What the base64 of any bytes is sure to hold that have `secret` at a place which leaves this
/// remainder when divided by three.
fn encoded_core(secret: &[u8], offset: usize) -> String {
    let mut bytes = vec![0; offset];
    bytes.extend_from_slice(secret);
    let text = UNPADDED_BASE64.encode(&bytes);
    let whole = bytes.len() * 8 / 6;
    text.get((offset * 8).div_ceil(6)..whole).unwrap_or_default().to_owned()
}

/// Returns the end of a match of `pattern` at `start`. The nesting of JSON escapes is unknown, so a
/// pattern with backslashes is tried at every depth.
fn match_pattern(text: &[u8], start: usize, pattern: &SecretString) -> Option<usize> {
    let pattern = pattern.expose_secret();
    let depths =
        ESCAPE_DEPTHS.iter().take(if pattern.contains('\\') { ESCAPE_DEPTHS.len() } else { 1 });
    let readings = depths.map(|depth| EscapeRules { depth: *depth, has_raw_percent: true });
    let as_url = pattern.contains('%').then_some(EscapeRules { depth: 1, has_raw_percent: false });
    let end = |reading: EscapeRules| {
        pattern.chars().try_fold(start, |at, c| match_char(text, at, c, reading))
    };
    readings.chain(as_url).filter_map(end).max()
}

/// How characters with special encodings are matched.
#[derive(Debug, Clone, Copy)]
struct EscapeRules {
    /// How many backslashes encode one.
    depth: usize,
    /// Whether a percent sign is matched unencoded.
    has_raw_percent: bool,
}

/// Returns the end of a match of `c` at `at`.
fn match_char(text: &[u8], at: usize, c: char, rules: EscapeRules) -> Option<usize> {
    let rest = text.get(at..)?;
    let EscapeRules { depth, has_raw_percent } = rules;
    if c == '\\' && count_backslashes(rest) >= depth {
        return Some(at + depth);
    }
    let mut buffer = [0; 4];
    let raw = c.encode_utf8(&mut buffer).as_bytes();
    let may_be_raw = c != '\\' && (c != '%' || has_raw_percent);
    if may_be_raw && rest.starts_with(raw) {
        return Some(at + raw.len());
    }
    match rest.first()? {
        b'%' => {
            let pieces = rest.chunks_exact(3).zip(raw);
            let encoded = pieces.take_while(|(piece, byte)| {
                piece.first() == Some(&b'%') && parse_hex(piece.get(1..)) == Some(u32::from(**byte))
            });
            (encoded.count() == raw.len()).then_some(at + 3 * raw.len())
        }
        b'+' if c == ' ' => Some(at + 1),
        b'\\' => Some(at + match_escape(rest, c)?),
        _ => None,
    }
}

/// Returns the length of `c` when it is JSON-escaped, at any depth.
fn match_escape(text: &[u8], c: char) -> Option<usize> {
    let run = count_backslashes(text);
    let letter = match c {
        '"' | '/' => u8::try_from(c).ok(),
        '\n' => Some(b'n'),
        '\t' => Some(b't'),
        '\r' => Some(b'r'),
        '\u{8}' => Some(b'b'),
        '\u{c}' => Some(b'f'),
        _ => None,
    };
    if letter.is_some() && text.get(run).copied() == letter {
        return Some(run + 1);
    }
    let mut units = [0; 2];
    let mut end = 0;
    for unit in c.encode_utf16(&mut units) {
        let rest = text.get(end..)?;
        let run = count_backslashes(rest);
        let is_unit = run > 0 && rest.get(run) == Some(&b'u');
        if !is_unit || parse_hex(rest.get(run + 1..run + 5)) != Some(u32::from(*unit)) {
            return None;
        }
        end += run + 5;
    }
    Some(end)
}

fn count_backslashes(text: &[u8]) -> usize {
    text.iter().take(MAX_BACKSLASHES).take_while(|byte| **byte == b'\\').count()
}

fn parse_hex(digits: Option<&[u8]>) -> Option<u32> {
    let digits = digits.filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests;
