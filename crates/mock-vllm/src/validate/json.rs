//! Where and why Python's JSON decoder gives up.

/// The first fault of a text that is not JSON: the position in characters and the words for it.
///
/// `None` if the scanner finds none; the caller then has only its own parser's verdict.
pub(crate) fn syntax_error(text: &str) -> Option<(usize, String)> {
    let chars: Vec<char> = text.chars().collect();
    let mut scanner = Scanner { chars: &chars, at: 0 };
    scanner.space();
    let verdict = scanner.value(0).and_then(|()| {
        scanner.space();
        if scanner.at < chars.len() { Err((scanner.at, "Extra data".to_owned())) } else { Ok(()) }
    });
    verdict.err()
}

struct Scanner<'a> {
    chars: &'a [char],
    at: usize,
}

type Verdict = Result<(), (usize, String)>;

const DEEPEST: usize = 200;

impl Scanner<'_> {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn space(&mut self) {
        while self.peek().is_some_and(|char| matches!(char, ' ' | '\t' | '\n' | '\r')) {
            self.at += 1;
        }
    }

    fn fail<T>(&self, words: &str) -> Result<T, (usize, String)> {
        Err((self.at, words.to_owned()))
    }

    fn value(&mut self, depth: usize) -> Verdict {
        match self.peek() {
            Some('{') if depth < DEEPEST => self.object(depth),
            Some('[') if depth < DEEPEST => self.array(depth),
            Some('"') => self.string(),
            Some('-' | '0'..='9') => self.number(),
            _ => {
                let rest = self.chars.get(self.at..).unwrap_or_default();
                let word = ["null", "true", "false", "NaN", "Infinity"]
                    .into_iter()
                    .find(|word| rest.iter().copied().take(word.len()).eq(word.chars()));
                let Some(word) = word else { return self.fail("Expecting value") };
                self.at += word.len();
                Ok(())
            }
        }
    }

    fn object(&mut self, depth: usize) -> Verdict {
        self.at += 1;
        self.space();
        if self.peek() == Some('}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.space();
            if self.peek() != Some('"') {
                return self.fail("Expecting property name enclosed in double quotes");
            }
            self.string()?;
            self.space();
            if self.peek() != Some(':') {
                return self.fail("Expecting ':' delimiter");
            }
            self.at += 1;
            if self.next_item('}', depth)? {
                return Ok(());
            }
        }
    }

    fn array(&mut self, depth: usize) -> Verdict {
        self.at += 1;
        self.space();
        if self.peek() == Some(']') {
            self.at += 1;
            return Ok(());
        }
        while !self.next_item(']', depth)? {}
        Ok(())
    }

    /// Reads a value and what follows it; true if that closes the container.
    fn next_item(&mut self, close: char, depth: usize) -> Result<bool, (usize, String)> {
        self.space();
        self.value(depth + 1)?;
        self.space();
        match self.peek() {
            Some(char) if char == close => {
                self.at += 1;
                Ok(true)
            }
            Some(',') => {
                self.at += 1;
                Ok(false)
            }
            _ => self.fail("Expecting ',' delimiter"),
        }
    }

    fn string(&mut self) -> Verdict {
        let start = self.at;
        self.at += 1;
        while let Some(char) = self.peek() {
            match char {
                '"' => {
                    self.at += 1;
                    return Ok(());
                }
                '\\' => self.escape(start)?,
                char if u32::from(char) < 0x20 => return self.fail("Invalid control character at"),
                _ => self.at += 1,
            }
        }
        Err((start, "Unterminated string starting at".to_owned()))
    }

    fn escape(&mut self, start: usize) -> Verdict {
        match self.chars.get(self.at + 1) {
            None => return Err((start, "Unterminated string starting at".to_owned())),
            Some('u') => {
                let hex = self.chars.get(self.at + 2..self.at + 6).unwrap_or_default();
                if hex.len() < 4 || !hex.iter().all(char::is_ascii_hexdigit) {
                    return Err((self.at + 1, "Invalid \\uXXXX escape".to_owned()));
                }
                self.at += 6;
            }
            Some('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't') => self.at += 2,
            Some(_) => return self.fail("Invalid \\escape"),
        }
        Ok(())
    }

    fn number(&mut self) -> Verdict {
        let start = self.at;
        self.at += usize::from(self.peek() == Some('-'));
        if self.peek() == Some('0') {
            self.at += 1;
        } else if self.digits() == 0 {
            return Err((start, "Expecting value".to_owned()));
        }
        let whole = self.at;
        if self.peek() == Some('.') {
            self.at += 1;
            if self.digits() == 0 {
                self.at = whole;
                return Ok(());
            }
        }
        let fraction = self.at;
        if matches!(self.peek(), Some('e' | 'E')) {
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), Some('+' | '-')));
            if self.digits() == 0 {
                self.at = fraction;
            }
        }
        Ok(())
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while self.peek().is_some_and(|char| char.is_ascii_digit()) {
            self.at += 1;
        }
        self.at - start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_placed_as_python_places_them() {
        let cases = [
            ("{\"model\":\"tiny\",", 16, "Expecting property name enclosed in double quotes"),
            ("{\"a\" 1}", 5, "Expecting ':' delimiter"),
            ("{\"a\":1 \"b\":2}", 7, "Expecting ',' delimiter"),
            ("[1,]", 3, "Expecting value"),
            ("{} x", 3, "Extra data"),
            ("{\"a\":\"b", 5, "Unterminated string starting at"),
            ("\"a\nb\"", 2, "Invalid control character at"),
            ("[\"\\x\"]", 2, "Invalid \\escape"),
            ("[\"\\u12\"]", 3, "Invalid \\uXXXX escape"),
            ("nope", 0, "Expecting value"),
            ("01", 1, "Extra data"),
            ("[1.]", 2, "Expecting ',' delimiter"),
        ];
        for (text, at, words) in cases {
            assert_eq!(syntax_error(text), Some((at, words.to_owned())), "{text}");
        }
        assert_eq!(syntax_error("{\"a\": [1, -2.5e3, null, \"\\u00e9\"]}"), None);
    }
}
