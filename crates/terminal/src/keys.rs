//! From the bytes that a terminal sends to the keys that were pressed.

/// A key, or several at once.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Key {
    /// A character.
    Char(char),
    /// A letter with Ctrl, in lower case.
    Ctrl(char),
    /// A character with Alt.
    Alt(char),
    /// Enter.
    Enter,
    /// Enter with Alt, which begins a new line.
    AltEnter,
    /// Tab.
    Tab,
    /// Backspace.
    Backspace,
    /// Backspace with Alt or Ctrl: a word.
    AltBackspace,
    /// Delete.
    Delete,
    /// Delete with Alt or Ctrl: a word.
    AltDelete,
    /// The arrow up.
    Up,
    /// The arrow down.
    Down,
    /// The arrow to the left.
    Left,
    /// The arrow to the right.
    Right,
    /// The arrow to the left with Alt or Ctrl: a word.
    WordLeft,
    /// The arrow to the right with Alt or Ctrl: a word.
    WordRight,
    /// To the beginning of the line.
    Home,
    /// To the end of the line.
    End,
    /// Escape.
    Escape,
    /// Text that was pasted, its lines ended by `\n`, without other control characters than tabs.
    Paste(String),
}

/// What ends a pasted text.
const PASTE_END: &[u8] = b"\x1b[201~";

/// The longest escape sequence that is waited for; a longer one is no key.
const LONGEST: usize = 64;

/// Decodes what a terminal sends, in pieces of any size.
#[derive(Debug, Clone, Default)]
pub struct KeyDecoder {
    /// What may still become a key.
    pending: Vec<u8>,
    /// The beginning of a text that is being pasted.
    paste: Option<Vec<u8>>,
}

/// What the beginning of some bytes is.
enum Found {
    /// So many bytes, and the key that they are, if they are one.
    Key(usize, Option<Key>),
    /// So many bytes that begin a pasted text.
    PasteBegins(usize),
    /// Too little to tell.
    More,
}

impl KeyDecoder {
    /// Takes bytes and returns the keys that are whole.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Key> {
        self.pending.extend_from_slice(bytes);
        let mut keys = Vec::new();
        let mut pending = std::mem::take(&mut self.pending);
        let mut at = 0;
        while let Some(rest) = pending.get(at..).filter(|rest| !rest.is_empty()) {
            if let Some(paste) = &mut self.paste {
                let searched = paste.len().saturating_sub(PASTE_END.len());
                paste.extend_from_slice(rest);
                let found = find(paste.get(searched..).unwrap_or_default(), PASTE_END);
                let Some(end) = found.map(|end| end + searched) else {
                    at = pending.len();
                    break;
                };
                let left = paste.len() - end - PASTE_END.len();
                paste.truncate(end);
                keys.push(Key::Paste(pasted(paste)));
                self.paste = None;
                at = pending.len() - left;
                continue;
            }
            match first(rest) {
                Found::Key(length, key) => {
                    keys.extend(key);
                    at += length;
                }
                Found::PasteBegins(length) => {
                    self.paste = Some(Vec::new());
                    at += length;
                }
                Found::More => break,
            }
        }
        pending.drain(..at);
        self.pending = pending;
        keys
    }

    /// Tells whether bytes wait for more; if none come soon, [`flush`](Self::flush) says what they
    /// are alone.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Takes what waits for more as it is: Escape by itself is a key, anything else is none.
    pub fn flush(&mut self) -> Option<Key> {
        let pending = std::mem::take(&mut self.pending);
        (pending == b"\x1b").then_some(Key::Escape)
    }
}

fn first(bytes: &[u8]) -> Found {
    let Some(byte) = bytes.first() else { return Found::More };
    match *byte {
        0x1b => escape(bytes),
        b'\r' => Found::Key(1, Some(Key::Enter)),
        b'\t' => Found::Key(1, Some(Key::Tab)),
        0x08 | 0x7f => Found::Key(1, Some(Key::Backspace)),
        control @ 1..=26 => Found::Key(1, Some(Key::Ctrl(char::from(control + b'a' - 1)))),
        0 | 0x1c..=0x1f => Found::Key(1, None),
        _ => character(bytes),
    }
}

