//! Parses JSON that is not quite JSON, as some servers write it.
//!
//! Accepted are raw control characters and unknown escapes in a string, halves of a surrogate pair,
//! numbers and words of other languages (`NaN`, `True`), a comma before a closing bracket, and a
//! repeated key, of which the last counts. What is cut off stays an error.

use std::fmt::Write as _;
use std::iter::Peekable;
use std::mem;
use std::str::Chars;

use serde_json::Value;

/// The keys whose texts are streamed: only these can continue in the next event.
const STREAMED_KEYS: [&str; 9] = [
    "arguments",
    "content",
    "delta",
    "partial_json",
    "reasoning",
    "reasoning_content",
    "refusal",
    "text",
    "thinking",
];

/// Parses the events of one stream. A character whose two halves came in two events is joined; a
/// half that stays alone becomes U+FFFD.
#[derive(Debug, Default)]
pub struct LenientJsonParser {
    /// The first halves at the end of streamed texts, with their keys.
    open_halves: Vec<(String, u16)>,
}

impl LenientJsonParser {
    /// Returns whether a text waits for the second half of a character: the next event must then be
    /// parsed here, even if it is valid.
    #[must_use]
    pub fn has_open_half(&self) -> bool {
        !self.open_halves.is_empty()
    }

    /// Gives up waiting for the second half of a character in the text of `key`. Returns whether one
    /// was awaited, which is then to be replaced by U+FFFD.
    pub fn abandon_open_half(&mut self, key: &str) -> bool {
        let before = self.open_halves.len();
        self.open_halves.retain(|(open, _)| open != key);
        self.open_halves.len() < before
    }

    /// Parses an event that completes its texts: none of them goes on in the next event.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn parse_whole(&mut self, text: &str) -> Result<Value, serde_json::Error> {
        self.open_halves.clear();
        parse_lenient_json(text)
    }

    /// Parses one event.
    ///
    /// # Errors
    /// When it is no JSON in spite of all leniency; the error is that of the original text.
    pub fn parse(&mut self, text: &str) -> Result<Value, serde_json::Error> {
        let strict = serde_json::from_str(text);
        if strict.is_ok() && self.open_halves.is_empty() {
            return strict;
        }
        let repaired = JsonRewriter::new(text, &mut self.open_halves, true).rewrite();
        serde_json::from_str(&repaired).or(strict)
    }
}

/// Parses one JSON text without a stream: half a character at the end of a text stays alone.
///
/// # Errors
/// As [`LenientJsonParser::parse`].
pub fn parse_lenient_json(text: &str) -> Result<Value, serde_json::Error> {
    let strict = serde_json::from_str(text);
    if strict.is_ok() {
        return strict;
    }
    let repaired = JsonRewriter::new(text, &mut Vec::new(), false).rewrite();
    serde_json::from_str(&repaired).or(strict)
}

/// Rewrites a text to valid JSON.
struct JsonRewriter<'a> {
    chars: Peekable<Chars<'a>>,
    output: String,
    open_halves: &'a mut Vec<(String, u16)>,
    /// Whether a text may go on in the next event.
    is_streamed: bool,
    /// The last string, and whether a colon made it the key of what follows.
    key: String,
    follows_colon: bool,
}

impl<'a> JsonRewriter<'a> {
    fn new(text: &'a str, open_halves: &'a mut Vec<(String, u16)>, is_streamed: bool) -> Self {
        Self {
            chars: text.chars().peekable(),
            output: String::with_capacity(text.len() + 16),
            open_halves,
            is_streamed,
            key: String::new(),
            follows_colon: false,
        }
    }

    fn rewrite(mut self) -> String {
        while let Some(c) = self.chars.next() {
            match c {
                '"' => {
                    self.rewrite_string();
                    continue;
                }
                ']' | '}' => {
                    let end = self.output.trim_end().len();
                    if self.output.get(..end).is_some_and(|before| before.ends_with(',')) {
                        self.output.truncate(end - 1);
                    }
                    self.output.push(c);
                }
                c if is_word_char(c) => self.rewrite_word(c),
                c => self.output.push(c),
            }
            self.follows_colon = c == ':' || (self.follows_colon && c.is_ascii_whitespace());
        }
        self.output
    }

