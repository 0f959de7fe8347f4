//! Decodes the bytes of a terminal into key presses.

/// A key press, with modifiers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyPress {
    /// A character.
    Char(char),
    /// A letter with Ctrl, in lower case.
    Ctrl(char),
    /// A character with Alt.
    Alt(char),
    /// Enter.
    Enter,
    /// Enter with Alt, which inserts a line break.
    AltEnter,
    /// Tab.
    Tab,
    /// Backspace.
    Backspace,
    /// Backspace with Alt or Ctrl: deletes a word.
    AltBackspace,
    /// Delete.
    Delete,
    /// Delete with Alt or Ctrl: deletes a word.
    AltDelete,
    /// Arrow up.
    Up,
    /// Arrow down.
    Down,
    /// Arrow left.
    Left,
    /// Arrow right.
    Right,
    /// Arrow left with Alt or Ctrl: moves by a word.
    WordLeft,
    /// Arrow right with Alt or Ctrl: moves by a word.
    WordRight,
    /// Home.
    Home,
    /// End.
    End,
    /// Escape.
    Escape,
    /// Pasted text, with `\n` line ends and no control characters except tabs.
    Paste(String),
}

/// The sequence that ends a bracketed paste.
const PASTE_END: &[u8] = b"\x1b[201~";

/// The longest escape sequence; a longer one is ignored.
const MAX_ESCAPE_BYTES: usize = 64;

/// Decodes a terminal's input, in chunks of any size.
#[derive(Debug, Clone, Default)]
pub struct KeyDecoder {
    /// Bytes of an incomplete key.
    pending: Vec<u8>,
    /// The text of an incomplete paste.
    paste: Option<Vec<u8>>,
}

/// What some bytes begin with.
enum DecodedPrefix {
    /// A key and its length in bytes; `None` for an ignored sequence.
    Key(usize, Option<KeyPress>),
    /// The start sequence of a paste, and its length in bytes.
    PasteStart(usize),
    /// More bytes are needed.
    Incomplete,
}

impl KeyDecoder {
    /// Adds bytes and returns the keys that are complete.
    pub fn push_bytes(&mut self, bytes: &[u8]) -> Vec<KeyPress> {
        self.pending.extend_from_slice(bytes);
        let mut keys = Vec::new();
        let mut pending = std::mem::take(&mut self.pending);
        let mut at = 0;
        while let Some(rest) = pending.get(at..).filter(|rest| !rest.is_empty()) {
            if let Some(paste) = &mut self.paste {
                let searched = paste.len().saturating_sub(PASTE_END.len());
                paste.extend_from_slice(rest);
                let found = find_bytes(paste.get(searched..).unwrap_or_default(), PASTE_END);
                let Some(end) = found.map(|end| end + searched) else {
                    at = pending.len();
                    break;
                };
                let left = paste.len() - end - PASTE_END.len();
                paste.truncate(end);
                keys.push(KeyPress::Paste(clean_pasted_text(paste)));
                self.paste = None;
                at = pending.len() - left;
                continue;
            }
            match decode_first(rest) {
                DecodedPrefix::Key(length, key) => {
                    keys.extend(key);
                    at += length;
                }
                DecodedPrefix::PasteStart(length) => {
                    self.paste = Some(Vec::new());
                    at += length;
                }
                DecodedPrefix::Incomplete => break,
            }
        }
        pending.drain(..at);
        self.pending = pending;
        keys
    }

