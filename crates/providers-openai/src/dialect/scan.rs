//! Reading along a text that may still grow.

use openclaw_core::ToolName;

use super::{Offered, Written};

/// Why reading stops.
#[derive(Debug)]
pub(super) enum Stop {
    /// The text is something else.
    No,
    /// The text ends before it is decided; the call that it ends in, if its tool is known.
    Short(Option<Written>),
}

/// The problem of a call that ends in the middle.
pub(super) const NO_END: &str = "The call has no end.";

/// The problem of a call between marks that cannot be read.
pub(super) const NOT_READABLE: &str = "What stands between the marks of the call is not a call.";

/// A place in a text.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
    /// The tools that may be called.
    pub(super) offered: &'a Offered,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str, offered: &'a Offered) -> Self {
        Self { text, at: 0, offered }
    }

    /// How many bytes were read.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// What was not read yet.
    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Passes white space.
    pub(super) fn blanks(&mut self) {
        self.at = self.text.len() - self.rest().trim_ascii_start().len();
    }

    /// The next byte.
    pub(super) fn peek(&self) -> Result<u8, Stop> {
        self.rest().bytes().next().ok_or(Stop::Short(None))
    }

    /// Passes what must stand here.
    pub(super) fn eat(&mut self, mark: &str) -> Result<(), Stop> {
        let rest = self.rest();
        if rest.starts_with(mark) {
            self.at += mark.len();
            return Ok(());
        }
        Err(if mark.starts_with(rest) { Stop::Short(None) } else { Stop::No })
    }

    /// Passes what may stand here and tells whether it does.
    pub(super) fn eat_if(&mut self, mark: &str) -> Result<bool, Stop> {
        match self.eat(mark) {
            Ok(()) => Ok(true),
            Err(Stop::No) => Ok(false),
            Err(short) => Err(short),
        }
    }

    /// Passes this character, which is the next.
    pub(super) fn skip(&mut self, next: char) {
        self.at += next.len_utf8();
    }

    /// Passes all that `may` stand here; the text may end behind it.
    pub(super) fn run(&mut self, may: fn(u8) -> bool) -> &'a str {
        let rest = self.rest();
        let len = rest.bytes().take_while(|byte| may(*byte)).count();
        let (run, _) = rest.split_at_checked(len).unwrap_or_default();
        self.at += run.len();
        run
    }

    /// Passes everything up to a mark.
    pub(super) fn until(&mut self, mark: &str) -> Result<&'a str, Stop> {
        let (before, _) = self.rest().split_once(mark).ok_or(Stop::Short(None))?;
        self.at += before.len();
        Ok(before)
    }

    /// Passes the name of an offered tool that stands without quotes.
    pub(super) fn name(&mut self) -> Result<ToolName, Stop> {
        let word = self.run(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
        if self.rest().is_empty() {
            let may_be = self.offered.has_beginning(word);
            return Err(if may_be { Stop::Short(None) } else { Stop::No });
        }
        self.offered.find(word).cloned().ok_or(Stop::No)
    }

    /// Passes the name of an offered tool as a JSON string.
    pub(super) fn quoted_name(&mut self) -> Result<ToolName, Stop> {
        self.eat("\"")?;
        let name = self.name()?;
        self.eat("\"")?;
        Ok(name)
    }

    /// Passes one JSON value, judged by its outline: strings closed, brackets paired. Raw control
    /// characters in strings and stray commas are for others to judge.
    pub(super) fn json(&mut self) -> Result<&'a str, Stop> {
        let mut open = Vec::new();
        let mut bytes = self.rest().bytes().enumerate();
        while let Some((at, byte)) = bytes.next() {
            match byte {
                b'"' => {
                    let end = string_end(&mut bytes).ok_or(Stop::Short(None))?;
                    if open.is_empty() {
                        return self.end_json(end + 1);
                    }
                }
                b'{' => open.push(b'}'),
                b'[' => open.push(b']'),
                b'}' | b']' if !open.is_empty() => {
                    if open.pop() != Some(byte) {
                        return Err(Stop::No);
                    }
                    if open.is_empty() {
                        return self.end_json(at + 1);
                    }
                }
                // What ends a number or a word.
                b'}' | b']' | b',' | b';' | b'<' if open.is_empty() => return self.end_json(at),
                _ if byte.is_ascii_whitespace() && open.is_empty() => return self.end_json(at),
                b',' | b':' | b'+' | b'-' | b'.' => {}
                _ if byte.is_ascii_alphanumeric() || byte.is_ascii_whitespace() => {}
                _ => return Err(Stop::No),
            }
        }
        Err(Stop::Short(None))
    }

    fn end_json(&mut self, len: usize) -> Result<&'a str, Stop> {
        let (value, _) = self.rest().split_at_checked(len).ok_or(Stop::No)?;
        self.at += value.len();
        if value.is_empty() { Err(Stop::No) } else { Ok(value) }
    }
}

/// Where the string ends whose opening quote was passed.
fn string_end(bytes: &mut impl Iterator<Item = (usize, u8)>) -> Option<usize> {
    let mut escaped = false;
    bytes.find_map(|(at, byte)| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends.then_some(at)
    })
}

/// Adds the call that a text ends in, whose tool is known and whose arguments begin with `raw`.
pub(super) fn within<T>(result: Result<T, Stop>, name: &ToolName, raw: &str) -> Result<T, Stop> {
    result.map_err(|stop| match stop {
        Stop::Short(None) => Stop::Short(Some(Written {
            name: name.clone(),
            arguments: raw.to_owned(),
            fault: Some(NO_END),
        })),
        stop => stop,
    })
}
