//! Splits the content of an answer, as it streams, into text, reasoning and calls written as text.
//!
//! What may be the beginning of a mark is held back until it is decided, so that a reader never
//! sees one. The result depends on the text alone, not on the pieces it came in.

mod piece;
mod place;
mod reasoning;

pub(crate) use self::piece::Piece;

use self::piece::give;
use self::place::Place;
use crate::code::Code;
use crate::dialect::Offered;
use crate::thinking::Tag;

/// Below this many bytes what is pending is judged with each piece.
const OFTEN: usize = 512;

/// The tag that stands for one that the template wrote.
const UNOPENED: &str = "<think>";

/// Content under way.
#[derive(Debug)]
pub(crate) struct Content {
    offered: Option<Offered>,
    mode: Mode,
    /// What is not decided yet.
    pending: String,
    /// What is pending is judged again only when it has this length.
    judged_at: usize,
    code: Code,
    /// Everything so far, as long as it may have to be split again.
    raw: Option<String>,
    /// Nothing but white space was text so far.
    is_first: bool,
    /// White space that follows belongs to the mark before it.
    after_mark: bool,
    in_thought: Option<bool>,
}

#[derive(Debug, Clone, Copy)]
enum Mode {
    Opening {
        in_thought: bool,
    },
    /// `None` if nothing opened it.
    Thought(Option<Tag>),
    Text,
}

impl Content {
    /// Content of an answer that may use the offered tools, and that may begin in a thought.
    pub(crate) fn new(offered: Option<Offered>, in_thought: bool) -> Self {
        Self {
            offered,
            mode: Mode::Opening { in_thought },
            pending: String::new(),
            judged_at: 0,
            code: Code::default(),
            raw: Some(String::new()),
            is_first: true,
            after_mark: false,
            in_thought: None,
        }
    }

    /// Notes that reasoning comes apart from the content, which then does not begin with it.
    pub(crate) fn thought_came_apart(&mut self) {
        if let Mode::Opening { in_thought } = &mut self.mode {
            *in_thought = false;
            self.in_thought = Some(false);
        }
    }

    /// Looks for calls no longer.
    pub(crate) fn no_calls(&mut self) {
        self.offered = None;
        self.judged_at = 0;
    }

    /// Whether the content began in the middle of a thought; `None` as long as it does not show.
    pub(crate) fn in_thought(&self) -> Option<bool> {
        self.in_thought
    }

    /// Goes on by some text.
    pub(crate) fn push(&mut self, text: &str, out: &mut Vec<Piece>) {
        self.pending.push_str(text);
        if let Some(raw) = &mut self.raw {
            raw.push_str(text);
        }
        if self.pending.len() >= self.judged_at {
            self.advance(false, out);
        }
    }

    /// Ends the content. What was `cut` off may have ended inside its reasoning.
    pub(crate) fn end(&mut self, cut: bool, out: &mut Vec<Piece>) {
        self.advance(true, out);
        if let (Mode::Thought(None), false, Some(raw)) = (self.mode, cut, self.raw.take()) {
            out.push(Piece::Restart);
            *self = Self::new(self.offered.take(), false);
            self.push(&raw, out);
            self.advance(true, out);
            self.in_thought = Some(false);
        }
    }

    fn advance(&mut self, ended: bool, out: &mut Vec<Piece>) {
        self.judged_at = 0;
        while !self.pending.is_empty() {
            if self.after_mark {
                let blank = self.pending.len() - self.pending.trim_ascii_start().len();
                let blank = self.take(blank);
                give(out, Piece::Mark(blank));
                self.after_mark = self.pending.is_empty();
                continue;
            }
            let goes_on = match self.mode {
                Mode::Opening { in_thought } => self.open(in_thought, ended, out),
                Mode::Thought(_) | Mode::Text => self.scan(ended, out),
            };
            if !goes_on {
                break;
            }
        }
    }

    /// Passes what is plain and acts on the first thing that is not.
    fn scan(&mut self, ended: bool, out: &mut Vec<Piece>) -> bool {
        let (code, mut at) = (self.code, 0);
        let place = loop {
            let Some(&byte) = self.pending.as_bytes().get(at) else { break Place::Plain };
            match self.judge(at, byte, ended) {
                Place::Plain => {
                    self.code.step(byte);
                    self.is_first &= byte.is_ascii_whitespace() || !self.is_text();
                    at += 1;
                }
                place => break place,
            }
        };
        if self.is_first && self.is_text() && !ended && matches!(place, Place::Plain | Place::Wait)
        {
            // The white space before a call belongs to it.
            self.code = code;
            self.wait();
            return false;
        }
        let before = self.take(at);
        match self.mode {
            Mode::Thought(tag) => {
                give(out, Piece::Thought(tag.map_or(UNOPENED, |tag| tag.open), before));
            }
            _ if self.is_first => give(out, Piece::Mark(before)),
            _ => give(out, Piece::Text(before)),
        }
        match place {
            Place::Plain => {}
            Place::Wait => {
                self.wait();
                return false;
            }
            Place::Opens(tag) => {
                let mark = self.take(tag.open.len());
                give(out, Piece::Mark(mark));
                self.think(tag);
            }
            Place::Closes(tag) => self.close(tag, out),
            Place::Calls { dialect, len, calls } => {
                let raw = self.take(len);
                out.push(Piece::Calls { dialect, calls, raw });
                self.code = Code::default();
                (self.is_first, self.after_mark) = (false, true);
            }
        }
        true
    }

    /// Waits for more. What is long already is judged again when there is half as much more, so
    /// that the work stays linear.
    fn wait(&mut self) {
        let held = self.pending.len();
        self.judged_at = if held < OFTEN { 0 } else { held + held / 2 };
    }

    fn is_text(&self) -> bool {
        matches!(self.mode, Mode::Text)
    }

    fn take(&mut self, len: usize) -> String {
        let rest = self.pending.split_off(len);
        std::mem::replace(&mut self.pending, rest)
    }
}

#[cfg(test)]
mod tests;