    /// Returns whether an incomplete key is pending. If no bytes follow soon, call
    /// [`flush_pending`](Self::flush_pending).
    #[must_use]
    pub fn has_pending_bytes(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Ends an incomplete key: a lone Escape is a key, anything else is ignored.
    pub fn flush_pending(&mut self) -> Option<KeyPress> {
        let pending = std::mem::take(&mut self.pending);
        (pending == b"\x1b").then_some(KeyPress::Escape)
    }
}

fn decode_first(bytes: &[u8]) -> DecodedPrefix {
    let Some(byte) = bytes.first() else { return DecodedPrefix::Incomplete };
    match *byte {
        0x1b => decode_escape(bytes),
        b'\r' => DecodedPrefix::Key(1, Some(KeyPress::Enter)),
        b'\t' => DecodedPrefix::Key(1, Some(KeyPress::Tab)),
        0x08 | 0x7f => DecodedPrefix::Key(1, Some(KeyPress::Backspace)),
        control @ 1..=26 => {
            DecodedPrefix::Key(1, Some(KeyPress::Ctrl(char::from(control + b'a' - 1))))
        }
        0 | 0x1c..=0x1f => DecodedPrefix::Key(1, None),
        _ => decode_character(bytes),
    }
}

fn decode_character(bytes: &[u8]) -> DecodedPrefix {
    let length = match bytes.first() {
        Some(0..=0x7f) => 1,
        Some(0xc2..=0xdf) => 2,
        Some(0xe0..=0xef) => 3,
        Some(0xf0..=0xf4) => 4,
        _ => return DecodedPrefix::Key(1, None),
    };
    let whole = bytes.get(..length);
    let known = whole.unwrap_or(bytes);
    match std::str::from_utf8(known) {
        Ok(text) => {
            let key = text.chars().next().filter(|c| !c.is_control()).map(KeyPress::Char);
            DecodedPrefix::Key(length, key)
        }
        Err(error) if error.error_len().is_none() && whole.is_none() => DecodedPrefix::Incomplete,
        Err(_) => DecodedPrefix::Key(1, None),
    }
}

fn decode_escape(bytes: &[u8]) -> DecodedPrefix {
    let Some(second) = bytes.get(1) else { return DecodedPrefix::Incomplete };
    let rest = bytes.get(1..).unwrap_or_default();
    match *second {
        0x1b => DecodedPrefix::Key(1, Some(KeyPress::Escape)),
        b'[' => decode_control_sequence(bytes),
        b'O' => match bytes.get(2) {
            None => DecodedPrefix::Incomplete,
            Some(last) => DecodedPrefix::Key(3, decode_final_byte(*last, false)),
        },
        b'\r' | b'\n' => DecodedPrefix::Key(2, Some(KeyPress::AltEnter)),
        0x08 | 0x7f => DecodedPrefix::Key(2, Some(KeyPress::AltBackspace)),
        _ => match decode_character(rest) {
            DecodedPrefix::Key(length, Some(KeyPress::Char(c))) => {
                DecodedPrefix::Key(length + 1, Some(KeyPress::Alt(c)))
            }
            DecodedPrefix::Key(length, _) => DecodedPrefix::Key(length + 1, None),
            other => other,
        },
    }
}

/// Decodes `ESC [ parameters final`.
fn decode_control_sequence(bytes: &[u8]) -> DecodedPrefix {
    let parameters = bytes.get(2..).unwrap_or_default();
    let Some(end) = parameters.iter().position(|b| !(0x20..=0x3f).contains(b)) else {
        return if bytes.len() > MAX_ESCAPE_BYTES {
            DecodedPrefix::Key(bytes.len(), None)
        } else {
            DecodedPrefix::Incomplete
        };
    };
    let (parameters, last) = parameters.split_at(end);
    if !last.first().is_some_and(|last| (0x40..=0x7e).contains(last)) {
        return DecodedPrefix::Key(end + 2, None);
    }
    let text = String::from_utf8_lossy(parameters);
    let mut numbers = text.split(';').map(|number| number.parse::<u16>().unwrap_or(0));
    let (number, modifier) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(1));
    // In the modifier minus one, bit 1 is Alt and bit 2 is Ctrl.
    let by_word = modifier.saturating_sub(1) & 0b110 != 0;
    let key = match (last.first(), number) {
        (Some(b'~'), 200) => return DecodedPrefix::PasteStart(end + 3),
        (Some(b'~'), 1 | 7) => Some(KeyPress::Home),
        (Some(b'~'), 4 | 8) => Some(KeyPress::End),
        (Some(b'~'), 3) => Some(if by_word { KeyPress::AltDelete } else { KeyPress::Delete }),
        // Enter with a modifier, from terminals that distinguish it from Enter.
        (Some(b'u'), 13) if modifier > 1 => Some(KeyPress::AltEnter),
        (Some(b'~'), 27) if text.ends_with(";13") => Some(KeyPress::AltEnter),
        (Some(last), _) => decode_final_byte(*last, by_word),
        (None, _) => None,
    };
    DecodedPrefix::Key(end + 3, key)
}

fn decode_final_byte(last: u8, by_word: bool) -> Option<KeyPress> {
    Some(match last {
        b'A' => KeyPress::Up,
        b'B' => KeyPress::Down,
        b'C' if by_word => KeyPress::WordRight,
        b'C' => KeyPress::Right,
        b'D' if by_word => KeyPress::WordLeft,
        b'D' => KeyPress::Left,
        b'H' => KeyPress::Home,
        b'F' => KeyPress::End,
        b'M' => KeyPress::Enter,
        _ => return None,
    })
}

/// Pasted text with normalised line ends and without control characters.
fn clean_pasted_text(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n").replace('\r', "\n");
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

fn find_bytes(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests;
