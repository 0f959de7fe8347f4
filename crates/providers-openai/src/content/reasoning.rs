//! Where reasoning begins and ends.

use super::piece::{Piece, give};
use super::{Content, Mode};
use crate::code::Code;
use crate::thinking::{self, Match, Tag};

impl Content {
    /// Decides what the answer begins with.
    pub(super) fn open(&mut self, in_thought: bool, ended: bool, out: &mut Vec<Piece>) -> bool {
        let text = self.pending.trim_ascii_start();
        let blank = self.pending.len() - text.len();
        match thinking::opening(text) {
            Match::Maybe if !ended => return false,
            Match::Yes(tag) => {
                let mark = self.take(blank + tag.open.len());
                give(out, Piece::Mark(mark));
                self.think(tag);
            }
            _ if in_thought => {
                self.mode = Mode::Thought(None);
                self.after_mark = true;
            }
            _ => self.mode = Mode::Text,
        }
        true
    }

    /// Goes on in reasoning behind its tag.
    pub(super) fn think(&mut self, tag: Tag) {
        self.mode = Mode::Thought(Some(tag));
        self.in_thought.get_or_insert(false);
        (self.raw, self.code, self.after_mark) = (None, Code::default(), true);
    }

    /// Acts on a tag that closes reasoning, or all before it if nothing opened that.
    pub(super) fn close(&mut self, tag: Tag, out: &mut Vec<Piece>) {
        let raw = self.raw.take().unwrap_or_default();
        if let Mode::Text = self.mode {
            let thought = raw.strip_suffix(&self.pending).unwrap_or_default();
            out.push(Piece::Restart);
            give(out, Piece::Thought(tag.open, thought.to_owned()));
            self.is_first = true;
        }
        if !matches!(self.mode, Mode::Thought(Some(_))) {
            self.in_thought = Some(true);
        }
        let mark = self.take(tag.close.len());
        give(out, Piece::Mark(mark));
        (self.mode, self.code, self.after_mark) = (Mode::Text, Code::default(), true);
    }
}
