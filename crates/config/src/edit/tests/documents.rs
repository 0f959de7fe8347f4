//! Generates documents with all the syntax that JSON5 allows.

use std::fmt::Write as _;

use proptest::prelude::*;

/// The choices that determine a generated document.
pub(super) fn any_choices() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..120)
}

/// Writes a document; it ends when the choices are used up. All its comments are different.
pub(super) fn document(choices: &[u8], duplicates: bool) -> String {
    let mut maker = Maker { choices: choices.iter(), text: String::new(), comments: 0, duplicates };
    maker.gap();
    maker.object(0);
    maker.gap();
    maker.text
}

struct Maker<'c> {
    choices: std::slice::Iter<'c, u8>,
    text: String,
    comments: u32,
    duplicates: bool,
}

const KEYS: &[&str] = &["a", "b", "'c d'", "\"e\"", "$f", "\\u0067", "'h.[i]'", "ä", "null", "''"];
const LEAVES: &[&str] = &[
    "1",
    "-0xC8",
    "+.5",
    "5.",
    "1e3",
    "null",
    "true",
    "'single \"x\"'",
    "\"double // no comment\"",
    "'line \\\n continued'",
    "'\\x41\\v\\0'",
    "\"/* none */ \u{2028}\"",
    "-0.0",
    "'it\\'s'",
];

impl Maker<'_> {
    fn choose(&mut self, below: u8) -> u8 {
        self.choices.next().map_or(0, |choice| choice % below)
    }

    fn gap(&mut self) {
        for _ in 0..self.choose(3) {
            let kind = self.choose(9);
            if (4..8).contains(&kind) {
                self.comments += 1;
            }
            let n = self.comments;
            match kind {
                0 => self.text.push(' '),
                1 => self.text.push_str("\n  "),
                2 => self.text.push_str("\r\n"),
                3 => self.text.push('\t'),
                4 => writeln!(self.text, "// line {n}").unwrap(),
                5 => write!(self.text, "/* block {n} */").unwrap(),
                6 => write!(self.text, "/* two\n lines {n} */").unwrap(),
                7 => write!(self.text, "// cut \" {{ {n}\u{2028}").unwrap(),
                _ => self.text.push_str("\n\n"),
            }
        }
    }

    fn items(&mut self, close: char, count: u8, mut item: impl FnMut(&mut Self, u8)) {
        self.gap();
        for position in 0..count {
            item(self, position);
            self.gap();
            if position + 1 < count || self.choose(2) == 1 {
                self.text.push(',');
                self.gap();
            }
        }
        self.text.push(close);
    }

    fn object(&mut self, depth: u8) {
        self.text.push('{');
        let (count, first) = (self.choose(5), self.choose(10));
        self.items('}', count, |maker, position| {
            let place = if maker.duplicates { maker.choose(10) } else { (first + position) % 10 };
            maker.text.push_str(KEYS[usize::from(place)]);
            maker.gap();
            maker.text.push(':');
            maker.gap();
            maker.value(depth + 1);
        });
    }

    fn value(&mut self, depth: u8) {
        match self.choose(if depth < 5 { 5 } else { 3 }) {
            3 => self.object(depth),
            4 => {
                self.text.push('[');
                let count = self.choose(4);
                self.items(']', count, |maker, _| maker.value(depth + 1));
            }
            _ => {
                let leaf = usize::from(self.choose(u8::MAX)) % LEAVES.len();
                self.text.push_str(LEAVES[leaf]);
            }
        }
    }
}