    /// Rewrites a number or a word.
    fn rewrite_word(&mut self, first: char) {
        let mut word = String::from(first);
        while let Some(c) = self.chars.next_if(|c| is_word_char(*c)) {
            word.push(c);
        }
        if serde_json::from_str::<Value>(&word).is_ok() {
            return self.output.push_str(&word);
        }
        match (word.as_str(), word.parse::<f64>()) {
            ("True", _) => self.output.push_str("true"),
            ("False", _) => self.output.push_str("false"),
            (_, Ok(number)) if number.is_finite() => self.output.push_str(&number.to_string()),
            (_, Ok(_)) | ("None" | "undefined", _) => self.output.push_str("null"),
            // An unknown word is left for the parser to refuse.
            _ => self.output.push_str(&word),
        }
    }

    /// Rewrites a string after its opening quote.
    fn rewrite_string(&mut self) {
        self.output.push('"');
        let start = self.output.len();
        let key = if mem::take(&mut self.follows_colon) {
            mem::take(&mut self.key)
        } else {
            String::new()
        };
        let mut open_half = self.take_open_half(&key);
        while let Some(c) = self.chars.next() {
            if c == '"' {
                break;
            }
            let half = if c == '\\' { self.read_escape() } else { None };
            match (open_half.take(), half) {
                (Some(first), Some(second)) if is_second_half(second) => {
                    self.push_escape(first);
                    self.push_escape(second);
                    continue;
                }
                (Some(_), _) => self.output.push('\u{fffd}'),
                (None, _) => {}
            }
            match (c, half) {
                (_, Some(first)) if !is_second_half(first) => open_half = Some(first),
                (_, Some(_)) => self.output.push('\u{fffd}'),
                ('\\', None) => self.copy_escape(),
                (c, None) if c < ' ' => {
                    self.push_escape(u16::try_from(u32::from(c)).unwrap_or_default());
                }
                (c, None) => self.output.push(c),
            }
        }
        if let Some(first) = open_half {
            if self.is_streamed && STREAMED_KEYS.contains(&key.as_str()) {
                self.open_halves.push((key, first));
            } else {
                self.output.push('\u{fffd}');
            }
        }
        self.key = self.output.get(start..).unwrap_or_default().to_owned();
        self.output.push('"');
    }

    fn push_escape(&mut self, unit: u16) {
        // Writing to a string cannot fail.
        let _ = write!(self.output, "\\u{unit:04x}");
    }

    fn take_open_half(&mut self, key: &str) -> Option<u16> {
        let place = self.open_halves.iter().position(|(open, _)| open == key)?;
        Some(self.open_halves.remove(place).1)
    }

    /// Reads the rest of an escape after its backslash, if it is a half of a surrogate pair.
    fn read_escape(&mut self) -> Option<u16> {
        let mut ahead = self.chars.clone();
        if ahead.next() != Some('u') {
            return None;
        }
        let unit = read_hex(&mut ahead)?;
        if !(0xd800..=0xdfff).contains(&unit) {
            return None;
        }
        self.chars = ahead;
        Some(unit)
    }

    /// Copies any other escape; a backslash that escapes nothing is kept as one.
    fn copy_escape(&mut self) {
        let mut ahead = self.chars.clone();
        let is_valid = match ahead.next() {
            Some('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't') => true,
            Some('u') => read_hex(&mut ahead).is_some(),
            _ => false,
        };
        self.output.push('\\');
        if is_valid {
            self.output.extend(self.chars.next());
        } else {
            self.output.push('\\');
        }
    }
}

fn is_word_char(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '+' | '.' | '_')
}

fn is_second_half(unit: u16) -> bool {
    unit >= 0xdc00
}

/// Reads four hexadecimal digits.
fn read_hex(chars: &mut Peekable<Chars<'_>>) -> Option<u16> {
    let mut unit = 0;
    for _ in 0..4 {
        unit = unit << 4 | u16::try_from(chars.next()?.to_digit(16)?).ok()?;
    }
    Some(unit)
}

#[cfg(test)]
mod tests;