fn character(bytes: &[u8]) -> Found {
    let length = match bytes.first() {
        Some(0..=0x7f) => 1,
        Some(0xc2..=0xdf) => 2,
        Some(0xe0..=0xef) => 3,
        Some(0xf0..=0xf4) => 4,
        _ => return Found::Key(1, None),
    };
    let whole = bytes.get(..length);
    let known = whole.unwrap_or(bytes);
    match std::str::from_utf8(known) {
        Ok(text) => {
            let key = text.chars().next().filter(|c| !c.is_control()).map(Key::Char);
            Found::Key(length, key)
        }
        Err(error) if error.error_len().is_none() && whole.is_none() => Found::More,
        Err(_) => Found::Key(1, None),
    }
}

fn escape(bytes: &[u8]) -> Found {
    let Some(second) = bytes.get(1) else { return Found::More };
    let rest = bytes.get(1..).unwrap_or_default();
    match *second {
        0x1b => Found::Key(1, Some(Key::Escape)),
        b'[' => command(bytes),
        b'O' => match bytes.get(2) {
            None => Found::More,
            Some(last) => Found::Key(3, arrow(*last, false)),
        },
        b'\r' | b'\n' => Found::Key(2, Some(Key::AltEnter)),
        0x08 | 0x7f => Found::Key(2, Some(Key::AltBackspace)),
        _ => match character(rest) {
            Found::Key(length, Some(Key::Char(c))) => Found::Key(length + 1, Some(Key::Alt(c))),
            Found::Key(length, _) => Found::Key(length + 1, None),
            other => other,
        },
    }
}

/// `ESC [ parameters final`.
fn command(bytes: &[u8]) -> Found {
    let parameters = bytes.get(2..).unwrap_or_default();
    let Some(end) = parameters.iter().position(|b| !(0x20..=0x3f).contains(b)) else {
        return if bytes.len() > LONGEST { Found::Key(bytes.len(), None) } else { Found::More };
    };
    let (parameters, last) = parameters.split_at(end);
    if !last.first().is_some_and(|last| (0x40..=0x7e).contains(last)) {
        return Found::Key(end + 2, None);
    }
    let text = String::from_utf8_lossy(parameters);
    let mut numbers = text.split(';').map(|number| number.parse::<u16>().unwrap_or(0));
    let (number, modifier) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(1));
    // Bit 1 of what is one less is Alt, bit 2 Ctrl.
    let by_word = modifier.saturating_sub(1) & 0b110 != 0;
    let key = match (last.first(), number) {
        (Some(b'~'), 200) => return Found::PasteBegins(end + 3),
        (Some(b'~'), 1 | 7) => Some(Key::Home),
        (Some(b'~'), 4 | 8) => Some(Key::End),
        (Some(b'~'), 3) => Some(if by_word { Key::AltDelete } else { Key::Delete }),
        // What terminals send for Enter with a modifier, where they tell it from Enter.
        (Some(b'u'), 13) if modifier > 1 => Some(Key::AltEnter),
        (Some(b'~'), 27) if text.ends_with(";13") => Some(Key::AltEnter),
        (Some(last), _) => arrow(*last, by_word),
        (None, _) => None,
    };
    Found::Key(end + 3, key)
}

fn arrow(last: u8, by_word: bool) -> Option<Key> {
    Some(match last {
        b'A' => Key::Up,
        b'B' => Key::Down,
        b'C' if by_word => Key::WordRight,
        b'C' => Key::Right,
        b'D' if by_word => Key::WordLeft,
        b'D' => Key::Left,
        b'H' => Key::Home,
        b'F' => Key::End,
        b'M' => Key::Enter,
        _ => return None,
    })
}

/// Pasted text as it is put in.
fn pasted(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n").replace('\r', "\n");
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests;
